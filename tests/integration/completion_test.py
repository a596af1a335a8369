"""The completions and the manual page name what --help names, and each shell completes by them."""

import os
import re
import shutil
import unittest

from harness import TestCase, main, run, wheelbarrow


def commands():
    """Every command, and those below it, by the words that call it."""
    names = re.findall(r"^  ([a-z]+) ", wheelbarrow("--help").stdout, re.MULTILINE)
    return {name: below(name) for name in names}


def below(name):
    text = wheelbarrow(name, "--help").stdout
    # The commands of `config` take all that `serve` takes, so its help is its own.
    return ["check", "show"] if name == "config" else re.findall(r"^  ([a-z]+) ", text.partition("Subcommands:\n")[2],
                                                                 re.MULTILINE)


def options(*words):
    """The long options in --help of a command, and their values if they are a choice."""
    lines = re.findall(r"^  (?:-\w,)?--([a-z][a-z0-9-]*)(?: ([^ =(]+))?", wheelbarrow(*words, "--help").stdout, re.MULTILINE)
    return {"--" + name: value for name, value in lines}


class Documents(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = commands()
        cls.options = {}
        for name, more in cls.commands.items():
            cls.options[name] = {}
            for words in [(name,), *((name, each) for each in more)]:
                cls.options[name].update(options(*words))

    def test_help_was_understood(self):
        self.assertGreater(len(self.commands), 8)
        self.assertGreater(len(self.options["serve"]), 40)
        self.assertEqual(set(self.commands["store"]), {"verify", "gc", "stats"})
        self.assertTrue(self.options["serve"]["--bytecode"].startswith("off|beside|instead"))

    def test_the_manual_page_has_every_option_and_no_other(self):
        page = wheelbarrow("man").stdout
        sections = re.split(r"^\.SS wheelbarrow ", page.partition(".SH EXIT")[0], flags=re.MULTILINE)[1:]
        found = {}
        for section in sections:
            name = section.split()[0]
            names = re.findall(r"\\fB((?:\\-){2}[a-z0-9\\-]+)\\fR", section)
            found.setdefault(name, set()).update(each.replace("\\-", "-") for each in names)
        self.assertEqual(found, {name: set(each) for name, each in self.options.items()})
        file = self.folder / "wheelbarrow.1"
        file.write_text(page)
        done = run("man", "--warnings=w", "-l", file, env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--wheels DIR", done.stdout)

    def complete_in_bash(self, *words):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _wheelbarrow; ' \
                 'printf "%s\\n" "${COMPREPLY[@]}"'
        file = self.folder / "completion.bash"
        file.write_text(wheelbarrow("completion", "bash").stdout)
        done = run("bash", "-euc", script, "bash", file, "wheelbarrow", *words, cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return set(done.stdout.split())

    def complete_in_fish(self, *words):
        file = self.folder / "completion.fish"
        file.write_text(wheelbarrow("completion", "fish").stdout)
        done = run("fish", "--no-config", "-c", f"source {file}; complete -C 'wheelbarrow {' '.join(words)}'",
                   cwd=self.folder, env={**os.environ, "HOME": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stderr)
        return {line.split("\t")[0] for line in done.stdout.splitlines()}

    def assert_completes(self, complete):
        self.assertEqual(complete("") - {"--help", "--version"}, set(self.commands))
        for name, expected in self.options.items():
            found = complete(name, "--")
            self.assertEqual({each for each in found if each.startswith("--")}, set(expected), name)
        self.assertEqual(complete("serve", "--bytecode", ""), {"off", "beside", "instead"})
        self.assertEqual(complete("completion", "b") - {"bin"}, {"bash"})
        self.assertIn("verify", complete("store", "v"))
        (self.folder / "some-folder").mkdir()
        (self.folder / "some-file").write_text("")
        self.assertEqual({each.rstrip("/") for each in complete("serve", "--wheels", "some")}, {"some-folder"})
        self.assertLessEqual({"some-file"}, complete("serve", "--tls-cert", "some"))

    def test_bash(self):
        self.assert_completes(self.complete_in_bash)
        self.assertEqual(self.complete_in_bash("serve", "--log-level", "=", "d"), {"debug"})

    @unittest.skipUnless(shutil.which("fish"), "there is no fish")
    def test_fish(self):
        self.assert_completes(self.complete_in_fish)

    @unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
    def test_zsh_reads_it(self):
        file = self.folder / "_wheelbarrow"
        file.write_text(wheelbarrow("completion", "zsh").stdout)
        done = run("zsh", "-n", file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = file.read_text()
        for name, expected in self.options.items():
            part = re.search(rf"^    {name}\)\n(.*?)\n      ;;", text, re.MULTILINE | re.DOTALL).group(1)
            self.assertEqual(set(re.findall(r"'\*(--[a-z0-9-]+)", part)), set(expected), name)

    def test_an_unknown_shell_is_refused(self):
        done = wheelbarrow("completion", "tcsh")
        self.assertEqual((done.returncode, done.stdout), (2, ""))


if __name__ == "__main__":
    main()
