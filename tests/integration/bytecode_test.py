"""bytecode= ships byte-compiled modules that Python imports, the same bytes on every machine, or says why not."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from harness import PROGRAM, SAMPLE_WHEELS, Server, TestCase, main, make_wheel, query, run, wheelbarrow

PYTHON = "/usr/bin/python3.11"  # Debian 12's own
HERE = "cpython-3.11-linux-x86_64"
FILES = {
    "pack/__init__.py": "import inspect\nclass Box:\n    def __init__(self):\n        self.b = self.a = 1\n\n\n"
                        "def source():\n    return inspect.getsource(Box)\n",
    "pack/broken.py": "print 'Python 2'\n",
    "pack/data-files/template.py": "{{ not_python }}\n",
}


def open_tar(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def detail(answer):
    return json.loads(answer.body)["detail"]


def executable(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


class Bytecode(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        make_wheel(self.wheels, "pack", "1.0", files=FILES)
        self.site = self.folder / "site"
        self.site.mkdir()

    def bundle(self, name, *words, requirements=("pack",), target=HERE, **options):
        out = self.folder / name
        made = run(PROGRAM, "bundle", "--wheels", self.wheels, "--target", target, "--bytecode-python", PYTHON, *words,
                   "-o", out, *requirements, **options)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        return out.read_bytes()

    def python(self, program):
        return run(PYTHON, "-S", "-B", "-c", f"import sys; sys.path.insert(0, {str(self.site)!r})\n{program}")

    def unpack(self, body):
        shutil.rmtree(self.site)
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            tar.extractall(self.site, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(self.site)

    def test_python_imports_what_lies_beside(self):
        self.unpack(self.bundle("a.tar", "--bytecode", "beside"))
        ran = self.python("import pack; print(pack.source())")
        self.assertIn("class Box:", ran.stdout, ran.stderr)
        # It is the bytecode that runs: a source that changed isn't noticed.
        (self.site / "pack/__init__.py").write_text("raise SystemExit('source was read')\n")
        ran = self.python("import pack; print(pack.__cached__, pack.Box.__init__.__code__.co_filename)")
        self.assertEqual(ran.stdout.split(), [f"{self.site}/pack/__pycache__/__init__.cpython-311.pyc",
                                              f"{self.site}/pack/__init__.py"], ran.stderr)

    def test_python_imports_what_stands_instead(self):
        body = self.bundle("a.tar", "--bytecode", "instead")
        self.unpack(body)
        ran = self.python("import pack; print(pack.__file__, pack.Box().a)\ntry: pack.source()\n"
                          "except OSError as error: print('no source')")
        self.assertEqual(ran.stdout, f"{self.site}/pack/__init__.pyc 1\nno source\n", ran.stderr)
        files = open_tar(body)
        self.assertEqual({path for path in files if path.startswith("pack/")},
                         {"pack/__init__.pyc", "pack/broken.py", "pack/data-files/template.py"})

    def test_is_what_compileall_makes(self):
        """The same code, and but for references the same bytes."""
        self.unpack(self.bundle("a.tar", "--bytecode", "beside"))
        ours = (self.site / "pack/__pycache__/__init__.cpython-311.pyc").read_bytes()
        subprocess.run([PYTHON, "-m", "compileall", "-q", "-f", "-s", self.site, "--invalidation-mode",
                        "unchecked-hash", self.site / "pack/__init__.py"], check=True)
        theirs = (self.site / "pack/__pycache__/__init__.cpython-311.pyc").read_bytes()
        self.assertEqual(ours[:16], theirs[:16])
        (self.folder / "ours").write_bytes(ours[16:])
        (self.folder / "theirs").write_bytes(theirs[16:])
        same = self.python("import marshal\n"
                           f"a, b = [marshal.load(open({str(self.folder)!r} + n, 'rb')) for n in ('/ours', '/theirs')]\n"
                           "print(a == b)")
        self.assertEqual(same.stdout, "True\n", same.stderr)

    def test_without_sources_it_has_their_lines_and_no_columns(self):
        shutil.copy(SAMPLE_WHEELS / "fonttools-4.56.0-py3-none-any.whl", self.wheels)
        self.unpack(self.bundle("a.tar", "--bytecode", "off", requirements=["fonttools"]))
        sources = self.site.rename(self.folder / "sources")
        self.site.mkdir()
        self.unpack(self.bundle("b.tar", "--bytecode", "instead", requirements=["fonttools"]))
        ran = self.python(f"""
import dis, marshal, pathlib, types
def all_of(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType): yield from all_of(constant)
count = 0
for source in sorted(pathlib.Path({str(sources)!r}).rglob('*.py')):
    path = source.relative_to({str(sources)!r})
    theirs = compile(source.read_bytes(), str(path), 'exec', dont_inherit=True)
    file = pathlib.Path({str(self.site)!r}, path).with_suffix('.pyc')
    if not file.exists(): file = file.parent / '__pycache__' / (file.stem + '.cpython-311.pyc')  # the source is named as a file
    ours = marshal.loads(file.read_bytes()[16:])
    for a, b in zip(all_of(theirs), all_of(ours), strict=True):
        assert a.co_code == b.co_code and a.co_exceptiontable == b.co_exceptiontable, a
        assert [line for line, *_ in a.co_positions()] == [line for line, *_ in b.co_positions()], a
        assert {{columns for *_, one, other in b.co_positions() for columns in (one, other)}} == {{None}}, a
        assert list(dis.findlinestarts(a)) == list(dis.findlinestarts(b)), a
        assert len(b.co_linetable) <= len(a.co_linetable), a
        count += 1
print(count)
""")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertGreater(int(ran.stdout), 5000)

    def test_manifest_and_layer_say_what_did_not_compile(self):
        files = open_tar(self.bundle("a.tar", "--bytecode", "beside", "--strip", "tests"))
        manifest = json.loads(files["wheelbarrow.json"])
        version = run(PYTHON, "-c", "import platform; print(platform.python_version(), end='')").stdout
        self.assertEqual(manifest["bytecode"],
                         {"mode": "beside", "python": version, "platform": "linux", "magic": 3495})
        failures = manifest["wheels"][0]["not_compiled"]
        self.assertEqual(list(failures), ["pack/broken.py"])
        self.assertIn("SyntaxError", failures["pack/broken.py"])
        self.assertEqual(json.loads(files["pack-1.0.dist-info/wheelbarrow.json"])["not_compiled"], failures)
        record = files["pack-1.0.dist-info/RECORD"].decode()
        for path in files:
            if path != "wheelbarrow.json":
                self.assertIn(f"{path},", record)

    def test_bytes_are_the_same_whatever_happened_before(self):
        """Two servers' worth: other processes, hash seeds, stores, locales and folders."""
        shutil.copy(SAMPLE_WHEELS / "fonttools-4.56.0-py3-none-any.whl", self.wheels)
        other = self.folder / "other"
        other.mkdir()
        for mode in ("beside", "instead"):
            one = self.bundle("a.tar", "--bytecode", mode, requirements=["fonttools", "pack"],
                              env={**os.environ, "PYTHONHASHSEED": "1", "LC_ALL": "C"})
            two = self.bundle("b.tar", "--bytecode", mode, requirements=["fonttools", "pack"], cwd=other,
                              env={**os.environ, "PYTHONHASHSEED": "77", "LC_ALL": "C.UTF-8"})
            self.assertEqual(hashlib.sha256(one).hexdigest(), hashlib.sha256(two).hexdigest())

    def test_server_and_command_line_agree_and_a_restart_changes_nothing(self):
        bodies = {mode: self.bundle(f"{mode}.tar", "--bytecode", mode) for mode in ("off", "beside", "instead")}
        self.assertEqual(len(set(bodies.values())), 3)
        data = self.folder / "data"
        for default in ("off", "beside"):
            with Server("--bytecode", default, "--bytecode-python", PYTHON, wheels=self.wheels, pyodide=None, data=data) as server:
                for mode, body in bodies.items():
                    answer = server.get(f"/bundle?{query('pack', target=HERE, bytecode=mode)}")
                    self.assertEqual(answer.body, body, (default, mode))
                    named = server.get("/" + answer.fields["content-location"])
                    self.assertEqual(named.body, body)
                    resolved = json.loads(server.get(f"/resolve?{query('pack', target=HERE, bytecode=mode)}").body)
                    self.assertEqual(resolved["bundle"]["bytecode"], mode)
                    self.assertEqual(resolved["bundle"]["sha256"], hashlib.sha256(body).hexdigest())
                for unsaid in (query("pack", target=HERE), query("pack", target=HERE, bytecode="")):
                    self.assertEqual(server.get(f"/bundle?{unsaid}").body, bodies[default])

    def test_pyodide_compiles_for_pyodide(self):
        """The mounted runtime under Node. PATH has no CPython 3.13."""
        tools = self.folder / "bin"
        tools.mkdir()
        (tools / "node").symlink_to(shutil.which("node"))
        os.environ["PATH"], path = str(tools), os.environ["PATH"]
        self.addCleanup(os.environ.update, PATH=path)
        bodies = []
        for _ in range(2):
            with Server("--bytecode", "beside", wheels=self.wheels) as server:
                answer = server.get(f"/bundle?{query('pack')}")
                self.assertEqual(answer.status, 200, answer.body[:300])
                bodies.append(answer.body)
                self.assertIn("Bytecode for pyodide-0.29 is made by Python 3.13.2 (emscripten).",
                              server.get("/").body.decode())
                environment = json.loads(server.get("/env/pack/pyodide-lock.json").body)
                self.assertIn(hashlib.sha256(answer.body).hexdigest(), json.dumps(environment["packages"]["bundle"]))
        self.assertEqual(*bodies)
        files = open_tar(bodies[0])
        self.assertEqual(json.loads(files["wheelbarrow.json"])["bytecode"],
                         {"mode": "beside", "python": "3.13.2", "platform": "emscripten", "magic": 3571})
        compiled = files["pack/__pycache__/__init__.cpython-313.pyc"]
        self.assertEqual(compiled[:8], b"\xf3\r\r\n\x01\0\0\0")
        self.assertIn(b"/lib/python3.13/site-packages/pack/__init__.py", compiled)

    def test_without_a_compiler_everything_else_works(self):
        os.environ["PATH"], path = str(self.folder), os.environ["PATH"]
        self.addCleanup(os.environ.update, PATH=path)
        with Server("--bytecode", "beside", wheels=self.wheels) as server:
            answer = server.get(f"/bundle?{query('pack')}")
            self.assertEqual(answer.status, 200)
            manifest = json.loads(open_tar(answer.body)["wheelbarrow.json"])
            self.assertNotIn("bytecode", manifest)
            self.assertEqual(json.loads(server.get(f"/resolve?{query('pack')}").body)["bundle"]["bytecode"], "off")
            for path in ("/bundle", "/resolve"):
                refused = server.get(f"{path}?{query('pack', bytecode='beside')}")
                self.assertEqual(refused.status, 422)
                for hint in ("Python 3.13", "--pyodide", "--node", "--bytecode-python"):
                    self.assertIn(hint, detail(refused))
            self.assertIn("No bytecode: there is no Python 3.13 here", server.get("/").body.decode())
            self.assertEqual(server.get(f"/bundle?{query('pack', bytecode='off')}").body, answer.body)

    def test_says_no_and_why(self):
        with Server(wheels=self.wheels, pyodide=None) as server:
            for question, status, hint in (
                (query("pack", target=HERE, bytecode="on"), 400, "off, beside or instead"),
                (query("pack", target=HERE, bytecode="beside", format="wheels"), 400, "format=site"),
                (query("pack", target="cpython-3.9-linux-x86_64", bytecode="beside"), 422, "3.11 to 3.14"),
            ):
                answer = server.get(f"/bundle?{question}")
                self.assertEqual(answer.status, status)
                self.assertIn(hint, detail(answer))
            for question in (query("pack", target=HERE, bytecode="off", format="wheels"),
                             query("pack", target="cpython-3.9-linux-x86_64", bytecode="off")):
                self.assertEqual(server.get(f"/bundle?{question}").status, 200)
        bad = wheelbarrow("bundle", "--wheels", self.wheels, "--bytecode", "beside", "--bytecode-python", "/bin/true",
                          "-o", self.folder / "x.tar", "pack")
        self.assertEqual(bad.returncode, 2)
        self.assertIn("/bin/true", bad.stderr)

    def test_a_compiler_that_breaks_is_503_and_heals(self):
        """An answer that promises bytecode never comes without it."""
        well = self.folder / "well"
        python = executable(self.folder / "python", "#!/bin/sh\n"
                            f"[ -e {well} ] || case \"$6\" in *'Who a Python is'*) ;; *) kill -9 $$;; esac\n"
                            f"exec {PYTHON} \"$@\"\n")
        question = query("pack", target=HERE, bytecode="beside")
        with Server("--bytecode-python", python, wheels=self.wheels, pyodide=None) as server:
            for _ in range(2):
                for path in ("/bundle", "/resolve"):
                    broken = server.get(f"{path}?{question}")
                    self.assertEqual(broken.status, 503)
                    self.assertIn("ended by signal 9", detail(broken))
                    self.assertIn("retry-after", broken.fields)
            self.assertEqual(server.get(f"/bundle?{query('pack', target=HERE)}").status, 200)
            server.wait_for_log("compiler failed")
            well.touch()
            healed = server.get(f"/bundle?{question}")
            self.assertEqual(healed.status, 200)
            self.assertIn("pack/__pycache__/__init__.cpython-311.pyc", open_tar(healed.body))

    def test_stopping_the_server_stops_the_compiler(self):
        data = self.folder / "data"
        pid = data / "pid"  # in reach of the sandbox
        python = executable(self.folder / "python", "#!/bin/sh\n"
                            f"case \"$6\" in *'Who a Python is'*) exec {PYTHON} \"$@\";; esac\n"
                            f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600\n")
        with Server("--bytecode-python", python, "--drain-timeout", "0", wheels=self.wheels, pyodide=None,
                    data=data) as server:
            asking = subprocess.Popen(["curl", "-s", f"{server.plain}/bundle?{query('pack', target=HERE, bytecode='beside')}"],
                                      stdout=subprocess.DEVNULL)
            while not pid.exists():
                self.assertIsNone(server.process.poll())
        asking.wait()
        self.assertFalse(Path(f"/proc/{pid.read_text().strip()}").exists())


if __name__ == "__main__":
    main()
