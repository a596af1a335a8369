"""The server as an origin: what it tells caches, and what strangers can't make it do."""

import json
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from harness import PROGRAM, Server, TestCase, main, make_wheel, query, run, sha256
from noise_wheels import make_noise_wheel
from proxies import Varnish

CLIENTS = 500


class Case(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        make_wheel(self.wheels, "app", "1.0", requires=["library"])
        make_wheel(self.wheels, "library", "1.0")
        make_wheel(self.wheels, "other", "1.0")

    def serve(self, *arguments, **options):
        return Server(*arguments, wheels=self.wheels, pyodide=None, **options)

    def serve_in_vain(self, *arguments):
        done = run(PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data", *arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr


class Caching(Case):
    def test_each_class_is_set_alone(self):
        static = self.folder / "static"
        static.mkdir()
        (static / "page.html").write_text("page")
        rules = {name: f"public, max-age={seconds}, s-maxage=7" for seconds, name in
                 enumerate(["hashed", "bundle", "index", "pages"], 100)}
        options = [word for name, rule in rules.items() for word in ("--cache-control", f"{name}={rule}")]
        with self.serve(*options, "--cdn-cache-control", "bundle=max-age=3600, stale-if-error=60",
                        "--static", static) as server:
            bundle = server.get("/bundle?r=app")
            paths = {"/bundle?r=app": "bundle", "/" + bundle.fields["content-location"]: "hashed",
                     "/resolve?r=app": "index", "/simple/": "index", "/simple/app/": "index", "/page.html": "pages",
                     "/compare": "pages", "/client/wheelbarrow.mjs": "index"}
            for path, name in paths.items():
                with self.subTest(path):
                    answer = server.get(path)
                    self.assertEqual((answer.status, answer.fields["cache-control"]), (200, rules[name]))
                    self.assertEqual(answer.fields.get("cdn-cache-control"),
                                     "max-age=3600, stale-if-error=60" if name == "bundle" else None)
            # A 304 says it, too; an error is never kept.
            same = server.get("/bundle?r=app", if_none_match=bundle.fields["etag"])
            self.assertEqual((same.status, same.fields["cdn-cache-control"]), (304, "max-age=3600, stale-if-error=60"))
            self.assertEqual(server.get("/bundle?r=absent").fields["cache-control"], "no-store")
            delta = self.delta(server, bundle)
            self.assertEqual(delta.fields["cache-control"], "private, max-age=101")
            self.assertNotIn("cdn-cache-control", delta.fields)

    def delta(self, server, bundle):
        """The answer to a client that has the bundle already, once the delta is made."""
        deadline = time.monotonic() + 60
        name = bundle.fields["repr-digest"].removeprefix("sha-256=")
        while time.monotonic() < deadline:
            answer = server.get("/bundle?r=app", accept_encoding="dcz", available_dictionary=name)
            if answer.fields.get("content-encoding") == "dcz":
                return answer
            time.sleep(0.1)
        raise AssertionError("there never was a delta")

    def test_the_defaults_are_those_of_the_sample(self):
        with self.serve() as server:
            bundle = server.get("/bundle?r=app")
            self.assertEqual(bundle.fields["cache-control"],
                             "public, max-age=60, stale-while-revalidate=604800, stale-if-error=604800")
            self.assertNotIn("cdn-cache-control", bundle.fields)
            self.assertNotIn("surrogate-key", bundle.fields)
            self.assertNotIn("cache-tag", bundle.fields)

    def test_what_is_no_rule_is_refused(self):
        for rule, reason in (("nothing=public", "classes"), ("bundle", "empty"), ("bundle=", "empty"),
                             ("bundle=max-age", "seconds"), ("bundle=max-age=-1", "seconds"),
                             ("bundle=pubic, max-age=1", "pubic"), ("bundle=public=1", "no value"),
                             ("bundle=public, private", "contradict"), ("bundle=max-age=1, max-age=2", "twice"),
                             ("bundle=no-store, max-age=1", "contradict"), ("bundle=public\r\nx: y", "no directive")):
            for option in ("--cache-control", "--cdn-cache-control"):
                with self.subTest(rule=rule, option=option):
                    self.assertIn(reason, self.serve_in_vain(option, rule))

    def test_a_file_sets_rules_and_the_environment_wins(self):
        file = self.folder / "wheelbarrow.toml"
        file.write_text('cache-control = ["bundle=public, max-age=1", "index=public, max-age=2"]\n')
        with self.serve("--config", file) as server:
            self.assertEqual(server.get("/bundle?r=app").fields["cache-control"], "public, max-age=1")
            self.assertEqual(server.get("/resolve?r=app").fields["cache-control"], "public, max-age=2")


class Keys(Case):
    def keys_of(self, name):
        file = next(self.wheels.glob(f"{name}-*.whl"))
        return {f"project-{name}", "wheel-" + sha256(file.read_bytes())[:16]}

    def test_answers_name_the_wheels_in_them(self):
        app, library = self.keys_of("app"), self.keys_of("library")
        wheel = next(self.wheels.glob("app-*.whl"))
        with self.serve("--cache-keys", "both") as server:
            location = "/" + server.get("/bundle?r=app").fields["content-location"]
            table = {"/bundle?r=app": app | library, location: app | library, "/resolve?r=app": app | library,
                     "/resolve?r=app&output=pylock": app | library, "/simple/app/": {"project-app"},
                     f"/wheels/{sha256(wheel.read_bytes())}/{wheel.name}": app}
            for path, expected in table.items():
                for _ in range(2):  # the second may come from memory
                    with self.subTest(path):
                        fields = server.get(path).fields
                        self.assertEqual(set(fields["surrogate-key"].split(" ")), {"wheelbarrow"} | expected)
                        self.assertEqual(set(fields["cache-tag"].split(",")), {"wheelbarrow"} | expected)
        for kind, name, none in (("surrogate-key", "surrogate-key", "cache-tag"),
                                 ("cache-tag", "cache-tag", "surrogate-key")):
            with self.serve("--cache-keys", kind) as server:
                fields = server.get("/bundle?r=app").fields
                self.assertIn("project-library", fields[name])
                self.assertNotIn(none, fields)

    def test_varnish_drops_what_a_wheel_is_in(self):
        with self.serve("--cache-keys", "surrogate-key", "--trusted-proxy", "127.0.0.1") as server:
            with Varnish(self.folder, server.plain) as proxy:
                def hits(path):
                    return int(server.request(proxy.url, path).fields["x-hits"])

                for path in ("/bundle?r=app", "/bundle?r=other"):
                    hits(path)
                    self.assertGreater(hits(path), 0)
                key = next(key for key in self.keys_of("library") if key.startswith("wheel-"))
                purged = server.request(proxy.url, "/", "PURGE", {"surrogate-key": key})
                self.assertEqual(purged.status, 200)
                self.assertEqual(hits("/bundle?r=app"), 0)
                self.assertGreater(hits("/bundle?r=other"), 0)
                self.assertEqual(server.request(proxy.url, "/", "PURGE", {"surrogate-key": ".*"}).status, 400)


class Coalescing(Case):
    def test_500_clients_of_a_cache_are_one_request_here(self):
        make_noise_wheel(self.wheels, "cold", 3_000_000)
        path = f"/bundle?{query('cold')}"
        with self.serve("--trusted-proxy", "127.0.0.1") as server, Varnish(self.folder, server.plain) as proxy:
            def ask(_):
                answer = server.request(proxy.url, path)
                return answer.status, f"bundles/{sha256(answer.body)}.tar", answer.fields.get("content-location")

            with ThreadPoolExecutor(CLIENTS) as pool:
                answers = list(pool.map(ask, range(CLIENTS)))
            self.assertEqual(len(answers), CLIENTS)
            status, name, location = set(answers).pop()
            self.assertEqual((len(set(answers)), status, name), (1, 200, location))
            text = server.request(server.admin, "/metrics").body.decode()
            asked = re.findall(r'^wheelbarrow_http_requests_total\{[^}]*route="/bundle"[^}]*\} (\d+)', text, re.MULTILINE)
            self.assertEqual(asked, ["1"])
            self.assertEqual(server.metric("wheelbarrow_bundles_assembled_total"), 1)

    def test_cdn_cache_control_is_for_the_cache_alone(self):
        with self.serve("--cache-control", "bundle=public, max-age=0", "--cdn-cache-control", "bundle=max-age=3600",
                        "--trusted-proxy", "127.0.0.1") as server, Varnish(self.folder, server.plain) as proxy:
            server.request(proxy.url, "/bundle?r=app")
            kept = server.request(proxy.url, "/bundle?r=app")
            self.assertGreater(int(kept.fields["x-hits"]), 0)
            self.assertEqual(kept.fields["cache-control"], "public, max-age=0")
            self.assertNotIn("cdn-cache-control", kept.fields)


class Strangers(Case):
    def test_only_sets_of_the_list_are_answered(self):
        sets = self.folder / "sets.txt"
        sets.write_text("# ours\n\nOther , app >= 1  # in any order\nlibrary\n")
        with self.serve("--allowed-sets", sets) as server:
            for path, status in (("/bundle?r=app>=1&r=other", 200), ("/bundle?r=other&r=app%3E=1", 200),
                                 ("/resolve?r=library", 200), ("/bundle?r=app", 403), ("/bundle?r=app&r=other", 403),
                                 ("/bundle?r=library&c=app<9", 403), ("/resolve?r=other", 403),
                                 ("/resolve?r=other&output=pylock", 403), ("/bundle", 403), ("/bundle?r=a%20b", 400),
                                 ("/resolve?r=library&target=pyodide-0.28", 200), ("/bundle?r=library&target=cp312-mine", 403)):
                with self.subTest(path):
                    answer = server.get(path)
                    self.assertEqual(answer.status, status, answer.body[:300])
                    if status == 403:
                        self.assertEqual(answer.fields["content-type"], "application/problem+json")
                        self.assertEqual(answer.fields["cache-control"], "no-store")
            self.assertEqual(server.metric("wheelbarrow_bundles_assembled_total"), 3)
            # By its name a bundle that is there is everybody's.
            location = server.get("/bundle?r=library").fields["content-location"]
            self.assertEqual(server.get("/" + location).status, 200)
            sets.write_text("app\n")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("reloaded  signal=SIGHUP")
            self.wait_for(lambda: server.get("/bundle?r=app").status == 200)
            self.assertEqual(server.get("/bundle?r=library").status, 403)
            sets.write_text("app ==\n")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("allowed sets and token not reloaded.*sets.txt, line 1")
            self.assertEqual(server.get("/bundle?r=app").status, 200)

    def wait_for(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_a_list_that_can_not_be_read_is_refused(self):
        sets = self.folder / "sets.txt"
        sets.write_text("app\nlxml >>= 5\n")
        self.assertIn("sets.txt, line 2", self.serve_in_vain("--allowed-sets", sets))
        done = run(PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data", "--allowed-sets",
                   self.folder / "missing")
        self.assertEqual((done.returncode, "missing" in done.stderr), (2, True), done.stderr)

    def test_large_sets_are_refused_before_they_are_built(self):
        with self.serve("--max-set-wheels", 1) as server:
            for path in ("/bundle?r=app", "/resolve?r=app", "/resolve?r=app&output=pylock"):
                answer = server.get(path)
                self.assertEqual(answer.status, 422)
                self.assertIn("needs 2 wheels", json.loads(answer.body)["detail"])
            self.assertEqual(server.get("/bundle?r=library").status, 200)
            self.assertEqual(server.metric("wheelbarrow_bundles_assembled_total"), 1)
        make_noise_wheel(self.wheels, "large", 100_000)
        with self.serve("--max-set-size", "50K") as server:
            answer = server.get("/bundle?r=large")
            self.assertEqual((answer.status, "bytes unpacked" in json.loads(answer.body)["detail"]), (422, True))
            self.assertEqual(server.get("/bundle?r=app").status, 200)
            self.assertEqual(server.metric("wheelbarrow_layers_built_total"), 2)

    def test_an_address_has_so_many_new_sets_built(self):
        for number in range(8):
            make_wheel(self.wheels, f"cold{number}", "1.0")
        with self.serve("--cold-builds", 3, "--trusted-proxy", "127.0.0.1") as server:
            def ask(number, client="192.0.2.1", path="bundle"):
                return server.get(f"/{path}?r=cold{number}", x_forwarded_for=client)

            self.assertEqual([ask(number).status for number in range(3)], [200, 200, 200])
            refused = ask(3)
            self.assertEqual((refused.status, refused.fields["content-type"]), (429, "application/problem+json"))
            self.assertIn(int(refused.fields["retry-after"]), range(1, 61))
            self.assertEqual(ask(3, path="resolve").status, 429)
            # What is known costs nothing, nor does what another address had built.
            self.assertEqual([ask(number).status for number in range(3)], [200, 200, 200])
            self.assertEqual(ask(3, "192.0.2.2").status, 200)
            self.assertEqual(ask(3).status, 200)
            # One IPv6 /64 is one client.
            for number, status in ((4, 200), (5, 200), (6, 200), (7, 429)):
                self.assertEqual(ask(number, f"2001:db8::{number}").status, status)
            self.assertEqual(ask(7, "2001:db8:0:1::1").status, 200)

    def test_many_who_ask_for_the_same_at_once_are_one(self):
        make_noise_wheel(self.wheels, "cold", 3_000_000)
        with self.serve("--cold-builds", 1) as server:
            with ThreadPoolExecutor(40) as pool:
                answers = list(pool.map(lambda _: server.get("/bundle?r=cold").status, range(40)))
            self.assertEqual(set(answers), {200})
            self.assertEqual(server.get("/bundle?r=app").status, 429)


class Token(Case):
    def test_who_names_requirements_has_to_show_it(self):
        token = self.folder / "token"
        token.write_text("0123456789abcdef-secret\n")
        with self.serve("--bundle-token", token, "--cdn-cache-control", "bundle=max-age=60") as server:
            good = {"authorization": "Bearer 0123456789abcdef-secret"}
            for path in ("/bundle?r=app", "/resolve?r=app", "/resolve?r=app&output=pylock", "/bundle?r=a%20b"):
                with self.subTest(path):
                    answer = server.get(path)
                    self.assertEqual(answer.status, 401)
                    self.assertEqual(answer.fields["www-authenticate"], 'Bearer realm="wheelbarrow"')
                    self.assertEqual(answer.fields["cache-control"], "no-store")
                    for wrong in ("Bearer 0123456789abcdef-secreT", "Bearer ", "Basic 0123456789abcdef-secret",
                                  "0123456789abcdef-secret", "Bearer " + "x" * 5000, "Bearer 0123456789abcdef-secret x"):
                        answer = server.get(path, authorization=wrong)
                        self.assertEqual((answer.status, 'error="invalid_token"' in answer.fields["www-authenticate"]),
                                         (401, True), wrong)
                    self.assertEqual(server.get(path, **good).status, 400 if "%20" in path else 200)
            self.assertEqual(server.get("/bundle?r=app", authorization="bearer  0123456789abcdef-secret").status, 200)
            answer = server.get("/bundle?r=app", **good)
            # What one may have, a cache must not give to all.
            self.assertTrue(answer.fields["cache-control"].startswith("private, max-age=60"))
            self.assertNotIn("cdn-cache-control", answer.fields)
            by_hash = server.get("/" + answer.fields["content-location"])
            self.assertEqual((by_hash.status, by_hash.fields["cache-control"]),
                             (200, "public, max-age=31536000, immutable"))
            self.assertEqual(server.get("/simple/").status, 200)
            preflight = server.get("/bundle?r=app", "OPTIONS")
            self.assertEqual((preflight.status, "Authorization" in preflight.fields["access-control-allow-headers"]),
                             (204, True))
            done = run(PROGRAM, "doctor", server.plain, "-r", "app", "--token", token,
                       env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            token.write_text("another-secret-0123456789")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("reloaded  signal=SIGHUP")
            deadline = time.monotonic() + 20
            while server.get("/bundle?r=app", **good).status != 401 and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(server.get("/bundle?r=app", **good).status, 401)

    def test_environments_by_requirements_need_it_too(self):
        from harness import PYODIDE
        token = self.folder / "token"
        token.write_text("0123456789abcdef-secret\n")
        with Server("--bundle-token", token, wheels=self.wheels, pyodide=PYODIDE) as server:
            good = {"authorization": "Bearer 0123456789abcdef-secret"}
            for path in ("/env/app/pyodide-lock.json", "/pyodide-lock.json?r=app"):
                self.assertEqual(server.get(path).status, 401, path)
                self.assertEqual(server.get(path, **good).status, 200, path)
            self.assertEqual(server.get("/env/app/pyodide.mjs").status, 200)
            self.assertEqual(server.get("/pyodide-lock.json").status, 200)

    def test_what_is_no_token_is_refused(self):
        token = self.folder / "token"
        for text in ("", "short\n", "with a blank in the middle of it", "x" * 1025):
            token.write_text(text)
            self.assertIn("openssl rand", self.serve_in_vain("--bundle-token", token))


if __name__ == "__main__":
    main()
