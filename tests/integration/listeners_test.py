"""Where the server can listen besides 127.0.0.1."""

import socket
import unittest
from pathlib import Path

from harness import PROGRAM, AppTestCase, main, run


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class Listeners(AppTestCase):
    def serve_in_vain(self, *arguments):
        """A server that can't start: its exit code and what it said."""
        done = run(PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data", *arguments)
        return done.returncode, done.stderr

    def curl(self, *arguments):
        done = run("curl", "-sS", "--max-time", "20", *arguments)
        return done.stdout if done.returncode == 0 else f"{done.returncode}: {done.stderr}"

    def asked_at(self, path, *options, scheme="http"):
        """Status and version of an answer that came through a socket file."""
        return self.curl("-k", "--unix-socket", path, "-o", "/dev/null", "-w", "%{http_code} %{http_version}", *options,
                         f"{scheme}://localhost/resolve?r=app")

    def test_unix_sockets_answer_every_protocol_and_are_gone_afterwards(self):
        plain, tls = self.folder / "plain.sock", self.folder / "tls.sock"
        with self.serve("--listen-plain", f"unix:{plain}", "--listen", f"unix:{tls}") as server:
            for path in (plain, tls):
                server.wait_for_log(f"listening  path={path}$")
                self.assertTrue(path.is_socket())
            self.assertEqual(self.asked_at(plain, "--http1.1"), "200 1.1")
            self.assertEqual(self.asked_at(plain, "--http2-prior-knowledge"), "200 2")
            self.assertEqual(self.asked_at(tls, "--http1.1", scheme="https"), "200 1.1")
            self.assertEqual(self.asked_at(tls, "--http2", scheme="https"), "200 2")
            # All threads take from it.
            for _ in range(50):
                self.assertEqual(self.asked_at(plain), "200 1.1")
        self.assertFalse(plain.exists())
        self.assertFalse(tls.exists())

    def test_a_socket_file_that_nobody_listens_on_is_replaced(self):
        path = self.folder / "stale.sock"
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(str(path))
        self.assertTrue(path.is_socket())
        with self.serve("--listen-plain", f"unix:{path}"):
            self.assertEqual(self.asked_at(path), "200 1.1")

    def test_after_a_crash_the_socket_can_be_used_again(self):
        path = self.folder / "plain.sock"
        server = self.serve("--listen-plain", f"unix:{path}", data=self.folder / "data")
        server.kill()
        self.assertTrue(path.is_socket())
        with self.serve("--listen-plain", f"unix:{path}", data=self.folder / "data"):
            self.assertEqual(self.asked_at(path), "200 1.1")

    def test_a_socket_in_use_is_left_to_its_owner(self):
        path = self.folder / "live.sock"
        with self.serve("--listen-plain", f"unix:{path}"):
            code, said = self.serve_in_vain("--listen-plain", f"unix:{path}")
            self.assertEqual(code, 1, said)
            self.assertRegex(said, f"{path}: can't listen there: .*in use")
            self.assertEqual(self.asked_at(path), "200 1.1")

    def test_a_file_that_is_no_socket_is_left_alone(self):
        path = self.folder / "precious"
        path.write_text("data\n")
        code, said = self.serve_in_vain("--listen-plain", f"unix:{path}")
        self.assertEqual(code, 1, said)
        self.assertIn(str(path), said)
        self.assertEqual(path.read_text(), "data\n")

    def test_a_path_that_can_not_be_one_is_refused_with_a_reason(self):
        table = [
            ("unix:", "1 to 107 bytes"),
            (f"unix:/{'a' * 107}", "1 to 107 bytes"),
            (f"unix:{self.folder}/missing/x.sock", "No such file"),
        ]
        for address, reason in table:
            with self.subTest(address):
                code, said = self.serve_in_vain("--listen-plain", address)
                self.assertNotEqual(code, 0)
                self.assertIn(reason, said)

    def test_admin_listens_on_a_socket_file(self):
        path = self.folder / "admin.sock"
        with self.serve(admin=f"unix:{path}") as server:
            self.assertEqual(Path(server.admin), path)
            for page, expected in (("healthz", "alive\n"), ("readyz", "ready\n")):
                self.assertEqual(self.curl("--unix-socket", path, f"http://localhost/{page}"), expected)
            self.assertIn("wheelbarrow_", self.curl("--unix-socket", path, "http://localhost/metrics"))
        self.assertFalse(path.exists())

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6_listens(self):
        with self.serve("--listen", "[::1]:0", "--listen-plain", "[::1]:0") as server:
            for scheme in ("https", "http"):
                base = server.wait_for_log(rf"url=({scheme}://\[::1\]:\d+)/").group(1)
                answer = self.curl("-k", "-g", "-o", "/dev/null", "-w", "%{http_code}", f"{base}/resolve?r=app")
                self.assertEqual(answer, "200")


if __name__ == "__main__":
    main()
