"""Each client people use, with a bundle of 100 MB: whole, in pieces, asked again, broken off.

The cases are written once, in Cases; each client is a small class with get() and abort(), and its cases show by name.
"""

import hashlib
import json
import os
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace

import httpx

from harness import Server, TestCase, main, query, run, sha256
from noise_wheels import LARGE, make_large_wheels, make_noise_wheel

TIMEOUT = 120  # seconds for one request; sanitizers are slow
PART = 30_000_000  # bytes that are taken of an aborted download; in the second layer
SMALL = 100_000
HERE = Path(__file__).parent


def setUpModule():
    """One server for all clients, and `origin`, what they should get."""
    global server, origin
    folder = Path(tempfile.mkdtemp(prefix="wheelbarrow-test-"))
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    make_large_wheels(folder)
    make_noise_wheel(folder, "small", SMALL)
    server = Server(wheels=folder, pyodide=None).__enter__()
    unittest.addModuleCleanup(server.__exit__, None, None, None)
    large = server.get(f"/bundle?{query(*LARGE)}")
    origin = SimpleNamespace(
        large="/" + large.fields["content-location"], body=large.body, sha256=sha256(large.body),
        etag=large.fields["etag"], small=f"/bundle?{query('small')}", certificate=server.data / "certificate.pem")


class Answer:
    def __init__(self, status, fields, body, version, port=None):
        self.status, self.body, self.version = status, body, version
        self.fields = {name.lower(): value for name, value in fields}
        self.port = port  # the client's end of the connection


class Client:
    """A way of asking. Names of fields are written with '_' for '-'."""

    version = "HTTP/2"
    cancels = 0  # so many requests it can cancel and still use the connection

    def __init__(self, folder, base):
        self.folder, self.base = folder, base
        self.children = []

    def get(self, path, method="GET", **fields):
        raise NotImplementedError

    def abort(self, path, after):
        """Takes at least so many bytes of the body, goes away, and returns them."""
        raise NotImplementedError

    def cancel_and_get(self, path, next_path):
        """Cancels `cancels` requests; the answer to the next one, and whether one connection carried them all."""
        raise NotImplementedError

    def close(self):
        pass

    @staticmethod
    def lines(fields):
        return [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]

    @staticmethod
    def read_and_kill(command, after, environment=None):
        """Reads so much of what a program writes and kills it."""
        child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, env=environment)
        try:
            taken = b""
            deadline = time.monotonic() + TIMEOUT
            while len(taken) < after:
                if not select.select([child.stdout], [], [], deadline - time.monotonic())[0]:
                    raise AssertionError(f"{len(taken)} bytes in {TIMEOUT} s: {command}")
                chunk = os.read(child.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise AssertionError(f"ended after {len(taken)} bytes: {command}")
                taken += chunk
            return taken
        finally:
            child.kill()
            child.wait()
            child.stdout.close()


class Curl(Client):
    def __init__(self, folder, base, *options, version="HTTP/2"):
        super().__init__(folder, base)
        self.version = version
        # In clear text, curl 7.88 gives up a connection on which it cancelled something (nginx's too).
        self.cancels = 150 if "--http2" in options else 0
        self.options = ["-q", "-sS", "--noproxy", "*", "--max-time", TIMEOUT, "--cacert", origin.certificate, *options]

    def head_and_body(self, *more):
        """The options that keep an answer, and what reads it then."""
        head, body = self.folder / "head", self.folder / "body"
        body.unlink(missing_ok=True)
        return ["-D", head, "-o", body, *more], lambda: self.read(head, body)

    @staticmethod
    def read(head, body):
        first, *rest = head.read_text().replace("\r", "").strip().split("\n\n")[-1].split("\n")
        fields = [line.split(": ", 1) for line in rest]
        version, status = first.split()[:2]
        return Answer(int(status), fields, body.read_bytes() if body.exists() else b"", version)

    def get(self, path, method="GET", **fields):
        keep, read = self.head_and_body(*(["--head"] if method == "HEAD" else []))
        headers = [option for line in self.lines(fields) for option in ("-H", line)]
        done = run("curl", *self.options, *keep, *headers, self.base + path)
        assert done.returncode == 0, done.stderr
        if method == "HEAD":  # then it writes the header section there
            (self.folder / "body").unlink()
        return read()

    def abort(self, path, after):
        return self.read_and_kill(["curl", *self.options, self.base + path], after)

    def cancel_and_get(self, path, next_path):
        keep, read = self.head_and_body()
        # Refused by its length as soon as the header section is there: curl resets the stream and goes on.
        cancelled = [*self.options, "--max-filesize", SMALL, "-w", "%{local_port}\\n"]
        for _ in range(self.cancels):
            cancelled += ["-o", os.devnull, self.base + path]
        done = run("curl", *cancelled, "--next", *self.options, "-w", "%{local_port}\\n", *keep, self.base + next_path)
        ports = done.stdout.split()
        assert len(ports) == self.cancels + 1, done.stderr
        return read(), len(set(ports)) == 1


class Nghttp(Client):
    def command(self, path, fields):
        # What it asks for by itself would be a coding.
        headers = ["-Haccept-encoding: identity", *(f"-H{line}" for line in self.lines(fields))]
        return ["nghttp", f"--timeout={TIMEOUT}", f"--har={self.folder / 'har'}", *headers, self.base + path]

    @property
    def environment(self):
        return {**os.environ, "SSL_CERT_FILE": str(origin.certificate)}

    def get(self, path, method="GET", **fields):
        done = subprocess.run(self.command(path, {":method": method, **fields}), capture_output=True, timeout=TIMEOUT,
                              env=self.environment)
        # It warns, and goes on, where the certificate isn't trusted.
        assert (done.returncode, done.stderr) == (0, b""), done.stderr
        response = json.loads((self.folder / "har").read_text())["log"]["entries"][0]["response"]
        fields = [(f["name"], f["value"]) for f in response["headers"]]
        return Answer(response["status"], fields, done.stdout, response["httpVersion"].removesuffix(".0"))

    def abort(self, path, after):
        return self.read_and_kill(self.command(path, {}), after, self.environment)


class Node(Client):
    cancels = 150

    def __init__(self, folder, base):
        super().__init__(folder, base)
        self.child = subprocess.Popen(["node", HERE / "node_client.mjs", base, origin.certificate], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def exchange(self, path, method="GET", fields=(), **more):
        file = self.folder / "body"
        fields = {name.replace("_", "-"): value for name, value in dict(fields).items()}
        request = {"method": method, "path": path, "fields": fields, "file": str(file), **more}
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        if not select.select([self.child.stdout], [], [], TIMEOUT)[0]:
            raise AssertionError(f"no answer in {TIMEOUT} s: {request}")
        answer = json.loads(self.child.stdout.readline())
        fields = [(name, ", ".join(v) if isinstance(v, list) else v) for name, v in answer["fields"].items()]
        self.overtaken = answer.get("overtaken")
        return Answer(answer.get("status"), fields, file.read_bytes(), "HTTP/2", answer["port"])

    def get(self, path, method="GET", **fields):
        return self.exchange(path, method, fields)

    def abort(self, path, after):
        return self.exchange(path, abortAfter=after).body

    def cancel_and_get(self, path, next_path):
        ports = {self.exchange(path, abortAfter=1).port for _ in range(self.cancels)}
        answer = self.get(next_path)
        return answer, ports == {answer.port}

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(10)
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()


class Httpx(Client):
    def __init__(self, folder, base, version="HTTP/2"):
        super().__init__(folder, base)
        self.version = version
        # It resets no stream that it lost interest in (httpcore 0.16), so each keeps a share of the window.
        self.cancels = 1 if version == "HTTP/2" else 0
        self.open()

    def open(self):
        over = self.version == "HTTP/2"
        self.client = httpx.Client(http2=over, http1=not over, trust_env=False, base_url=self.base, timeout=30,
                                   verify=str(origin.certificate), headers={"accept-encoding": "identity"})

    def get(self, path, method="GET", **fields):
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        response = self.client.request(method, path, headers=fields)
        self.stream = response.extensions.get("stream_id")
        return Answer(response.status_code, response.headers.items(), response.content, response.http_version)

    def take(self, path, after):
        taken = bytearray()
        with self.client.stream("GET", path) as response:
            for chunk in response.iter_raw():
                taken += chunk
                if len(taken) >= after:
                    return bytes(taken)

    def abort(self, path, after):
        taken = self.take(path, after)
        self.close()
        self.open()
        return taken

    def cancel_and_get(self, path, next_path):
        for _ in range(self.cancels):
            self.take(path, 1)
        answer = self.get(next_path)
        # It tells no port, but a new connection would begin with stream 1 again (RFC 9113 5.1.1).
        return answer, self.stream == 2 * self.cancels + 1

    def close(self):
        self.client.close()


CLIENTS = {
    "CurlHttp1": lambda folder: Curl(folder, server.plain, "--http1.1", version="HTTP/1.1"),
    "CurlHttp1OverTls": lambda folder: Curl(folder, server.tls, "--http1.1", version="HTTP/1.1"),
    "CurlHttp2": lambda folder: Curl(folder, server.tls, "--http2"),
    "CurlHttp2PriorKnowledge": lambda folder: Curl(folder, server.plain, "--http2-prior-knowledge"),
    # By its name: nghttp looks for no address in a certificate.
    "Nghttp": lambda folder: Nghttp(folder, server.tls.replace("127.0.0.1", "localhost")),
    "NghttpPriorKnowledge": lambda folder: Nghttp(folder, server.plain),
    "Node": lambda folder: Node(folder, server.tls),
    "NodePriorKnowledge": lambda folder: Node(folder, server.plain),
    "HttpxHttp1": lambda folder: Httpx(folder, server.plain, version="HTTP/1.1"),
    "HttpxHttp1OverTls": lambda folder: Httpx(folder, server.tls, version="HTTP/1.1"),
    "HttpxHttp2": lambda folder: Httpx(folder, server.tls),
}


def sockets():
    """How many the server has open."""
    count = 0
    for entry in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            count += os.readlink(entry).startswith("socket:")
        except FileNotFoundError:
            pass  # closed in between
    return count


def own_memory():
    """Bytes of the server's that are no file's."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", status).group(1)) * 1024


class Large(TestCase):
    """What one large answer costs the others."""

    def test_small_answers_overtake_large_ones(self):
        for base in (server.tls, server.plain):
            with self.subTest(base):
                client = Node(self.folder, base)
                self.addCleanup(client.close)
                answer = client.exchange(origin.large, meanwhile=origin.small)
                self.assertEqual(sha256(answer.body), origin.sha256)
                self.assertLess(client.overtaken, len(origin.body) / 2)

    def test_clients_that_stopped_reading_cost_little_memory(self):
        stopped = [["nghttp", "-w30", "-W30", "-Haccept-encoding: identity"], ["curl", "-sSk", "--http1.1"]]
        for command in stopped:
            with self.subTest(command[0]):
                before = own_memory()
                children = []
                try:
                    for _ in range(4):
                        child = subprocess.Popen([*command, server.tls + origin.large], stdout=subprocess.PIPE,
                                                 stderr=subprocess.DEVNULL)
                        children.append(child)
                        child.stdout.read(1_000_000)
                    time.sleep(1)
                    self.assertLess((own_memory() - before) / len(children), 4_000_000)
                finally:
                    for child in children:
                        child.kill()
                        child.wait()
                        child.stdout.close()


class Cases:
    def setUp(self):
        super().setUp()
        self.client = self.make_client(self.folder)
        self.addCleanup(self.client.close)
        self.addCleanup(self.assert_no_complaints)

    def assert_no_complaints(self):
        expected = ("[info]", "self-signed", "running as root")
        lines = [line for line in server.log if not any(words in line for words in expected)]
        self.assertEqual(lines, [])

    def assert_large(self, answer):
        self.assertEqual((answer.status, answer.version), (200, self.client.version))
        self.assertEqual(answer.fields["content-length"], str(len(origin.body)))
        self.assertEqual(sha256(answer.body), origin.sha256)

    def assert_piece(self, answer, first, last):
        self.assertEqual((answer.status, answer.version), (206, self.client.version))
        self.assertEqual(answer.fields["content-range"], f"bytes {first}-{last}/{len(origin.body)}")
        self.assertEqual(answer.fields["etag"], origin.etag)
        self.assertTrue(answer.body == origin.body[first:last + 1], f"{len(answer.body)} bytes that differ")

    def test_the_whole_bundle_has_the_hash_it_is_named_by(self):
        self.assertGreater(len(origin.body), 100_000_000)
        self.assertEqual(origin.large, f"/bundles/{origin.sha256}.tar")
        self.assert_large(self.client.get(origin.large))

    def test_one_range(self):
        size = len(origin.body)
        table = [
            ("bytes=0-0", 0, 0),
            ("bytes=1000-1999", 1000, 1999),
            ("bytes=25000000-80000000", 25_000_000, 80_000_000),  # four layers
            (f"bytes={size - 100}-", size - 100, size - 1),
            (f"bytes={size - 100}-{size + 100}", size - 100, size - 1),
            ("bytes=-3000000", size - 3_000_000, size - 1),
        ]
        for text, first, last in table:
            with self.subTest(text):
                self.assert_piece(self.client.get(origin.large, range=text), first, last)
        beyond = self.client.get(origin.large, range=f"bytes={size}-")
        self.assertEqual((beyond.status, beyond.fields["content-range"]), (416, f"bytes */{size}"))

    def test_several_ranges(self):
        pieces = [(0, 99), (26_000_000, 27_000_000), (len(origin.body) - 10, len(origin.body) - 1)]
        answer = self.client.get(origin.large, range="bytes=0-99,26000000-27000000,-10")
        self.assertEqual(answer.status, 206)
        self.assertEqual(answer.fields["content-length"], str(len(answer.body)))
        boundary = re.fullmatch(r"multipart/byteranges; boundary=(\S+)", answer.fields["content-type"]).group(1)
        rest = answer.body
        for first, last in pieces:  # by their lengths: noise may hold anything
            head, _, rest = rest.partition(b"\r\n\r\n")
            self.assertIn(f"--{boundary}\r\n", head.decode())
            self.assertIn(f"content-range: bytes {first}-{last}/{len(origin.body)}", head.decode().lower())
            self.assertTrue(rest[:last + 1 - first] == origin.body[first:last + 1])
            rest = rest[last + 1 - first:]
        self.assertEqual(rest.strip(), f"--{boundary}--".encode())

    def test_an_aborted_download_is_resumed(self):
        taken = self.client.abort(origin.large, PART)
        self.assertTrue(PART <= len(taken) < len(origin.body), len(taken))
        rest = self.client.get(origin.large, range=f"bytes={len(taken)}-", if_range=origin.etag)
        self.assert_piece(rest, len(taken), len(origin.body) - 1)
        self.assertEqual(sha256(taken + rest.body), origin.sha256)

    def test_a_download_of_something_else_is_not_resumed(self):
        self.assert_large(self.client.get(origin.large, range=f"bytes={PART}-", if_range='"other"'))

    def test_what_the_client_has_is_not_sent_again(self):
        for etag in (origin.etag, f'"other", W/{origin.etag}', "*"):
            with self.subTest(etag):
                answer = self.client.get(origin.large, if_none_match=etag)
                self.assertEqual((answer.status, len(answer.body), answer.fields["etag"]), (304, 0, origin.etag))
        self.assertEqual(self.client.get(origin.small, if_none_match=origin.etag).status, 200)

    def test_a_failed_precondition(self):
        answer = self.client.get(origin.large, if_match='"other"')
        self.assertEqual((answer.status, json.loads(answer.body)["status"]), (412, 412))
        self.assertEqual(self.client.get(origin.small, "HEAD", if_match="*").status, 200)

    def test_head(self):
        answer = self.client.get(origin.large, "HEAD")
        self.assertEqual((answer.status, len(answer.body)), (200, 0))
        self.assertEqual((answer.fields["content-length"], answer.fields["etag"]), (str(len(origin.body)), origin.etag))

    def test_aborted_downloads_leave_nothing_behind(self):
        self.client.get(origin.small)
        before, memory = sockets(), own_memory()
        for _ in range(5):
            taken = self.client.abort(origin.large, 1_000_000)
            self.assertTrue(taken == origin.body[:len(taken)])
            self.assertEqual(server.get(origin.small).status, 200)  # somebody else
            self.assertEqual(self.client.get(origin.small).status, 200)
        deadline = time.monotonic() + 20
        while sockets() > before and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(sockets(), before)
        self.assertLess(own_memory() - memory, len(origin.body) / 2)

    def test_a_connection_outlives_cancelled_requests(self):
        if not self.client.cancels:
            self.skipTest("this client closes the connection")
        answer, same = self.client.cancel_and_get(origin.large, origin.small)
        self.assertEqual((answer.status, same), (200, True))
        self.assertEqual(f'"{hashlib.sha256(answer.body).hexdigest()}"', answer.fields["etag"])


def load_tests(loader, standard_tests, pattern):
    suite = loader.loadTestsFromTestCase(Large)
    for name, make in CLIENTS.items():
        make_client = lambda self, folder, make=make: make(folder)
        made = type(name, (Cases, TestCase), {"make_client": make_client, "__module__": __name__})
        suite.addTests(loader.loadTestsFromTestCase(made))
    return suite


if __name__ == "__main__":
    main()
