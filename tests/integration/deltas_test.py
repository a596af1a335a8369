"""Bundles as dictionaries for bundles (RFC 9842), Brotli for what is hot, codings for wheels that have none."""

import base64
import hashlib
import random
import shutil
import subprocess
import threading
import time

from harness import SAMPLE_WHEELS, Server, TestCase, main, make_wheel, query, sha256

BROWSER = "gzip, deflate, br, zstd, dcb, dcz"
VARY = {"accept-encoding", "available-dictionary"}


def offered(body):
    """Available-Dictionary of whoever holds `body`."""
    return f":{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def words(seed, count):
    dice = random.Random(seed)
    return " ".join("".join(dice.choices("abcdefghijklmnop", k=9)) for _ in range(count))


class Deltas(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        make_wheel(self.wheels, "stable", "1", {"stable.py": f"text = '{words(1, 200_000)}'\n"})
        self.text = words(2, 30_000)
        make_wheel(self.wheels, "moving", "1", {"moving.py": f"text = '{self.text}'\n"})

    def serve(self, *arguments):
        return Server(*arguments, wheels=self.wheels, pyodide=None)

    def update(self, server):
        before = server.get("/bundle?r=moving", accept_encoding="identity").fields["etag"]
        make_wheel(self.wheels, "moving", "2", {"moving.py": f"text = '{self.text}'\nversion = 2\n"})
        deadline = time.monotonic() + 60
        while server.get("/bundle?r=moving", accept_encoding="identity").fields["etag"] == before:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def delta(self, server, path, held, accept=BROWSER):
        """Asks until the delta is there."""
        deadline = time.monotonic() + 60
        while True:
            answer = server.get(path, accept_encoding=accept, available_dictionary=offered(held))
            self.assertEqual(answer.status, 200)
            if answer.fields.get("content-encoding") == "dcz":
                return answer
            self.assertLess(time.monotonic(), deadline, answer.fields)
            time.sleep(0.05)

    def decode(self, held, body):
        self.assertEqual(body[:8], bytes.fromhex("5e2a4d1820000000"))
        self.assertEqual(body[8:40], hashlib.sha256(held).digest())
        dictionary = self.folder / "dictionary"
        dictionary.write_bytes(held)
        return subprocess.run(["zstd", "-d", "-c", "-D", dictionary], input=body[40:], capture_output=True,
                              check=True).stdout

    def test_a_returning_client_gets_what_changed(self):
        with self.serve() as server:
            path = "/bundle?r=stable&r=moving"
            first = server.get(path, accept_encoding="identity")
            self.assertEqual(first.fields["use-as-dictionary"], 'match="/bundle*"')
            self.update(server)
            answer = self.delta(server, path, first.body)
            plain = server.get(path, accept_encoding="identity")
            self.assertEqual(self.decode(first.body, answer.body), plain.body)
            self.assertLess(len(answer.body), len(plain.body) // 50)
            # Only a browser knows which dictionary it is for.
            self.assertTrue(answer.fields["cache-control"].startswith("private, max-age=60"), answer.fields)
            self.assertTrue(plain.fields["cache-control"].startswith("public, max-age=60"))
            self.assertEqual(set(answer.fields["vary"].split(", ")), VARY)
            self.assertEqual(answer.fields["use-as-dictionary"], 'match="/bundle*"')
            zstd = server.get(path, accept_encoding="zstd")
            self.assertEqual(len({r.fields["etag"] for r in (answer, plain, zstd)}), 3)
            # The delta has validators and ranges of its own.
            again = server.get(path, accept_encoding=BROWSER, available_dictionary=offered(first.body),
                               if_none_match=answer.fields["etag"])
            self.assertEqual((again.status, set(again.fields["vary"].split(", "))), (304, VARY))
            part = server.get(path, accept_encoding=BROWSER, available_dictionary=offered(first.body),
                              range="bytes=10-99")
            self.assertEqual((part.status, part.body), (206, answer.body[10:100]))
            # The same bundle under its hash, and the step after it.
            hashed = "/" + plain.fields["content-location"]
            self.assertEqual(self.decode(first.body, self.delta(server, hashed, first.body).body), plain.body)
            self.assertLess(len(self.delta(server, hashed, plain.body).body), 5000)

    def test_what_a_new_catalog_makes_is_made_ahead(self):
        with self.serve() as server:
            path = "/bundle?r=stable&r=moving"
            first = server.get(path, accept_encoding="zstd")
            held = server.get(path, accept_encoding="identity").body
            self.assertEqual(first.status, 200)
            self.update(server)
            deadline = time.monotonic() + 60
            # One for each of the two sets that were asked for.
            while (server.metric("wheelbarrow_deltas_made_total") < 2
                   or server.metric("wheelbarrow_background_backlog") > 0):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            # Nobody has asked since, and the first who does is answered with it.
            answer = server.get(path, accept_encoding=BROWSER, available_dictionary=offered(held))
            self.assertEqual(answer.fields.get("content-encoding"), "dcz")

    def test_a_stored_form_of_the_same_content_stays_good(self):
        with self.serve() as server:
            path = "/bundle?r=stable&r=moving"
            zstd = server.get(path, accept_encoding="zstd")
            held = server.get(path, accept_encoding="identity").body
            # The server has other forms by now, of which some would be sent first.
            self.delta(server, path, held)
            self.assertEqual(server.get(path, accept_encoding=BROWSER).fields["content-encoding"], "zstd")
            content = zstd.fields["etag"].split("-")[0].strip('"')
            older = f'"{content}-zstd-{"0" * 24}"'
            for tag, accept, status in [
                (zstd.fields["etag"], BROWSER, 304),
                (older, BROWSER, 304),
                (f'"other", W/{older}', BROWSER, 304),
                (f'"{content}-dcz-{"0" * 24}"', BROWSER, 304),
                (f'"{content}-dcz-{"0" * 24}"', "zstd", 200),
                (older, "gzip", 200),
                (f'"{"0" * 16}-zstd-{"0" * 24}"', BROWSER, 200),
                (f'"{content}-other-{"0" * 24}"', BROWSER, 200),
                # Malformed lists are ignored, and never answered with nothing.
                (f'x, {older}', BROWSER, 200),
                (f'"a{older}', BROWSER, 200),
                (f'"{content}-zstd-', BROWSER, 200),
            ]:
                with self.subTest(tag=tag, accept=accept):
                    answer = server.get(path, accept_encoding=accept, available_dictionary=offered(held),
                                        if_none_match=tag)
                    self.assertEqual(answer.status, status)
                    if status == 304:
                        self.assertIn(answer.fields["etag"], tag)
                        self.assertEqual(set(answer.fields["vary"].split(", ")), VARY)
                        self.assertIn("max-age=60", answer.fields["cache-control"])
                        self.assertEqual(answer.body, b"")
                    else:
                        self.assertGreater(len(answer.body), 100)

    def test_a_stored_form_of_a_file_stays_good(self):
        folder = self.folder / "files"
        folder.mkdir()
        (folder / "text.css").write_text("a { color: red }\n" * 5000)
        with self.serve("--static", f"{folder}:/files") as server:
            path = "/files/text.css"
            zstd = server.get(path, accept_encoding="zstd")
            self.assertEqual(zstd.fields["content-encoding"], "zstd")
            deadline = time.monotonic() + 60
            while server.get(path, accept_encoding=BROWSER).fields["content-encoding"] != "br":
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            for accept, tag, status in [(BROWSER, zstd.fields["etag"], 304), ("gzip", zstd.fields["etag"], 200),
                                        (BROWSER, '"other"', 200)]:
                with self.subTest(accept=accept, tag=tag):
                    answer = server.get(path, accept_encoding=accept, if_none_match=tag)
                    self.assertEqual((answer.status, answer.fields["vary"]), (status, "accept-encoding"))
                    self.assertEqual(status == 304, answer.body == b"")
                    self.assertEqual(status == 304, answer.fields["etag"] == tag)

    def test_is_never_sent_to_who_did_not_ask(self):
        with self.serve() as server:
            path = "/bundle?r=stable&r=moving"
            held = server.get(path, accept_encoding="identity").body
            self.update(server)
            self.delta(server, path, held)
            for accept, dictionary in [
                ("gzip, deflate, br, zstd", offered(held)),
                ("*", offered(held)),
                ("gzip, dcz;q=0", offered(held)),
                (BROWSER, offered(b"something else")),
                (BROWSER, offered(held)[1:-1]),
                (BROWSER, offered(held) + ";a=1"),
                (BROWSER, ":!!!:"),
                (BROWSER, ":" + "A" * 5000 + ":"),
                (BROWSER, ""),
                (BROWSER, sha256(held)),
            ]:
                with self.subTest(accept=accept, dictionary=dictionary[:60]):
                    answer = server.get(path, accept_encoding=accept, available_dictionary=dictionary)
                    self.assertEqual(answer.status, 200)
                    self.assertIn(answer.fields["content-encoding"], ("gzip", "zstd"))
                    self.assertEqual(set(answer.fields["vary"].split(", ")), VARY)
            answer = server.get(path, accept_encoding=BROWSER)
            self.assertEqual(answer.fields["content-encoding"], "zstd")

    def test_errors_are_never_stored(self):
        with self.serve() as server:
            for path in ("/bundle?r=nothing", "/bundle?r=", "/bundles/" + "0" * 64 + ".tar", "/nothing", "/bundle?x=1",
                         "/wheels/x", "/simple/nothing/", "/env/stable/pyodide-lock.json", "/resolve"):
                with self.subTest(path):
                    answer = server.get(path, accept_encoding=BROWSER, available_dictionary=offered(b""))
                    self.assertGreaterEqual(answer.status, 400)
                    self.assertEqual(answer.fields["cache-control"], "no-store")
                    self.assertNotIn("use-as-dictionary", answer.fields)

    def test_the_match_holds_behind_a_prefix(self):
        with self.serve("--base-url", "https://example.org/py/wheels") as server:
            answer = server.get("/bundle?r=moving")
            self.assertEqual(answer.fields["use-as-dictionary"], 'match="/py/wheels/bundle*"')

    def test_what_is_hot_becomes_brotli(self):
        with self.serve() as server:
            path = "/bundle?r=moving"
            plain = server.get(path, accept_encoding="identity")
            zstd = server.get(path, accept_encoding="zstd")
            deadline = time.monotonic() + 120
            while (answer := server.get(path, accept_encoding="gzip, br, zstd")).fields["content-encoding"] != "br":
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.assertLess(len(answer.body), len(zstd.body))
            decoded = subprocess.run(["node", "-e", "process.stdin.pipe(require('zlib').createBrotliDecompress())"
                                      ".pipe(process.stdout)"], input=answer.body, capture_output=True, check=True)
            self.assertEqual(decoded.stdout, plain.body)
            self.assertEqual(server.get(path, accept_encoding="zstd").fields["content-encoding"], "zstd")

    def test_a_wheel_that_was_not_compressed_gets_a_coding(self):
        numpy = next(SAMPLE_WHEELS.glob("numpy-*.whl"))
        for wheel in SAMPLE_WHEELS.glob("[ln]*.whl"):
            shutil.copy(wheel, self.wheels)
        with self.serve() as server:
            url = f"/wheels/{sha256(numpy.read_bytes())}/{numpy.name}"
            coded = server.get(url, accept_encoding="zstd")
            self.assertEqual(coded.fields["content-encoding"], "zstd")
            self.assertLess(len(coded.body), numpy.stat().st_size // 2)
            decoded = subprocess.run(["zstd", "-d", "-c"], input=coded.body, capture_output=True, check=True)
            self.assertEqual(decoded.stdout, numpy.read_bytes())
            self.assertEqual(server.get(url, accept_encoding="identity").body, numpy.read_bytes())
            # One that was is sent as it is.
            lxml = next(SAMPLE_WHEELS.glob("lxml-*.whl"))
            url = f"/wheels/{sha256(lxml.read_bytes())}/{lxml.name}"
            self.assertNotIn("content-encoding", server.get(url, accept_encoding="zstd").fields)

    def test_a_flood_of_cold_sets_does_not_starve_warm_ones(self):
        for number in range(60):
            make_wheel(self.wheels, f"cold{number}", "1", {f"cold{number}.py": words(number, 60_000)})
        with self.serve("--build-queue", "16", "--build-threads", "1") as server:
            warm = server.get("/bundle?r=moving", accept_encoding="zstd")
            statuses = []

            def ask(number):
                statuses.append(server.get(f"/bundle?r=cold{number}", accept_encoding="zstd").status)

            flood = [threading.Thread(target=ask, args=(number,)) for number in range(60)]
            for thread in flood:
                thread.start()
            answers = []
            while any(thread.is_alive() for thread in flood):
                answer = server.get("/bundle?r=moving", accept_encoding="zstd")
                answers.append((answer.status, answer.body[-500:] == warm.body[-500:]))
                time.sleep(0.02)
            self.assertEqual({status for status, _ in answers}, {200})
            self.assertLessEqual(set(statuses), {200, 503})
            self.assertIn(503, statuses, "more was asked than may wait")
            self.assertIn(200, statuses)
            # Nothing is left over, and who was turned away gets an answer now.
            for number in range(60):
                self.assertEqual(server.get(f"/bundle?r=cold{number}", accept_encoding="zstd").status, 200)
            self.assertEqual(server.metric("wheelbarrow_builds_pending"), 0)


if __name__ == "__main__":
    main()
