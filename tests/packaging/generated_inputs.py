"""Generates what differential_test.py asks: right inputs in every spelling, and nearly right ones."""

import random
import string

PRE = ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview"]
POST = ["post", "rev", "r"]
OPERATORS = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"]
VERSION_VARIABLES = ["python_version", "python_full_version", "implementation_version", "platform_release"]
TEXT_VARIABLES = ["implementation_name", "os_name", "platform_machine", "platform_python_implementation",
                  "platform_system", "platform_version", "sys_platform", "os.name", "sys.platform", "platform.version",
                  "platform.machine", "platform.python_implementation", "python_implementation"]
VERSION_LITERALS = ["2.7", "3", "3.8", "3.9", "3.10", "3.11", "3.13", "3.13.2", "3.*", "3.13.*", "3.15.0a2", "3.15",
                    "2.7, 3.8", "4.0.9", "5.10.0-8-amd64", "6.1", " 3.9 ", "v3.9", "3.09", ""]
TEXT_LITERALS = ["posix", "nt", "linux", "win32", "emscripten", "Linux", "Emscripten", "Windows", "wasm32", "x86_64",
                 "AMD64", "CPython", "PyPy", "cpython", "POSIX", "win", "3.8", "1", "#1", "linux2 linux", "it's", ""]
EXTRAS = ["test", "Test", "dev-tools", "dev_tools", "Dev.Tools", "all", "1.0", "1", "a--b", ""]
# The variables in alphabetical order, as packaging_answers takes them.
ENVIRONMENT_NAMES = ["implementation_name", "implementation_version", "os_name", "platform_machine",
                     "platform_python_implementation", "platform_release", "platform_system", "platform_version",
                     "python_full_version", "python_version", "sys_platform"]
ENVIRONMENTS = [dict(zip(ENVIRONMENT_NAMES, values)) for values in [
    ("cpython", "3.13.2", "posix", "wasm32", "CPython", "4.0.9", "Emscripten", "#1", "3.13.2", "3.13", "emscripten"),
    ("cpython", "3.9.7", "posix", "x86_64", "CPython", "5.10.0-8-amd64", "Linux", "#1 SMP", "3.9.7", "3.9", "linux"),
    ("pypy", "7.3.11", "nt", "AMD64", "PyPy", "10", "Windows", "10.0.19041", "2.7.18", "2.7", "win32"),
    ("cpython", "3.15.0a2", "posix", "aarch64", "CPython", "", "Linux", "", "3.15.0a2", "3.15", "linux"),
]]
PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64",
             "musllinux_1_2_aarch64", "pyodide_2025_0_wasm32", "pyemscripten_2026_0_wasm32", "win_amd64",
             "macosx_11_0_arm64"]


class Inputs:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, chance, text):
        return text if self.random.random() < chance else ""

    def space(self, chance=0.1):
        return self.maybe(chance, self.random.choice([" ", "  ", "\t", " \t "]))

    def any_case(self, text):
        kind = self.random.random()
        return text if kind < 0.8 else text.upper() if kind < 0.9 else text.title()

    def broken(self, text):
        """`text` with one or two characters added, lost, doubled or replaced."""
        alphabet = string.digits + "abcrvpostdelxX.-_+!*~=<>,;()[]'\"@ \n\\\f\x1c\xa0\u00e9\u017f\u0131"
        for _ in range(self.random.choice([1, 1, 2])):
            i = self.random.randrange(len(text) + 1)
            what = self.random.randrange(4)
            if what == 0:
                text = text[:i] + self.random.choice(alphabet) + text[i:]
            elif what == 1:
                text = text[:i] + text[i + 1:]
            elif what == 2:
                text = text[:i] + self.random.choice(alphabet) + text[i + 1:]
            else:
                text = text[:i] + text[i:i + 1] + text[i:]
        return text

    def number(self, wild):
        kind = self.random.random()
        if not wild or kind < 0.8:
            return str(self.random.choice([0, 0, 1, 1, 2, 3, 10, 11]))
        if kind < 0.9:
            return "0" * self.random.randint(1, 3) + str(self.random.randint(0, 20))
        if kind < 0.97:
            return str(self.random.randint(0, 2**63))
        return str(2**64 + self.random.choice([-1, 0, 1, 10**20]))

    def suffix(self, labels, wild):
        if not wild:
            return "." + labels[0] + self.number(wild)
        separator = lambda: self.random.choice([".", "-", "_", ""])
        number = "" if self.random.random() < 0.2 else self.number(wild)
        return separator() + self.any_case(self.random.choice(labels)) + self.maybe(0.3, separator()) + number

    def version(self, wild=True, local=True):
        text = self.maybe(0.1, self.random.choice("vV")) if wild else ""
        text += self.maybe(0.1, self.random.choice("012") + "!")
        text += ".".join(self.number(wild) for _ in range(self.random.choice([1, 2, 2, 2, 3, 3, 4])))
        if self.random.random() < 0.3:
            text += self.suffix(PRE, wild) if wild else self.random.choice(["a", "b", "rc"]) + self.number(False)
        if self.random.random() < 0.25:
            text += "-" + self.number(wild) if wild and self.random.random() < 0.3 else self.suffix(POST, wild)
        text += self.maybe(0.2, self.suffix(["dev"], wild))
        if local and self.random.random() < 0.2:
            pieces = ["".join(self.random.choice("abX019") for _ in range(self.random.randint(1, 3)))
                      for _ in range(self.random.randint(1, 3))]
            text += "+" + self.random.choice(".-_" if wild else ".").join(pieces)
        return self.space(0.1) + text + self.space(0.1) if wild else text

    def any_version(self):
        text = self.version()
        return self.broken(text) if self.random.random() < 0.3 else text

    def clause(self, wild):
        operator = self.random.choice(OPERATORS)
        if operator == "===":
            version = self.random.choice([self.version(False), "weird", "1.0-x.*", "2004d", "FOO"])
        else:
            version = self.version(wild, local=operator in ("==", "!=") or self.random.random() < 0.05).strip()
        wildcard = self.maybe(0.4 if operator in ("==", "!=") else 0.03, ".*")
        return operator + self.space() + version + wildcard

    def specifier_set(self, wild=True):
        count = self.random.choice([0, 1, 1, 1, 2, 2, 3])
        comma = lambda: self.space() + "," + self.space()
        text = self.space() + "".join(self.clause(wild) + comma() for _ in range(count))
        return text if self.random.random() < 0.05 else text.rstrip(" \t,")

    def any_specifier_set(self):
        text = self.specifier_set(wild=self.random.random() < 0.5)
        return self.broken(text) if self.random.random() < 0.2 else text

    def versions_near(self, specifier):
        """Versions to try on a set: of the same few numbers, and those that it names, changed a little."""
        versions = [self.version(wild=False) for _ in range(4)]
        named = [part.lstrip("=!<>~ \t").replace(".*", "").strip() for part in specifier.split(",")]
        for text in named[:2]:
            versions.append(text + self.random.choice(["", ".0", ".1", "+x", ".post1", ".dev1", "a1", "rc2", ".0.1"]))
            versions.append(text.rpartition(".")[0] + self.random.choice(["", "a1", ".dev1", ".post1", "+1"]))
        return versions

    def quoted(self, literal):
        return f'"{literal}"' if "'" in literal or self.random.random() < 0.5 else f"'{literal}'"

    def comparison(self):
        kind = self.random.random()
        if kind < 0.45:
            variable, literal = self.random.choice(VERSION_VARIABLES), self.random.choice(VERSION_LITERALS)
        elif kind < 0.8:
            variable, literal = self.random.choice(TEXT_VARIABLES), self.random.choice(TEXT_LITERALS)
        else:
            variable, literal = "extra", self.random.choice(EXTRAS)
        sides = [variable, self.quoted(literal)]
        if self.random.random() < 0.03:
            sides[1] = self.random.choice(VERSION_VARIABLES + TEXT_VARIABLES)
        if self.random.random() < 0.02:
            sides[0] = self.quoted("x")
        if self.random.random() < 0.2:
            sides.reverse()
        operator = self.random.choice(OPERATORS + ["==", "!=", ">=", "<", "in", "not in", "in", "not in"])
        if operator == "~=" and self.random.random() < 0.8:
            operator = "=="
        if operator == "not in":
            operator = "not" + self.random.choice([" ", " ", " ", "  ", "\t"]) + "in"
        around = (lambda: self.space(0.97)) if operator[0].isalpha() else (lambda: self.space(0.6))
        return sides[0] + around() + operator + around() + sides[1]

    def marker(self, depth=0):
        terms = self.random.choice([1, 1, 1, 2, 2, 3])
        text = ""
        for i in range(terms):
            if i > 0:
                text += self.space(0.97) + self.random.choice(["and", "or"]) + self.space(0.97)
            if depth < 3 and self.random.random() < 0.15:
                text += "(" + self.space() + self.marker(depth + 1) + self.space() + ")"
            else:
                text += self.comparison()
        return text

    def any_marker(self):
        text = self.space() + self.marker() + self.space()
        return self.broken(text) if self.random.random() < 0.15 else text

    def name(self):
        text = "".join(self.random.choice("abzABZ019._-") for _ in range(self.random.randint(1, 6)))
        return text if self.random.random() < 0.2 else text.strip("._-") or "x"

    def requirement(self):
        text = self.space() + self.name() + self.space()
        if self.random.random() < 0.3:
            extras = [self.space() + self.name() + self.space() for _ in range(self.random.randint(0, 3))]
            text += "[" + ",".join(extras) + "]" + self.space()
        has_url = self.random.random() < 0.15
        if has_url:
            text += "@" + self.space(0.7) + self.random.choice([
                "https://example.org/a-1.0-py3-none-any.whl#sha256=00", "git+https://example.org/a@main",
                "file:///srv/a.whl", "file:/srv/a.whl", "https:a", "a.whl", "../a", "mailto:x", "http://[", "x://y"])
        else:
            specifier = self.specifier_set(wild=False)
            text += f"({specifier})" if self.random.random() < 0.2 else specifier
        if self.random.random() < 0.35:
            text += " " if has_url or self.random.random() < 0.3 else self.space()
            text += ";" + self.space() + self.marker()
        return text + self.space()

    def any_requirement(self):
        text = self.requirement()
        return self.broken(text) if self.random.random() < 0.2 else text

    def tag(self):
        field = lambda values: ".".join(self.random.sample(values, self.random.choice([1, 1, 1, 2])))
        return "-".join([field(["py2", "py3", "cp313", "CP39", "py30"]), field(["none", "abi3", "cp313", "cp39"]),
                         field(PLATFORMS + ["any", "Any"])])

    def any_tag(self):
        text = self.tag()
        return self.broken(text) if self.random.random() < 0.2 else text

    def wheel(self):
        name = self.random.choice(["a", "Foo_Bar", "zope.interface", "_a", "a__b", "x" + self.name().replace("-", "_")])
        version = self.version(wild=self.random.random() < 0.2)
        if self.random.random() < 0.1:
            version = version.replace("-", "_")
        build = self.random.choice(["1", "0", "12", "1local", "2_x", "01", "x1", "3.4", "5+6", "7 8"])
        text = f"{name}-{version}{self.maybe(0.2, '-' + build)}-{self.tag()}.whl"
        return self.broken(text) if self.random.random() < 0.2 else text

    def header_fields(self):
        end = self.random.choice(["\n", "\n", "\r\n", "\r"])
        lines = []
        for _ in range(self.random.randint(0, 8)):
            kind = self.random.random()
            if kind < 0.7:
                lines.append(self.random.choice(["Name", "Version", "License", "X-y", "Requires-Dist"]) + ":" +
                             self.space(0.9) + self.random.choice(["", "a", "a: b", "1.0 ", "b>=1; x", "\tz"]))
            elif kind < 0.85:
                lines.append(self.random.choice([" ", "\t", "        "]) + self.random.choice(["more", "a:b", "", " "]))
            elif kind < 0.95:
                lines.append(self.random.choice(["no field", "Name :x", "\x01: 1", "-"]))
            else:
                lines.append("")
        return end.join(lines) + self.maybe(0.7, end)
