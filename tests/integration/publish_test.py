"""Wheels put into a running server's folder, taken out and yanked by the commands for it."""

import json
import os
import shutil
import subprocess
import time
import unittest

from harness import PROGRAM, Server, TestCase, main, make_wheel, query, run, wheelbarrow

HERE = "cpython-3.11-linux-x86_64"


class Publishing(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels, self.dist = self.folder / "wheels", self.folder / "dist"
        self.wheels.mkdir()
        self.dist.mkdir()

    def names(self):
        return sorted(p.name for p in self.wheels.rglob("*") if p.is_file())

    def resolved(self, server, requirement):
        answer = server.get(f"/resolve?{query(requirement, target=HERE)}")
        return [w["version"] for w in json.loads(answer.body)["wheels"]] if answer.status == 200 else answer.status

    def wait_for(self, server, requirement, expected):
        deadline = time.monotonic() + 20
        while (found := self.resolved(server, requirement)) != expected:
            self.assertLess(time.monotonic(), deadline, (found, server.log))
            time.sleep(0.05)

    def test_a_server_has_what_was_added_and_not_what_was_removed(self):
        make_wheel(self.wheels, "app", "1.0")
        two, three = make_wheel(self.dist, "app", "2.0"), make_wheel(self.dist, "app", "3.0")
        with Server(wheels=self.wheels, pyodide=None) as server:
            done = wheelbarrow("add", "--wheels", self.wheels, two, three)
            self.assertEqual((done.returncode, done.stderr, done.stdout.count("added  ")), (0, "", 2))
            self.wait_for(server, "app", ["3.0"])
            done = wheelbarrow("yank", "--wheels", self.wheels, "app==3", "--reason", "it eats \u201cdata\u201d")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            # PEP 592: left out, unless it is asked for by its very version; the index says so.
            self.wait_for(server, "app", ["2.0"])
            self.wait_for(server, "app==3.0", ["3.0"])
            page = server.get("/simple/app/").body.decode()
            self.assertRegex(page, 'data-yanked="it eats \u201cdata\u201d"')
            done = wheelbarrow("yank", "--wheels", self.wheels, three.name, "--undo")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.wait_for(server, "app", ["3.0"])
            self.assertNotIn("data-yanked", server.get("/simple/app/").body.decode())
            wheelbarrow("yank", "--wheels", self.wheels, "app==3.0")
            done = wheelbarrow("remove", "--wheels", self.wheels, "app==3.0", two.name)
            self.assertEqual((done.returncode, done.stderr, done.stdout.count("removed  ")), (0, "", 2))
            self.wait_for(server, "app", ["1.0"])
            self.assertEqual(self.names(), ["app-1.0-py3-none-any.whl"])
            self.assertEqual([line for line in server.log if "refused  file" in line], [])

    def test_the_damaged_are_refused_with_their_reason_and_the_others_go_in(self):
        made = run(os.environ["MAKE_DAMAGED_WHEELS"], self.dist)
        damaged = dict(line.split("\t") for line in made.stdout.splitlines())
        self.assertGreaterEqual(len(damaged), 30)
        good = make_wheel(self.dist, "fine", "1.0")
        done = wheelbarrow("add", "--wheels", self.wheels, *(self.dist / name for name in damaged), good)
        self.assertEqual(done.returncode, 1)
        refused = done.stderr.splitlines()
        for name, reason in damaged.items():
            self.assertTrue(any(f"{self.dist / name}: " in line and reason in line for line in refused), (name, reason, refused))
        self.assertEqual(self.names(), ["fine-1.0-py3-none-any.whl"])
        self.assertEqual([p.name for p in self.wheels.iterdir()], self.names())  # nothing else was left

    def test_a_published_name_keeps_its_content(self):
        wheel = make_wheel(self.dist, "app", "1.0")
        add = ("add", "--wheels", self.wheels, wheel)
        self.assertEqual(wheelbarrow(*add).stdout, f"added  {self.wheels / wheel.name}\n")
        self.assertEqual(wheelbarrow(*add).stdout, f"there already  {self.wheels / wheel.name}\n")
        before = (self.wheels / wheel.name).read_bytes()
        make_wheel(self.dist, "app", "1.0", files={"app.py": "other = True\n"})
        done = wheelbarrow(*add)
        self.assertEqual((done.returncode, "another wheel of this file name is there" in done.stderr), (1, True))
        self.assertEqual((self.wheels / wheel.name).read_bytes(), before)
        # Below the folder, too, because a server searches there.
        (self.wheels / "below").mkdir()
        (self.wheels / wheel.name).rename(self.wheels / "below" / wheel.name)
        done = wheelbarrow(*add)
        self.assertEqual((done.returncode, "below" in done.stderr), (1, True), done.stderr)
        self.assertEqual(self.names(), [wheel.name])

    def test_many_at_once_are_each_whole_or_there_already(self):
        """What two people add at the same time is one of theirs, and the other hears of it."""
        folders = []
        for number in range(6):
            folder = self.folder / str(number)
            folder.mkdir()
            make_wheel(folder, "app", "1.0", files={"app.py": f"number = {number % 2}\n" + "x" * 100_000})
            folders.append(folder)
        running = [subprocess.Popen([PROGRAM, "add", "--wheels", self.wheels, folder / "app-1.0-py3-none-any.whl"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for folder in folders]
        said = [(*process.communicate(), process.returncode) for process in running]
        self.assertEqual(self.names(), ["app-1.0-py3-none-any.whl"])
        content = (self.wheels / "app-1.0-py3-none-any.whl").read_bytes()
        self.assertEqual(sum(out.startswith("added") for out, _, _ in said), 1, said)
        for folder, (out, error, code) in zip(folders, said):
            same = (folder / "app-1.0-py3-none-any.whl").read_bytes() == content
            self.assertEqual(code, 0 if same else 1, (out, error))

    def test_what_a_killed_command_left_goes_with_the_next(self):
        wheel = make_wheel(self.dist, "app", "1.0")
        old, new = self.wheels / ".wheelbarrow-ABCDEF", self.wheels / ".wheelbarrow-GHIJKL"
        for folder in (old, new):
            folder.mkdir()
            (folder / wheel.name).write_bytes(b"half")
        past = time.time() - 25 * 3600
        os.utime(old, (past, past))
        self.assertEqual(wheelbarrow("add", "--wheels", self.wheels, wheel).returncode, 0)
        self.assertEqual((old.exists(), new.exists()), (False, True), "the other may be at work")

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount")
    def test_a_wheel_on_another_file_system_can_be_yanked(self):
        below = self.wheels / "below"
        below.mkdir()
        if run("mount", "-t", "tmpfs", "none", below).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(run, "umount", below)
        make_wheel(below, "app", "1.0")
        for words in ((), ("--undo",)):
            done = wheelbarrow("yank", "--wheels", self.wheels, "app==1.0", *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_is_wrong_is_said(self):
        wheel = make_wheel(self.wheels, "app", "1.0")
        nowhere = self.folder / "nowhere"
        pipe = self.dist / "pipe-1.0-py3-none-any.whl"
        os.mkfifo(pipe)
        for code, says, words in (
            (2, "nowhere: there is no such folder", ["add", "--wheels", nowhere, wheel]),
            (2, "--wheels", ["add", wheel]),
            (1, "No such file", ["add", "--wheels", self.wheels, self.dist / "app-9-py3-none-any.whl"]),
            (1, "is not a regular file", ["add", "--wheels", self.wheels, pipe]),
            (1, "refused  ", ["add", "--wheels", self.wheels, self.dist / "not-a-wheel.txt"]),
            (1, "other==1.0: there is no such wheel", ["remove", "--wheels", self.wheels, "other==1.0"]),
            (2, "neither a wheel's file name nor name==version", ["remove", "--wheels", self.wheels, "app"]),
            (2, "app==one", ["yank", "--wheels", self.wheels, "app==one"]),
            (2, "one line of at most 1000 bytes", ["yank", "--wheels", self.wheels, "app==1.0", "--reason", "a\nb"]),
            (2, "one line of at most 1000 bytes", ["yank", "--wheels", self.wheels, "app==1.0", "--reason", "a" * 1001]),
            (2, "--undo", ["yank", "--wheels", self.wheels, "app==1.0", "--reason", "a", "--undo"]),
        ):
            with self.subTest(words):
                done = wheelbarrow(*words)
                self.assertEqual((done.returncode, says in done.stderr), (code, True), done.stderr)
        self.assertEqual(self.names(), [wheel.name])
        shutil.rmtree(self.dist)


if __name__ == "__main__":
    main()
