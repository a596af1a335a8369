"""The Pyodide that is mounted: its files below a release's name never change."""

import hashlib
import io
import json
import re
import shutil
import time
import zipfile

from harness import PYODIDE, SAMPLE_WHEELS, Server, TestCase, main, run


class RuntimeCase(TestCase):
    def setUp(self):
        super().setUp()
        self.pyodide = self.folder / "pyodide"
        # Not copy2: another machine's files have other times.
        shutil.copytree(PYODIDE, self.pyodide, copy_function=shutil.copy)

    def release_of(self, server):
        answer = server.get("/pyodide/pyodide.mjs")
        self.assertEqual((answer.status, answer.fields["cache-control"]), (307, "public, no-cache"), answer.body)
        release, = re.fullmatch(r"([0-9a-f]{16})/pyodide\.mjs", answer.fields["location"]).groups()
        return release


class Runtime(RuntimeCase):
    def test_a_release_is_the_same_on_every_machine_and_immutable(self):
        plain = ("--runtime-bytecode", "off")
        with Server(*plain) as one, Server(*plain, pyodide=self.pyodide) as other:
            release = self.release_of(one)
            self.assertEqual(release, self.release_of(other))
            for name in ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"):
                for _ in range(2):  # the second time from what is ready
                    answer = one.get(f"/pyodide/{release}/{name}")
                    self.assertEqual(answer.status, 200, name)
                    self.assertIn("immutable", answer.fields["cache-control"])
                    self.assertEqual(answer.body, (PYODIDE / name).read_bytes(), name)
            self.assertEqual(one.get(f"/pyodide/{release}/nothing.js").status, 404)
            self.assertEqual(one.get(f"/pyodide/{release}/%2e%2e%2fpyodide.mjs").status, 400)

    def test_a_lock_that_depends_on_no_name_costs_that_package_alone(self):
        lock = self.pyodide / "pyodide-lock.json"
        content = json.loads(lock.read_text())
        wheels = {"lxml": "lxml-5.4.0-cp313-cp313-pyodide_2025_0_wasm32.whl",
                  "typing-extensions": "typing_extensions-4.12.2-py3-none-any.whl"}
        content["packages"] = {
            name: {"name": name, "version": file.split("-")[1], "file_name": file, "install_dir": "site", "imports": [],
                   "sha256": hashlib.sha256((SAMPLE_WHEELS / file).read_bytes()).hexdigest(), "package_type": "package",
                   "depends": [1] if name == "lxml" else [], "unvendored_tests": False}
            for name, file in wheels.items()}
        content["packages"]["nothing"] = {"name": "nothing", "depends": []}
        lock.write_text(json.dumps(content))
        with Server(pyodide=self.pyodide) as server:
            for path in ("/pyodide-lock.json?r=typing-extensions", "/pyodide-lock.json?r=lxml", "/pyodide-lock.json"):
                answer = server.get(path)
                self.assertEqual(answer.status, 200, answer.body)
                self.assertIn(path.partition("=")[2] or "lxml", json.loads(answer.body)["packages"])

    def test_another_release_has_another_name(self):
        with Server("--runtime-bytecode", "off", pyodide=self.pyodide) as server:
            before = self.release_of(server)
            with (self.pyodide / "pyodide.asm.js").open("a") as file:
                file.write("\n// another build\n")
            time.sleep(0.1)  # the folder is looked at 20 times a second
            after = self.release_of(server)
            self.assertNotEqual(before, after)
            gone = server.get(f"/pyodide/{before}/pyodide.asm.js")
            self.assertEqual(gone.status, 404)
            self.assertIn("begin at /pyodide/pyodide.mjs", gone.body.decode())
            self.assertIn(b"another build", server.get(f"/pyodide/{after}/pyodide.asm.js").body)

    def test_packages_are_no_part_of_a_release(self):
        with Server("--runtime-bytecode", "off", pyodide=self.pyodide) as server:
            before = self.release_of(server)
            shutil.copy(next(SAMPLE_WHEELS.glob("lxml*.whl")), self.pyodide)
            time.sleep(0.1)
            self.assertEqual(self.release_of(server), before)

    def test_what_is_mounted_in_its_place_is_served_as_it_is(self):
        own = self.folder / "own"
        own.mkdir()
        (own / "pyodide.mjs").write_text("export const own = true;")
        with Server("--static", f"{own}:/pyodide") as server:
            answer = server.get("/pyodide/pyodide.mjs")
            self.assertEqual((answer.status, answer.body), (200, b"export const own = true;"))

    def test_other_files_of_the_folder_may_change_and_hidden_ones_are_not_there(self):
        (self.pyodide / ".env").write_text("secret")
        (self.pyodide / "notes.txt").symlink_to(self.folder / "outside.txt")
        (self.folder / "outside.txt").write_text("outside")
        with Server("--runtime-bytecode", "off", "--sandbox", "false", pyodide=self.pyodide) as server:
            release = self.release_of(server)
            page = server.get(f"/pyodide/{release}/console.html")
            self.assertEqual((page.status, page.fields["cache-control"]), (200, "public, max-age=600"))
            for folder in (f"/pyodide/{release}", "/pyodide", "/env/lxml"):
                for name in (".env", "notes.txt"):
                    self.assertEqual(server.get(f"{folder}/{name}").status, 404, (folder, name))


class Library(RuntimeCase):
    """python_stdlib.zip with bytecode, which Pyodide then needn't compile at each start."""

    def compiled_release(self, server, before):
        """The name that the release gets once the library is compiled."""
        deadline = time.monotonic() + 120
        while (release := self.release_of(server)) == before:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        return release

    def start_pyodide(self, library):
        """What a Pyodide says that starts with it, in Node: of its modules, where one came from and what it has of it."""
        file = self.folder / "library.zip"
        file.write_bytes(library)
        program = f"""
            import {{ loadPyodide }} from {json.dumps(str(PYODIDE / "pyodide.mjs"))};
            const pyodide = await loadPyodide({{ stdLibURL: {json.dumps(str(file))} }});
            console.log(pyodide.runPython(`
import decimal, email.message, inspect, json, sys
try:
    source = len(inspect.getsource(json)) > 1000
except OSError:
    source = False
compiled = [name for name, m in sys.modules.items() if (getattr(m, "__file__", "") or "").endswith(".pyc")]
json.dumps([json.__file__, json.dumps.__code__.co_filename, source, len(compiled), str(decimal.Decimal(1) / 7)])`));
        """
        done = run("node", "--input-type=module", "--eval", program)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_it_is_compiled_when_it_is_asked_for_first(self):
        with Server() as server:
            plain = self.release_of(server)
            release = self.compiled_release(server, plain)
            library = server.get(f"/pyodide/{release}/python_stdlib.zip", accept_encoding="zstd")
            self.assertEqual(library.fields["content-encoding"], "zstd")
            self.assertIn("immutable", library.fields["cache-control"])
            library = server.get(f"/pyodide/{release}/python_stdlib.zip").body
            for path in ("/pyodide/python_stdlib.zip", "/env/lxml/python_stdlib.zip"):
                self.assertEqual(server.get(path).body, library, path)
            # What began with the release as it was goes on with it.
            self.assertEqual(server.get(f"/pyodide/{plain}/python_stdlib.zip").body,
                             (PYODIDE / "python_stdlib.zip").read_bytes())
            for name in ("pyodide.mjs", "pyodide.asm.wasm"):
                self.assertEqual(server.get(f"/pyodide/{release}/{name}").body, (PYODIDE / name).read_bytes())
            names = zipfile.ZipFile(io.BytesIO(library)).namelist()
            self.assertIsNone(zipfile.ZipFile(io.BytesIO(library)).testzip())
            self.assertIn("json/__init__.pyc", names)
            self.assertEqual([name for name in names if name.endswith(".py")], [])
            place, filename, source, compiled, decimal = self.start_pyodide(library)
            self.assertEqual((place, filename, source), ("/lib/python313.zip/json/__init__.pyc",
                                                         "/lib/python313.zip/json/__init__.py", False))
            self.assertGreater(compiled, 50)
            self.assertEqual(decimal, "0.1428571428571428571428571429")
            # Another server makes the same of it.
            with Server(pyodide=self.pyodide) as other:
                self.assertEqual(self.compiled_release(other, plain), release)

    def test_its_release_is_known_from_the_first_request_on(self):
        """After a restart, and by another server, which has to compile first."""
        data = self.folder / "data"
        with Server(data=data) as server:
            release = self.compiled_release(server, self.release_of(server))
            library = server.get(f"/pyodide/{release}/python_stdlib.zip").body
        for arguments in ({"data": data}, {}):
            for name, body in (("pyodide.asm.js", (PYODIDE / "pyodide.asm.js").read_bytes()), ("python_stdlib.zip", library)):
                with self.subTest(arguments=arguments, name=name), Server(**arguments) as server:
                    answer = server.get(f"/pyodide/{release}/{name}")
                    self.assertEqual((answer.status, answer.body == body), (200, True))
                    self.assertIn("immutable", answer.fields["cache-control"])
                    self.assertEqual(server.get(f"/pyodide/{'0' * 16}/{name}").status, 404)

    def test_sources_may_stay_beside_it(self):
        with Server("--runtime-bytecode", "beside") as server:
            release = self.compiled_release(server, self.release_of(server))
            library = server.get(f"/pyodide/{release}/python_stdlib.zip").body
            names = zipfile.ZipFile(io.BytesIO(library)).namelist()
            self.assertIn("json/__init__.py", names)
            place, _, source, compiled, _ = self.start_pyodide(library)
            self.assertEqual((place, source), ("/lib/python313.zip/json/__init__.pyc", True))
            self.assertGreater(compiled, 50)

    def test_where_nothing_compiles_it_stays_as_it_is(self):
        broken = self.folder / "node"
        broken.write_text("#!/bin/sh\nexit 1\n")
        broken.chmod(0o755)
        (self.pyodide / "python_stdlib.zip").write_bytes(b"no zip file")
        for words, said in ((("--node", broken, "--bytecode-python", "/usr/bin/python3.11"), "compiler failed"),
                            ((), "background work failed  reason=python_stdlib.zip")):
            with Server(*words, pyodide=PYODIDE if words else self.pyodide) as server:
                release = self.release_of(server)
                server.wait_for_log(said)
                self.assertEqual(self.release_of(server), release)
                self.assertEqual(server.get(f"/pyodide/{release}/python_stdlib.zip").status, 200)


if __name__ == "__main__":
    main()
