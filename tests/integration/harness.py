"""Starts the real server on free ports of 127.0.0.1 and asks it things."""

import contextlib
import hashlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from urllib.parse import quote, urlsplit

from wheels import make_wheel  # noqa: F401

PROGRAM = os.environ["WHEELBARROW"]
SAMPLE_WHEELS = Path(os.environ["WHEELBARROW_SAMPLE_WHEELS"])
PYODIDE = Path(os.environ["WHEELBARROW_PYODIDE_RUNTIME"])
SOURCE = Path(os.environ["WHEELBARROW_SOURCE"])
START_TIMEOUT = 60  # seconds; sanitizers are slow


def run(*arguments, **options):
    """Runs a program to its end and returns it with its output as text."""
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=300, **options)


def wheelbarrow(*arguments):
    return run(PROGRAM, *arguments)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def query(*requirements, **parameters):
    pairs = [("r", r) for r in requirements] + list(parameters.items())
    return "&".join(f"{name}={quote(str(value), safe='')}" for name, value in pairs)


class Response:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = {name.lower(): value for name, value in fields}
        self.body = body


class Server:
    """A running `wheelbarrow serve`, or another command that serves; a context manager."""

    def __init__(self, *arguments, wheels=SAMPLE_WHEELS, pyodide=PYODIDE, data=None,
                 admin="127.0.0.1:0", log_format="text", command=("serve",), stdout=None):
        self.own_data = tempfile.mkdtemp(prefix="wheelbarrow-data-") if data is None else None
        self.data = Path(data or self.own_data)
        command = [PROGRAM, *command, "--data", self.data, "--listen", "127.0.0.1:0",
                   "--listen-plain", "127.0.0.1:0", "--admin", admin, "--log-format", log_format,
                   *arguments]
        if wheels:
            command += ["--wheels", wheels]
        if pyodide:
            command += ["--pyodide", pyodide]
        self.log = []
        self.process = subprocess.Popen([str(c) for c in command], stdout=stdout, stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.plain = self._address(r"url=(http://\S+)/")
        self.tls = self._address(r"url=(https://\S+)/")
        self.admin = self._address(r"admin=(\S+?)/?$")

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip())

    def _address(self, pattern):
        found = self.wait_for_log(pattern)
        return found.group(1)

    def wait_for_log(self, pattern, timeout=START_TIMEOUT):
        """Waits for a line that matches and returns the match."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in list(self.log):
                if found := re.search(pattern, line):
                    return found
            if self.process.poll() is not None:
                self.reader.join()
                break
            time.sleep(0.02)
        raise AssertionError(f"the log never said {pattern!r}:\n" + "\n".join(self.log))

    def get(self, path, method="GET", **fields):
        """One request over HTTP/1.1; names of fields are written with '_' for '-'."""
        return self.request(self.plain, path, method, fields)

    @staticmethod
    def request(base, path, method="GET", fields=None, body=None):
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=120)
        try:
            headers = {name.replace("_", "-"): value for name, value in (fields or {}).items()}
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Response(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def metric(self, name):
        text = self.request(self.admin, "/metrics").body.decode()
        return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE).group(1))

    def settle(self, timeout=300):
        """Waits until nothing is being made, in the background either: then coded forms are what they stay."""
        deadline = time.monotonic() + timeout
        while self.metric("wheelbarrow_background_backlog") > 0 or self.metric("wheelbarrow_builds_pending") > 0:
            if time.monotonic() > deadline:
                raise AssertionError("the server went on making something:\n" + "\n".join(self.log))
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        self.reader.join()
        self.process.stderr.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        code = self.stop()
        if self.own_data:
            shutil.rmtree(self.own_data, ignore_errors=True)
        if failure[0] is None and code != 0:
            raise AssertionError(f"the server ended with {code}:\n" + "\n".join(self.log[-40:]))


@contextlib.contextmanager
def failing_disk(fault):
    """A server started within fails with the errno in the file `fault`, once that is there, wherever it changes the
    disk. The file must be in reach of the sandbox."""
    changes = {"LD_PRELOAD": os.environ["WHEELBARROW_FAULT_INJECTION"], "WHEELBARROW_FAULT_FILE": str(fault),
               "ASAN_OPTIONS": ":".join(["verify_asan_link_order=0", *filter(None, [os.environ.get("ASAN_OPTIONS")])])}
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class TestCase(unittest.TestCase):
    """A test case with a temporary folder, self.folder."""

    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="wheelbarrow-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)


class AppTestCase(TestCase):
    """A test case with a wheelhouse, self.wheels, of one wheel: app 1.0."""

    def setUp(self):
        super().setUp()
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        make_wheel(self.wheels, "app", "1.0")

    def serve(self, *arguments, **options):
        return Server(*arguments, wheels=self.wheels, pyodide=None, **options)


def main():
    unittest.main(verbosity=2)
