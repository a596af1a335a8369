"""The built-in Pyodide targets beside the lock files that Pyodide's releases carry."""

import json
import os
from pathlib import Path

from harness import TestCase, main, wheelbarrow

LOCKS = Path(os.environ["WHEELBARROW_PYODIDE_LOCKS"])


def line_of(version):
    """\"0.29.5\" is of the line 0.29, \"314.0.7\" of 314."""
    major, minor = version.split(".")[:2]
    return f"pyodide-{major}.{minor}" if major == "0" else f"pyodide-{major}"


def tags_of(file_name):
    """What a wheel's file name says it is for, its compressed sets expanded (PEP 425)."""
    *_, interpreters, abis, platforms = file_name.removesuffix(".whl").split("-")
    return {f"{i}-{a}-{p}" for i in interpreters.split(".") for a in abis.split(".") for p in platforms.split(".")}


class Targets(TestCase):
    def describe(self, *words):
        done = wheelbarrow("targets", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        first, *rest = done.stdout.splitlines()
        markers = dict(line.removeprefix("marker ").split(" = ") for line in rest if line.startswith("marker "))
        return first.split(), {k: v.strip('"') for k, v in markers.items()}, [line[4:] for line in rest
                                                                               if line.startswith("tag ")]

    def test_they_are_what_the_releases_say(self):
        locks = sorted(LOCKS.glob("*.json"))
        self.assertEqual(len(locks), 8)
        for lock in locks:
            with self.subTest(lock.name):
                content = json.loads(lock.read_text())
                info = content["info"]
                (name, _, python, _), markers, tags = self.describe(line_of(lock.stem))
                self.assertEqual(name, line_of(lock.stem))
                # Of a line that is not released yet we say the version that it will have.
                self.assertEqual(python, info["python"].split("rc")[0])
                self.assertEqual(markers["python_full_version"], python)
                self.assertEqual((markers["sys_platform"], markers["platform_machine"], markers["platform_system"]),
                                 ("emscripten", info["arch"], "Emscripten"))
                self.assertEqual("emscripten_" + markers["platform_release"].replace(".", "_"), info["platform"])
                wheels = [p["file_name"] for p in content["packages"].values() if p["file_name"].endswith(".whl")]
                self.assertGreater(len(wheels), 20)
                for wheel in wheels:
                    self.assertTrue(tags_of(wheel) & set(tags), wheel)

    def test_a_lock_file_defines_the_same(self):
        for lock in LOCKS.glob("*.json"):
            with self.subTest(lock.name):
                _, markers, tags = self.describe("--define-target", f"own={lock}", "own")
                _, known_markers, known_tags = self.describe(line_of(lock.stem))
                self.assertEqual(tags, known_tags)
                for name in ("python_version", "platform_release", "sys_platform"):
                    self.assertEqual(markers[name], known_markers[name])

    def test_an_alias_and_an_unknown_one(self):
        self.assertEqual(self.describe("cp313-pyodide_2025_0_wasm32")[0][0], "pyodide-0.29")
        done = wheelbarrow("targets", "pyodide-0.1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("pyodide-0.29", done.stderr)


if __name__ == "__main__":
    main()
