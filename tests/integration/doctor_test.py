"""`wheelbarrow doctor`: content through every configuration that is shipped, and with the right complaint about each
thing that a proxy can break."""

import os
import re
import shutil
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from harness import PROGRAM, Server, TestCase, main, make_wheel, run
from noise_wheels import make_noise_wheel
from proxies import Caddy, Haproxy, HaproxyTcp, Nginx, Varnish, free_port

CHECKS = ["answers", "links", "forgery", "bytes", "codings", "vary", "caching", "etag", "ranges", "dictionaries", "cors",
          "errors", "addresses", "buffering"]
LARGE = 6_000_000  # bytes of a bundle whose way can be seen to be slow


def setUpModule():
    global server, wheels
    wheels = Path(tempfile.mkdtemp(prefix="wheelbarrow-test-"))
    unittest.addModuleCleanup(shutil.rmtree, wheels, ignore_errors=True)
    make_noise_wheel(wheels, "text", 300_000, noise=False)
    make_noise_wheel(wheels, "large", LARGE)
    make_wheel(wheels, "absent", "1.0", requires=["nowhere-to-be-found"])
    server = Server("--trusted-proxy", "127.0.0.1", wheels=wheels, pyodide=None).__enter__()
    unittest.addModuleCleanup(server.__exit__, None, None, None)


def doctor(*arguments):
    done = run(PROGRAM, "doctor", *arguments, env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})
    findings = dict(re.findall(r"^(?:ok|broken) +(\w+) +(.*)$", done.stdout, re.MULTILINE))
    broken = re.findall(r"^broken +(\w+)", done.stdout, re.MULTILINE)
    return done, findings, broken


class ThroughWhatIsShipped(TestCase):
    def assert_content(self, *arguments):
        done, findings, broken = doctor(*arguments)
        self.assertEqual((broken, list(findings), done.returncode), ([], CHECKS, 0), done.stdout + done.stderr)
        return findings

    def test_without_a_proxy(self):
        with Server(wheels=wheels, pyodide=None) as alone:
            certificate = alone.data / "certificate.pem"
            for arguments in ([alone.plain], [alone.tls, "--ca", certificate], [alone.tls + "/", "-k"]):
                findings = self.assert_content(*arguments, "-r", "text")
                self.assertIn("text", findings["answers"])
            # Without -r: the first project of the index needs what is not there.
            self.assertIn("asking for large", self.assert_content(alone.plain)["answers"])
            done, _, _ = doctor(alone.tls)
            self.assertEqual((done.returncode, "certificate" in done.stderr), (1, True), done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can listen on a scheme's own port")
    def test_the_port_of_the_scheme_may_be_named(self):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.7", 80)) == 0:
                self.skipTest("port 80 is taken")
        with Server("--listen-plain", "127.0.0.7:80", wheels=wheels, pyodide=None):
            for address in ("http://127.0.0.7:80", "http://127.0.0.7:80/", "http://127.0.0.7"):
                self.assert_content(address, "-r", "text")

    def test_nginx(self):
        with Nginx(self.folder, server.plain) as proxy:
            self.assert_content(proxy.url, "-r", "text")

    def test_nginx_below_a_prefix(self):
        changes = [("location / {", "location /py/ {"), ("proxy_pass http://wheelbarrow;", "proxy_pass http://wheelbarrow/;"),
                   ('proxy_set_header X-Forwarded-Prefix "";', "proxy_set_header X-Forwarded-Prefix /py;")]
        with Nginx(self.folder, server.plain, changes=changes) as proxy:
            self.assert_content(proxy.url + "/py/", "-r", "text")

    def test_haproxy(self):
        with Haproxy(self.folder, server.plain) as proxy:
            self.assert_content(proxy.url, "-r", "text")

    def test_haproxy_that_passes_tls_on(self):
        port = free_port()
        with Server("--listen", f"127.0.0.1:{port}+proxy", "--trusted-proxy", "127.0.0.2", wheels=wheels,
                    pyodide=None) as behind:
            # From an address of its own, because its client is on this machine, too.
            with HaproxyTcp(self.folder, f"https://127.0.0.1:{port}", "send-proxy-v2 source 127.0.0.2") as proxy:
                findings = self.assert_content(proxy.url, "--ca", behind.data / "certificate.pem", "-r", "text")
                self.assertIn("HTTP/2", findings["answers"])

    def test_caddy(self):
        with Caddy(self.folder, server.plain) as proxy:
            self.assert_content(proxy.url, "-r", "text")

    def test_varnish(self):
        with Varnish(self.folder, server.plain) as proxy:
            self.assert_content(proxy.url, "-r", "text")
            self.assert_content(proxy.url, "-r", "text")  # out of the cache


class Faults(TestCase):
    # What somebody writes into nginx's configuration, and the checks that must notice.
    TABLE = [
        ("compresses again", ['proxy_set_header Accept-Encoding "";', "gzip on;", "gzip_types *;"], {"codings"}),
        ("asks for no coding", ['proxy_set_header Accept-Encoding "";'], {"codings"}),
        ("always asks for gzip", ['proxy_set_header Accept-Encoding "gzip";'], {"bytes"}),
        ("drops Vary", ["proxy_hide_header Vary;"], {"vary"}),
        ("drops ETag", ["proxy_hide_header ETag;"], {"etag"}),
        ("drops Cache-Control", ["proxy_hide_header Cache-Control;"], {"caching"}),
        ("says it twice", ['add_header Cache-Control "public, max-age=60";'], {"caching"}),
        ("adds an expiry", ["expires 1h;"], {"caching"}),
        ("forbids to keep", ["proxy_hide_header Cache-Control;", "add_header Cache-Control no-store;"], {"caching"}),
        ("sets a cookie", ["add_header Set-Cookie a=b;"], {"caching"}),
        ("drops ranges", ['proxy_set_header Range "";', "max_ranges 0;"], {"ranges"}),
        ("drops conditions", ['proxy_set_header If-None-Match "";', "if_modified_since off;"], {"etag"}),
        ("drops the dictionary", ["proxy_hide_header Use-As-Dictionary;"], {"dictionaries"}),
        ("drops CORS", ["proxy_hide_header Access-Control-Allow-Origin;"], {"cors"}),
        ("adds CORS", ["add_header Access-Control-Allow-Origin * always;"], {"cors"}),
        ("answers preflights", ["if ($request_method = OPTIONS) { return 405; }"], {"cors"}),
        ("has its own errors", ["proxy_intercept_errors on;", "error_page 404 /missing.html;"], {"errors"}),
    ]
    REPLACED = [
        ("hides the host", ("$http_host", "inside.example"), {"links"}),
        ("passes on what clients say", ("proxy_set_header X-Forwarded-Host $http_host;", ""), {"forgery"}),
        ("passes on a prefix", ('proxy_set_header X-Forwarded-Prefix "";', ""), {"forgery"}),
        ("takes short addresses only", ("large_client_header_buffers 4 32k;", "large_client_header_buffers 4 2k;"),
         {"addresses"}),
        ("says nothing of a prefix", ("location / {\n    proxy_pass http://wheelbarrow;",
                                      "location /py/ {\n    proxy_pass http://wheelbarrow/;"), {"links"}),
    ]

    def complaints(self, change, path=""):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        with Nginx(folder, server.plain, changes=[change]) as proxy:
            done, findings, broken = doctor(proxy.url + path, "-r", "text")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for name in broken:
            self.assertIn("; ", findings[name])  # what to change
        return set(broken), done.stdout

    def test_each_is_noticed(self):
        table = [(name, ("proxy_http_version 1.1;", "\n".join(["proxy_http_version 1.1;", *lines])), expected)
                 for name, lines, expected in self.TABLE]
        for name, change, expected in table + self.REPLACED:
            with self.subTest(name):
                broken, said = self.complaints(change, "/py" if "prefix" in name and "location" in change[0] else "")
                self.assertLessEqual(expected, broken, said)

    def test_a_dropped_dictionary_of_the_client_is_noticed(self):
        broken, said = self.complaints(("proxy_http_version 1.1;",
                                        'proxy_http_version 1.1;\nproxy_set_header Available-Dictionary "";'))
        self.assertEqual(broken, {"dictionaries"}, said)

    def test_varnish_that_compresses_is_noticed(self):
        class Gzipping(Varnish):
            def command(self):
                return [part for part in super().command() if part not in ("-p", "http_gzip_support=off")]

        with Gzipping(self.folder, server.plain) as proxy:
            done, _, broken = doctor(proxy.url, "-r", "text")
        self.assertIn("codings", broken, done.stdout)

    def test_a_proxy_that_collects_bodies_is_noticed(self):
        with SlowWay(server.plain, 3_000_000) as way:
            for more, expected in (("", []), ("sub vcl_backend_response { set beresp.do_stream = false; }", ["buffering"])):
                folder = Path(tempfile.mkdtemp(dir=self.folder))
                with Varnish(folder, way.url, more) as proxy:
                    done, _, broken = doctor(proxy.url, "-r", "large")
                    self.assertEqual(broken, expected, done.stdout)


class SlowWay:
    """A TCP relay to a server that lets so many bytes of answers through in a second."""

    def __init__(self, to, rate):
        self.to, self.rate = urlsplit(to), rate
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        with near, socket.create_connection((self.to.hostname, self.to.port)) as far:
            upward = threading.Thread(target=self.relay, args=(near, far, None), daemon=True)
            upward.start()
            self.relay(far, near, self.rate)
            upward.join()

    @staticmethod
    def relay(source, sink, rate):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
                if rate:
                    time.sleep(len(data) / rate)
        except OSError:
            pass
        # Ends the other direction, too.
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class Words(TestCase):
    def test_what_is_no_wheelbarrow_is_said_so(self):
        with Server(wheels=wheels, pyodide=None) as other:
            # Its admin listener is a server of another kind.
            done, _, _ = doctor(other.admin)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("is this a wheelbarrow?", done.stderr)
        done, _, _ = doctor(f"http://127.0.0.1:{free_port()}")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_a_set_that_can_not_be_met_is_said_so(self):
        done, _, _ = doctor(server.plain, "-r", "absent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere-to-be-found", done.stderr)

    def test_wrong_words_are_usage_errors(self):
        for arguments in ([], ["wheels.example.org"], ["--nonsense"]):
            self.assertEqual(doctor(*arguments)[0].returncode, 2, arguments)


if __name__ == "__main__":
    main()
