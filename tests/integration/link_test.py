"""The link that comparisons are measured over: what passes, what is dropped, and what remains of it. Nothing is timed."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

PROGRAM = os.environ["WHEELBARROW_LINK"]
PEER = Path(__file__).parent.parent / "bench/compare/link_peer.py"
NOT_PERMITTED = 77
TIMEOUT = 120  # seconds
OPEN = (0, 0, 0, 0, 0)


class Link:
    def __init__(self):
        self.process = subprocess.Popen(
            [PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first:
            reason = self.process.stderr.read().strip()
            if self.process.wait(TIMEOUT) == NOT_PERMITTED:
                raise unittest.SkipTest(f"network namespaces or TUN devices aren't permitted here: {reason}")
            raise AssertionError(reason)
        self.about = json.loads(first)
        self.address = self.about["server"]["address"]

    def tell(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def inside(self, side, *command, **options):
        return subprocess.Popen(
            ["nsenter", f"--net={self.about[side]['namespace']}", *map(str, command)], text=True, **options)

    def serve(self):
        peer = self.inside("server", sys.executable, "-B", PEER, "serve", self.address, stdout=subprocess.PIPE)
        assert peer.stdout.readline() == "ready\n"
        return peer

    def ask(self, what, number):
        client = self.inside(
            "client", sys.executable, "-B", PEER, "ask", self.address, what, number, stdout=subprocess.PIPE)
        answer, _ = client.communicate(timeout=TIMEOUT)
        return json.loads(answer)

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


class LinkTest(unittest.TestCase):
    def setUp(self):
        self.link = Link()
        self.addCleanup(lambda: self.link.process.poll() is None and self.link.end())

    def test_everything_arrives_where_the_queue_is_long_enough(self):
        peer = self.link.serve()
        self.link.tell("shape", 50_000_000, 20_000_000, 5000, 10_000_000, 10_000_000)
        for what in ("down", "up"):
            with self.subTest(what):
                self.assertTrue(self.link.ask(what, 3_000_000)["right"])
        for direction, count in self.link.tell("count").items():
            with self.subTest(direction):
                self.assertEqual(count["dropped"], 0)
                self.assertGreater(count["forwarded_bytes"], 3_000_000)
        self.link.end()
        peer.communicate(timeout=TIMEOUT)

    def test_what_the_queue_cannot_hold_is_dropped_and_counted(self):
        peer = self.link.serve()
        packets, size, queue = 2000, 1200, 30_000
        # A packet takes a tenth of a second, so that the burst would take minutes: nearly all find the queue full.
        self.link.tell("shape", 0, 100_000, 0, 0, queue)
        self.link.ask("burst", packets)
        deadline = time.monotonic() + TIMEOUT
        while True:
            count = self.link.tell("count")["up"]
            if count["forwarded"] + count["dropped"] >= packets or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self.assertEqual(count["forwarded"] + count["dropped"], packets, count)
        self.assertEqual(count["forwarded_bytes"], count["forwarded"] * size)
        self.assertEqual(count["dropped_bytes"], count["dropped"] * size)
        self.assertGreaterEqual(count["forwarded"], queue // size)
        self.assertGreater(count["dropped"], packets // 2)
        forwarded = count["forwarded"]
        self.link.tell("shape", *OPEN)
        self.assertEqual(self.link.ask("received", 0)["received"], forwarded)
        self.link.end()
        peer.communicate(timeout=TIMEOUT)

    def test_there_is_no_way_out(self):
        for side in ("client", "server"):
            with self.subTest(side):
                program = "import socket; socket.create_connection(('198.51.100.1', 80), 5)"
                peer = self.link.inside(side, sys.executable, "-c", program, stderr=subprocess.PIPE)
                _, complaint = peer.communicate(timeout=TIMEOUT)
                self.assertIn("Network is unreachable", complaint)

    def test_what_runs_in_it_ends_with_it_and_nothing_else(self):
        inside = [self.link.inside(side, "sleep", 1000) for side in ("client", "server")]
        outside = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(outside.wait)
        self.addCleanup(outside.kill)
        # nsenter has become sleep, and has entered by then.
        deadline = time.monotonic() + TIMEOUT
        while any(Path(f"/proc/{each.pid}/comm").read_text() != "sleep\n" for each in inside):
            self.assertLess(time.monotonic(), deadline)
        namespace = self.link.about["client"]["namespace"]
        self.assertTrue(os.path.exists(namespace))
        self.assertEqual(self.link.end(), 0)
        for each in inside:
            self.assertEqual(each.wait(TIMEOUT), -signal.SIGKILL)
        self.assertIsNone(outside.poll())
        self.assertFalse(os.path.exists(namespace))

    def test_it_ends_with_whoever_holds_its_input(self):
        holder = subprocess.Popen(
            [sys.executable, "-c", "import subprocess, sys, time\n"
             "link = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
             "print(link.pid, link.stdout.readline().decode(), flush=True)\n"
             "time.sleep(1000)", PROGRAM], stdout=subprocess.PIPE, text=True)
        process = int(holder.stdout.readline().split()[0])
        holder.kill()
        holder.communicate(timeout=TIMEOUT)
        deadline = time.monotonic() + TIMEOUT
        while os.path.exists(f"/proc/{process}/exe"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_ctrl_c_is_for_whoever_started_it(self):
        self.link.process.send_signal(signal.SIGINT)
        self.assertEqual(self.link.tell("shape", *OPEN), {})
        self.assertEqual(self.link.end(), 0)

    def test_what_it_does_not_understand_changes_nothing(self):
        for line in ("", "shape", "shape 1 2 3", "shape -", "count me in" * 9, "\x00\xff"):
            with self.subTest(line):
                answer = self.link.tell(line)
                self.assertTrue("error" in answer or "down" in answer, answer)
        self.assertEqual(self.link.tell("count")["up"]["dropped"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
