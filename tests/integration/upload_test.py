"""Wheels uploaded to a running server, by twine and to the letter."""

import base64
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from unittest import mock

from harness import PROGRAM, Server, TestCase, failing_disk, main, make_wheel, query, run, sha256
from noise_wheels import make_noise_wheel

HERE = "cpython-3.11-linux-x86_64"
TOKEN = "0123456789abcdef-correct"
BOUNDARY = "a-boundary"


def basic(token, user="__token__"):
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


def form(parts, boundary=BOUNDARY):
    """A body of (name, content) and (name, file name, content)."""
    body = b""
    for name, *file, content in parts:
        described = f'form-data; name="{name}"' + (f'; filename="{file[0]}"' if file else "")
        content = content if isinstance(content, bytes) else content.encode()
        body += f"--{boundary}\r\nContent-Disposition: {described}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


def upload_form(wheel, **changed):
    fields = {":action": "file_upload", "protocol_version": "1", "filetype": "bdist_wheel",
              "sha256_digest": sha256(wheel.read_bytes()), **changed}
    return form([*fields.items(), ("content", wheel.name, wheel.read_bytes())])


class Uploads(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels, self.dist, self.data = self.folder / "wheels", self.folder / "dist", self.folder / "data"
        self.wheels.mkdir()
        self.dist.mkdir()
        self.token = self.folder / "token"
        self.token.write_text(TOKEN + "\n")

    def serve(self, *arguments):
        return Server("--upload-token", self.token, *arguments, wheels=self.wheels, pyodide=None, data=self.data)

    def names(self):
        return sorted(p.name for p in self.wheels.rglob("*"))

    def post(self, server, body, authorization=basic(TOKEN), path="/legacy/",
             content_type=f"multipart/form-data; boundary={BOUNDARY}", **fields):
        return Server.request(server.plain, path, "POST", {
            "content_type": content_type, "content_length": str(len(body)),
            **({"authorization": authorization} if authorization else {}), **fields}, body)

    def versions(self, server, requirement):
        answer = server.get(f"/resolve?{query(requirement, target=HERE)}")
        return [w["version"] for w in json.loads(answer.body)["wheels"]] if answer.status == 200 else answer.status


class Twine(Uploads):
    def twine(self, server, *wheels, token=TOKEN):
        # requests prefers what the environment says to --cert.
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_CA_BUNDLE")}
        return run("/usr/bin/twine", "upload", "--non-interactive", "--disable-progress-bar", "--repository-url",
                   f"{server.tls}/legacy/", "--cert", self.data / "certificate.pem", "-u", "__token__", "-p", token,
                   "--config-file", "/dev/null", *wheels, env=environment)

    def test_what_it_uploads_is_in_the_next_bundle(self):
        with self.serve() as server:
            done = self.twine(server, make_wheel(self.dist, "app", "1.0"), make_noise_wheel(self.dist, "large", 3_000_000))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(self.versions(server, "app"), ["1.0"])
            self.assertEqual(server.get(f"/bundle?{query('large', target=HERE)}").status, 200)
            # The same again is no error; another one of that name is.
            done = self.twine(server, self.dist / "app-1.0-py3-none-any.whl")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            before = (self.wheels / "app-1.0-py3-none-any.whl").read_bytes()
            done = self.twine(server, make_wheel(self.dist, "app", "1.0", files={"app.py": "other = True\n"}))
            self.assertEqual((done.returncode, "409 Conflict" in done.stdout + done.stderr), (1, True), done.stdout)
            self.assertEqual((self.wheels / "app-1.0-py3-none-any.whl").read_bytes(), before)
            done = self.twine(server, self.dist / "app-1.0-py3-none-any.whl", token="another-token-of-some-length")
            self.assertEqual((done.returncode, "401 Unauthorized" in done.stdout + done.stderr), (1, True), done.stdout)
            server.wait_for_log("upload taken  peer=127.0.0.1:.* file=.*/large-1.0-py3-none-any.whl new=true")
            server.wait_for_log("upload refused  peer=127.0.0.1:.* reason=.*another wheel of this file name is there")


class Forms(Uploads):
    def test_over_both_protocols_with_and_without_a_length(self):
        with self.serve() as server:
            for number, words in enumerate((["--http1.1"], ["--http1.1", "-H", "Transfer-Encoding: chunked"],
                                            ["--http2-prior-knowledge"], ["--http1.1", "-H", "Expect: 100-continue"])):
                wheel = make_noise_wheel(self.dist, f"noise{number}", 2_000_000)
                done = run("curl", "-sS", "-m", "60", *words, "-u", f"anybody:{TOKEN}", "-F", ":action=file_upload", "-F",
                           f"sha256_digest={sha256(wheel.read_bytes())}", "-F", f"content=@{wheel}", f"{server.plain}/legacy/")
                self.assertEqual(done.stdout, f"{wheel.name} is served\n", (words, done.stderr))
                self.assertEqual((self.wheels / wheel.name).read_bytes(), wheel.read_bytes())
                self.assertEqual(self.versions(server, f"noise{number}"), ["1.0"])
            wheel = make_wheel(self.dist, "bearer", "1.0")
            self.assertEqual(self.post(server, upload_form(wheel), f"Bearer {TOKEN}").status, 200)

    def test_many_at_once_on_one_connection(self):
        """Their bodies share the connection's flow-control window."""
        wheels = [make_noise_wheel(self.dist, f"noise{i}", 1_500_000) for i in range(8)]
        with self.serve() as server:
            words = []
            for wheel in wheels:
                words += ["-F", f"content=@{wheel}", "-u", f"x:{TOKEN}", f"{server.plain}/legacy/", "--next"]
            done = run("curl", "-sS", "-m", "120", "--http2-prior-knowledge", "--parallel", "--parallel-immediate", *words[:-1])
            self.assertEqual(sorted(done.stdout.splitlines()), [f"{wheel.name} is served" for wheel in wheels], done.stderr)

    def test_memory_does_not_grow_with_a_wheel(self):
        wheel = make_noise_wheel(self.dist, "large", 96_000_000)

        def anonymous(server):
            text = Path(f"/proc/{server.process.pid}/status").read_text()
            return int(text.split("RssAnon:")[1].split()[0]) // 1024

        # AddressSanitizer keeps what is freed for a while.
        with mock.patch.dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64"):
            server = self.serve()
        with server:
            before = anonymous(server)
            for protocol in ("--http1.1", "--http2-prior-knowledge"):
                sending = subprocess.Popen(["curl", "-sS", "-m", "100", protocol, "-u", f"x:{TOKEN}", "-F", f"content=@{wheel}",
                                            f"{server.plain}/legacy/"], stdout=subprocess.PIPE)
                most = 0
                while sending.poll() is None:
                    most = max(most, anonymous(server))
                    time.sleep(0.005)
                self.assertEqual(sending.wait(), 0)
                self.assertIn(wheel.name.encode(), sending.stdout.read())
                sending.stdout.close()
                self.assertLess(most - before, 48)
                (self.wheels / wheel.name).unlink()

    def test_what_is_no_upload_is_refused_and_leaves_nothing(self):
        wheel = make_wheel(self.dist, "app", "1.0")
        content = wheel.read_bytes()
        whole = upload_form(wheel)
        multipart = f"multipart/form-data; boundary={BOUNDARY}"
        with self.serve("--max-upload", "1M") as server:
            for status, says, body, content_type in (
                (400, "multipart/form-data", whole, "application/x-www-form-urlencoded"),
                (400, "boundary", whole, "multipart/form-data"),
                (400, "boundary doesn't occur", whole, "multipart/form-data; boundary=other"),
                (400, "cut short", whole[:-100], multipart),
                (400, "other text", b"--" + BOUNDARY.encode() + b"x\r\n\r\n", multipart),
                (400, "no name", f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--".encode(), multipart),
                (400, "fields don't end", f"--{BOUNDARY}\r\n".encode() + b"a: b\r\n" * 5000, multipart),
                (400, "boundary doesn't occur", b"", multipart),
                (400, "no file named 'content'", form([(":action", "file_upload")]), multipart),
                (400, "no file named 'content'", form([("content", "not a file")]), multipart),
                (400, "':action'", upload_form(wheel, **{":action": "doc_upload"}), multipart),
                (400, "'filetype'", upload_form(wheel, filetype="sdist"), multipart),
                (400, "another SHA-256", upload_form(wheel, sha256_digest="0" * 64), multipart),
                (400, "another SHA-256", upload_form(wheel, sha256_digest=""), multipart),
                (400, "too many parts", form([("a", "")] * 10_001), multipart),
                (400, "PEP 427", form([("content", "app-1.0.tar.gz", content)]), multipart),
                (400, "PEP 427", form([("content", "../app-1.0-py3-none-any.whl", content)]), multipart),
                (400, "PEP 427", form([("content", ".app-1.0-py3-none-any.whl", content)]), multipart),
                (400, "", form([("content", "app-1.0-py3-none-any\0.whl", content)]), multipart),
                (400, "", form([("content", "other-1.0-py3-none-any.whl", content)]), multipart),
                (422, "at most 1048576 bytes", form([("content", wheel.name, b"x" * 1_048_577)]), multipart),
                (413, "too large", b"x" * 6_000_000, multipart),
            ):
                with self.subTest(says=says, body=body[:200]):
                    answer = self.post(server, body, content_type=content_type)
                    self.assertEqual((answer.status, says in json.loads(answer.body)["detail"]), (status, True), answer.body)
                    self.assertEqual(answer.fields["cache-control"], "no-store")
            made = run(os.environ["MAKE_DAMAGED_WHEELS"], self.dist)
            for line in made.stdout.splitlines():
                name, reason = line.split("\t")
                answer = self.post(server, form([("content", name, (self.dist / name).read_bytes())]))
                self.assertIn(answer.status, (400, 413, 422), (name, answer.body))
            self.assertEqual(self.names(), [])
            self.assertEqual([p.name for p in self.data.iterdir() if p.name.startswith(".body")], [])
            # A quoted boundary, a preamble, parts in any order, names in any case.
            body = b"preamble\r\n" + form([("content", wheel.name, content), (":action", "file_upload")], "it's (one)")
            body = body.replace(b"Content-Disposition: form-data", b"content-disposition:FORM-DATA")
            answer = self.post(server, body, content_type="Multipart/Form-Data; charset=utf-8; Boundary=\"it's (\\one)\"")
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(self.names(), [wheel.name])

    def test_a_body_may_be_too_large_in_every_protocol(self):
        body = self.folder / "body"
        body.write_bytes(b"x" * 6_000_000)
        with self.serve("--max-upload", "1M") as server:
            for words in ([], ["-H", "Transfer-Encoding: chunked"]):
                done = run("curl", "-sS", "-m", "60", "--http1.1", *words, "-u", f"x:{TOKEN}", "--data-binary", f"@{body}",
                           "-o", "/dev/null", "-w", "%{http_code}", f"{server.plain}/legacy/")
                self.assertEqual(done.stdout, "413", (words, done.stderr))
            for words in ([], ["--no-content-length"]):
                done = run("nghttp", "-v", "-n", "-t", "60", *words, "-d", body, "-H", f"authorization: {basic(TOKEN)}", "-H",
                           ":method: POST", f"{server.plain}/legacy/")
                self.assertIn(":status: 413", done.stdout, words)
                self.assertNotIn("ENHANCE_YOUR_CALM", done.stdout)
            self.assertEqual(self.names(), [])

    def test_a_client_that_leaves_half_way_leaves_nothing(self):
        wheel = make_noise_wheel(self.dist, "noise", 1_000_000)
        body = upload_form(wheel)
        with self.serve() as server:
            host, port = server.plain.removeprefix("http://").split(":")
            for _ in range(5):
                with socket.create_connection((host, int(port))) as client:
                    client.sendall(f"POST /legacy/ HTTP/1.1\r\nHost: h\r\nAuthorization: {basic(TOKEN)}\r\nContent-Type: "
                                   f"multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
                    client.sendall(body[: len(body) // 2])
                run("timeout", "0.3", "curl", "-sS", "--http2-prior-knowledge", "--limit-rate", "500k", "-u", f"x:{TOKEN}",
                    "-F", f"content=@{wheel}", f"{server.plain}/legacy/")
            deadline = time.monotonic() + 20
            while (files := self.open_bodies(server)) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(files, [])
            self.assertEqual(self.names(), [])
            self.assertEqual(self.post(server, body).status, 200)

    def wait_for_body(self, server):
        deadline = time.monotonic() + 20
        while not self.open_bodies(server):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        time.sleep(0.3)  # what was sent is stored

    @staticmethod
    def open_bodies(server):
        links = []
        for file in Path(f"/proc/{server.process.pid}/fd").iterdir():
            try:
                links.append(os.readlink(file))
            except FileNotFoundError:
                pass
        return [link for link in links if ".body-" in link]

    def test_a_full_disk_is_507_and_the_next_one_goes_in(self):
        wheel = make_noise_wheel(self.dist, "noise", 1_000_000)
        self.data.mkdir()
        fault = self.data / "fault"  # where the sandbox lets it be read
        with failing_disk(fault):
            server = self.serve()
        with server:
            sending = subprocess.Popen(["curl", "-sS", "-m", "60", "-u", f"x:{TOKEN}", "-X", "POST", "-T", "-", "-w",
                                        "\n%{http_code}", f"{server.plain}/legacy/?"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            sending.stdin.write(b"x" * 100_000)
            sending.stdin.flush()
            self.wait_for_body(server)
            fault.write_text(str(errno.ENOSPC))
            said, _ = sending.communicate(b"y" * 10_000)
            self.assertEqual(said.splitlines()[-1:], [b"507"], said)
            self.assertEqual(self.post(server, upload_form(wheel)).status, 507)
            for doing in ("make a file for", "store"):
                server.wait_for_log(rf"\[error\] request failed  path=/legacy/ reason=.*can't {doing} a request's body: No space")
            fault.unlink()
            self.assertEqual(self.post(server, upload_form(wheel)).status, 200)


class Who(Uploads):
    def test_only_who_shows_the_token_gets_to_send_a_body(self):
        body = upload_form(make_wheel(self.dist, "app", "1.0"))
        with self.serve() as server:
            for authorization in (None, basic("wrong-but-long-enough"), basic(TOKEN + "x"), basic(TOKEN[:-1]), basic(""),
                                  "Basic", "Basic !!!!", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Basic " + "A" * 5000):
                answer = self.post(server, body, authorization)
                self.assertEqual(answer.status, 401, authorization)
                self.assertEqual(answer.fields["www-authenticate"], 'Basic realm="wheelbarrow", charset="UTF-8"')
                self.assertEqual(answer.fields["cache-control"], "no-store")
            # Refused by its head: nobody says "100 Continue", nothing of the body is needed.
            host, port = server.plain.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port))) as client:
                client.sendall(b"POST /legacy/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n")
                self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 401 "))
            # A page's form, for which a browser would add the password that it knows.
            answer = self.post(server, body, origin="https://elsewhere.example")
            self.assertEqual((answer.status, b"from pages" in answer.body), (403, True))
            self.assertEqual(self.names(), [])
            self.assertEqual(server.get("/legacy/").status, 404)
            self.assertEqual(Server.request(server.plain, "/simple/", "POST", {"content_length": "0"}).status, 405)

    def test_sighup_reads_the_token_again(self):
        body = upload_form(make_wheel(self.dist, "app", "1.0"))
        with self.serve() as server:
            self.token.write_text("short\n")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("upload token not reloaded, the old one stays  reason=.*16 to 1024")
            self.token.write_text("another-token-of-some-length\n")
            server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + 20
            while (status := self.post(server, body).status) != 401:
                self.assertEqual(status, 200)
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.assertEqual(self.post(server, body, basic("another-token-of-some-length")).status, 200)

    def test_nobody_may_unless_it_is_said(self):
        with Server(wheels=self.wheels, pyodide=None, data=self.data) as server:
            answer = self.post(server, upload_form(make_wheel(self.dist, "app", "1.0")))
            self.assertEqual((answer.status, answer.fields["allow"]), (405, "GET, HEAD, OPTIONS"))
        self.assertEqual(self.names(), [])

    def test_behind_a_proxy_that_leaves_its_prefix(self):
        with self.serve("--strip-prefix", "/py") as server:
            body = upload_form(make_wheel(self.dist, "app", "1.0"))
            self.assertEqual(self.post(server, body, path="/py/legacy/").status, 200)
            self.assertEqual(self.versions(server, "app"), ["1.0"])

    def test_where_they_go(self):
        below, outside = self.wheels / "incoming", self.folder / "outside"
        below.mkdir()
        outside.mkdir()
        with self.serve("--upload-folder", below) as server:
            self.assertEqual(self.post(server, upload_form(make_wheel(self.dist, "app", "1.0"))).status, 200)
            self.assertEqual(self.versions(server, "app"), ["1.0"])
        self.assertEqual(self.names(), ["app-1.0-py3-none-any.whl", "incoming"])
        base = (PROGRAM, "serve", "--wheels", self.wheels, "--data", self.data, "--listen-plain", "127.0.0.1:0")
        for words, says in (
            (("--upload-folder", below), "--upload-folder: needs --upload-token"),
            (("--upload-token", self.token, "--upload-folder", outside), "neither one of --wheels nor below it"),
            (("--upload-token", self.folder / "missing"), "there is no file"),
            (("--upload-token", self.token, "--max-upload", "lots"), "--max-upload"),
        ):
            done = run(*base, *words)
            self.assertEqual((done.returncode, says in done.stderr), (2, True), done.stderr)
        self.token.write_text("short")
        done = run(*base, "--upload-token", self.token)
        self.assertEqual((done.returncode, "16 to 1024" in done.stderr), (2, True), done.stderr)
        shutil.rmtree(outside)


if __name__ == "__main__":
    main()
