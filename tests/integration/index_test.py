"""The package index: what it says, and what Debian's pip makes of it."""

import json
import os
import shutil
import sys
import tempfile
import time
import unittest
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from harness import SAMPLE_WHEELS, Server, TestCase, main, make_wheel, run, sha256

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PIP = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
MICROPIP = "application/vnd.pypi.simple.v1+json, */*;q=0.01"
DOCX = "python_docx-1.2.0-py3-none-any.whl"
LXML = "lxml-5.4.0-cp313-cp313-pyodide_2025_0_wasm32.whl"
TYPING = "typing_extensions-4.12.2-py3-none-any.whl"
REASON = "loses <data> & \"more\""


def setUpModule():
    """One server: the sample wheels, and a project `app` whose newest version is yanked."""
    global server, folder
    folder = Path(tempfile.mkdtemp(prefix="wheelbarrow-test-"))
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    make_wheel(folder, "app", "1.9")
    make_wheel(folder, "app", "1.10")
    make_wheel(folder, "app", "2.0")
    Path(f"{folder}/app-2.0-py3-none-any.whl.yanked").write_text(REASON + "\n")
    make_wheel(folder, "gone", "1.0")
    Path(f"{folder}/gone-1.0-py3-none-any.whl.yanked").write_text("")
    server = Server("--wheels", folder).__enter__()
    unittest.addModuleCleanup(server.__exit__, None, None, None)


class Anchors(HTMLParser):
    """The attributes and texts of a page's links, and its meta elements."""

    def __init__(self, text):
        super().__init__()
        self.links, self.meta = [], {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.links.append((dict(attributes), ""))
        elif tag == "meta" and "name" in dict(attributes):
            self.meta[dict(attributes)["name"]] = dict(attributes)["content"]

    def handle_data(self, data):
        if self.links and self.lasttag == "a":
            attributes, text = self.links[-1]
            self.links[-1] = (attributes, text + data.rstrip("\n"))


def get_json(path, **fields):
    answer = server.get(path, accept=JSON, **fields)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def names(path):
    return [file["filename"] for file in get_json(path)["files"]]


class Documents(TestCase):
    def test_the_projects_are_listed(self):
        expected = ["app", "fonttools", "gone", "lxml", "numpy", "opencv-python", "pdf2docx", "pymupdf", "pymupdf4llm",
                    "python-docx", "stlite-lib", "streamlit", "typing-extensions"]
        self.assertEqual(get_json("/simple/"),
                         {"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in expected]})
        page = Anchors(server.get("/simple/").body.decode())
        self.assertEqual(page.meta, {"pypi:repository-version": "1.1"})
        self.assertEqual(page.links, [({"href": f"{name}/"}, name) for name in expected])

    def test_a_file_is_described_and_its_addresses_hold(self):
        wheel = SAMPLE_WHEELS / DOCX
        digest = sha256(wheel.read_bytes())
        answer = get_json("/simple/python-docx/")
        self.assertEqual({key: answer[key] for key in ("meta", "name", "versions")},
                         {"meta": {"api-version": "1.1"}, "name": "python-docx", "versions": ["1.2.0"]})
        (file,) = answer["files"]
        metadata = server.get(urlsplit(file["url"]).path + ".metadata").body
        self.assertIn(b"\nName: python-docx\n", metadata)
        modified = datetime.fromtimestamp(int(wheel.stat().st_mtime), timezone.utc)
        self.assertEqual(file, {
            "filename": DOCX, "url": f"{server.plain}/wheels/{digest}/{DOCX}", "hashes": {"sha256": digest},
            "requires-python": ">=3.9", "size": wheel.stat().st_size,
            "upload-time": modified.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "core-metadata": {"sha256": sha256(metadata)}, "yanked": False})
        self.assertEqual(server.get(urlsplit(file["url"]).path).body, wheel.read_bytes())

        ((attributes, text),) = Anchors(server.get("/simple/python-docx/").body.decode()).links
        self.assertEqual((text, attributes), (DOCX, {
            "href": f"../../wheels/{digest}/{DOCX}#sha256={digest}", "data-requires-python": ">=3.9",
            "data-core-metadata": "sha256=" + sha256(metadata),
            "data-dist-info-metadata": "sha256=" + sha256(metadata)}))
        address = urldefrag(urljoin("http://proxy/prefix/simple/python-docx/", attributes["href"])).url
        self.assertEqual(address, f"http://proxy/prefix/wheels/{digest}/{DOCX}")

    def test_versions_ascend_and_yanks_are_told(self):
        answer = get_json("/simple/app/")
        self.assertEqual(answer["versions"], ["1.9", "1.10", "2.0"])
        self.assertEqual([file["yanked"] for file in answer["files"]], [False, False, REASON])
        self.assertEqual([file["yanked"] for file in get_json("/simple/gone/")["files"]], [True])
        links = Anchors(server.get("/simple/app/").body.decode()).links
        self.assertEqual([attributes.get("data-yanked") for attributes, _ in links], [None, None, REASON])
        ((attributes, _),) = Anchors(server.get("/simple/gone/").body.decode()).links
        self.assertEqual(attributes["data-yanked"], "")
        landing = server.get("/").body.decode()
        self.assertIn("yanked: loses &lt;data&gt; &amp; &quot;more&quot;", landing)

    def test_the_lock_of_the_whole_wheelhouse_has_no_yanked_wheel(self):
        packages = json.loads(server.get("/pyodide-lock.json").body)["packages"]
        self.assertEqual(packages["app"]["version"], "1.10")
        self.assertNotIn("gone", packages)

    def test_addresses_are_absolute_as_the_client_asks_or_as_configured(self):
        by_name = server.plain.replace("127.0.0.1", "localhost")
        for base in (server.plain, by_name, server.plain):
            answer = server.request(base, "/simple/app/", fields={"accept": JSON})
            self.assertTrue(json.loads(answer.body)["files"][0]["url"].startswith(base + "/wheels/"), answer.body)
        with Server("--base-url", "https://wheels.example/py", wheels=folder, pyodide=None) as configured:
            file = json.loads(configured.get("/simple/app/", accept=JSON).body)["files"][0]
            self.assertTrue(file["url"].startswith("https://wheels.example/py/wheels/"))

    def test_a_target_narrows_the_list(self):
        self.assertEqual(names("/simple/lxml/?target=pyodide-0.29"), [LXML])
        self.assertEqual(names("/simple/lxml/?target=cpython-3.13-linux-x86_64"), [])
        self.assertEqual(names("/simple/lxml/?target="), [LXML])
        self.assertEqual(names("/simple/stlite-lib/?target=pyodide-0.27"), [], "Requires-Python is >=3.13")
        projects = [p["name"] for p in get_json("/simple/?target=cpython-3.13-linux-x86_64")["projects"]]
        self.assertIn("app", projects)
        self.assertNotIn("lxml", projects)
        links = Anchors(server.get("/simple/?target=pyodide-0.29").body.decode()).links
        self.assertIn(({"href": "lxml/?target=pyodide-0.29"}, "lxml"), links)
        self.assertEqual(server.get("/simple/lxml/?target=pyodide-9").status, 400)

    def test_a_yank_is_seen_while_the_server_runs(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()
        mark = Path(f"{make_wheel(wheels, 'app', '1.0')}.yanked")
        with Server(wheels=wheels, pyodide=None) as watching:
            before = watching.get("/simple/app/", accept=JSON)
            self.assertIs(json.loads(before.body)["files"][0]["yanked"], False)
            mark.write_text("late")
            self.wait_until(lambda: json.loads(watching.get("/simple/app/", accept=JSON).body)["files"][0]["yanked"]
                            == "late")
            mark.unlink()
            self.wait_until(lambda: watching.get("/simple/app/", accept=JSON).body == before.body)

    def wait_until(self, holds):
        deadline = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)


class Protocol(TestCase):
    def test_the_form_is_negotiated(self):
        text = "text/html; charset=utf-8"
        cases = {
            None: text, "*/*": text, BROWSER: text, "text/html": text, "text/*": text, PIP: JSON, MICROPIP: JSON,
            JSON: JSON, HTML: HTML, "application/*": JSON, f"{JSON}, {HTML}, text/html": JSON,
            f"{JSON};q=0.2, {HTML};q=0.3": HTML, f"{JSON};q=0.2, text/html": text, f"{JSON};q=0, */*": text,
            "text/html;q=0, */*": HTML, "application/vnd.pypi.simple.latest+json": JSON,
            "application/vnd.pypi.simple.latest+html": HTML,
            "application/vnd.pypi.simple.v2+json, application/vnd.pypi.simple.v1+json;q=0.1": JSON,
            "application/json": None, "application/vnd.pypi.simple.v2+json": None, "*/*;q=0": None, "image/png": None,
        }
        for path in ("/simple/", "/simple/app/"):
            for accept, expected in cases.items():
                with self.subTest(path=path, accept=accept):
                    answer = server.get(path, **({"accept": accept} if accept else {}))
                    if expected is None:
                        self.assertEqual(answer.status, 406)
                        self.assertIn(JSON, json.loads(answer.body)["detail"])
                        self.assertEqual((answer.fields["cache-control"], answer.fields["vary"]), ("no-store", "accept"))
                    else:
                        self.assertEqual((answer.status, answer.fields["content-type"]), (200, expected))
                        self.assertIn("accept", answer.fields["vary"].split(", "))

    def test_the_url_may_name_the_form(self):
        for value, expected in ((JSON, JSON), (HTML, HTML), ("text/html", "text/html; charset=utf-8"),
                                (JSON.replace("+", "%2B"), JSON), ("application/vnd.pypi.simple.latest+json", JSON)):
            answer = server.get(f"/simple/app/?format={value}", accept="image/png")
            self.assertEqual((answer.status, answer.fields["content-type"]), (200, expected), value)
            self.assertNotIn("accept", answer.fields.get("vary", "").split(", "))
        for value in ("json", "", "*/*", f"{JSON},text/html"):
            self.assertEqual(server.get(f"/simple/app/?format={value}").status, 406, value)

    def test_every_representation_has_its_etag(self):
        etags = set()
        for accept in (JSON, HTML, "text/html"):
            for coding in ("identity", "gzip", "zstd"):
                answer = server.get("/simple/app/", accept=accept, accept_encoding=coding)
                self.assertEqual(answer.fields["vary"], "accept, accept-encoding")
                self.assertRegex(answer.fields["etag"], '^"[^"]+"$')
                etags.add(answer.fields["etag"])
                fields = {"accept": accept, "accept_encoding": coding, "if_none_match": answer.fields["etag"]}
                again = server.get("/simple/app/", **fields)
                self.assertEqual((again.status, again.body), (304, b""))
                for name in ("etag", "vary", "cache-control"):
                    self.assertEqual(again.fields[name], answer.fields[name])
                head = server.get("/simple/app/", "HEAD", accept=accept, accept_encoding=coding)
                self.assertEqual((head.status, head.body, head.fields["content-length"], head.fields["etag"]),
                                 (200, b"", str(len(answer.body)), answer.fields["etag"]))
        self.assertEqual(len(etags), 9)
        self.assertEqual(answer.fields["cache-control"], "public, max-age=60, stale-while-revalidate=600")
        self.assertEqual(answer.fields["access-control-allow-origin"], "*")

    def test_other_spellings_lead_to_the_normalized_address(self):
        for path, location in {
            "/simple": "simple/", "/simple?target=pyodide-0.29": "simple/?target=pyodide-0.29", "/simple//": f"{server.plain}/simple/",
            "/simple/app": "app/", "/simple/App/": "../app/", "/simple/Python_Docx": "python-docx/",
            "/simple/python..docx/?format=text/html": "../python-docx/?format=text/html",
            # Clients disagree on what a relative address means below an empty segment.
            "/simple//app/": f"{server.plain}/simple/app/", "/simple/App//": f"{server.plain}/simple/app/",
        }.items():
            with self.subTest(path=path):
                answer = server.get(path)
                self.assertEqual((answer.status, answer.fields["location"]), (308, location))
                self.assertEqual(answer.fields["access-control-allow-origin"], "*")
                self.assertEqual(server.get(urljoin(path, location)).status, 200)

    def test_what_is_not_there_is_not_found(self):
        for path in ("/simple/absent/", "/simple/absent", "/simple/-/", "/simple/app/x/", "/simple/a%20b/", "/simples/"):
            answer = server.get(path, accept=JSON)
            self.assertEqual((answer.status, answer.fields["content-type"], answer.fields["cache-control"]),
                             (404, "application/problem+json", "no-store"), path)
            self.assertEqual(answer.fields["access-control-allow-origin"], "*")

    def test_unknown_parameters_are_refused(self):
        answer = server.get("/simple/app/?traget=pyodide-0.29")
        self.assertEqual(answer.status, 400)
        self.assertIn("'traget'", json.loads(answer.body)["detail"])


class Pip(TestCase):
    """What Debian's pip, whose Python runs this test, installs from the index, without any other."""

    def pip(self, command, *arguments, index=None):
        # Variables such as REQUESTS_CA_BUNDLE would take precedence over options.
        environment = {"HOME": str(self.folder), "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "NO_PROXY": "*"}
        return run(sys.executable, "-m", "pip", "--isolated", "--no-input", "--disable-pip-version-check",
                   "--no-cache-dir", "--retries", "0", command, "--index-url", index or f"{server.plain}/simple/",
                   *arguments, env=environment)

    def succeed(self, *arguments, **options):
        done = self.pip(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def fail_with(self, text, *arguments):
        done = self.pip(*arguments)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(text, done.stdout + done.stderr)

    def test_installs_what_works(self):
        target = self.folder / "site"
        self.succeed("install", "--target", target, "fonttools", "app")
        program = "import app, fontTools; print(app.version, fontTools.version)"
        done = run(sys.executable, "-c", program, env={"PYTHONPATH": str(target)})
        self.assertEqual(done.stdout, "1.10 4.56.0\n", done.stderr)

    def test_installs_over_tls(self):
        target = self.folder / "site"
        self.succeed("install", "--target", target, "--cert", server.data / "certificate.pem", "app",
                     index=f"{server.tls}/simple/")
        self.assertEqual((target / "app.py").read_text(), "version = '1.10'\n")

    def test_takes_a_yanked_wheel_only_if_it_is_pinned(self):
        self.assertIn("app-1.10-py3-none-any.whl", self.succeed("download", "--dest", self.folder, "app>=1"))
        self.fail_with("No matching distribution", "download", "--dest", self.folder, "app>1.10")
        said = self.succeed("download", "--dest", self.folder, "app==2.0")
        self.assertIn("yanked version: 'app' candidate (version 2.0", said)
        self.assertIn(f"Reason for being yanked: {REASON}", said)

    def test_downloads_compiled_wheels_for_pyodide(self):
        self.succeed("download", "--dest", self.folder, "--only-binary=:all:", "--implementation", "cp",
                     "--python-version", "3.13", "--abi", "cp313", "--platform", "pyodide_2025_0_wasm32", "python-docx")
        self.assertEqual(sorted(p.name for p in self.folder.glob("*.whl")), [LXML, DOCX, TYPING])
        self.assertEqual((self.folder / LXML).read_bytes(), (SAMPLE_WHEELS / LXML).read_bytes())
        self.fail_with("No matching distribution", "download", "--dest", self.folder, "lxml")

    def test_minds_requires_python(self):
        self.fail_with("Requires-Python >=3.13", "download", "--dest", self.folder, "--no-deps", "stlite-lib")

    def test_reports_what_it_would_install(self):
        report = self.folder / "report.json"
        self.succeed("install", "--dry-run", "--ignore-installed", "--report", report, "fonttools>=4")
        (item,) = json.loads(report.read_text())["install"]
        digest = sha256((SAMPLE_WHEELS / "fonttools-4.56.0-py3-none-any.whl").read_bytes())
        self.assertEqual(item["download_info"]["url"],
                         f"{server.plain}/wheels/{digest}/fonttools-4.56.0-py3-none-any.whl")
        self.assertEqual(item["download_info"]["archive_info"]["hash"], f"sha256={digest}")
        self.assertEqual((item["metadata"]["name"], item["metadata"]["version"]), ("fonttools", "4.56.0"))

    def test_checks_hashes(self):
        requirements = self.folder / "requirements.txt"
        digest = sha256((folder / "app-1.9-py3-none-any.whl").read_bytes())
        target = self.folder / "site"
        requirements.write_text(f"app==1.9 --hash=sha256:{digest}\n")
        self.succeed("install", "--target", target, "--require-hashes", "-r", requirements)
        self.assertEqual((target / "app.py").read_text(), "version = '1.9'\n")
        requirements.write_text(f"app==1.9 --hash=sha256:{'0' * 64}\n")
        self.fail_with("DO NOT MATCH THE HASHES", "install", "--target", self.folder / "other", "--require-hashes", "-r",
                       requirements)

    def test_reads_the_html_form_and_asks_for_metadata_by_it(self):
        page = f"{server.plain}/simple/fonttools/?format=text/html"
        said = self.succeed("download", "--dest", self.folder, "--find-links", page, "fonttools",
                            index=f"{server.plain}/nowhere/")
        self.assertRegex(said, r"Obtaining dependency information for fonttools from http://\S+\.whl\.metadata")
        self.assertEqual([p.name for p in self.folder.glob("*.whl")], ["fonttools-4.56.0-py3-none-any.whl"])


if __name__ == "__main__":
    main()
