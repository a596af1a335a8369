"""The pypa/packaging inside pip, asked so that it is right where a later release mended it.

The distribution's pip holds packaging 21.3. Each function says which words are chosen and why; what the reference says
of the plain words is compared as well, so that `Mended` counts what it was needed for.
"""

import re
import warnings
from collections import Counter

from pip._vendor.packaging import markers, requirements
from pip._vendor.packaging.markers import Marker, UndefinedComparison
from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
from pip._vendor.packaging.specifiers import InvalidSpecifier, LegacySpecifier, Specifier, SpecifierSet
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.packaging.version import Version

warnings.simplefilter("ignore", DeprecationWarning)

RELEASE = re.compile(r"\s*v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*\s*", re.IGNORECASE)

# How often each of these reasons made a difference.
EPOCH = "an epoch in a prefix (packaging 24.0, pypa/packaging#683)"
SPELLING = "a prefix that is not normalized (packaging 22.0)"
PADDING = "a release shorter than the prefix (packaging 22.0, pypa/packaging#559)"
EXTRA = "extras are compared by canonical name, never as versions (PEP 685)"
TWO_VARIABLES = "21.3 takes the name of a variable on the right for its value"
TEXT = "what is no version is compared as text (PEP 508); 21.3 says no to everything"
PRERELEASE = "a marker's pre-release of Python counts (packaging 22.0, pypa/packaging#522)"
UNDEFINED = "21.3 raises UndefinedComparison for '===' and '~=' with what is no version"
EXCLUSIVE = "'<' and '>' of a pre-release admit pre-releases (PEP 440; later releases, pypa/packaging#788)"
REASONS = (EPOCH, SPELLING, PADDING, EXTRA, TWO_VARIABLES, TEXT, PRERELEASE, UNDEFINED, EXCLUSIVE)
mended = Counter()


class WrittenSpecifierSet(SpecifierSet):
    """Remembers the text: the set itself keeps one of '>=1' and '>=1.0'."""

    def __init__(self, specifiers="", prereleases=None):
        super().__init__(specifiers, prereleases)
        self.written = specifiers


requirements.SpecifierSet = WrittenSpecifierSet


def to_version(text):
    """None for what is no version, a LegacyVersion included."""
    try:
        return Version(text)
    except ValueError:  # also Python's limit to the digits of an integer
        return None


def to_specifier(text):
    """None for what is no clause. 21.3 takes suffixes before '.*'; packaging 22.0 does not (pypa/packaging#563)."""
    try:
        specifier = Specifier(text)
    except InvalidSpecifier:
        return None
    is_wildcard = specifier.operator != "===" and specifier.version.endswith(".*")
    return specifier if not is_wildcard or RELEASE.fullmatch(specifier.version[:-2]) else None


def normalized(specifier):
    if specifier.operator == "===":
        return str(specifier)
    if specifier.version.endswith(".*"):
        return f"{specifier.operator}{Version(specifier.version[:-2])}.*"
    return f"{specifier.operator}{Version(specifier.version)}"


def respelled(version, epoch, length):
    """`version` with this epoch, and zeros behind its release until that has `length` numbers."""
    release = list(version.release) + [0] * (length - len(version.release))
    rest = str(version)[len(version.base_version):]
    return Version(f"{epoch}!" + ".".join(map(str, release)) + rest)


def contains(specifier, version):
    """Whether the clause holds, pre-releases not treated specially.

    21.3 compares prefixes as text. A later release normalizes the prefix first (22.0), pads the version before it
    shortens it (22.0, pypa/packaging#559) and splits off the epoch (24.0, pypa/packaging#683): here all three are done
    to the question.
    """
    plain = specifier.contains(version, prereleases=True)
    is_wildcard = specifier.operator != "===" and specifier.version.endswith(".*")
    if not is_wildcard and specifier.operator != "~=":
        return plain
    bound = Version(specifier.version[:-2] if is_wildcard else specifier.version)
    if bound.epoch != version.epoch:
        answer = specifier.operator == "!="
    else:
        clause = specifier.operator + str(respelled(bound, 0, 0)) + (".*" if is_wildcard else "")
        answer = Specifier(clause).contains(respelled(version, 0, len(bound.release)), prereleases=True)
    if answer != plain:
        mended[EPOCH if bound.epoch else SPELLING if normalized(specifier) != str(specifier) else PADDING] += 1
    return answer


def names_prerelease(specifiers):
    plain = any(specifier.prereleases for specifier in specifiers)
    answer = plain or any(s.operator in "<>" and Version(s.version).is_prerelease for s in specifiers)
    mended[EXCLUSIVE] += answer != plain
    return answer


def compare_texts(left, operator, right):
    """Python's operators; '===' ignores case as for versions, and '~=' never holds (PEP 508 makes it an error)."""
    if operator == "===":
        return left.lower() == right.lower()
    return operator != "~=" and markers._operators[operator](left, right)


def compare(left, operator, right):
    """A comparison of a marker: of versions if both sides are, else of texts (PEP 508)."""
    specifier = to_specifier(operator + right) if operator not in ("in", "not in") else None
    version = to_version(left)
    if specifier is not None and version is not None:
        return contains(specifier, version)
    return compare_texts(left, operator, right)


def evaluate_item(item, environment):
    left, operator, right = item
    value = lambda side: environment[side.value] if isinstance(side, markers.Variable) else side.value
    names = [side.value for side in (left, right) if isinstance(side, markers.Variable)]
    if "extra" in names:
        answer = compare_texts(canonicalize_name(value(left)), operator.value, canonicalize_name(value(right)))
    else:
        answer = compare(value(left), operator.value, value(right))
    try:
        plain = markers._evaluate_markers([item], environment)
    except UndefinedComparison:
        plain = None
    if plain != answer:
        mended[EXTRA if "extra" in names else TWO_VARIABLES if len(names) == 2 else UNDEFINED if plain is None else
               TEXT if to_version(value(left)) is None else PRERELEASE] += 1
    return answer


def evaluate(tree, environment):
    groups = [[]]
    for node in tree:
        if node == "or":
            groups.append([])
        elif isinstance(node, list):
            groups[-1].append(evaluate(node, environment))
        elif isinstance(node, tuple):
            groups[-1].append(evaluate_item(node, environment))
    return any(all(group) for group in groups)


def operand_text(side, other):
    if isinstance(side, markers.Variable):
        return side.value
    is_extra = isinstance(other, markers.Variable) and other.value == "extra"
    text = canonicalize_name(side.value) if is_extra else side.value
    return f"'{text}'" if '"' in text else f'"{text}"'


def junction(word, nodes):
    """Nested junctions of one kind are one; a junction of one is its only part."""
    flat = []
    for kind, content in nodes:
        flat += content if kind == word else [(kind, content)]
    return flat[0] if len(flat) == 1 else (word, flat)


def simplified(tree):
    if isinstance(tree, tuple):
        left, operator, right = tree
        return "item", f"{operand_text(left, right)} {operator.value} {operand_text(right, left)}"
    groups = [[]]
    for node in tree:
        if node == "or":
            groups.append([])
        elif node != "and":
            groups[-1].append(simplified(node))
    return junction("or", [junction("and", group) for group in groups])


def marker_text(tree):
    """The marker with needed parentheses only."""
    def write(node, parent):
        kind, content = node
        if kind == "item":
            return content
        text = f" {kind} ".join(write(child, kind) for child in content)
        return f"({text})" if kind == "or" and parent == "and" else text
    return write(simplified(tree), None)


def holds_two_literals(tree):
    """21.3 parses it, and raises UndefinedEnvironmentName when it is asked."""
    if isinstance(tree, tuple):
        return not any(isinstance(side, markers.Variable) for side in tree)
    return any(holds_two_literals(node) for node in tree if not isinstance(node, str))


def to_marker(text):
    try:
        return Marker(text)
    except markers.InvalidMarker:
        return None


def set_text(specifiers):
    return ",".join(sorted({normalized(s) for s in specifiers}))


def to_requirement(text):
    """None for what is none. 21.3 reads '===' up to white space; later releases end it at ';' and ')' as well."""
    quote = min((i for i in (text.find("'"), text.find('"')) if i >= 0), default=len(text))
    text = re.sub(r"(===\s*[^\s,;)]+)([,;)])", r"\1 \2", text[:quote]) + text[quote:]
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, ValueError):
        return None
    if any(isinstance(s, LegacySpecifier) for s in requirement.specifier):
        return None
    return requirement
