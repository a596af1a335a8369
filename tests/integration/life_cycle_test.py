"""From SIGTERM to the end, and new certificates in between."""

import os
import signal
import socket
import ssl
import subprocess
import time
from urllib.parse import urlsplit

import http2_frames as h2
from harness import PROGRAM, SAMPLE_WHEELS, AppTestCase, Server, main, run
from http2_frames import Http2

LARGE = 8_000_000  # bytes; more than all buffers between a server and a client that doesn't read


class LifeCycle(AppTestCase):
    def setUp(self):
        super().setUp()
        self.files = self.folder / "files"
        self.files.mkdir()
        self.large = os.urandom(1000) * (LARGE // 1000)
        (self.files / "large").write_bytes(self.large)
        (self.files / "small").write_bytes(b"small\n")

    def start(self, *arguments):
        """A server that the test ends itself."""
        server = Server("--static", f"{self.files}:/files", *arguments, wheels=self.wheels, pyodide=None,
                        data=self.folder / "data")
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def end(self, server, timeout=30):
        """The exit code; the time that it took is the caller's business."""
        code = server.process.wait(timeout)
        server.reader.join()
        server.process.stderr.close()
        return code

    def assert_refuses(self, base):
        parts = urlsplit(base)
        deadline = time.monotonic() + 5
        while True:
            try:
                socket.create_connection((parts.hostname, parts.port), 5).close()
            except ConnectionRefusedError:
                return
            self.assertLess(time.monotonic(), deadline, f"{base} still listens")
            time.sleep(0.01)


class Stopping(LifeCycle):
    def test_http2_clients_are_told_twice_and_running_requests_finish(self):
        for scheme in ("tls", "plain"):
            with self.subTest(scheme):
                server = self.start("--drain-timeout", "60")
                base = getattr(server, scheme)
                with Http2(base) as client:
                    client.get(1, "/files/large")
                    frames = [client.next(h2.HEADERS), client.next(h2.DATA)]
                    server.process.send_signal(signal.SIGTERM)
                    # RFC 9113 6.8: the first says only that there will be a second. The PING shows when it was heard.
                    told = []
                    while {f.type for f in told} != {h2.GOAWAY, h2.PING}:
                        frame = client.frame()
                        (told if frame.type in (h2.GOAWAY, h2.PING) else frames).append(frame)
                    ping, first = sorted(told)
                    self.assertEqual(first.payload[:8], h2.number(h2.LARGEST) + h2.number(0))
                    self.assertEqual(ping.flags, 0)
                    self.assert_refuses(base)
                    # This one was on its way.
                    client.get(3, "/files/small")
                    client.open_window(0, 65535)
                    client.send(h2.PING, h2.ACK, 0, ping.payload)
                    second = client.next(h2.GOAWAY, frames)
                    self.assertEqual(second.payload[:8], h2.number(3) + h2.number(0))
                    # This one wasn't, and the client knows that it may ask another server.
                    client.get(5, "/files/small")
                    small = [f for f in frames if f.stream == 3 and f.type == h2.DATA]
                    while not small or not small[-1].flags & h2.END_STREAM:
                        frame = client.next(h2.DATA)
                        (small if frame.stream == 3 else frames).append(frame)
                    self.assertEqual(b"".join(f.payload for f in small), b"small\n")
                    time.sleep(1.5)  # longer than the server waits for an answer to its PING
                    self.assertIsNone(server.process.poll())
                    body = client.body(1, [f for f in frames if f.stream == 1])
                    self.assertEqual(body, self.large)
                    rest = []
                    client.next(255, rest)
                    self.assertEqual([f for f in rest if f.stream == 5], [])
                self.assertEqual(self.end(server), 0, server.log)

    def test_a_client_that_leaves_the_ping_unanswered_is_told_all_the_same(self):
        server = self.start("--drain-timeout", "60")
        with Http2(server.tls) as client:
            client.get(1, "/files/large")
            frames = [client.next(h2.DATA)]
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.next(h2.GOAWAY, frames).payload[:4], h2.number(h2.LARGEST))
            start = time.monotonic()
            self.assertEqual(client.next(h2.GOAWAY, frames).payload[:4], h2.number(1))
            self.assertLess(time.monotonic() - start, 30)
            self.assertEqual(client.body(1, frames), self.large)
        self.assertEqual(self.end(server), 0)

    def test_http1_downloads_finish_and_idle_connections_end(self):
        server = self.start("--drain-timeout", "60")
        clients = [h2.connect(base, "http/1.1", 65536) for base in (server.plain, server.tls)]
        idle = [h2.connect(base, "http/1.1") for base in (server.plain, server.tls)]
        for client in clients:
            client.sendall(b"GET /files/large HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 200 "))
        for client in idle:
            client.sendall(b"GET /files/small HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = b""
            while not answer.endswith(b"small\n"):
                answer += client.recv(1000)
        server.process.send_signal(signal.SIGINT)
        for client in idle:
            self.assertEqual(client.recv(1000), b"")
            client.close()
        time.sleep(1)
        for client in clients:
            with client:
                body = b""
                while received := client.recv(1 << 20):
                    body += received
                self.assertTrue(body.endswith(self.large[-7_000_000:]))
        self.assertEqual(self.end(server), 0)

    def test_the_drain_timeout_cuts_what_is_too_slow(self):
        server = self.start("--drain-timeout", "1")
        with Http2(server.tls) as client, h2.connect(server.plain, "http/1.1", 4096) as slow:
            client.get(1, "/files/large")
            client.next(h2.DATA)
            slow.sendall(b"GET /files/large HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertTrue(slow.recv(1000))
            start = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(self.end(server), 0)
            self.assertGreater(time.monotonic() - start, 0.9)
            self.assertLess(time.monotonic() - start, 30)

    def test_a_second_signal_ends_at_once(self):
        for second in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(second):
                server = self.start("--drain-timeout", "600")
                with Http2(server.tls) as client:
                    client.get(1, "/files/large")
                    client.next(h2.DATA)
                    server.process.send_signal(signal.SIGTERM)
                    server.wait_for_log("stopping  signal=SIGTERM")
                    client.next(h2.GOAWAY)
                    start = time.monotonic()
                    server.process.send_signal(second)
                    self.assertEqual(self.end(server), 1)
                    self.assertLess(time.monotonic() - start, 30)
                    self.assertRegex("\n".join(server.log), "stopped at once  reason=a second signal")

    def test_a_signal_ends_a_server_that_still_starts(self):
        python = self.folder / "python"
        python.write_text("#!/bin/sh\nexec sleep 5\n")  # that is asked what it is before anything listens
        python.chmod(0o755)
        for sent in (signal.SIGTERM, signal.SIGINT):
            process = subprocess.Popen([PROGRAM, "serve", "--wheels", SAMPLE_WHEELS, "--data", self.folder / "data",
                                        "--listen-plain", "127.0.0.1:0", "--bytecode-python", python, "--log-format", "text"],
                                       stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.stderr.close)
            for line in process.stderr:
                if "catalog loaded" in line:
                    break
            start = time.monotonic()
            process.send_signal(sent)
            self.assertEqual(process.wait(60), 0)
            self.assertLess(time.monotonic() - start, 3)
            self.assertIn("stopped  reason=a signal before everything was ready", process.stderr.read())

    def test_a_server_without_clients_ends_at_once(self):
        for sent in (signal.SIGTERM, signal.SIGINT):
            server = self.start("--drain-timeout", "600")
            start = time.monotonic()
            server.process.send_signal(sent)
            self.assertEqual(self.end(server), 0)
            self.assertLess(time.monotonic() - start, 30)  # a sanitizer looks for leaks


class Certificates(LifeCycle):
    def setUp(self):
        super().setUp()
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        self.replace("one")

    def replace(self, name):
        """A new certificate and key in place of the old ones; returns the certificate's text."""
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                   "2", "-subj", f"/CN={name}", "-keyout", self.folder / "new.key", "-out", self.folder / "new.pem")
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.folder / "new.pem").read_text()
        (self.folder / "new.key").rename(self.key)
        (self.folder / "new.pem").rename(self.certificate)
        return text

    def serve(self):
        return self.start("--tls-cert", self.certificate, "--tls-key", self.key)

    def presented(self, server):
        parts = urlsplit(server.tls)
        return ssl.get_server_certificate((parts.hostname, parts.port), timeout=30)

    def wait_for(self, server, certificate, timeout):
        deadline = time.monotonic() + timeout
        while self.presented(server) != certificate:
            self.assertLess(time.monotonic(), deadline, "\n".join(server.log))
            time.sleep(0.1)

    def assert_goes_on(self, client, stream):
        client.get(stream, "/files/small")
        self.assertEqual(client.body(stream), b"small\n")

    def test_sighup_reads_it_again(self):
        old = self.certificate.read_text()
        server = self.serve()
        self.assertEqual(self.presented(server), old)
        with Http2(server.tls) as client:
            self.assert_goes_on(client, 1)
            new = self.replace("two")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("reloaded  signal=SIGHUP", 10)
            self.assertEqual(self.presented(server), new)
            self.assert_goes_on(client, 3)
        self.assertEqual(server.stop(), 0)

    def test_files_that_change_are_noticed(self):
        server = self.serve()
        with Http2(server.tls) as client:
            self.assert_goes_on(client, 1)
            self.wait_for(server, self.replace("two"), 6)
            self.assert_goes_on(client, 3)
        server.wait_for_log("certificate reloaded  file=")
        self.assertEqual(server.stop(), 0)

    def test_a_broken_file_keeps_the_old_one(self):
        old = self.certificate.read_text()
        server = self.serve()
        with Http2(server.tls) as client:
            self.certificate.write_text("not PEM\n")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log(r"\[warning\] certificate not reloaded, the old one stays  reason=.*certificate", 10)
            self.assertEqual(self.presented(server), old)
            self.assert_goes_on(client, 1)
        # It isn't needed to ask again when the files are right.
        self.wait_for(server, self.replace("two"), 6)
        self.assertEqual(server.stop(), 0)

    def test_a_key_of_another_certificate_keeps_the_old_one(self):
        old = self.certificate.read_text()
        server = self.serve()
        two = self.replace("two")
        three = self.replace("three")
        (self.folder / "two.pem").write_text(two)
        (self.folder / "two.pem").rename(self.certificate)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log(r"certificate not reloaded, the old one stays  reason=.*another certificate", 10)
        # The last pair that was whole when it was looked at.
        self.assertIn(self.presented(server), (old, two, three))
        self.assertEqual(server.get("/files/small").body, b"small\n")
        self.assertEqual(server.stop(), 0)

    def test_sighup_without_new_files_changes_nothing(self):
        server = self.serve()
        for _ in range(3):
            server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("reloaded  signal=SIGHUP", 10)
        self.assertEqual(self.presented(server), self.certificate.read_text())
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    main()
