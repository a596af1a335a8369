"""Whom the server believes: header fields and the PROXY protocol of trusted proxies, prefixes."""

import json
import socket
from urllib.parse import urlsplit

from harness import PROGRAM, AppTestCase, main, run
from proxies import HaproxyTcp, free_port

FORWARDED = {"x_forwarded_for": "192.0.2.1", "x_forwarded_proto": "https", "x_forwarded_host": "wheels.example.org",
             "x_forwarded_prefix": "/py"}


class Case(AppTestCase):
    def serve(self, *arguments):
        return super().serve("--log-level", "debug", *arguments)


class Forwarding(Case):
    def bundle_url(self, answer):
        return json.loads(answer.body)["bundle"]["url"].rsplit("/bundles/")[0]

    def test_fields_of_a_trusted_proxy_make_the_links(self):
        with self.serve("--trusted-proxy", "127.0.0.0/8") as server:
            answer = server.get("/resolve?r=app", **FORWARDED)
            self.assertEqual(self.bundle_url(answer), "https://wheels.example.org/py")
            self.assertTrue(json.loads(answer.body)["wheels"][0]["url"].startswith("https://wheels.example.org/py/wheels/"))
            server.wait_for_log(r"request .*/resolve.*peer=192\.0\.2\.1 request-id")
            bundle = server.get("/bundle?r=app", **FORWARDED)
            self.assertEqual(bundle.fields["use-as-dictionary"], 'match="/py/bundle*"')
            self.assertIn("https://wheels.example.org/py/", server.get("/", **FORWARDED).body.decode())
            # The next one without them is answered as if there had been none.
            self.assertEqual(self.bundle_url(server.get("/resolve?r=app")), server.plain)

    def test_fields_of_anybody_else_do_not(self):
        with self.serve("--trusted-proxy", "192.0.2.0/24") as server:
            self.assertEqual(self.bundle_url(server.get("/resolve?r=app", **FORWARDED)), server.plain)
            server.wait_for_log(r"request .*/resolve.*peer=127\.0\.0\.1:\d+ request-id")
        with self.serve() as server:
            self.assertEqual(self.bundle_url(server.get("/resolve?r=app", **FORWARDED)), server.plain)

    def test_only_the_kind_that_the_proxy_writes_counts(self):
        forwarded = 'for="[2001:db8::1]:80";proto=https;host=wheels.example.org'
        with self.serve("--trusted-proxy", "127.0.0.1", "--forwarded", "forwarded") as server:
            answer = server.get("/resolve?r=app", forwarded=forwarded, x_forwarded_host="evil.example")
            self.assertEqual(self.bundle_url(answer), "https://wheels.example.org")
            server.wait_for_log(r"request .*peer=2001:db8::1 request-id")
        with self.serve("--trusted-proxy", "127.0.0.1") as server:
            self.assertEqual(self.bundle_url(server.get("/resolve?r=app", forwarded=forwarded)), server.plain)

    def test_a_base_url_wins(self):
        with self.serve("--trusted-proxy", "127.0.0.1", "--base-url", "https://cdn.example/x/") as server:
            self.assertEqual(self.bundle_url(server.get("/resolve?r=app", **FORWARDED)), "https://cdn.example/x")
            self.assertEqual(server.get("/bundle?r=app", **FORWARDED).fields["use-as-dictionary"], 'match="/x/bundle*"')

    def test_a_unix_socket_can_be_trusted(self):
        path = self.folder / "plain.sock"
        with self.serve("--listen-plain", f"unix:{path}", "--trusted-proxy", "unix:"):
            done = run("curl", "-sS", "--unix-socket", path, "-H", "X-Forwarded-Host: wheels.example.org",
                       "http://inside/resolve?r=app")
            self.assertIn("http://wheels.example.org/bundles/", done.stdout, done.stderr)

    def test_a_prefix_is_taken_off_where_the_proxy_leaves_it(self):
        with self.serve("--strip-prefix", "/py/") as server:
            answer = server.get("/py/resolve?r=app")
            self.assertEqual(self.bundle_url(answer), server.plain + "/py")
            path = urlsplit(json.loads(answer.body)["bundle"]["url"]).path
            self.assertEqual(server.get(path).status, 200)
            self.assertEqual(server.get("/py/bundle?r=app").fields["use-as-dictionary"], 'match="/py/bundle*"')
            self.assertEqual(server.get("/py").status, 200)
            self.assertEqual(server.get("/resolve?r=app").status, 200)
            self.assertEqual(server.get("/pyx").status, 404)

    def test_what_can_not_be_meant_is_refused(self):
        table = [
            (["--trusted-proxy", "10.0.0.1/8"], "10.0.0.0/8"),
            (["--trusted-proxy", "localhost"], "localhost"),
            (["--forwarded", "both"], "both"),
            (["--strip-prefix", "py"], "--strip-prefix"),
            (["--listen-plain", "127.0.0.1:0+proxy"], "trusted"),
        ]
        for arguments, reason in table:
            with self.subTest(arguments):
                done = run(PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data", *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(reason, done.stderr.splitlines()[-1] if "run '" not in done.stderr else done.stderr)


class ProxyProtocol(Case):
    """The protocol as HAProxy speaks it, in both versions, before clear text and TLS."""

    def client_seen(self, server, proxy, *more):
        """The address that the log has for a request, and whether it is the client's."""
        run("curl", "-sS", "-k", "--noproxy", "*", *more, f"{proxy.url}/resolve?r=app").check_returncode()
        return server.wait_for_log(r"request .*/resolve.*peer=(\S+) request-id").group(1)

    def said_to(self, port, words):
        """What the server answers before it closes."""
        with socket.create_connection(("127.0.0.1", port)) as client:
            try:
                client.sendall(words)
                return client.recv(100)
            except ConnectionError:
                return b""

    def test_haproxy_says_who_the_client_is(self):
        for secure in (False, True):
            for header in ("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl"):
                with self.subTest(header=header, secure=secure):
                    port = free_port()
                    option = "--listen" if secure else "--listen-plain"
                    with self.serve(option, f"127.0.0.1:{port}+proxy", "--trusted-proxy", "127.0.0.1") as server:
                        upstream = f"{'https' if secure else 'http'}://127.0.0.1:{port}"
                        with HaproxyTcp(self.folder, upstream, header) as proxy:
                            seen = self.client_seen(server, proxy, "--interface", "127.0.0.3")
                            self.assertTrue(seen.startswith("127.0.0.3:"), seen)

    def test_a_listener_without_the_mark_takes_none(self):
        with self.serve("--trusted-proxy", "127.0.0.1") as server:
            with socket.create_connection(("127.0.0.1", urlsplit(server.plain).port)) as client:
                client.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /resolve?r=app HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertRegex(client.recv(100), rb"^HTTP/1.1 [45]")

    def test_a_connection_without_a_header_is_closed_and_logged(self):
        port = free_port()
        with self.serve("--listen-plain", f"127.0.0.1:{port}+proxy", "--trusted-proxy", "127.0.0.1") as server:
            self.assertEqual(self.said_to(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), b"")
            server.wait_for_log("connection ended  reason=no PROXY protocol header")
        with self.serve("--listen-plain", f"127.0.0.1:{port}+proxy", "--trusted-proxy", "192.0.2.1") as server:
            self.assertEqual(self.said_to(port, b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), b"")
            server.wait_for_log("connections refused  reason=.*trusted")


if __name__ == "__main__":
    main()
