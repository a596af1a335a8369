"""What every URL answers, over HTTP/1.1, HTTP/2 in clear text and HTTP/2 over TLS."""

import json
import re
import tomllib
from urllib.parse import urlsplit

from harness import PYODIDE, SAMPLE_WHEELS, Server, TestCase, main, query, run, sha256

SET = query("python-docx")
LXML = "lxml-5.4.0-cp313-cp313-pyodide_2025_0_wasm32.whl"


class Http(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--static", f"{SAMPLE_WHEELS}:/files").__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        answer = json.loads(cls.server.get(f"/resolve?{SET}").body)
        cls.bundle = urlsplit(answer["bundle"]["url"]).path
        cls.wheel = next(urlsplit(w["url"]).path for w in answer["wheels"] if w["name"] == "lxml")
        # A better form, with another ETag, replaces the first one of each coding.
        for coding in ("gzip", "zstd"):
            cls.server.get(cls.bundle, accept_encoding=coding)
        cls.server.settle()

    def protocols(self):
        """Each way of asking: (name, curl options, base URL)."""
        yield "http/1.1", ["--http1.1"], self.server.plain
        yield "h2c", ["--http2-prior-knowledge"], self.server.plain
        yield "h2", ["-k", "--http2"], self.server.tls
        yield "http/1.1 over TLS", ["-k", "--http1.1"], self.server.tls

    def curl(self, options, url, *more):
        """Returns status, fields and body as a real client sees them."""
        done = run("curl", "-sS", "-o", self.folder / "body", "-D", self.folder / "head", *options, *more, url)
        self.assertEqual(done.returncode, 0, f"{url}: {done.stderr}")
        head = (self.folder / "head").read_text().replace("\r", "").strip().split("\n\n")[-1].split("\n")
        fields = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            fields.setdefault(name.lower(), value.strip())
        body = (self.folder / "body").read_bytes() if (self.folder / "body").exists() else b""
        return int(head[0].split()[1]), fields, body

    def test_a_pylock_names_wheels_that_are_here(self):
        lock = tomllib.loads(self.server.get(f"/resolve?{SET}&output=pylock").body.decode())
        self.assertEqual([p["name"] for p in lock["packages"]], ["lxml", "typing-extensions", "python-docx"])
        for package in lock["packages"]:
            [wheel] = package["wheels"]
            self.assertTrue(wheel["url"].startswith(self.server.plain), wheel)
            self.assertEqual(package["index"], f"{self.server.plain}/simple/")
            body = self.server.get(urlsplit(wheel["url"]).path).body
            self.assertEqual((len(body), sha256(body)), (wheel["size"], wheel["hashes"]["sha256"]))

    def test_constraints_and_hashes_bound_what_is_chosen(self):
        lxml = next(w for w in json.loads(self.server.get(f"/resolve?{SET}").body)["wheels"] if w["name"] == "lxml")
        for status, more in [(200, "c=lxml<6&c=numpy<1"), (422, "c=lxml<5"), (400, "c=lxml[html5]<6"), (400, "c=lxml>>1"),
                             (200, f"r=lxml --hash=sha256:{lxml['sha256']}"), (422, f"r=lxml --hash=sha256:{64 * '0'}"),
                             (400, "r=lxml --hash=md5:00"), (400, "r=lxml --pre")]:
            names = "r=lxml" if "hash" in more else "r=python-docx"
            path = f"/resolve?{names}&{more}".replace(" ", "%20").replace("<", "%3C")
            self.assertEqual(self.server.get(path).status, status, path)

    def test_what_can_not_be_met_is_explained_to_programs_too(self):
        for path in ("/resolve", "/bundle", "/pyodide-lock.json"):
            answer = self.server.get(f"{path}?r=numpy%3E=3&r=lxml")
            self.assertEqual((answer.status, answer.fields["content-type"]), (422, "application/problem+json"))
            derivation = json.loads(answer.body)["derivation"]
            self.assertEqual((derivation["target"], derivation["asked"]), ("pyodide-0.29", ["numpy>=3"]))
            self.assertEqual(derivation["incompatibilities"],
                             [{"project": "numpy", "chosen": [], "demands": [[{"requirement": "numpy>=3"}]]}])
            self.assertEqual([(w["file"], w["version"]) for w in derivation["wheelhouse"][0]["wheels"]],
                             [("numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl", "2.2.5")])
            self.assertIn([{"change": "replace", "from": "numpy>=3", "to": "numpy==2.2.5"}], derivation["remedies"])

    def test_a_pyodide_lock_is_for_the_pyodide_that_is_here(self):
        for status, asked in [(200, "target=pyodide-0.29"), (400, "target=pyodide-0.27"), (400, "c=numpy%3C2"),
                              (400, "r=numpy&target=cpython-3.13-linux-x86_64"), (200, "r=numpy&c=numpy%3E=2")]:
            self.assertEqual(self.server.get(f"/pyodide-lock.json?{asked}").status, status, asked)

    def test_equal_sets_are_one_set(self):
        first, *others = [json.loads(self.server.get(f"/resolve?{asked}").body)
                          for asked in ("r=numpy&r=lxml>=5", "r=lxml>=5,numpy", "r=LXML%20>=%205&r=Numpy&r=numpy")]
        for other in others:
            self.assertEqual(other, first)

    def test_every_url_answers_on_every_protocol(self):
        table = [
            (f"/bundle?{SET}", "application/x-tar", "max-age=60"),
            (self.bundle, "application/x-tar", "immutable"),
            (f"/resolve?{SET}", "application/json", "max-age=60"),
            (f"/resolve?{SET}&output=pylock", "application/toml", "max-age=60"),
            (self.wheel, "application/zip", "immutable"),
            (self.wheel + ".metadata", "text/plain", "immutable"),
            ("/pyodide-lock.json", "application/json", "max-age=60"),
            (f"/pyodide-lock.json?{SET}", "application/json", "max-age=60"),
            ("/env/numpy,lxml/pyodide-lock.json", "application/json", "max-age=60"),
            ("/env/numpy,lxml/pyodide.mjs", "text/javascript", "max-age=600"),
            ("/env/numpy,lxml/pyodide.asm.wasm", "application/wasm", "max-age=600"),
            ("/", "text/html", "no-cache"),
            ("/client/wheelbarrow.mjs", "text/javascript", "max-age=60"),
            ("/pyodide/pyodide.asm.js", "text/javascript", "no-cache"),
            (f"/files/{LXML}", "application/zip", "no-cache"),
        ]
        for name, options, base in self.protocols():
            for path, media_type, cache in table:
                with self.subTest(protocol=name, path=path):
                    status, fields, body = self.curl(options, base + path)
                    self.assertEqual(status, 200, body[:300])
                    self.assertTrue(fields["content-type"].startswith(media_type), fields)
                    self.assertIn(cache, fields["cache-control"])
                    self.assertEqual(int(fields["content-length"]), len(body))
                    self.assertRegex(fields["etag"], r'^"[^"]+"$')
                    self.assert_common(fields)
                    self.assertEqual(fields["accept-ranges"], "bytes")

    def assert_common(self, fields):
        self.assertEqual(fields["access-control-allow-origin"], "*")
        self.assertEqual(fields["cross-origin-resource-policy"], "cross-origin")
        self.assertEqual(fields["timing-allow-origin"], "*")
        self.assertEqual(fields["x-content-type-options"], "nosniff")

    def test_errors_are_problems_that_nobody_caches(self):
        long_path = "/" + "a" * 40_000
        table = [
            ("/nothing/here", [], 404),
            ("/bundle", [], 400),
            (f"/bundle?{SET}&bytecod=off", [], 400),
            (f"/bundle?{SET}&target=pyodide-0.1", [], 400),
            ("/bundle?r=numpy%3E", [], 400),
            ("/bundle?r=nowhere-to-be-found", [], 422),
            ("/bundle?r=numpy%3E99", [], 422),
            ("/bundles/" + "0" * 64 + ".tar", [], 404),
            ("/bundles/xyz.tar", [], 404),
            ("/wheels/" + "0" * 64 + "/a.whl", [], 404),
            ("/env/numpy/nothing.js", [], 404),
            ("/env/nowhere-to-be-found/pyodide-lock.json", [], 422),
            ("/files/../../etc/passwd", ["--path-as-is"], 400),
            ("/files/%2e%2e/%2e%2e/etc/passwd", ["--path-as-is"], 400),
            (f"/bundle?{SET}", ["-H", "accept-encoding: br, identity;q=0, *;q=0"], 406),
            (f"/bundle?{SET}", ["-H", "range: bytes=99999999999-"], 416),
            (f"/bundle?{SET}", ["-H", 'if-match: "other"'], 412),
            (f"/bundle?{SET}", ["-X", "POST", "--data", "x" * 100_000], 413),
            (f"/bundle?{SET}", ["-X", "POST", "--data", "x"], 405),
            (f"/bundle?{SET}", ["-X", "DELETE"], 405),
            (long_path, [], 414),
        ]
        for name, options, base in self.protocols():
            for path, more, expected in table:
                # Over HTTP/2 the answer to too long a body comes before the body has ended, and curl 7.88 takes that
                # for a failure; the unit tests look at the frames.
                if expected == 413 and name.startswith("h2"):
                    continue
                with self.subTest(protocol=name, path=path[:60], more=more[:2]):
                    status, fields, body = self.curl(options, base + path, *more)
                    self.assertEqual(status, expected, body[:300])
                    self.assertEqual(fields["content-type"], "application/problem+json")
                    self.assertEqual(fields["cache-control"], "no-store")
                    self.assert_common(fields)
                    problem = json.loads(body)
                    self.assertEqual(problem["status"], expected)
                    self.assertGreater(len(problem["detail"]), 20)
                    if expected == 405:
                        self.assertEqual(fields["allow"], "GET, HEAD, OPTIONS")
                    if expected == 416:
                        self.assertRegex(fields["content-range"], r"^bytes \*/\d+$")

    def test_the_explanation_reaches_the_client(self):
        problem = json.loads(self.server.get("/bundle?r=numpy%3E99&r=lxml").body)
        self.assertIn("numpy", problem["detail"])
        self.assertIn("2.2.5", problem["detail"])

    def test_preflight_is_answered(self):
        for name, options, base in self.protocols():
            with self.subTest(name):
                status, fields, _ = self.curl(options, f"{base}/bundle?{SET}", "-X", "OPTIONS",
                                              "-H", "Origin: https://app.example", "-H",
                                              "Access-Control-Request-Method: GET")
                self.assertEqual(status, 204)
                self.assertEqual(fields["access-control-allow-origin"], "*")
                self.assertIn("GET", fields["access-control-allow-methods"])
                self.assertIn("range", fields["access-control-allow-headers"].lower())

    def test_head_says_what_get_would(self):
        for name, options, base in self.protocols():
            for path in (f"/bundle?{SET}", self.wheel, "/", "/nothing"):
                with self.subTest(protocol=name, path=path):
                    got = self.curl(options, base + path)
                    (self.folder / "body").unlink()
                    head = self.curl([*options, "--head"], base + path)
                    for fields in (got[1], head[1]):
                        for varying in ("date", "server-timing"):
                            fields.pop(varying, None)
                    self.assertEqual((head[0], head[1]), (got[0], got[1]))

    def test_validators_save_the_body(self):
        for path in (f"/bundle?{SET}", self.bundle, self.wheel, "/", "/env/lxml/pyodide.asm.wasm"):
            for coding in ("identity", "gzip", "zstd"):
                full = self.server.get(path, accept_encoding=coding)
                with self.subTest(path=path, coding=coding):
                    again = self.server.get(path, accept_encoding=coding, if_none_match=full.fields["etag"])
                    self.assertEqual((again.status, again.body), (304, b""))
                    for field in ("cache-control", "etag", "vary", "content-location", "date"):
                        self.assertEqual(field in again.fields, field in full.fields, field)
                    weak = self.server.get(path, accept_encoding=coding, if_none_match="W/" + full.fields["etag"])
                    self.assertEqual(weak.status, 304)
                    other = self.server.get(path, accept_encoding=coding, if_none_match='"other"')
                    self.assertEqual(other.status, 200)

    def test_a_date_is_honoured_where_there_is_one(self):
        full = self.server.get(self.wheel)
        again = self.server.get(self.wheel, if_modified_since=full.fields["last-modified"])
        self.assertEqual(again.status, 304)

    def test_ranges_work_on_the_selected_coding(self):
        for coding in ("identity", "gzip", "zstd"):
            with self.subTest(coding):
                full = self.server.get(self.bundle, accept_encoding=coding)
                size = len(full.body)
                for text, first, last in (("0-99", 0, 99), ("1000-", 1000, size - 1), ("-500", size - 500, size - 1),
                                          (f"{size - 1}-{size + 10}", size - 1, size - 1)):
                    part = self.server.get(self.bundle, accept_encoding=coding, range=f"bytes={text}",
                                           if_range=full.fields["etag"])
                    self.assertEqual(part.status, 206)
                    self.assertEqual(part.fields["content-range"], f"bytes {first}-{last}/{size}")
                    self.assertEqual(part.body, full.body[first:last + 1])
                stale = self.server.get(self.bundle, accept_encoding=coding, range="bytes=0-99", if_range='"other"')
                self.assertEqual((stale.status, len(stale.body)), (200, size))

    def test_several_ranges_come_as_multipart(self):
        full = self.server.get(self.bundle).body
        answer = self.server.get(self.bundle, range="bytes=0-9,1000-1009,-10")
        self.assertEqual(answer.status, 206)
        boundary = re.fullmatch(r'multipart/byteranges; boundary="?([^"]+)"?', answer.fields["content-type"]).group(1)
        parts = answer.body.split(b"--" + boundary.encode())[1:-1]
        self.assertEqual([p.split(b"\r\n\r\n", 1)[1][:-2] for p in parts], [full[:10], full[1000:1010], full[-10:]])

    def test_digests_are_true(self):
        from base64 import b64encode
        from hashlib import sha256 as hasher
        for path in (self.bundle, self.wheel):
            answer = self.server.get(path)
            digest = b64encode(hasher(answer.body).digest()).decode()
            self.assertEqual(answer.fields["repr-digest"], f"sha-256=:{digest}:")

    def test_answers_depend_on_the_coding_and_say_so(self):
        for path in (f"/bundle?{SET}", self.bundle, "/pyodide/pyodide.asm.js"):
            etags = set()
            for coding in ("identity", "gzip", "zstd", "zstd;q=0.5, gzip;q=0.8", "br", "*", "gzip;q=0"):
                answer = self.server.get(path, accept_encoding=coding)
                vary = "accept-encoding, available-dictionary" if "bundle" in path else "accept-encoding"
                self.assertEqual(answer.fields["vary"], vary)
                etags.add((answer.fields.get("content-encoding"), answer.fields["etag"]))
            self.assertEqual(len({coding for coding, _ in etags}), 3)
            self.assertEqual(len(etags), 3, etags)

    def test_wheels_are_never_coded(self):
        answer = self.server.get(self.wheel, accept_encoding="zstd, gzip")
        self.assertNotIn("content-encoding", answer.fields)
        self.assertEqual(sha256(answer.body), self.wheel.split("/")[2])

    def test_timing_is_told(self):
        fields = self.server.get(f"/bundle?{SET}").fields
        self.assertRegex(fields["server-timing"],
                         r"^resolve;dur=[\d.]+, build;dur=[\d.]+, total;dur=[\d.]+$")

    def test_the_loader_has_a_name_that_never_changes(self):
        plain = self.server.get("/client/wheelbarrow.mjs")
        pinned = self.server.get(plain.fields["content-location"])
        self.assertEqual(pinned.body, plain.body)
        self.assertIn("immutable", pinned.fields["cache-control"])

    def test_the_lock_file_names_what_can_be_loaded(self):
        lock = json.loads(self.server.get("/pyodide-lock.json").body)
        self.assertIn("numpy", lock["packages"])
        for name, package in lock["packages"].items():
            with self.subTest(name):
                self.assertTrue(package["file_name"].startswith(self.server.plain))
                self.assertEqual(self.server.get(urlsplit(package["file_name"]).path, "HEAD").status, 200)
                self.assertLessEqual(set(package["depends"]), set(lock["packages"]))
        original = json.loads((PYODIDE / "pyodide-lock.json").read_text())
        self.assertEqual(lock["info"], original["info"])

    def test_an_environment_can_be_named_by_a_bundle(self):
        name = self.bundle.split("/")[-1].removesuffix(".tar")
        lock = json.loads(self.server.get(f"/env/{name}/pyodide-lock.json").body)
        self.assertEqual(lock["packages"]["bundle"]["sha256"], name)
        self.assertEqual(lock["packages"]["typing-extensions"]["name"], "typing_extensions")

    def test_requirements_can_be_joined(self):
        one = self.server.get("/bundle?" + query("lxml>=5,<6", "numpy"), "HEAD").fields["content-location"]
        for text in ("numpy,lxml>=5,<6", "lxml <6, >=5 , numpy", "numpy\nlxml<6,>=5\n", "numpy,numpy,LXML>=5,<6"):
            with self.subTest(text):
                other = self.server.get("/bundle?" + query(text), "HEAD").fields["content-location"]
                self.assertEqual(other, one)


if __name__ == "__main__":
    main()
