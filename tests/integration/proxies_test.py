"""The reverse proxies of Debian in front of the server, each in every way that it can ask.

The cases are written once, in Cases; each proxy runs the configuration that is shipped, see proxies.py.
"""

import json
import shutil
import subprocess
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

from harness import Server, TestCase, main, query, run, sha256
from noise_wheels import LARGE, make_large_wheels, make_noise_wheel
from proxies import Caddy, Haproxy, Nginx, Varnish

TIMEOUT = 120  # seconds for one request; sanitizers are slow
COLD = 4_000_000  # bytes of the bundle that many ask for at the same time
TEXT = query("text")  # a bundle that every coding makes smaller


def setUpModule():
    """One server behind all proxies, and `origin`, what it answers without one."""
    global server, origin
    folder = Path(tempfile.mkdtemp(prefix="wheelbarrow-test-"))
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    make_large_wheels(folder)
    for name in PROXIES:
        make_noise_wheel(folder, cold_project(name), COLD)
    make_noise_wheel(folder, "text", 300_000, noise=False)
    server = Server("--trusted-proxy", "127.0.0.1", wheels=folder, pyodide=None).__enter__()
    unittest.addModuleCleanup(server.__exit__, None, None, None)
    large = server.get(f"/bundle?{query(*LARGE)}")
    origin = SimpleNamespace(
        large="/" + large.fields["content-location"], body=large.body, sha256=sha256(large.body),
        etag=large.fields["etag"], certificate=server.data / "certificate.pem")
    # The first answer in a coding may be a quick form, with an ETag of its own, until a better one is made.
    for coding in ("gzip", "zstd"):
        server.get(f"/bundle?{TEXT}", accept_encoding=coding)
    deadline = time.monotonic() + TIMEOUT
    while server.metric("wheelbarrow_background_backlog") > 0 and time.monotonic() < deadline:
        time.sleep(0.05)


def cold_project(name):
    return f"cold{sorted(PROXIES).index(name)}"


PROXIES = {
    "NginxHttp1": lambda folder: Nginx(folder, server.plain),
    "NginxHttp1OverTls": lambda folder: Nginx(folder, server.tls, origin.certificate),
    "HaproxyHttp1": lambda folder: Haproxy(folder, server.plain, protocol="http/1.1"),
    "HaproxyHttp1OverTls": lambda folder: Haproxy(folder, server.tls, origin.certificate, "http/1.1"),
    "HaproxyHttp2PriorKnowledge": lambda folder: Haproxy(folder, server.plain),
    "HaproxyHttp2": lambda folder: Haproxy(folder, server.tls, origin.certificate),
    "CaddyHttp1": lambda folder: Caddy(folder, server.plain, versions="1.1"),
    "CaddyHttp2PriorKnowledge": lambda folder: Caddy(folder, server.plain),
    "CaddyHttp2": lambda folder: Caddy(folder, server.tls, origin.certificate, "2"),
    "VarnishHttp1": lambda folder: Varnish(folder, server.plain),
}


def upstream_connections():
    """The ports from which somebody is connected to the server."""
    listening = {urlsplit(server.plain).port, urlsplit(server.tls).port}
    ports = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, remote, state = line.split()[1:4]
        if state == "01" and int(local.split(":")[1], 16) in listening:  # established
            ports.add(int(remote.split(":")[1], 16))
    return ports


class Cases:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = Path(tempfile.mkdtemp(prefix="wheelbarrow-proxy-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.proxy = cls.start_proxy(folder)
        cls.addClassCleanup(cls.proxy.stop)

    def setUp(self):
        super().setUp()
        self.addCleanup(self.assert_no_complaints)

    def assert_no_complaints(self):
        expected = ("[info]", "self-signed", "running as root")
        lines = [line for line in server.log if not any(words in line for words in expected)]
        self.assertEqual(lines, [])

    def get(self, path, method="GET", **fields):
        return server.request(self.proxy.url, path, method, fields)

    def assert_large(self, answer):
        self.assertEqual((answer.status, len(answer.body)), (200, len(origin.body)))
        self.assertEqual(sha256(answer.body), origin.sha256)

    def test_the_whole_bundle_comes_through(self):
        self.assertGreater(len(origin.body), 100_000_000)
        answer = self.get(origin.large)
        self.assert_large(answer)
        self.assertEqual(answer.fields["content-length"], str(len(origin.body)))

    def test_what_the_server_says_comes_through(self):
        for path in (origin.large, f"/bundle?{TEXT}", "/client/wheelbarrow.mjs", "/simple/", "/nothing/here"):
            with self.subTest(path):
                there, here = server.get(path, "HEAD"), self.get(path, "HEAD")
                self.assertEqual(here.status, there.status)
                for name, value in there.fields.items():
                    if name not in ("date", "connection", "server-timing", "accept-ranges", "content-length"):
                        self.assertEqual(here.fields.get(name), value, name)

    def test_links_lead_to_the_proxy(self):
        answer = json.loads(self.get(f"/resolve?{TEXT}").body)
        for url in (answer["bundle"]["url"], answer["wheels"][0]["url"]):
            self.assertEqual(urlsplit(url).netloc, urlsplit(self.proxy.url).netloc)
            self.assertEqual(self.get(urlsplit(url).path, "HEAD").status, 200)

    def test_no_client_decides_on_links(self):
        forged = self.get(f"/resolve?{TEXT}&r=%20", x_forwarded_host="evil.example", x_forwarded_proto="gopher",
                          x_forwarded_port="99", x_forwarded_prefix="/evil", forwarded="host=evil.example")
        self.assertEqual(urlsplit(json.loads(forged.body)["bundle"]["url"]).netloc, urlsplit(self.proxy.url).netloc)
        self.assertNotIn(b"evil", forged.body)

    def test_ranges(self):
        size = len(origin.body)
        for text, first, last in (("0-0", 0, 0), ("25000000-80000000", 25_000_000, 80_000_000),
                                  (f"{size - 100}-", size - 100, size - 1), ("-500", size - 500, size - 1)):
            with self.subTest(text):
                answer = self.get(origin.large, range=f"bytes={text}", if_range=origin.etag)
                self.assertEqual((answer.status, answer.fields["content-range"]), (206, f"bytes {first}-{last}/{size}"))
                self.assertEqual(answer.fields["etag"], origin.etag)
                self.assertTrue(answer.body == origin.body[first:last + 1], f"{len(answer.body)} bytes that differ")
        beyond = self.get(origin.large, range=f"bytes={size}-")
        self.assertEqual((beyond.status, beyond.fields["content-range"]), (416, f"bytes */{size}"))
        self.assert_large(self.get(origin.large, range="bytes=0-99", if_range='"other"'))

    def test_several_ranges(self):
        if self.proxy.caches:
            self.skipTest("answers with the first, or with everything")
        answer = self.get(origin.large, range="bytes=0-9,26000000-26000009,-10")
        self.assertEqual(answer.status, 206)
        self.assertTrue(answer.fields["content-type"].startswith("multipart/byteranges; boundary="))
        for piece in (origin.body[:10], origin.body[26_000_000:26_000_010], origin.body[-10:]):
            self.assertIn(piece, answer.body)

    def test_conditionals(self):
        for path in (origin.large, f"/bundle?{TEXT}"):
            etag = server.get(path, "HEAD").fields["etag"]
            # Varnish looks at the first one only.
            for condition in [etag] if self.proxy.caches else [etag, f'"other", {etag}']:
                with self.subTest(path=path, condition=condition):
                    answer = self.get(path, if_none_match=condition)
                    self.assertEqual((answer.status, len(answer.body), answer.fields["etag"]), (304, 0, etag))
        self.assertEqual(self.get(f"/bundle?{TEXT}", if_none_match='"other"').status, 200)

    def test_failed_preconditions(self):
        if self.proxy.caches:
            self.skipTest("takes If-Match out of what it asks")
        self.assertEqual(self.get(origin.large, if_match='"other"').status, 412)

    def test_codings_are_kept(self):
        etags = set()
        for coding, decoder in (("identity", ["cat"]), ("gzip", ["gzip", "-dc"]), ("zstd", ["zstd", "-dcq"])):
            for _ in range(2):  # a cache answers the second
                with self.subTest(coding):
                    there = server.get(f"/bundle?{TEXT}", accept_encoding=coding)
                    here = self.get(f"/bundle?{TEXT}", accept_encoding=coding)
                    self.assertEqual((here.status, here.fields.get("content-encoding")),
                                     (200, None if coding == "identity" else coding))
                    self.assertEqual(here.fields["vary"].lower(), "accept-encoding, available-dictionary")
                    self.assertEqual(here.fields["etag"], there.fields["etag"])
                    self.assertEqual(sha256(here.body), sha256(there.body))
                    decoded = subprocess.run(decoder, input=here.body, capture_output=True, timeout=60).stdout
                    self.assertEqual(f"bundles/{sha256(decoded)}.tar", here.fields["content-location"])
                    etags.add(here.fields["etag"])
        self.assertEqual(len(etags), 3)

    def abort(self, size):
        """Takes so much of the large bundle and goes away."""
        connection = HTTPConnection(urlsplit(self.proxy.url).netloc, timeout=TIMEOUT)
        try:
            connection.request("GET", origin.large)
            return connection.getresponse().read(size)
        finally:
            connection.close()

    def test_an_aborted_download_is_resumed(self):
        taken = self.abort(30_000_000)
        rest = self.get(origin.large, range=f"bytes={len(taken)}-", if_range=origin.etag)
        self.assertEqual((rest.status, len(taken) + len(rest.body)), (206, len(origin.body)))
        self.assertEqual(sha256(taken + rest.body), origin.sha256)

    def test_aborted_downloads_leave_nothing_behind(self):
        self.get(f"/bundle?{TEXT}")
        before = len(upstream_connections())
        for _ in range(5):
            self.assertTrue(self.abort(1_000_000) == origin.body[:1_000_000])
            self.assertEqual(self.get(f"/bundle?{TEXT}").status, 200)
            self.assertEqual(server.get(f"/bundle?{TEXT}").status, 200)
        # What a proxy keeps open for the next request may stay.
        deadline = time.monotonic() + 20
        while len(upstream_connections()) > before + 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(len(upstream_connections()), before + 1)

    def test_upstream_connections_are_used_again(self):
        self.get("/nothing/here")
        kept, opened = upstream_connections(), set()
        self.assertGreater(len(kept), 0)
        for i in range(10):  # none of these is in a cache
            time.sleep(0.05)  # until the proxy has put the connection back
            self.get(f"/nothing/{i}")
            opened |= upstream_connections() - kept
        # Not always none: a proxy may put it back later than that, or have put it in another thread's pool.
        self.assertLessEqual(len(opened), 2)

    def test_many_ask_for_one_cold_bundle(self):
        path = f"/bundle?{query(cold_project(type(self).__name__))}"
        assembled = server.metric("wheelbarrow_bundles_assembled_total")

        def ask(_):
            answer = self.get(path)
            return answer.status, f"bundles/{sha256(answer.body)}.tar", answer.fields.get("content-location")

        with ThreadPoolExecutor(50) as pool:
            answers = set(pool.map(ask, range(50)))
        self.assertEqual(len(answers), 1, answers)
        status, name, location = answers.pop()
        self.assertEqual((status, name), (200, location))
        self.assertEqual(server.metric("wheelbarrow_bundles_assembled_total"), assembled + 1)

    def test_too_large_a_body_is_refused(self):
        body, answer = self.folder / "body", self.folder / "answer"
        body.write_bytes(bytes(20_000_000))
        for expect in ("Expect:", "Expect: 100-continue"):
            with self.subTest(expect):
                started = time.monotonic()
                for _ in range(5):
                    done = run("curl", "-q", "-sS", "--noproxy", "*", "--max-time", 20, "--data-binary", f"@{body}",
                               "-H", expect, "-o", answer, "-w", "%{http_code}", f"{self.proxy.url}/bundle?{TEXT}")
                    # The proxies close on a client that is still sending, and the reset may overtake the answer.
                    if done.returncode not in (55, 56):
                        break
                self.assertEqual(done.stdout, "413", f"curl ended with {done.returncode}: {done.stderr}")
                self.assertEqual(json.loads(answer.read_text())["status"], 413)
                self.assertLess(time.monotonic() - started, 20)
                self.assertEqual(self.get(f"/bundle?{TEXT}").status, 200)


class CacheCases:
    """What a cache in front may do with the answers."""

    def test_a_bundle_by_its_name_is_kept(self):
        self.assert_large(self.get(origin.large))
        answer = self.get(origin.large)
        self.assert_large(answer)
        self.assertGreater(int(answer.fields["x-hits"]), 0)
        self.assertRegex(answer.fields["age"], r"^\d+$")
        piece = self.get(origin.large, range="bytes=25000000-80000000", if_range=origin.etag)
        self.assertGreater(int(piece.fields["x-hits"]), 0)
        self.assertEqual((piece.status, piece.body == origin.body[25_000_000:80_000_001]), (206, True))

    def test_errors_are_not_kept(self):
        for _ in range(2):
            answer = self.get("/bundle?r=nowhere-to-be-found")
            self.assertEqual((answer.status, answer.fields["x-hits"]), (422, "0"))

    def test_an_old_answer_is_revalidated(self):
        first = self.get("/")
        again = self.get("/")
        self.assertIn("no-cache", first.fields["cache-control"])
        self.assertEqual((again.status, again.body, again.fields["age"]), (200, first.body, "0"))


def load_tests(loader, standard_tests, pattern):
    suite = unittest.TestSuite()
    for name, start in PROXIES.items():
        start_proxy = classmethod(lambda cls, folder, start=start: start(folder))
        cases = (CacheCases, Cases) if name.startswith("Varnish") else (Cases,)
        made = type(name, (*cases, TestCase), {"start_proxy": start_proxy, "__module__": __name__})
        suite.addTests(loader.loadTestsFromTestCase(made))
    return suite


if __name__ == "__main__":
    main()
