"""The commands, their output and their exit codes: 0 done, 1 could not be done, 2 wrong words."""

import json
import socket
import tomllib
from hashlib import sha256
from pathlib import Path

from harness import PYODIDE, SAMPLE_WHEELS, Server, TestCase, main, make_wheel, wheelbarrow


class CommandLine(TestCase):
    def assert_fails(self, code, says, *arguments):
        done = wheelbarrow(*arguments)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        self.assertIn(says, done.stderr)
        self.assertNotIn("terminate called", done.stderr)
        return done

    def test_resolve_prints_the_lock(self):
        done = wheelbarrow("resolve", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29", "--json", "python-docx")
        self.assertEqual(done.returncode, 0, done.stderr)
        lock = json.loads(done.stdout)
        self.assertEqual([(w["name"], w["version"]) for w in lock["wheels"]],
                         [("lxml", "5.4.0"), ("typing-extensions", "4.12.2"), ("python-docx", "1.2.0")])
        self.assertEqual((lock["target"], lock["requirements"]), ("pyodide-0.29", ["python-docx"]))

    def test_resolve_takes_other_environments(self):
        done = wheelbarrow("resolve", "--wheels", SAMPLE_WHEELS, "--python", "3.13",
                           "--platform", "pyodide_2025_0_wasm32", "numpy")
        self.assertEqual((done.returncode, "numpy==2.2.5" in done.stdout), (0, True), done.stderr)
        self.assert_fails(1, "numpy", "resolve", "--wheels", SAMPLE_WHEELS, "--python", "3.12", "numpy")

    def test_requirements_come_from_files_too(self):
        file = self.folder / "requirements.txt"
        file.write_text("# documents\npython-docx >= 1 \\\n  , < 2\n\nnumpy # arrays\n")
        done = wheelbarrow("resolve", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29", "-r", file)
        self.assertEqual((done.returncode, done.stdout.count("==")), (0, 4), done.stderr)
        file.write_text("numpy\nlxml >>= 2\n")
        self.assert_fails(2, f"{file}:2", "resolve", "--wheels", SAMPLE_WHEELS, "-r", file)

    def test_constraints_bound_and_hashes_are_checked(self):
        words = ("resolve", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29")
        bounds = self.folder / "bounds.txt"
        bounds.write_text("lxml<6\nnumpy<1  # not asked for, so it doesn't matter\n")
        done = wheelbarrow(*words, "-c", bounds, "python-docx")
        self.assertEqual((done.returncode, "lxml==5.4.0" in done.stdout), (0, True), done.stderr)
        bounds.write_text("lxml<5\n")
        self.assert_fails(1, "lxml<5", *words, "-c", bounds, "python-docx")
        wheel = next(SAMPLE_WHEELS.glob("numpy-2.2.5-*.whl"))
        file = self.folder / "requirements.txt"
        file.write_text(f"numpy==2.2.5 \\\n  --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n")
        done = wheelbarrow(*words, "-r", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        file.write_text(f"numpy==2.2.5 --hash=sha256:{64 * '0'}\n")
        self.assert_fails(1, "hash", *words, "-r", file)
        # pip's hash-checking mode: then everything needs one.
        file.write_text("lxml\n" + file.read_text().replace(64 * "0", sha256(wheel.read_bytes()).hexdigest()))
        self.assert_fails(1, "lxml", *words, "-r", file)

    def test_pylock_is_what_pep_751_says(self):
        done = wheelbarrow("resolve", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29", "--pylock", "python-docx")
        self.assertEqual(done.returncode, 0, done.stderr)
        lock = tomllib.loads(done.stdout)
        self.assertEqual((lock["lock-version"], lock["created-by"], lock["requires-python"]),
                         ("1.0", "wheelbarrow", "==3.13.*"))
        self.assertEqual([p["name"] for p in lock["packages"]], ["lxml", "typing-extensions", "python-docx"])
        self.assertEqual(lock["packages"][2]["dependencies"], [{"name": "lxml"}, {"name": "typing-extensions"}])
        self.assertEqual(len(lock["environments"]), 1)
        self.assertIn("sys_platform == 'emscripten'", lock["environments"][0])
        for package in lock["packages"]:
            [wheel] = package["wheels"]
            file = Path(wheel["path"])
            self.assertEqual((file.name, file.stat().st_size), (wheel["name"], wheel["size"]))
            self.assertEqual(wheel["hashes"], {"sha256": sha256(file.read_bytes()).hexdigest()})

    def test_targets_can_be_defined(self):
        words = ("resolve", "--wheels", SAMPLE_WHEELS)
        own = ("--define-target", "own=3.13.2:pyodide_2025_0_wasm32", "--define-target",
               f"file={PYODIDE / 'pyodide-lock.json'}")
        for name in ("own", "file"):
            done = wheelbarrow(*words, *own, "--target", name, "numpy")
            self.assertEqual((done.returncode, done.stdout.splitlines()[0]), (0, f"# target: {name}"), done.stderr)
            self.assertIn("numpy==2.2.5", done.stdout)
            self.assertIn(f"\n{name} ", "\n" + wheelbarrow("targets", *own).stdout)
        self.assert_fails(1, "numpy", *words, "--define-target", "old=3.9:pyodide_2025_0_wasm32", "--target", "old", "numpy")
        for says, definition in [("expected NAME=", "nothing"), ("expected NAME=", "a b=3.12:x_y"),
                                 ("known target", "pyodide-0.29=3.13:x_y"), ("platform tag", "a=3.13:x-y"),
                                 ("Python version", "a=three:x_y")]:
            self.assert_fails(2, says, *words, "--define-target", definition, "numpy")
        self.assert_fails(1, "none.json", *words, "--define-target", "a=none.json", "numpy")

    def test_what_does_not_fit_is_explained(self):
        self.assert_fails(1, "2.2.5", "resolve", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29", "numpy>=3")
        self.assert_fails(1, "opencv-python-headless", "resolve", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29", "pdf2docx")

    def test_inspect_says_what_is_in_a_wheel(self):
        wheel = SAMPLE_WHEELS / "lxml-5.4.0-cp313-cp313-pyodide_2025_0_wasm32.whl"
        done = wheelbarrow("inspect", wheel)
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ("name: lxml", "version: 5.4.0", "cp313-cp313-pyodide_2025_0_wasm32",
                     "extension module: lxml/etree.cpython-313-wasm32-emscripten.so", "imports: lxml"):
            self.assertIn(text, done.stdout)

    def test_inspect_accepts_every_sample(self):
        done = wheelbarrow("inspect", *sorted(SAMPLE_WHEELS.glob("*.whl")))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("374", done.stdout)  # streamlit's RECORD; tolerated, said

    def test_inspect_fails_for_a_bad_wheel_and_still_shows_the_good(self):
        bad = self.folder / "bad-1.0-py3-none-any.whl"
        bad.write_bytes(b"not a zip")
        done = wheelbarrow("inspect", bad, make_wheel(self.folder, "good", "1.0"))
        self.assertEqual((done.returncode, "name: good" in done.stdout), (1, True))
        self.assertIn("bad-1.0-py3-none-any.whl", done.stderr)

    def test_targets_lists_the_known(self):
        done = wheelbarrow("targets")
        self.assertEqual(done.returncode, 0)
        for name in ("pyodide-0.24", "pyodide-0.29", "pyodide-314", "cpython-3.13-linux-x86_64"):
            self.assertIn(name, done.stdout)

    def test_wrong_words_end_with_2(self):
        wheels = ("--wheels", SAMPLE_WHEELS)
        for says, arguments in [
            ("usage", []),
            ("there is no command 'sevre'; did you mean 'serve'?", ["sevre"]),
            ("unknown option '--wheel'; did you mean '--wheels'?", ["add", *wheels, "--wheel", "a", "b.whl"]),
            ("--wheels", ["serve"]),
            ("--no-such-option", ["serve", *wheels, "--no-such-option"]),
            ("--threads", ["serve", *wheels, "--threads", "many"]),
            ("--tls-key", ["serve", *wheels, "--tls-cert", "a.pem"]),
            ("requirement", ["resolve", *wheels]),
            ("numpy>", ["resolve", *wheels, "numpy>"]),
            ("pyodide-0.29", ["resolve", *wheels, "--target", "pyodide-0.1", "numpy"]),
            ("--format", ["bundle", *wheels, "--format", "zip", "-o", self.folder / "x", "numpy"]),
            ("nowhere", ["resolve", "--wheels", self.folder / "nowhere", "numpy"]),
        ]:
            with self.subTest(arguments=[str(a) for a in arguments]):
                done = self.assert_fails(2, says, *arguments)
                if arguments:
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_what_can_not_be_done_ends_with_1_and_one_line(self):
        wheels = ("--wheels", SAMPLE_WHEELS, "--data", self.folder / "data")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assert_fails(1, address, "serve", *wheels, "--listen-plain", address)
        junk = self.folder / "junk.pem"
        junk.write_text("junk")
        self.assert_fails(1, "junk.pem", "serve", *wheels, "--listen", "127.0.0.1:0", "--tls-cert", junk,
                          "--tls-key", junk)
        self.assert_fails(1, "junk.pem", "serve", "--wheels", SAMPLE_WHEELS, "--data", junk,
                          "--listen-plain", "127.0.0.1:0")

    def test_help_is_help(self):
        for arguments in (["--help"], ["serve", "--help"], ["resolve", "--help"], ["bundle", "--help"],
                          ["inspect", "--help"], ["targets", "--help"]):
            done = wheelbarrow(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertIn("wheelbarrow", done.stdout)

    def test_the_server_makes_a_certificate_and_says_so(self):
        with Server(pyodide=PYODIDE) as server:
            server.wait_for_log("self-signed certificate")
            self.assertTrue((server.data / "certificate.pem").exists())
            self.assertEqual((server.data / "key.pem").stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    main()
