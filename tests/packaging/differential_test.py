"""wheelbarrow and the pypa/packaging inside pip, asked the same questions, give the same answers.

    differential_test.py ANSWERS [--seed N] [--scale X]

ANSWERS is the program packaging_answers. The inputs are generated (generated_inputs.py): right ones in every spelling,
and the same with something broken. What one accepts and the other refuses must be in DIFFERENCES, with the reason and
an example, which is asked too: the list holds no difference that is none. Where both accept, they must answer the same;
what the reference (reference.py) is mended for is counted, and each reason must have come up.
"""

import argparse
import collections
import re
import subprocess
import sys
from email.parser import HeaderParser

from pip._vendor.packaging import __version__ as reference_version
from pip._vendor.packaging import markers, tags
from pip._vendor.packaging.specifiers import Specifier
from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename

import reference
from generated_inputs import ENVIRONMENT_NAMES, ENVIRONMENTS, PLATFORMS, Inputs

Difference = collections.namedtuple("Difference", "kinds accepted_by reason applies example")

NUMBER = re.compile("[0-9]{20,}")
WORDS = {"and", "or", "in", "not", "extra", *markers.ALIASES, *ENVIRONMENT_NAMES}


def is_beyond_64_bits(text):
    return any(int(digits) >= 2**64 for digits in NUMBER.findall(text))


def outside_strings(text):
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


def has_empty_clause(text):
    clauses = text.split(",")
    return any(not clause.strip() for clause in clauses[:-1])


def has_suffix_before_wildcard(text):
    """In a set, or in the set of a requirement."""
    return any(not reference.RELEASE.fullmatch(version) for version in
               re.findall(r"(?<![=])[=!]=\s*([^\s=,;()]*)\.\*\s*(?=[,;)]|$)", text))


def has_other_character_in_string(text):
    return any(re.search(r"[^\t -~]|\\", string) for string in re.findall(r"'[^']*'|\"[^\"]*\"", text))


def compares_with_no_version(text):
    return any(reference.to_specifier("~=" + (single or double)) is None
               for single, double in re.findall(r"~=\s*(?:'([^']*)'|\"([^\"]*)\")", text))


def compares_two_literals(text):
    return re.search(r"''\s*(===|[=!<>~]=|<|>|in|not\s+in)\s*''", outside_strings(text)) is not None


def joins_words(text):
    marker = outside_strings(text.partition(";")[2] or text)
    return any(word not in WORDS for word in re.findall(r"[A-Za-z_][\w.]*", marker))


def part(filename, index):
    parts = filename[:-len(".whl")].split("-")
    return parts[index] if len(parts) in (5, 6) else ""


def has_other_tag(text):
    return any(not re.fullmatch("[A-Za-z0-9_]+", value)
               for field in re.sub(r"\.whl$", "", text).split("-")[-3:] for value in field.split("."))


DIFFERENCES = [
    Difference("version set requirement wheel", "theirs", "numbers are bounded to 64 bits, as in uv", is_beyond_64_bits,
               "1.18446744073709551616"),
    Difference("version set requirement", "theirs", "PEP 440 names its white space; Python's \\s has more",
               lambda text: any(c.isspace() and c not in " \t\n\r\f\v" for c in text), "1.0\xa0"),
    Difference("version set requirement wheel", "theirs", "letters are ASCII; re.IGNORECASE takes '\u017f' for 's'",
               lambda text: re.search("[\u017f\u0131]", text), "1.0.po\u017ft1"),
    Difference("set", "theirs", "PEP 508's version has a character or more; 21.3 takes none behind '==='",
               lambda text: "===" in map(str.strip, text.split(",")), "==="),
    Difference("set", "theirs", "commas separate clauses (PEP 440); only a trailing one is taken, which was published",
               has_empty_clause, ">=1,,<2"),
    Difference("set requirement", "theirs", "PEP 508 lists what '===' takes; 21.3: all but white space",
               lambda text: re.search(r"===\s*[A-Za-z0-9._*+!-]*[^A-Za-z0-9._*+!,\s-]", text), "===1;0"),
    Difference("set requirement", "theirs", "only a release stands before '.*' (packaging 22.0, pypa/packaging#563)",
               has_suffix_before_wildcard, "==1.0a1.*"),
    Difference("requirement", "theirs", "PEP 508's version has a character or more; 21.3 takes none behind '==='",
               lambda text: re.search(r"===\s*([,;)]|$)", text), "a==="),
    Difference("requirement marker", "theirs", "PEP 508's white space (wsp) is a space or a tab",
               lambda text: re.search(r"[\n\r]", outside_strings(text)), "a\n;os_name=='x'"),
    Difference("requirement", "theirs", "a URL ends at white space (PEP 508), and is of ASCII (RFC 3986)",
               lambda text: re.search(r"@[^;]*[\x00-\x1f\x7f-\uffff]", text), "a @ https://x/\u00e9"),
    Difference("requirement", "ours", "a trailing comma is taken, as since packaging 22.0; it was published",
               lambda text: re.search(r",[ \t]*(\)|;|$)", outside_strings(text)), "a>=1,"),
    Difference("requirement", "ours", "'()' is taken, as since packaging 22.0",
               lambda text: re.search(r"\([ \t]*\)", text), "a ( )"),
    Difference("requirement", "ours", "a URL is one by RFC 3986 (PEP 508), which asks for no authority",
               lambda text: re.search(r"@[ \t]*[A-Za-z][^ \t:]*:", text), "a @ https:x"),
    Difference("marker requirement", "ours", "any white space may stand between 'not' and 'in' (PEP 508)",
               lambda text: re.search(r"not([ \t]{2,}|\t)in", outside_strings(text)), "os_name not  in 'x'"),
    Difference("marker requirement", "theirs", "a string is printable ASCII, but no backslash (PEP 508's python_str)",
               has_other_character_in_string, "os_name == 'a\\tb'"),
    Difference("marker requirement", "theirs", "words stand alone, as since packaging 22.0", joins_words,
               "os_name == 'a' andos_name == 'b'"),
    Difference("marker requirement", "theirs", "two literals; 21.3 raises UndefinedEnvironmentName, but when evaluated",
               compares_two_literals, "'a' == 'b'"),
    Difference("marker requirement", "theirs", "'~=' with no version is an error (PEP 508); 21.3 raises it late",
               compares_with_no_version, "python_version ~= 'surprise'"),
    Difference("wheel", "theirs", "core metadata: a name begins and ends with an ASCII letter or digit",
               lambda text: not re.fullmatch("[A-Za-z0-9]([A-Za-z0-9._]*[A-Za-z0-9])?", part(text, 0)),
               "_a-1.0-py3-none-any.whl"),
    Difference("wheel", "theirs", "PEP 427's escaping leaves letters, digits, '_' and '.' of a build tag",
               lambda text: text.count("-") == 5 and not re.fullmatch("[0-9]+[A-Za-z0-9_.]*", part(text, 2)),
               "a-1.0-5+6-py3-none-any.whl"),
    Difference("wheel", "theirs", "a version in a file name has no white space around it (PEP 427's escaping)",
               lambda text: part(text, 1) != part(text, 1).strip(), "a- 1.0-py3-none-any.whl"),
    Difference("wheel", "ours", "PEP 427 escapes the '-' of a version as '_'",
               lambda text: "_" in part(text, 1), "a-1.0_1-py3-none-any.whl"),
    Difference("tag wheel", "theirs", "a tag is letters, digits and '_', at least one (PEP 425)", has_other_tag,
               "py3-none-any.{}"),
    Difference("fields", "theirs", "a first line that continues nothing is refused; Python's parser drops it",
               lambda text: text[:1] in (" ", "\t"), " a\nName: b\n"),
]


class Comparison:
    """Asks both. What is asked is collected first: the program reads it all at once."""

    def __init__(self, program):
        self.program = program
        self.questions = []
        self.examples = {}  # by the place of the question, the one difference that it shows
        self.failures = []
        self.asked = collections.Counter()

    def ask(self, kind, text, theirs, *more):
        """`theirs`: None if refused, or else the fields of the answer."""
        self.questions.append((kind, text, more, theirs))

    def answers(self):
        escapes = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
        lines = ["\t".join("".join(escapes.get(c, c) for c in field) for field in (kind, text, *more))
                 for kind, text, more, _ in self.questions]
        questions = "".join(line + "\n" for line in lines).encode()
        done = subprocess.run([self.program], input=questions, stdout=subprocess.PIPE, check=True)
        plain = {"t": "\t", "n": "\n", "r": "\r"}
        for line in done.stdout.decode(errors="surrogateescape").split("\n")[:-1]:
            yield [re.sub(r"\\(.)", lambda m: plain.get(m[1], m[1]), field) for field in line.split("\t")]

    def compare(self):
        for index, ((kind, text, more, theirs), ours) in enumerate(zip(self.questions, self.answers(), strict=True)):
            self.asked[kind] += 1
            if (ours[0] == "ok") != (theirs is not None):
                accepted_by = "ours" if theirs is None else "theirs"
                if not any(kind in d.kinds.split() and d.accepted_by == accepted_by and d.applies(text)
                           for d in self.examples.get(index, DIFFERENCES)):
                    self.failures.append(f"{kind} {text!r}: only {accepted_by} takes it: {theirs or ours}")
            elif index in self.examples:
                self.failures.append(f"{kind} {text!r}: no longer a difference")
            elif theirs is not None and ours[1:] != theirs:
                self.failures.append(f"{kind} {text!r} {more}:\n    ours   {ours[1:]}\n    theirs {theirs}")

    # What the reference says of each kind of question.

    def version(self, text):
        version = reference.to_version(text)
        self.ask("version", text, version and [str(version), version.public, version.base_version,
                                               "pre" if version.is_prerelease else "final"])

    def sort(self, texts):
        versions = [reference.to_version(text) for text in texts]
        order = sorted(range(len(versions)), key=versions.__getitem__)
        self.ask("sort", texts[0], [str(i) for i in order], *texts[1:])

    def set(self, text, near):
        tried = [v for v in near if reference.to_version(v) is not None and not is_beyond_64_bits(v)]
        clauses = [part for part in text.split(",") if part.strip()]
        try:
            specifiers = [Specifier(clause) for clause in clauses]
        except ValueError:
            return self.ask("set", text, None, *tried)
        if None in map(reference.to_specifier, clauses) or is_beyond_64_bits(text):
            return self.ask("set", text, ["refused"], *tried)
        held = "".join("01"[all(reference.contains(s, reference.to_version(v)) for s in specifiers)] for v in tried)
        kind = "pre" if reference.names_prerelease(specifiers) else "final"
        self.ask("set", text, [reference.set_text(specifiers), kind, held], *tried)

    def marker(self, text, extra):
        marker = reference.to_marker(text)
        if marker is None:
            return self.ask("marker", text, None, extra)
        if reference.holds_two_literals(marker._markers):
            return self.ask("marker", text, [], extra)
        held = "".join("01"[reference.evaluate(marker._markers, {**environment, "extra": extra})]
                       for environment in ENVIRONMENTS)
        self.ask("marker", text, [reference.marker_text(marker._markers), held], extra)

    def requirement(self, text):
        requirement = reference.to_requirement(text)
        if requirement is None:
            return self.ask("requirement", text, None)
        written = requirement.specifier.written.split(",")
        specifiers = [reference.to_specifier(clause) for clause in written if clause.strip()]
        clauses = reference.set_text(specifiers) if None not in specifiers else "refused"
        extras = ",".join(sorted({canonicalize_name(extra) for extra in requirement.extras}))
        marker = reference.marker_text(requirement.marker._markers) if requirement.marker else ""
        name = canonicalize_name(requirement.name)
        self.ask("requirement", text, [name, extras, clauses, requirement.url or "", marker])

    def name(self, text):
        requirement = reference.to_requirement(text)
        is_name = requirement is not None and requirement.name == text
        self.ask("name", text, [canonicalize_name(text)] if is_name else None)

    def tag(self, text):
        try:
            self.ask("tag", text, sorted(map(str, tags.parse_tag(text))))
        except ValueError:
            self.ask("tag", text, None)

    def wheel(self, text):
        try:
            name, version, build, tag_set = parse_wheel_filename(text)
        except ValueError:
            return self.ask("wheel", text, None)
        build_text = f"{build[0]}:{build[1]}" if build else ""
        self.ask("wheel", text, [name, str(version), build_text, *sorted(map(str, tag_set))])

    def target(self, minor, platforms):
        """The tags that Python 3.`minor` takes, best first."""
        interpreter = f"cp3{minor}"
        self.ask("target", f"3.{minor}", [str(tag) for tag in (
            *tags.cpython_tags((3, minor), [interpreter], platforms),
            *tags.compatible_tags((3, minor), interpreter, platforms))], *platforms)

    def fields(self, text):
        """Against Python's own parser, which pip reads METADATA with."""
        pieces = []
        for name, value in HeaderParser().parsestr(text).items():
            folded = (line.strip() for line in re.split("[\r\n]+", value))
            pieces += [name, " ".join(line for line in folded if line)]
        self.ask("fields", text, pieces)

    def ask_everything(self, seed, scale):
        inputs = Inputs(seed)
        times = lambda count: range(max(1, int(count * scale)))
        for environment in ENVIRONMENTS:
            self.ask("environment", environment[ENVIRONMENT_NAMES[0]], [],
                     *[environment[name] for name in ENVIRONMENT_NAMES[1:]])
        for difference in DIFFERENCES:
            kind = difference.kinds.split()[0]
            self.examples[len(self.questions)] = [difference]
            getattr(self, kind)(difference.example, *{"set": [[]], "marker": [""]}.get(kind, []))
        for _ in times(15_000):
            self.version(inputs.any_version())
        for _ in times(1_500):
            texts = [inputs.version(wild=i % 2 == 0) for i in range(12)]
            self.sort([text for text in texts if not is_beyond_64_bits(text)] or ["1"])
        for _ in times(12_000):
            text = inputs.any_specifier_set()
            self.set(text, inputs.versions_near(text))
        for _ in times(4_000):
            self.marker(inputs.any_marker(), inputs.random.choice(["", "", "test", "dev-tools", "1-0", "a-b"]))
        for _ in times(4_000):
            self.requirement(inputs.any_requirement())
        for _ in times(1_000):
            self.name(inputs.name())
        for _ in times(2_000):
            self.tag(inputs.any_tag())
        for _ in times(6_000):
            self.wheel(inputs.wheel())
        for minor in range(2, 16):
            self.target(minor, inputs.random.sample(PLATFORMS, inputs.random.randint(1, 3)))
        for _ in times(3_000):
            self.fields(inputs.header_fields())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=440)
    parser.add_argument("--scale", type=float, default=1.0, help="how many inputs, 1 being about 50,000")
    arguments = parser.parse_args()
    comparison = Comparison(arguments.program)
    comparison.ask_everything(arguments.seed, arguments.scale)
    comparison.compare()
    print(f"packaging {reference_version}, seed {arguments.seed}: {sum(comparison.asked.values())} questions",
          dict(comparison.asked))
    for reason, count in sorted(reference.mended.items()):
        print(f"mended {count} times: {reason}")
    if arguments.scale >= 1:
        comparison.failures += [f"needed for no question: {reason}" for reason in reference.REASONS
                                if not reference.mended[reason]]
    for failure in comparison.failures[:40]:
        print(failure)
    if comparison.failures:
        sys.exit(f"{len(comparison.failures)} disagreements")


if __name__ == "__main__":
    main()
