"""`wheelbarrow dev`: the server of somebody who changes an app and its wheels."""

import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import time

from harness import PROGRAM, Server, TestCase, main, make_wheel, query, run, wheelbarrow


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Dev(TestCase):
    def setUp(self):
        super().setUp()
        self.app = self.folder / "my app"
        self.app.mkdir()
        (self.app / "index.html").write_text("<!doctype html><p>first")
        self.output = self.folder / "output"

    def dev(self, *arguments, app=None, data=None):
        stdout = self.output.open("w")
        self.addCleanup(stdout.close)
        return Server(*arguments, wheels=None, pyodide=None, data=data, command=("dev", app or self.app),
                      stdout=stdout)

    def eventually(self, what, timeout=30):
        deadline = time.monotonic() + timeout
        while not what():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_the_folder_is_the_app(self):
        with self.dev() as server:
            first = server.get("/")
            self.assertEqual((first.status, first.body), (200, b"<!doctype html><p>first"))
            self.assertEqual(first.fields["cache-control"], "public, no-cache")
            self.assertNotIn("cross-origin-opener-policy", first.fields)
            self.assertEqual(server.get("/", if_none_match=first.fields["etag"]).status, 304)
            for number in range(100, 200):
                (self.app / "index.html").write_text(f"<!doctype html><p>{number}")
                answer = server.get("/", if_none_match=first.fields["etag"])
                self.assertEqual(answer.body, b"<!doctype html><p>%d" % number, "the next request has it")

    def test_wheels_in_dist_are_there_once_they_are_built_and_whenever_they_are_built_again(self):
        with self.dev() as server:
            self.assertEqual(server.get(f"/bundle?{query('demo')}").status, 422)
            (self.app / "dist").mkdir()
            for number in range(10):
                make_wheel(self.app / "dist", "demo", "1.0", {"demo.py": f"built = {number}\n"})
                bundle = server.get(f"/bundle?{query('demo')}")
                self.assertIn(b"built = %d\n" % number, bundle.body, "the next bundle has it")
                self.assertEqual(bundle.fields["cache-control"], "public, no-cache", "nobody works with an old one")
                pinned = server.get("/" + bundle.fields["content-location"])
                self.assertEqual(pinned.body, bundle.body)
                self.assertIn("immutable", pinned.fields["cache-control"])
            (self.app / "wheels").mkdir()
            make_wheel(self.app / "wheels", "other", "1.0")
            for path in (f"/resolve?{query('demo', 'other')}", "/simple/other/"):
                answer = server.get(path)
                self.assertEqual((answer.status, answer.fields["cache-control"]), (200, "public, no-cache"), path)

    def test_the_sandbox_lets_it_see_folders_that_come_later_and_links(self):
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        (self.app / "wheels").symlink_to(elsewhere)
        with self.dev() as server:
            server.wait_for_log("sandboxed")
            for number in range(2):
                dist = self.app / "dist"
                dist.mkdir()
                make_wheel(dist, "demo", "1.0", {"demo.py": f"built = {number}\n"})
                make_wheel(elsewhere, "other", "1.0", {"other.py": f"linked = {number}\n"})
                bundle = server.get(f"/bundle?{query('demo', 'other')}")
                self.assertIn(b"built = %d\n" % number, bundle.body)
                self.assertIn(b"linked = %d\n" % number, bundle.body)
                shutil.rmtree(dist)

    def test_what_python_build_makes_is_in_the_next_bundle(self):
        (self.app / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            '[project]\nname = "built"\nversion = "1.0"\n[tool.setuptools]\npy-modules = ["built"]\n')
        with self.dev() as server:
            for number in (1, 2):
                (self.app / "built.py").write_text(f"number = {number}\n")
                built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", cwd=self.app)
                self.assertEqual(built.returncode, 0, built.stdout + built.stderr)
                self.assertIn(b"number = %d\n" % number, server.get(f"/bundle?{query('built')}").body)
            self.assertEqual(len(list((self.app / "dist").glob("*.whl"))), 1, "under the same name")

    def test_two_who_work_at_once_have_their_own(self):
        """Two apps with wheels of one name, two servers, one data folder."""
        other = self.folder / "other app"
        apps = (self.app, other)
        for app in apps:
            (app / "dist").mkdir(parents=True)

        def build(app, number):
            text = f"{app.name} {number}"
            (app / "index.html").write_text(text)
            make_wheel(app / "dist", "demo", "1.0", {"demo.py": f"# {text}\n"})
            return text.encode()

        data = self.folder / "data"
        with self.dev(data=data) as one, self.dev(data=data, app=other) as two:
            for number in range(10):
                texts = [build(app, number) for app in apps]
                for server, text in zip((one, two), texts):
                    self.assertEqual(server.get("/").body, text)
                    self.assertIn(b"# %s\n" % text, server.get(f"/bundle?{query('demo')}").body)
            # Who has a bundle of a moment ago may go on with it while the other builds.
            mine = one.get(f"/bundle?{query('demo')}")
            build(self.app, "new")
            self.assertNotEqual(one.get(f"/bundle?{query('demo')}").body, mine.body)
            self.assertEqual(one.get("/" + mine.fields["content-location"]).body, mine.body)

    def test_other_folders_of_wheels_must_be_there(self):
        more = self.folder / "more"
        command = ("dev", self.app, "--wheels", more, "--data", self.folder / "data", "--listen", "127.0.0.1:0")
        missing = wheelbarrow(*command)
        self.assertEqual(missing.returncode, 2, missing.stderr)
        self.assertIn(str(more), missing.stderr.splitlines()[-1])
        more.mkdir()
        for folder in (more, self.app / "dist"):
            folder.mkdir(exist_ok=True)
            make_wheel(folder, "demo", "1.0", {"demo.py": f"# {folder.name}\n"})
        make_wheel(more, "other", "1.0")
        with self.dev("--wheels", more) as server:
            bundle = server.get(f"/bundle?{query('demo', 'other')}")
            self.assertEqual(bundle.status, 200, bundle.body)
            self.assertIn(b"# dist\n", bundle.body, "the app's own comes first")

    def test_says_where_it_is_and_what_is_asked_for(self):
        with self.dev() as server:
            server.get("/")
            server.get("/missing?with=query")
            (self.app / "large.bin").write_bytes(os.urandom(30_000))
            server.get("/large.bin")
            server.get("/", method="HEAD")
            text = self.output.read_text
            self.eventually(lambda: "HEAD" in text())
            self.assertIn(f"serves {self.app} at\n", text())
            self.assertIn(f"  https://localhost:{server.tls.rpartition(':')[2]}/\n", text())
            self.assertIn(f"curl --cacert '{server.data / 'certificate.pem'}'\n", text())
            self.assertIn("\n200 GET /  23 B\n404 GET /missing?with=query  ", text())
            self.assertIn("\n200 GET /large.bin  30 kB\n200 HEAD /\n", text())
            self.assertNotIn("\033", text(), "colours are for terminals")
        with self.dev("--quiet") as server:
            server.get("/")
        self.assertNotIn("GET", self.output.read_text())

    def test_the_lines_are_coloured_on_a_terminal(self):
        (self.app / "style.css").write_text("p {}")
        # "localhost" has two addresses and one URL.
        command = [str(word) for word in (PROGRAM, "dev", self.app, "--data", self.folder / "data", "--listen",
                                          f"localhost:{free_port()}")]
        for environment, colours in (({}, ("\033[32m200\033[0m", "\033[2m304\033[0m", "\033[33m404\033[0m")),
                                     ({"NO_COLOR": "1"}, ("200", "304", "404"))):
            terminal, end = pty.openpty()
            process = subprocess.Popen(command, stdout=end, stderr=subprocess.DEVNULL, env=os.environ | environment)
            os.close(end)
            lines = os.fdopen(terminal, encoding="utf-8", newline="")
            seen = ""
            while "Ctrl-C" not in seen:
                seen += lines.readline()
            url = [line.strip() for line in seen.splitlines() if line.startswith("  https://")]
            self.assertEqual(len(url), 1, seen)
            curl = ("curl", "-sS", "--cacert", self.folder / "data" / "certificate.pem", "-o", os.devnull)
            get = run(*curl, "-D", "-", f"{url[0]}style.css")
            self.assertEqual(get.returncode, 0, get.stderr)
            etag, = [line.partition(" ")[2] for line in get.stdout.splitlines() if line.startswith("etag")]
            run(*curl, f"{url[0]}style.css", "-H", f"if-none-match: {etag}")
            run(*curl, f"{url[0]}missing\u009b31m%1b?a=b")
            written = [line for line in (lines.readline() for _ in range(4)) if line.strip()]
            self.assertEqual(written[0], f"{colours[0]} GET /style.css  4 B\r\n")
            self.assertEqual(written[1], f"{colours[1]} GET /style.css\r\n")
            self.assertRegex(written[2], "^" + re.escape(colours[2]) + r" GET /missing[ -~]*31m%1b\?a=b  \d+ B\r\n$")
            process.terminate()
            self.assertEqual(process.wait(60), 0)
            lines.close()

    def test_cross_origin_isolation(self):
        (self.app / "worker.js").write_text("postMessage(self.crossOriginIsolated)")
        with self.dev("--cross-origin-isolation") as server:
            for path in ("/", "/worker.js", "/client/wheelbarrow.mjs", "/"):
                fields = server.get(path).fields
                self.assertEqual(fields["cross-origin-opener-policy"], "same-origin", path)
                self.assertEqual(fields["cross-origin-embedder-policy"], "require-corp", path)
                self.assertEqual(fields["cross-origin-resource-policy"], "cross-origin", path)

    def test_what_the_server_writes_itself_is_no_change(self):
        log = self.app / "access.log"
        with self.dev("--live-reload", "--access-log", log) as server:
            seen = server.get("/client/dev/changes").body
            server.get("/")
            deadline = time.monotonic() + 20
            while not log.exists() or log.stat().st_size == 0:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.assertEqual(server.get("/client/dev/changes").body, seen)

    def test_pages_can_learn_of_changes(self):
        with self.dev() as server:
            self.assertEqual(server.get("/client/dev/changes").status, 404)
        with self.dev("--live-reload") as server:
            page = server.get("/")
            self.assertTrue(page.body.startswith(b"<!doctype html><p>first"), page.body)
            script = re.search(rb'src="(/client/dev/live_reload.mjs[?]seen=(.+))">', page.body)
            self.assertIsNotNone(script, page.body)
            self.assertEqual(server.get(script[1].decode()).status, 200)
            seen = {server.get("/client/dev/changes").body}
            self.assertEqual(seen, {script[2]}, "a page knows what was there when it was made")
            self.assertEqual(seen, {server.get("/client/dev/changes").body}, "nothing changed")
            (self.app / "style.css").write_text("p {}")
            self.assertNotIn(server.get("/client/dev/changes").body, seen)
            seen.add(server.get("/client/dev/changes").body)
            (self.app / ".git").mkdir()
            (self.app / ".git" / "index").write_text("hidden")
            self.assertIn(server.get("/client/dev/changes").body, seen)
            (self.app / "dist").mkdir()
            make_wheel(self.app / "dist", "demo", "1.0")
            self.assertNotIn(server.get("/client/dev/changes").body, seen)

    def test_says_in_one_line_what_is_wrong(self):
        missing = wheelbarrow("dev", self.folder / "nowhere")
        self.assertEqual(missing.returncode, 2, missing.stderr)
        self.assertIn("nowhere", missing.stderr)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            busy = wheelbarrow("dev", self.app, "--listen", address, "--data", self.folder / "data")
        self.assertEqual(busy.returncode, 1, busy.stderr)
        self.assertIn(address, busy.stderr.splitlines()[-1])


if __name__ == "__main__":
    main()
