"""An exported folder behind real static hosts, with the rules that come with it."""

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

from harness import PROGRAM, PYODIDE, SAMPLE_WHEELS, Server, TestCase, main, make_wheel, run, sha256, wheelbarrow
from proxies import START_TIMEOUT, free_port, nginx

PYTHON = "/usr/bin/python3.11"  # Debian 12's own
COMMON = ("export", "--wheels", SAMPLE_WHEELS, "--fast", "--max-part", "3000000")
LARGE = "numpy,lxml>=5,python-docx"  # has parts
LARGE_NAME = "numpy,lxml-5,python-docx"
IMMUTABLE = "public, max-age=31536000, immutable"


def tree(folder):
    """Every file's content and time."""
    return {str(path.relative_to(folder)): (sha256(path.read_bytes()), path.stat().st_mtime_ns)
            for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def unzstd(body):
    return subprocess.run(["zstd", "-dcq"], input=body, capture_output=True, check=True).stdout


def unbrotli(body):
    return subprocess.run(["node", "-e", "process.stdin.pipe(require('zlib').createBrotliDecompress())"
                           ".pipe(process.stdout)"], input=body, capture_output=True, check=True).stdout


def contents(folder):
    return {path: digest for path, (digest, _) in tree(folder).items()}


class Host:
    """A static host on a free port with `root` as its root; `command` writes its configuration."""

    def __init__(self, root):
        self.root = root
        self.folder = Path(tempfile.mkdtemp(prefix="wheelbarrow-host-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([str(c) for c in self.command()], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"{type(self).__name__} doesn't listen:\n" + (self.folder / "log").read_text())

    def write(self, text):
        (self.folder / "conf").write_text(text)
        return self.folder / "conf"

    def get(self, path, **fields):
        return Server.request(self.url, path, "GET", fields)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Host):
    def command(self):
        return nginx(self, f"""
            include /etc/nginx/mime.types;
            server {{ listen 127.0.0.1:{self.port}; root {self.root}; include {self.root}/nginx.conf; }}""")


class Apache(Host):
    MODULES = ("mpm_event", "authz_core", "mime", "rewrite", "headers", "setenvif", "env", "dir", "deflate", "filter")

    def command(self):
        self.root.chmod(0o755)  # Apache won't be root
        load = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in self.MODULES)
        return ["apache2", "-X", "-d", self.folder, "-f", self.write(f"""
            {load}
            {"User nobody" if os.geteuid() == 0 else ""}
            Listen 127.0.0.1:{self.port}
            ServerName localhost
            PidFile {self.folder}/pid
            ErrorLog {self.folder}/errors
            TypesConfig /etc/mime.types
            AddEncoding x-gzip .gz
            AddOutputFilterByType DEFLATE application/x-tar application/json text/javascript
            DocumentRoot {self.root}
            <Directory {self.root}>
              AllowOverride FileInfo
              Require all granted
            </Directory>
            """)]


HOSTS = (Nginx, Apache)


class Export(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.exported = Path(tempfile.mkdtemp(prefix="wheelbarrow-export-"))
        cls.addClassCleanup(shutil.rmtree, cls.exported, ignore_errors=True)
        done = wheelbarrow(*COMMON, "--pyodide", PYODIDE, "--to", cls.exported, LARGE, "documents:python-docx")
        assert done.returncode == 0, done.stderr
        cls.said = done.stdout
        cls.hosts = []
        for kind in HOSTS:
            cls.hosts.append(kind(cls.exported))
            cls.addClassCleanup(cls.hosts[-1].stop)

    def set(self, name=LARGE_NAME):
        return json.loads((self.exported / "sets" / f"{name}.json").read_text())

    def test_says_where_each_set_is(self):
        self.assertEqual(self.said.splitlines(), [
            f"{name}  bundles/{self.set(name)['bundle']['sha256']}.tar  sets/{name}.json  env/{name}/"
            for name in (LARGE_NAME, "documents")])

    def test_a_set_names_its_bundle_parts_and_wheels_by_relative_addresses(self):
        resolved = self.set()
        self.assertEqual(resolved["requirements"], ["lxml>=5", "numpy", "python-docx"])
        self.assertGreaterEqual(len(resolved["bundle"]["parts"]), 3)
        for named in (resolved["bundle"], *resolved["bundle"]["parts"], *resolved["wheels"]):
            self.assertTrue(named["url"].startswith("../"), named)
            body = (self.exported / "sets" / named["url"]).read_bytes()
            self.assertEqual((len(body), sha256(body)), (named["size"], named["sha256"]))

    def test_bundles_are_those_that_the_server_sends(self):
        with Server("--max-part", "3000000") as server:
            name = self.set()["bundle"]["sha256"]
            theirs = json.loads(server.get("/resolve?r=numpy&r=lxml%3E%3D5&r=python-docx").body)["bundle"]
            self.assertEqual(name, theirs["sha256"])

    def test_every_coded_form_beside_a_file_decodes_to_it(self):
        plain = [path for path in self.exported.rglob("*") if Path(f"{path}.gz").exists()]
        self.assertGreater(len(plain), 20)
        for path in plain:
            for ending, decode in ((".gz", gzip.decompress), (".zst", unzstd), (".br", unbrotli)):
                self.assertEqual(decode(Path(f"{path}{ending}").read_bytes()), path.read_bytes(), f"{path}{ending}")

    def test_a_set_says_how_large_each_form_is(self):
        bundle = self.set()["bundle"]
        for one in (bundle, *bundle["parts"]):
            file = self.exported / "sets" / one["url"]
            self.assertEqual(one["sizes"], {coding: Path(f"{file}{ending}").stat().st_size for coding, ending in
                                            (("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz"), ("identity", ""))})
            self.assertLess(one["sizes"]["br"], one["sizes"]["gzip"])

    def test_a_lock_names_files_that_are_there(self):
        folder = self.exported / "env" / LARGE_NAME
        packages = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
        self.assertIn("bundle-3", packages)
        for package in packages.values():
            body = (folder / package["file_name"]).read_bytes()
            self.assertEqual(sha256(body), package["sha256"])

    def cases(self, values):
        """Each host with each value, as subtests."""
        for host in self.hosts:
            for value in values:
                with self.subTest(host=type(host).__name__, value=value):
                    yield host, *value

    def test_curl_and_tar_install_from_it(self):
        name = self.set("documents")["bundle"]["sha256"]
        for host in self.hosts:
            folder = self.folder / type(host).__name__
            folder.mkdir()
            done = run("sh", "-ec", f"curl -sSf --compressed {host.url}/bundles/{name}.tar | tar -x -C {folder}")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue((folder / "docx" / "__init__.py").exists())

    def test_hosts_send_bundles_coded_immutable_and_in_ranges(self):
        name = self.set("documents")["bundle"]["sha256"]
        path = f"/bundles/{name}.tar"
        file = self.exported / path[1:]
        asked_for = (("gzip, deflate, br, zstd", "br", ".br"), ("br", "br", ".br"), ("zstd", "zstd", ".zst"),
                     ("br;q=0, zstd", "zstd", ".zst"), ("gzip, br;q=0.1", "br", ".br"),
                     ("gzip;q=0.5, zstd;q=0.9", "zstd", ".zst"), ("zstd;q=0, gzip", "gzip", ".gz"),
                     ("gzip, deflate", "gzip", ".gz"), ("xzstd", None, ""), ("", None, ""))
        for host, asked, coding, ending in self.cases(asked_for):
            answer = host.get(path, accept_encoding=asked)
            self.assertEqual((answer.status, answer.fields.get("content-encoding")), (200, coding))
            self.assertTrue(answer.body == Path(f"{file}{ending}").read_bytes(), "the very file")
            self.assertEqual(answer.fields["content-type"], "application/x-tar")
            self.assertEqual(answer.fields["cache-control"], IMMUTABLE)
            self.assertEqual(answer.fields["vary"], "Accept-Encoding")
            self.assertEqual(answer.fields["access-control-allow-origin"], "*")
            part = host.get(path, accept_encoding=asked, range="bytes=100-199")
            self.assertEqual((part.status, part.body), (206, answer.body[100:200]))
            again = host.get(path, accept_encoding=asked, if_none_match=answer.fields["etag"])
            self.assertEqual((again.status, again.body), (304, b""))

    def test_hosts_know_every_type(self):
        environment = f"/env/{LARGE_NAME}"
        wheel = self.set()["wheels"][0]["url"].removeprefix("..")
        for host, path, media_type, cached in self.cases((
                (f"{environment}/pyodide.mjs", "text/javascript; charset=utf-8", "public, max-age=60"),
                (f"{environment}/pyodide.asm.wasm", "application/wasm", "public, max-age=60"),
                (f"{environment}/python_stdlib.zip", "application/zip", "public, max-age=60"),
                (f"{environment}/pyodide-lock.json", "application/json", "public, max-age=60"),
                ("/sets/documents.json", "application/json", "public, max-age=60"),
                ("/client/wheelbarrow.mjs", "text/javascript; charset=utf-8", "public, max-age=60"),
                (wheel, "application/zip", IMMUTABLE))):
            answer = host.get(path, accept_encoding="zstd")
            self.assertEqual((answer.status, answer.fields["content-type"]), (200, media_type))
            self.assertTrue(answer.fields["cache-control"].startswith(cached), answer.fields)
            self.assertEqual(answer.fields.get("content-encoding"), None if media_type == "application/zip" else "zstd")
            if media_type != "application/zip":
                self.assertEqual(host.get(path, accept_encoding="br, zstd").fields["content-encoding"], "br")
        for host in self.hosts:
            missing = host.get(f"/bundles/{'0' * 64}.tar")
            self.assertEqual((missing.status, "cache-control" in missing.fields), (404, False))

    def test_headers_file_names_every_folder(self):
        blocks = (self.exported / "_headers").read_text().split("\n/")
        self.assertEqual([block.split("\n")[0].strip("/") for block in blocks],
                         ["bundles/*", "wheels/*", "client/*", "env/*", "sets/*"])
        for block in blocks:
            self.assertIn("\n  Access-Control-Allow-Origin: *", block)
        self.assertIn(f"\n  Cache-Control: {IMMUTABLE}\n", blocks[0])

    def test_sets_share_what_they_have_in_common(self):
        shared = {part["sha256"] for part in self.set()["bundle"]["parts"]}
        both = self.folder / "both"
        done = wheelbarrow(*COMMON, "--to", both, LARGE, "numpy,lxml,python-docx,fonttools")
        self.assertEqual(done.returncode, 0, done.stderr)
        other = json.loads((both / "sets" / "numpy,lxml,python-docx,fonttools.json").read_text())["bundle"]
        self.assertGreaterEqual(len(shared & {part["sha256"] for part in other["parts"]}), 2)
        self.assertFalse((both / "env").exists(), "no runtime, no environments")

    def test_the_best_forms_are_the_same_in_two_runs(self):
        common = ("export", "--wheels", SAMPLE_WHEELS, "typing-extensions", "--to")
        for name, words in (("one", ()), ("two", ()), ("fast", ("--fast",))):
            done = wheelbarrow(*common, self.folder / name, *words)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(contents(self.folder / "one"), contents(self.folder / "two"))
        for ending in ("br", "zst", "gz"):
            [best], [fast] = ([*(self.folder / name / "bundles").glob(f"*.{ending}")] for name in ("one", "fast"))
            self.assertLess(best.stat().st_size, fast.stat().st_size)

    def test_a_second_export_leaves_what_it_need_not_change(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()
        make_wheel(wheels, "one", "1.0")
        to = self.folder / "to"
        words = ("export", "--wheels", wheels, "--target", "pyodide-0.29", "--to", to)
        self.assertEqual(wheelbarrow(*words, "one").returncode, 0)
        before = tree(to)
        (to / "index.html").write_text("an app of its own")
        self.assertEqual(wheelbarrow(*words, "one").returncode, 0)
        after = tree(to)
        self.assertIsNotNone(after.pop("index.html", None))
        self.assertEqual(after, before, "the same bytes, the same times")
        make_wheel(wheels, "one", "2.0")
        self.assertEqual(wheelbarrow(*words, "one").returncode, 0)
        changed = tree(to)
        self.assertEqual({path for path in before if changed[path] != before[path]},
                         {f"sets/one.json{ending}" for ending in ("", ".br", ".gz", ".zst")})

    def test_what_a_killed_export_left_goes_with_the_next(self):
        to, data = self.folder / "to", self.folder / "data"
        words = (*COMMON, "--data", data, "--to")
        self.assertEqual(wheelbarrow(*words, self.folder / "first", "python-docx").returncode, 0)
        killed = run("prlimit", "--fsize=1000000", PROGRAM, *words, to, "python-docx")  # SIGXFSZ amid the .tar
        self.assertEqual(killed.returncode, -signal.SIGXFSZ, killed.stderr)
        left = [path.name for path in to.rglob("*") if path.is_file()]
        self.assertEqual(len(left), 1)
        self.assertRegex(left[0], r"\.tar\.wheelbarrow-part-\d+$")
        others = [to / "bundles" / f"x.wheelbarrow-part-{os.getpid()}", to / "x.wheelbarrow-part-1x", to / "x.part-99999"]
        for path in others:
            path.write_text("somebody else's")
        self.assertEqual(wheelbarrow(*words, to, "python-docx").returncode, 0)
        self.assertEqual(set(to.rglob("*part*")), set(others))

    def test_bundles_are_stripped_and_compiled_when_asked(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()
        make_wheel(wheels, "pack", "1.0", files={"pack/__init__.py": "x = 1\n", "pack/tests/test_x.py": "assert True\n"})
        shape = ("--target", "cpython-3.11-linux-x86_64", "--strip", "tests", "--bytecode", "instead", "pack")
        common = ("--wheels", wheels, "--bytecode-python", PYTHON)
        self.assertEqual(wheelbarrow("bundle", *common, "-o", self.folder / "one.tar", *shape).returncode, 0)
        done = wheelbarrow("export", *common, "--to", self.folder / "to", *shape)
        self.assertEqual(done.returncode, 0, done.stderr)
        bundle = json.loads((self.folder / "to" / "sets" / "pack.json").read_text())["bundle"]
        self.assertEqual((bundle["strip"], bundle["bytecode"]), (["tests"], "instead"))
        self.assertEqual(bundle["sha256"], sha256((self.folder / "one.tar").read_bytes()))
        with tarfile.open(self.folder / "to" / "sets" / bundle["url"]) as tar:
            self.assertIn("pack/__init__.pyc", tar.getnames())
            self.assertNotIn("pack/tests/test_x.py", tar.getnames())

    def test_requirements_files_are_sets_too(self):
        file = self.folder / "science.txt"
        file.write_text("lxml>=5\n")
        bounds = self.folder / "bounds.txt"
        bounds.write_text("typing-extensions<5\n")
        done = wheelbarrow(*COMMON, "--to", self.folder / "to", "-r", file, "-c", bounds, "docs:python-docx")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split("  ")[0] for line in done.stdout.splitlines()], ["docs", "science"])
        resolved = json.loads((self.folder / "to" / "sets" / "docs.json").read_text())
        self.assertEqual(resolved["constraints"], ["typing-extensions<5"])

    def test_what_is_wrong_is_said_before_anything_is_written(self):
        to = self.folder / "to"
        for code, says, words in (
                (2, "no requirement set was given", []),
                (2, "two sets would be called 'lxml-5'; write NAME:SET", ["lxml>=5", "lxml==5"]),
                (2, "its files need a shorter name", ["x" * 101]),
                (2, "its files need a shorter name", ["..:numpy"]),
                (2, "requirement 'numpy >> 1'", ["numpy >> 1"]),
                (1, "nosuchproject", ["lxml", "nosuchproject"]),
                (2, "leave --target or --pyodide out", ["--pyodide", PYODIDE, "--target", "pyodide-0.28", "lxml"])):
            with self.subTest(says):
                done = wheelbarrow(*COMMON, "--to", to, *words)
                self.assertEqual((done.returncode, says in done.stderr), (code, True), done.stderr)
                self.assertFalse(to.exists())
        (self.folder / "file").write_text("")
        done = wheelbarrow(*COMMON, "--to", self.folder / "file", "lxml")
        self.assertEqual((done.returncode, "can't make the folder" in done.stderr), (1, True), done.stderr)


if __name__ == "__main__":
    main()
