"""strip= leaves out what a running app never imports, and says so."""

import base64
import csv
import hashlib
import io
import json
import re
import tarfile

from harness import SOURCE, Server, TestCase, main, make_wheel, query, wheelbarrow

FILES = {
    "pack/__init__.py": "",
    "pack/py.typed": "",
    "pack/tests/test_pack.py": "assert True\n",
    "pack/docs/index.rst": "Title\n=====\n",
    "pack/include/pack.h": "int pack;\n",
}


def open_tar(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


class Strip(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def bundle(self, **parameters):
        answer = self.server.get(f"/bundle?{query('numpy', 'opencv-python', **parameters)}")
        self.assertEqual(answer.status, 200, answer.body[:300])
        return answer

    def test_manifest_says_what_is_left_out(self):
        whole = open_tar(self.bundle().body)
        stripped = open_tar(self.bundle(strip="pyi,headers").body)
        manifest = json.loads(stripped["wheelbarrow.json"])
        self.assertEqual(manifest["strip"], ["pyi", "headers"])
        self.assertNotIn("strip", json.loads(whole["wheelbarrow.json"]))
        gone = {path: content for path, content in whole.items() if path not in stripped}
        self.assertGreater(len(gone), 100)
        for path in gone:
            self.assertRegex(path, r"(\.pyi|/py\.typed|\.h|\.pxd|\.pxi)$")
        for index, (name, folders) in enumerate([("numpy", ("numpy",)), ("opencv-python", ("cv2",))]):
            said = manifest["wheels"][index]
            self.assertEqual(said["name"].replace("_", "-"), name)
            mine = {path: content for path, content in gone.items() if path.startswith(folders)}
            counted = said["left_out"]
            self.assertEqual(list(counted), ["pyi", "headers"])
            self.assertEqual(sum(c["files"] for c in counted.values()), len(mine))
            self.assertEqual(sum(c["bytes"] for c in counted.values()), sum(map(len, mine.values())))

    def test_record_is_true(self):
        files = open_tar(self.bundle(strip="tests,pyi,headers,docs").body)
        records = [path for path in files if path.endswith(".dist-info/RECORD")]
        self.assertEqual(len(records), 2)
        listed = set()
        for record in records:
            for path, digest, size in csv.reader(io.StringIO(files[record].decode())):
                listed.add(path)
                if digest:
                    expected = base64.urlsafe_b64encode(hashlib.sha256(files[path]).digest()).rstrip(b"=").decode()
                    self.assertEqual((digest, int(size)), ("sha256=" + expected, len(files[path])), path)
        self.assertEqual(listed, set(files) - {"wheelbarrow.json"})

    def test_classes_have_no_order_and_name_the_bundle(self):
        one = self.bundle(strip="pyi,headers").fields["content-location"]
        self.assertEqual(self.bundle(strip="headers,pyi").fields["content-location"], one)
        repeated = self.server.get(f"/bundle?{query('numpy', 'opencv-python')}&strip=headers&strip=&strip=pyi")
        self.assertEqual(repeated.fields["content-location"], one)
        others = {self.bundle(**p).fields["content-location"] for p in ({}, {"strip": "pyi"}, {"strip": "headers"})}
        self.assertEqual(len(others | {one}), 4)
        self.assertEqual(self.bundle(strip="").fields["content-location"], self.bundle().fields["content-location"])

    def test_resolve_shows_it_and_its_url_holds(self):
        answer = self.server.get(f"/resolve?{query('numpy', strip='docs,tests')}")
        bundle = json.loads(answer.body)["bundle"]
        self.assertEqual(bundle["strip"], ["tests", "docs"])
        body = self.server.get(f"/bundles/{bundle['sha256']}.tar").body
        self.assertEqual(hashlib.sha256(body).hexdigest(), bundle["sha256"])

    def test_is_made_again_after_a_restart(self):
        with Server(data=self.folder) as server:
            first = server.get(f"/bundle?{query('lxml', strip='headers')}")
        with Server(data=self.folder) as server:
            again = server.get("/" + first.fields["content-location"])
        self.assertEqual((again.status, again.body), (200, first.body))

    def test_says_no_and_why(self):
        for question, pattern in (
            (query("numpy", strip="all"), "'all'.*tests, pyi, headers and docs"),
            (query("numpy", strip="tests", format="wheels"), "format=site"),
        ):
            for path in ("/bundle", "/resolve"):
                answer = self.server.get(f"{path}?{question}")
                self.assertEqual(answer.status, 400)
                self.assertRegex(json.loads(answer.body)["detail"], pattern)
        answer = self.server.get(f"/pyodide-lock.json?{query('numpy', strip='tests')}")
        self.assertEqual(answer.status, 400)

    def test_command_line_makes_the_same_bytes(self):
        make_wheel(self.folder, "pack", "1.0", files=FILES)
        out = self.folder / "out.tar"
        made = wheelbarrow("bundle", "--wheels", self.folder, "--strip", "docs,tests", "--strip", "headers,pyi",
                           "--target", "pyodide-0.29", "-o", out, "pack")
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        files = open_tar(out.read_bytes())
        self.assertEqual({path for path in files if path.startswith("pack/")}, {"pack/__init__.py"})
        counts = json.loads(files["wheelbarrow.json"])["wheels"][0]["left_out"]
        self.assertEqual({name: count["files"] for name, count in counts.items()},
                         {"tests": 1, "pyi": 1, "headers": 1, "docs": 1})
        with Server(wheels=self.folder, pyodide=None) as server:
            served = server.get(f"/bundle?{query('pack', strip='tests,pyi,headers,docs', target='pyodide-0.29')}")
        self.assertEqual(served.body, out.read_bytes())
        for words in (["--strip", "all"], ["--strip", "tests", "--format", "wheels"]):
            refused = wheelbarrow("bundle", "--wheels", self.folder, *words, "-o", out, "pack")
            self.assertEqual(refused.returncode, 2, refused.stderr)

    def test_readme_help_and_page_say_the_same(self):
        readme = (SOURCE / "server/README.md").read_text()
        rows = dict(re.findall(r"^\| `(tests|pyi|headers|docs)` \| (.+) \|$", readme, re.MULTILINE))
        self.assertEqual(list(rows), ["tests", "pyi", "headers", "docs"])
        told = " ".join(wheelbarrow("bundle", "--help").stdout.split())
        page = self.server.get("/").body.decode()
        for name, text in rows.items():
            self.assertIn(f"{name}: {text}", told)
            self.assertIn(f"{name}: {text}", page)


if __name__ == "__main__":
    main()
