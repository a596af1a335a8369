"""The store of a running server: the commands that look after it, its budget, and a disk that fails."""

import errno
import gzip
import json
import os
import random

from harness import PROGRAM, Server, TestCase, failing_disk, main, make_wheel, query, run, sha256, wheelbarrow
from noise_wheels import make_noise_wheel


class StoreTest(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels = self.folder / "wheels"
        self.data = self.folder / "data"
        self.wheels.mkdir()

    def serve(self, *arguments):
        return Server(*arguments, wheels=self.wheels, data=self.data, pyodide=None)

    def ask(self, server, *requirements, coding="identity"):
        """A bundle, whose name must be true."""
        answer = server.get(f"/bundle?{query(*requirements)}", accept_encoding=coding)
        if answer.status == 200 and coding != "zstd":
            # The best form follows the fast one, so coded bytes may change.
            plain = gzip.decompress(answer.body) if coding == "gzip" else answer.body
            self.assertEqual(answer.fields["content-location"], f"bundles/{sha256(plain)}.tar")
            answer.body = plain
        return answer

    def command(self, *arguments):
        name, *more = arguments
        return wheelbarrow("store", name, "--data", self.data, *more)

    def statistics(self):
        done = self.command("stats", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def blobs(self):
        return [file for file in (self.data / "store" / "blobs").rglob("*") if file.is_file()]


class Commands(StoreTest):
    def test_verify_finds_damage_and_the_server_heals_it(self):
        for name in ("a", "b", "c"):
            make_wheel(self.wheels, name, "1.0")
        with self.serve() as server:
            whole = self.ask(server, "a", "b", "c").body
            done = self.command("verify")  # beside the running server
            self.assertEqual((done.returncode, "damaged=0" in done.stdout), (0, True), done.stdout + done.stderr)
        blobs = self.blobs()
        for number, file in enumerate(blobs):
            file.chmod(0o644)
            content = bytearray(file.read_bytes())
            if number % 3 == 0:
                content[len(content) // 2] ^= 1
                file.write_bytes(content)
            elif number % 3 == 1:
                file.write_bytes(content[:-1])
            else:
                file.unlink()
        done = self.command("verify")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("\ndamaged  ") + done.stdout.startswith("damaged  "), len(blobs), done.stdout)
        for reason in ("don't match its SHA-256", "bytes instead of", "is gone"):
            self.assertIn(reason, done.stdout)
        self.assertEqual(self.command("verify").returncode, 0)
        with self.serve() as server:
            self.assertEqual(self.ask(server, "a", "b", "c").body, whole)

    def test_damage_is_found_on_first_use(self):
        for name in ("a", "b", "c"):
            make_wheel(self.wheels, name, "1.0")
        with self.serve() as server:
            whole = self.ask(server, "a", "b", "c").body
            coded = self.ask(server, "a", "b", "c", coding="gzip").body
        for file in self.blobs():
            content = bytearray(file.read_bytes())
            content[-100] ^= 8
            file.chmod(0o644)
            file.write_bytes(content)
        with self.serve() as server:
            self.assertEqual(self.ask(server, "a", "b", "c", coding="gzip").body, coded)
            self.assertEqual(self.ask(server, "a", "b", "c").body, whole)
            self.assertTrue([line for line in server.log if "blob dropped" in line])

    def test_gc_sweeps_and_keeps_a_budget(self):
        for name in ("a", "b"):
            make_noise_wheel(self.wheels, name, 200_000)
        with self.serve() as server:
            for coding in ("identity", "gzip", "zstd"):
                self.ask(server, "a", "b", coding=coding)
        nameless = self.data / "store" / "blobs" / "00" / (64 * "0")
        nameless.parent.mkdir(exist_ok=True)
        nameless.write_bytes(b"of a crash")
        before = self.statistics()
        done = self.command("gc")
        self.assertEqual((done.returncode, "nameless-blobs=1" in done.stdout), (0, True), done.stdout + done.stderr)
        self.assertFalse(nameless.exists())
        self.assertEqual(self.statistics(), before)
        done = self.command("gc", "--data-budget", "600K")
        self.assertEqual((done.returncode, "evicted-blobs=0" in done.stdout), (0, False), done.stdout + done.stderr)
        after = self.statistics()
        self.assertLessEqual(after["bytes"], 600 << 10)
        kinds = {share["kind"] for share in after["shares"]}
        self.assertLessEqual({"layer", "bundle"}, kinds)
        self.assertEqual(sum(file.stat().st_size for file in self.blobs()), after["bytes"])

    def test_words_that_are_wrong(self):
        for code, says, arguments in ((2, "subcommand", ["store"]), (2, "subcommand", ["store", "sweep"]),
                                      (2, "data-budget", ["store", "gc", "--data-budget", "many"]),
                                      (1, "no store", ["store", "stats", "--data", self.folder])):
            done = wheelbarrow(*arguments)
            self.assertEqual((done.returncode, says in done.stderr), (code, True), (arguments, done.stderr))


class Budget(StoreTest):
    def test_a_budget_is_kept_while_everything_is_asked_for(self):
        names = [f"noise{i}" for i in range(12)]
        for name in [*names, "last0", "last1", "last2"]:
            make_noise_wheel(self.wheels, name, 300_000)
        with self.serve("--data-budget", "3M") as server:
            hashes = {}
            for round_number in range(3):
                for name in names:
                    for coding in ("identity", "zstd", "gzip"):
                        answer = self.ask(server, name, coding=coding)
                        self.assertEqual(answer.status, 200)
                    self.assertEqual(hashes.setdefault(name, answer.fields["content-location"]),
                                     answer.fields["content-location"])
                server.settle()  # until then what is made better in the background is in use
                self.assertEqual(self.ask(server, f"last{round_number}").status, 200)
                server.settle()
                self.assertLessEqual(self.statistics()["bytes"], 3 << 20)
            self.assertFalse([line for line in server.log if "blob dropped" in line])
            for location in hashes.values():  # manifests are the last to go
                answer = server.get("/" + location)
                self.assertEqual(answer.status, 200, answer.body)

    def test_two_servers_on_one_folder(self):
        names = [f"noise{i}" for i in range(6)]
        for name in names:
            make_noise_wheel(self.wheels, name, 100_000)
        with self.serve("--data-budget", "900K") as one, self.serve("--data-budget", "900K") as other:
            for _ in range(3):
                for name in names:
                    self.assertEqual(self.ask(one, name).body, self.ask(other, name).body)
                    for coding in ("zstd", "gzip"):
                        self.assertEqual({self.ask(server, name, coding=coding).status for server in (one, other)}, {200})
            for server in (one, other):
                self.assertFalse([line for line in server.log if "blob dropped" in line])


class Growth(StoreTest):
    def kinds(self):
        return {share["kind"]: (share["names"], share["bytes"]) for share in self.statistics()["shares"]}

    def test_new_sets_add_their_manifest_and_nothing_else(self):
        projects = [f"p{i}" for i in range(25)]
        for name in projects:
            make_wheel(self.wheels, name, "1.0", {f"{name}.py": f"x = '{name}'\n" * 500})
        dice = random.Random(5)
        with self.serve() as server:
            for name in projects:
                for coding in ("identity", "zstd", "gzip"):
                    self.ask(server, name, coding=coding)
            server.settle()
            before = self.kinds()
            sets = {tuple(sorted(dice.sample(projects, dice.randint(2, 12)))) for _ in range(400)}
            for requirements in sets:
                for coding in ("zstd", "gzip"):
                    self.assertEqual(self.ask(server, *requirements, coding=coding).status, 200)
            server.settle()
            after = self.kinds()
        names, size = after.pop("bundle")
        self.assertEqual(names, len(sets) + before.pop("bundle")[0])
        self.assertEqual(after, before)
        self.assertLess(size / names, 12 * 1024)
        self.assertEqual(sum(file.stat().st_size for file in self.blobs()), self.statistics()["bytes"])


class FailingDisk(StoreTest):
    """Every write of the whole server fails while a file says with what."""

    def serve_with_faults(self, *arguments):
        self.fault = self.data / "fault"  # in reach of the sandbox
        with failing_disk(self.fault):
            return self.serve(*arguments)

    def check_service(self, error):
        for name in ("warm", "known", "new"):
            make_wheel(self.wheels, name, "1.0", {f"{name}.py": f"x = '{name}'\n" * 2000})
        with self.serve() as server:
            known = self.ask(server, "known", coding="gzip").body
        with self.serve_with_faults() as server:
            warm = self.ask(server, "warm").body
            coded = self.ask(server, "warm", coding="gzip").body
            self.fault.write_text(str(error))
            for _ in range(3):
                self.assertEqual(self.ask(server, "warm").body, warm)
                self.assertEqual(self.ask(server, "warm", coding="gzip").body, coded)
                self.assertEqual(self.ask(server, "known", coding="gzip").body, known)  # from the disk
                # A form that was never made has no room; the bundle itself is there.
                self.assertEqual(self.ask(server, "warm", coding="zstd, gzip;q=0.5, identity;q=0").status, 500)
                uncoded = self.ask(server, "warm", coding="zstd")
                self.assertEqual((uncoded.status, uncoded.fields.get("content-encoding")), (200, None))
                self.assertEqual(uncoded.body, warm)
                refused = self.ask(server, "new")
                self.assertEqual((refused.status, refused.fields["cache-control"]), (500, "no-store"), refused.body)
                self.assertIn(os.strerror(error), refused.body.decode())
                self.assertEqual(self.ask(server, "known", "warm").status, 200)  # a new set of what is there
            ready = Server.request(server.admin, "/readyz")
            self.assertEqual((ready.status, os.strerror(error) in ready.body.decode()), (503, True), ready.body)
            self.fault.unlink()
            self.assertEqual(self.ask(server, "new").status, 200)
            self.assertEqual(self.ask(server, "warm", coding="zstd").fields["content-encoding"], "zstd")
            self.assertEqual(Server.request(server.admin, "/readyz").status, 200)
        self.assertEqual(self.command("verify").returncode, 0)
        self.assertEqual(list((self.data / "store" / "tmp").iterdir()), [])

    def test_a_full_disk(self):
        self.check_service(errno.ENOSPC)

    def test_a_folder_that_turns_read_only(self):
        self.check_service(errno.EROFS)

    def test_a_read_only_folder_is_refused_at_the_start(self):
        with self.serve():
            pass
        fault = self.data / "fault"
        fault.write_text(str(errno.EROFS))
        with failing_disk(fault):
            done = run(PROGRAM, "serve", "--wheels", self.wheels, "--data", self.data, "--listen-plain", "127.0.0.1:0")
        self.assertEqual((done.returncode, "Read-only file system" in done.stderr), (1, True), done.stderr)


if __name__ == "__main__":
    main()
