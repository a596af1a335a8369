"""A bundle is an installer that needs only curl and tar."""

import json
import subprocess
import tarfile
import unittest
from io import BytesIO

from harness import SAMPLE_WHEELS, Server, TestCase, main, query, run, sha256, wheelbarrow

DOCUMENTS = query("numpy", "lxml", "python-docx")
PURE = query("fonttools", "typing-extensions", target="cpython-3.11-linux-x86_64")


class Bundle(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def unpack(self, question, *curl_options):
        """What the README tells people to do."""
        curl = subprocess.Popen(
            ["curl", "-sSk", *curl_options, f"{self.server.tls}/bundle?{question}"], stdout=subprocess.PIPE)
        tar = run("tar", "-x", "-C", self.folder, stdin=curl.stdout)
        curl.stdout.close()
        self.assertEqual((curl.wait(), tar.returncode, tar.stderr), (0, 0, ""))

    def test_unpacks_to_a_tree_that_pip_understands(self):
        for http in ("--http1.1", "--http2"):
            with self.subTest(http):
                self.unpack(DOCUMENTS, http, "--compressed")
                listed = run("/usr/bin/python3", "-m", "pip", "list", "--format=json", "--path", self.folder)
                installed = {p["name"].lower().replace("_", "-"): p["version"] for p in json.loads(listed.stdout)}
                self.assertEqual(installed, {"lxml": "5.4.0", "numpy": "2.2.5", "python-docx": "1.2.0",
                                             "typing-extensions": "4.12.2"})

    def test_records_are_true(self):
        self.unpack(DOCUMENTS, "--compressed")
        # `pip check` reads metadata only; RECORD is checked by importlib's own reading of it.
        program = (
            "import importlib.metadata as m, hashlib, base64, sys\n"
            "count = 0\n"
            f"for d in m.distributions(path=[{str(self.folder)!r}]):\n"
            "    for f in d.files:\n"
            "        if f.hash is None: continue\n"
            "        data = f.locate().read_bytes()\n"
            "        digest = base64.urlsafe_b64encode(hashlib.new(f.hash.mode, data).digest()).rstrip(b'=').decode()\n"
            "        assert (digest, len(data)) == (f.hash.value, f.size), f\n"
            "        count += 1\n"
            "    assert d.read_text('INSTALLER') == 'wheelbarrow\\n'\n"
            "print(count)\n")
        checked = run("/usr/bin/python3", "-c", program)
        self.assertEqual(checked.stderr, "")
        self.assertGreater(int(checked.stdout), 500)

    def test_pure_wheels_import_with_plain_cpython(self):
        self.unpack(PURE, "--compressed")
        done = run("/usr/bin/python3", "-S", "-c",
                   "import sys; sys.path.insert(0, sys.argv[1]); import typing_extensions, fontTools.ttLib; "
                   "print(fontTools.__file__)", self.folder)
        self.assertEqual((done.stderr, done.stdout.startswith(str(self.folder))), ("", True))

    def test_name_is_the_hash_of_the_identity_bytes_in_every_coding(self):
        identity = self.server.get(f"/bundle?{DOCUMENTS}")
        name = identity.fields["content-location"]
        self.assertEqual(name, f"bundles/{sha256(identity.body)}.tar")
        self.assertEqual(identity.fields["etag"], f'"{sha256(identity.body)}"')
        seen = {identity.fields["etag"]}
        for coding, decoder in (("gzip", ["gzip", "-dc"]), ("zstd", ["zstd", "-dcq"])):
            with self.subTest(coding):
                coded = self.server.get(f"/{name}", accept_encoding=coding)
                self.assertEqual(coded.fields["content-encoding"], coding)
                self.assertLess(len(coded.body), len(identity.body) / 3)
                decoded = subprocess.run(decoder, input=coded.body, capture_output=True, check=True).stdout
                self.assertEqual(decoded, identity.body)
                seen.add(coded.fields["etag"])
        self.assertEqual(len(seen), 3)

    def test_zstd_frames_keep_to_the_window_that_browsers_take(self):
        coded = self.server.get(f"/bundle?{query('opencv-python')}", accept_encoding="zstd").body
        listed = subprocess.run(["zstd", "-lv", "-"], input=coded, capture_output=True, text=False)
        windows = []
        offset = 0
        while offset < len(coded):  # RFC 8878 3.1.1: walk the frames
            self.assertEqual(coded[offset:offset + 4], bytes.fromhex("28b52ffd"))
            descriptor = coded[offset + 4]
            single, checksum, dictionary = descriptor >> 5 & 1, descriptor >> 2 & 1, descriptor & 3
            size_field = [1 if single else 0, 2, 4, 8][descriptor >> 6]
            at = offset + 5
            if not single:
                exponent, mantissa = coded[at] >> 3, coded[at] & 7
                windows.append((1 << (10 + exponent)) * (8 + mantissa) // 8)
                at += 1
            at += [0, 1, 2, 4][dictionary]
            if single:
                size = int.from_bytes(coded[at:at + size_field], "little") + (256 if size_field == 2 else 0)
                windows.append(size)
            at += size_field
            last = False
            while not last:
                header = int.from_bytes(coded[at:at + 3], "little")
                last, kind, size = header & 1, header >> 1 & 3, header >> 3
                at += 3 + (1 if kind == 1 else size)
            offset = at + (4 if checksum else 0)
        self.assertEqual(len(windows), 4, listed.stderr)  # manifest, numpy, opencv, end
        self.assertLessEqual(max(windows), 8 * 1024 * 1024)

    def test_manifest_says_what_is_where(self):
        body = self.server.get(f"/bundle?{DOCUMENTS}").body
        with tarfile.open(fileobj=BytesIO(body)) as archive:
            members = archive.getmembers()
            manifest = json.load(archive.extractfile(members[0]))
        self.assertEqual(members[0].name, "wheelbarrow.json")
        self.assertEqual((manifest["format"], manifest["target"], manifest["size"]), (3, "pyodide-0.29", len(body)))
        self.assertEqual([w["name"] for w in manifest["wheels"]],
                         ["lxml", "numpy", "typing-extensions", "python-docx"])
        end = manifest["wheels"][0]["offset"]
        for wheel in manifest["wheels"]:
            layer = body[wheel["offset"]:wheel["offset"] + wheel["size"]]
            self.assertEqual((wheel["offset"], sha256(layer)), (end, wheel["sha256"]))
            self.assertEqual(wheel["wheel_sha256"], sha256((SAMPLE_WHEELS / wheel["file"]).read_bytes()))
            end += wheel["size"]
            paths = {m.name for m in members if wheel["offset"] <= m.offset < end}
            self.assertLessEqual(set(wheel["extension_modules"]), paths)
        self.assertEqual(body[end:], bytes(1024))
        self.assertEqual(len({m.name for m in members}), len(members))

    def test_wheels_format_holds_the_wheel_files(self):
        body = self.server.get(f"/bundle?{query('python-docx', format='wheels')}").body
        with tarfile.open(fileobj=BytesIO(body)) as archive:
            files = {m.name: archive.extractfile(m).read() for m in archive.getmembers()[1:]}
        self.assertEqual(len(files), 3)
        for name, content in files.items():
            self.assertEqual(content, (SAMPLE_WHEELS / name).read_bytes(), name)

    def test_the_command_line_writes_the_very_bytes(self):
        for form in ("site", "wheels"):
            with self.subTest(form):
                file = self.folder / f"{form}.tar"
                done = wheelbarrow("bundle", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29", "--format", form,
                                   "-o", file, "python-docx")
                self.assertEqual(done.returncode, 0, done.stderr)
                served = self.server.get(f"/bundle?{query('python-docx', format=form, target='pyodide-0.29')}").body
                self.assertEqual(sha256(file.read_bytes()), sha256(served))
                self.assertEqual(done.stdout.split()[0], sha256(served))

    def test_two_servers_give_the_same_names(self):
        with Server() as other:
            for question in (DOCUMENTS, PURE, query("fonttools", target="pyodide-0.28")):
                names = [s.get(f"/bundle?{question}", "HEAD").fields["content-location"]
                         for s in (self.server, other)]
                self.assertEqual(*names, question)

    def test_a_bundle_outlives_the_process_that_made_it(self):
        data = self.folder / "data"
        with Server(data=data) as first:
            made = first.get(f"/bundle?{query('python-docx')}")
            name = made.fields["content-location"]
            # The name is written in the background.
            first.settle()
        with Server(data=data) as second:
            again = second.get(f"/{name}")
            self.assertEqual((again.status, again.body), (200, made.body))
            self.assertEqual(second.metric("wheelbarrow_layers_built_total"), 0)


if __name__ == "__main__":
    main()
