"""The log for people and for programs, the access log in its forms, rotation, and request ids."""

import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from urllib.parse import urlsplit

import http2_frames as h2
from harness import PROGRAM, AppTestCase, Server, main, run

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Logs(AppTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.folder / "access.log"

    def logged(self, *arguments, threads=1):
        """One event loop, so that lines are in the order of the requests."""
        return self.serve("--access-log", self.log, "--threads", str(threads), *arguments)

    def lines(self):
        return self.log.read_text("ascii").splitlines()


class Program(Logs):
    def start(self, stderr, *arguments):
        process = subprocess.Popen([PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data",
                                    "--listen-plain", "127.0.0.1:0", *arguments], stderr=stderr,
                                   env={**os.environ, "TERM": "xterm"})
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def test_a_program_gets_json_lines(self):
        bad = self.wheels / 'b"ad\n reason=none event=x-1.0-py3-none-any.whl'
        bad.write_bytes(b"no zip")
        process = self.start(subprocess.PIPE)
        lines = []
        for line in process.stderr:
            lines.append(json.loads(line))
            if lines[-1]["event"] == "listening":
                process.terminate()
        self.assertEqual(process.wait(30), 0)
        process.stderr.close()
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        events = {line["event"]: line for line in lines}
        self.assertRegex(events["listening"]["url"], r"^http://127\.0\.0\.1:\d+/$")
        self.assertEqual((events["catalog loaded"]["wheels"], events["catalog loaded"]["level"]), ("1", "info"))
        self.assertEqual(events["stopping"]["signal"], "SIGTERM")
        refused = events["wheel refused"]
        # A file's name may not look like another event's fields.
        self.assertEqual((set(refused), refused["level"]), ({"time", "level", "event", "file", "reason"}, "warning"))
        self.assertTrue(refused["file"].startswith(str(self.wheels)))

    def test_a_person_gets_text_and_colour(self):
        ours, theirs = pty.openpty()
        process = self.start(theirs)
        os.close(theirs)
        text = b""
        try:
            while chunk := os.read(ours, 4096):
                if b"listening" not in text and b"listening" in text + chunk:
                    process.terminate()
                text += chunk
        except OSError:  # the terminal's other end is closed
            pass
        os.close(ours)
        self.assertEqual(process.wait(30), 0)
        self.assertRegex(text.decode(), r"\[wheelbarrow\] \[\x1b\[32minfo\x1b\[m\] listening  url=http://")

    def test_text_stays_on_its_line(self):
        (self.wheels / "bad\n[error] forged-1.0-py3-none-any.whl").write_bytes(b"no zip")
        with self.serve() as server:
            server.wait_for_log(r"\[warning\] wheel refused  file=.*bad\\x0a\[error\] forged")


class AccessLog(Logs):
    def test_common_and_combined_are_what_log_readers_know(self):
        for form in ("common", "combined"):
            with self.subTest(form):
                self.log.unlink(missing_ok=True)
                with self.logged("--access-log-format", form) as server:
                    body = server.get("/simple/app/", Referer="https://a/?\"x", User_Agent="curl\\1\xff").body
                    server.get("/none?q=1", method="HEAD")
                    server.get("/none%20")
                    run("curl", "-sk", "--http2", f"{server.tls}/healthz", "-A", "")
                head = r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
                tail = ['"https://a/?\\x22x" "curl\\x5c1\\xff"', *3 * ['"-" "-"']]
                expected = [f'"GET /simple/app/ HTTP/1.1" 200 {len(body)}', '"HEAD /none?q=1 HTTP/1.1" 404 0',
                            '"GET /none%20 HTTP/1.1" 404 ', '"GET /healthz HTTP/2.0" 404 ']
                lines = sorted(self.lines(), key=lambda line: "HTTP/2.0" in line)
                self.assertEqual(len(lines), 4)
                for line, request, more in zip(lines, expected, tail):
                    self.assertRegex(line, "^" + head + re.escape(request))
                    self.assertEqual(line.endswith(" " + more), form == "combined", line)

    def test_json_has_times_codings_and_names(self):
        with self.logged("--access-log-format", "json") as server:
            answer = server.get("/bundle?r=app", Accept_Encoding="zstd", X_Request_Id="abc/1", Traceparent=TRACE,
                                User_Agent='\u00e9"\\')
            server.request(server.plain, "/%zz")
        first, second = map(json.loads, self.lines())
        self.assertRegex(first.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertRegex(first.pop("peer"), r"^127\.0\.0\.1:\d+$")
        self.assertGreaterEqual(first.pop("seconds"), first.pop("answer_seconds"))
        self.assertEqual(first, {"method": "GET", "target": "/bundle?r=app", "protocol": "HTTP/1.1",
                                 "authority": urlsplit(server.plain).netloc, "status": 200, "bytes": len(answer.body),
                                 "coding": "zstd", "user_agent": '\u00e9"\\', "request_id": "abc/1", "traceparent": TRACE})
        self.assertEqual((second["target"], second["status"]), ("/%zz", 400))

    def test_what_is_refused_is_logged_with_its_own_client(self):
        """Streams of HTTP/2 are used again, by other connections."""
        with self.logged("--access-log-format", "json") as server:
            for _ in range(3):
                run("curl", "-s", "--http2-prior-knowledge", "--interface", "127.0.0.2", f"{server.plain}/simple/")
                run("curl", "-s", "--http2-prior-knowledge", "--interface", "127.0.0.3", f"{server.plain}/{'x' * 40_000}")
        for entry in map(json.loads, self.lines()):
            self.assertEqual(entry["peer"].split(":")[0], {200: "127.0.0.2", 414: "127.0.0.3"}[entry["status"]])
        self.assertEqual(len(self.lines()), 6)

    def test_what_is_no_request_is_logged_too(self):
        with self.logged() as server:
            with h2.connect(server.plain, "http/1.1") as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
                self.assertIn(b" 400 ", client.recv(1000))
            with h2.connect(server.plain, "http/1.1") as client:
                client.sendall(b"\"\x01nonsense\r\n\r\n")
                self.assertIn(b" 400 ", client.recv(1000))
        lines = self.lines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, r'^127\.0\.0\.1 - - \[.*\] "(-|GET .* HTTP/1.1)" 400 \d+ "-" "-"$')

    def test_a_client_that_leaves_is_logged_with_what_it_got(self):
        folder = self.folder / "files"
        folder.mkdir()
        size = 30_000_000
        (folder / "large").write_bytes(os.urandom(1000) * (size // 1000))
        with self.logged("--access-log-format", "json", "--static", f"{folder}:/files") as server:
            for scheme in ("plain", "tls"):
                with h2.connect(getattr(server, scheme), "http/1.1", 4096) as client:
                    client.sendall(b"GET /files/large HTTP/1.1\r\nHost: h\r\n\r\n")
                    client.recv(1000)
                with h2.Http2(getattr(server, scheme)) as client:
                    client.get(1, "/files/large")
                    client.next(h2.DATA)
        lines = [json.loads(line) for line in self.lines()]
        self.assertEqual(sorted(line["protocol"] for line in lines), 2 * ["HTTP/1.1"] + 2 * ["HTTP/2.0"])
        for line in lines:
            self.assertEqual(line["status"], 200)
            if line["protocol"] == "HTTP/2.0" or line["bytes"] != size:  # a plain socket may have taken all of it
                self.assertLess(line["bytes"], size)

    def test_a_sample_is_one_of_so_many(self):
        with self.logged("--access-log-sample", "10") as server:
            for i in range(100):
                server.get(f"/simple/?{i}")
        self.assertEqual(len(self.lines()), 10)

    def test_standard_output(self):
        process = subprocess.Popen([PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data",
                                    "--listen-plain", "127.0.0.1:0", "--access-log", "-", "--log-format", "text"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if found := re.search(r"url=(http://\S+)/", line):
                Server.request(found.group(1), "/simple/")
                process.terminate()
        out, _ = process.communicate(timeout=30)
        self.assertRegex(out, r'^127\.0\.0\.1 - - \[.*\] "GET /simple/ HTTP/1\.1" 200 \d+ "-" "-"\n$')

    def test_a_reader_that_stops_reading_stops_nothing(self):
        ours, theirs = os.pipe()
        process = subprocess.Popen([PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data",
                                    "--listen-plain", "127.0.0.1:0", "--access-log", "-", "--log-format", "text"],
                                   stdout=theirs, stderr=subprocess.PIPE, text=True)
        os.close(theirs)
        seen = ""
        for line in process.stderr:
            seen += line
            if found := re.search(r"url=(http://\S+)/", line):
                for i in range(60):  # more than a pipe holds
                    self.assertEqual(Server.request(found.group(1), f"/none?{3000 * 'x'}{i}").status, 404)
            if "can't be written" in line:
                process.terminate()
        self.assertEqual(process.wait(60), 0)
        process.stderr.close()
        os.close(ours)
        self.assertIn("access log can't be written  file=- reason=", seen)

    def test_a_rotation_loses_nothing(self):
        with self.logged(threads=2) as server:
            stopped = threading.Event()
            asked = [0, 0, 0]

            def ask(place):
                while not stopped.is_set():
                    server.get("/simple/")
                    asked[place] += 1

            threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(asked))]
            for thread in threads:
                thread.start()
            for number in range(8):
                time.sleep(0.15)
                self.log.rename(self.folder / f"access.log.{number}")
                server.process.send_signal(signal.SIGUSR1)
                server.wait_for_log("access log reopened  signal=SIGUSR1")
                deadline = time.monotonic() + 10
                while not self.log.exists():
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.01)
            stopped.set()
            for thread in threads:
                thread.join()
        files = [self.log, *self.folder.glob("access.log.*")]
        self.assertEqual(len(files), 9)
        lines = [line for file in files for line in file.read_text().splitlines()]
        self.assertEqual(len(lines), sum(asked))
        self.assertTrue(all(line.endswith('"-" "-"') and line.startswith("127.0.0.1 - - [") for line in lines))

    def test_a_file_that_cannot_be_opened_again_stays(self):
        with self.logged() as server:
            server.get("/simple/?1")
            moved = self.folder / "moved"
            self.log.rename(moved)
            self.log.mkdir()
            server.process.send_signal(signal.SIGUSR1)
            server.wait_for_log(r"\[error\] access log not reopened, the old file stays  reason=.*Is a directory")
            server.get("/simple/?2")
        self.assertEqual(re.findall(r"\?(\d)", moved.read_text()), ["1", "2"])

    def test_a_full_disk_is_said_once_and_counted(self):
        with self.serve("--access-log", "/dev/full") as server:
            for _ in range(5):
                server.get("/simple/")
            server.wait_for_log(r"\[error\] access log can't be written  file=/dev/full reason=No space left on device")
            deadline = time.monotonic() + 20
            while server.metric("wheelbarrow_access_log_dropped_total") < 5:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.assertEqual(sum("can't be written" in line for line in server.log), 1)

    def test_a_pipe_that_nobody_reads_is_said_at_once(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        done = run(PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data", "--access-log", pipe)
        self.assertEqual((done.returncode, done.stderr.splitlines()[-1]),
                         (1, f"wheelbarrow: {pipe}: can't open the access log: No such device or address"))

    def test_a_folder_that_is_not_there_is_said_at_once(self):
        done = run(PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data", "--access-log", "/none/log")
        self.assertEqual((done.returncode, done.stderr.splitlines()[-1]),
                         (1, "wheelbarrow: /none/log: can't open the access log: No such file or directory"))


class RequestIds(Logs):
    def test_a_sane_one_comes_back_and_no_other(self):
        with self.serve() as server:
            for given, sane in [("abc-123", True), ("A.b_c~d:e/f+g=h@i", True), (128 * "x", True), (129 * "x", False),
                                ("a b", False), ('a"b', False), ("a<b", False), ("", False)]:
                for base, flag in ((server.plain, "--http1.1"), (server.tls, "--http2"), (server.plain, "--http2-prior-knowledge")):
                    with self.subTest(given=given, flag=flag):
                        # A semicolon sends a field without a value.
                        header = f"X-Request-Id: {given}" if given else "X-Request-Id;"
                        done = run("curl", "-sk", flag, "-D", "-", "-o", "/dev/null", "-H", header, f"{base}/simple/")
                        back = re.findall(r"(?m)^x-request-id: (.*?)\r?$", done.stdout)
                        self.assertEqual(back, [given] if sane else [])

    def test_every_request_has_one_of_its_own(self):
        asked = [("/simple/", "GET", {}), ("/simple/", "HEAD", {}), ("/none", "GET", {}), ("/simple/", "POST", {}),
                 ("/simple/", "OPTIONS", {}), ("/%zz", "GET", {}), ("/simple/", "GET", {"Accept_Encoding": "gzip"}),
                 ("/bundle?r=app", "GET", {}), ("/" + 40_000 * "x", "GET", {})]
        with self.logged("--access-log-format", "json") as server:
            for path, method, fields in asked:
                self.assertNotIn("x-request-id", server.get(path, method=method, **fields).fields)
            asked.pop()  # refused before its fields were read
            seen = [server.get(path, method=method, X_Request_Id=f"mine-{number}", **fields).fields["x-request-id"]
                    for number, (path, method, fields) in enumerate(asked)]
        self.assertEqual(seen, [f"mine-{number}" for number in range(len(asked))])
        logged = [json.loads(line)["request_id"] for line in self.lines()]
        self.assertEqual(logged[-len(seen):], seen)
        self.assertEqual(len(set(logged)), len(logged))
        for made in logged[:-len(seen)]:
            self.assertRegex(made, "^[0-9a-f]{12}$")

    def test_a_page_elsewhere_may_send_and_read_it(self):
        with self.serve() as server:
            fields = server.get("/simple/", method="OPTIONS").fields
            self.assertIn("traceparent, x-request-id", fields["access-control-allow-headers"].lower())
            self.assertIn("x-request-id", server.get("/simple/").fields["access-control-expose-headers"].lower())


if __name__ == "__main__":
    main()
