"""What the server keeps in memory: nothing of requests that are over, little for clients that take nothing."""

import contextlib
import os
import re
import resource
import time
from pathlib import Path

import http2_frames as h2
from harness import Server, TestCase, main, make_wheel, query, run
from http2_frames import Http2

ROUND = 60_000  # requests
LARGE = 32_000_000  # bytes of a file; far more than sockets buffer
CONNECTIONS = 200
MEGABYTE = 1_000_000
MOST = 2000 * MEGABYTE  # that a server may have, so that one that fails takes no other program with it


def memory(server, name):
    """A line of /proc/PID/status in bytes: VmRSS is all that is resident, RssAnon all but mapped files."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE).group(1)) * 1024


def is_sanitized(server):
    """A sanitizer keeps freed memory for a while, so nothing can be said about memory then."""
    return re.search(r"lib[at]san", Path(f"/proc/{server.process.pid}/maps").read_text()) is not None


class Memory(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        for name in ("one", "two", "three"):
            make_wheel(self.wheels, name, "1.0")
        self.files = self.folder / "files"
        self.files.mkdir()
        (self.files / "large").write_bytes(os.urandom(MEGABYTE) * (LARGE // MEGABYTE))

    def serve(self):
        server = Server("--static", f"{self.files}:/files", wheels=self.wheels, pyodide=None).__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        if is_sanitized(server):
            self.skipTest("a sanitizer keeps freed memory")
        resource.prlimit(server.process.pid, resource.RLIMIT_DATA, (MOST, MOST))
        return server

    def load(self, server, requests, connections, *options):
        paths = [f"/bundle?{query('one', 'two')}", f"/resolve?{query('three')}", f"/bundle?{query('three')}",
                 "/pyodide-lock.json", "/nothing", "/", f"/bundle?{query('nowhere')}", "/client/wheelbarrow.mjs"]
        done = run("h2load", "-n", requests, "-c", connections, *options, *(server.tls + path for path in paths))
        self.assertRegex(done.stdout, rf"requests: {requests} total, {requests} started, {requests} done", done.stdout)
        self.assertRegex(done.stdout, r" 0 errored, 0 timeout", done.stdout)

    def test_it_does_not_grow_with_the_requests(self):
        server = self.serve()
        resident = []
        for _ in range(3):
            self.load(server, ROUND // 2, 20, "-m", "10", "-H", "accept-encoding: zstd")
            self.load(server, ROUND // 2 - 2000, 20, "--h1", "-H", "accept-encoding: gzip")
            self.load(server, 2000, 500, "--h1")  # four requests on each connection
            resident.append(memory(server, "VmRSS"))
        self.assertLess(resident[2], 1.1 * resident[0] + 8 * MEGABYTE, resident)

    def test_a_client_that_does_not_read_costs_little(self):
        def http1(base):
            client = h2.connect(base, "http/1.1", 4096)
            client.sendall(b"GET /files/large HTTP/1.1\r\nHost: h\r\n\r\n")
            return client

        def http2(base, window):
            client = Http2(base, window, 4096)
            if window > 65535:
                client.open_window(0, window - 65535)
            for stream in range(1, 9, 2):
                client.get(stream, "/files/large")
            return client.socket

        table = [
            ("HTTP/1.1", lambda server: http1(server.plain)),
            ("HTTP/1.1 over TLS", lambda server: http1(server.tls)),
            ("HTTP/2, the default window", lambda server: http2(server.plain, 65535)),
            ("HTTP/2 over TLS, the default window", lambda server: http2(server.tls, 65535)),
            ("HTTP/2, a window without end", lambda server: http2(server.plain, h2.LARGEST)),
            ("HTTP/2 over TLS, a window without end", lambda server: http2(server.tls, h2.LARGEST)),
        ]
        for name, connect in table:
            # A server of its own, because memory that is free again hides what the next ones cost.
            with self.subTest(name), contextlib.ExitStack() as clients:
                server = self.serve()
                clients.enter_context(connect(server))  # what is made once
                time.sleep(0.5)
                before = memory(server, "RssAnon")
                for _ in range(CONNECTIONS):
                    clients.enter_context(connect(server))
                time.sleep(1.5)
                each = (memory(server, "RssAnon") - before) / CONNECTIONS
                self.assertLess(each, 150_000, "bytes of each connection")
                self.assertEqual(server.get("/nothing").status, 404)


if __name__ == "__main__":
    main()
