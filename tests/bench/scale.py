"""Twenty thousand wheels and ten thousand requirement sets: how long a start takes, and what is kept of it all, on disk
and in memory. Prints Markdown.
"""

import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from many_wheels import make_many_wheels

WHEELS = int(os.environ.get("WHEELS", 20_000))
SETS = int(os.environ.get("SETS", 10_000))
MEMBERS = 10  # projects asked for at a time
STARTS = 5  # warm ones
PROGRAM = os.environ["WHEELBARROW"]


class Server:
    def __init__(self, wheels, data):
        begin = time.monotonic()
        self.process = subprocess.Popen([PROGRAM, "serve", "--wheels", wheels, "--data", data, "--listen-plain",
                                         "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "text"], stderr=subprocess.PIPE, text=True)
        self.progress = []
        for line in self.process.stderr:
            if "reading wheels" in line:
                self.progress.append(line.strip())
            if found := re.search(r"admin=(http://\S+)", line):
                self.admin = found.group(1)
            if found := re.search(r"url=(http://\S+)", line):
                self.address = found.group(1)
                break
        else:
            sys.exit("the server did not start")
        self.seconds = time.monotonic() - begin
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        self.cpu = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        self.connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=300)

    def memory(self, name="RssAnon"):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE).group(1)) * 1024

    def ask(self, names):
        self.connection.request("GET", "/bundle?" + "&".join(f"r={name}" for name in names),
                                headers={"Accept-Encoding": "zstd"})
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"{response.status}: {body.decode()}")

    def settle(self):
        """Waits until nothing is made in the background."""
        address = urlsplit(self.admin).netloc
        while True:
            connection = http.client.HTTPConnection(address)
            connection.request("GET", "/metrics")
            if "wheelbarrow_background_backlog 0\n" in connection.getresponse().read().decode():
                return
            time.sleep(0.5)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()


def kinds(data):
    text = subprocess.run([PROGRAM, "store", "stats", "--json", "--data", data], check=True, capture_output=True).stdout
    return {share["kind"]: share for share in json.loads(text)["shares"]}


def measure_starts(wheels, data):
    print(f"{WHEELS} wheels of {sum(f.stat().st_size for f in wheels.rglob('*.whl')) / WHEELS / 1e3:.1f} KB\n")
    print("| start | seconds | CPU seconds | RSS, MB | without mapped files, MB |\n| --- | --- | --- | --- | --- |")
    for number in range(1 + STARTS):
        server = Server(wheels, data)
        print(f"| {'warm' if number else 'cold'} | {server.seconds:.2f} | {server.cpu:.2f} | "
              f"{server.memory('VmRSS') / 1e6:.0f} | {server.memory() / 1e6:.0f} |", flush=True)
        progress = server.progress if number == 0 else progress
        server.stop()
    print(f"\nThe cold one said {len(progress)} times how far it was, at last: `{progress[-1].split('] ')[-1]}`\n"
          if progress else "\nThe cold one was too short for a line of progress\n")


def measure_sets(wheels, data, projects):
    server = Server(wheels, data)
    for first in range(0, len(projects), 50):  # every layer there is
        server.ask(projects[first:first + 50])
    server.settle()
    before = kinds(data)
    dice = random.Random(5)
    sets = set()
    while len(sets) < SETS:
        sets.add(tuple(sorted(dice.sample(projects, MEMBERS))))
    start = server.memory()
    print("| sets asked | memory, MB | per set since the row above, KB |\n| --- | --- | --- |")
    print(f"| 0 | {start / 1e6:.1f} | |")
    marks = [SETS // 20, SETS // 10, SETS // 5, SETS // 2, SETS]
    last, number, begin = (0, start), 0, time.monotonic()
    order = sorted(sets)
    dice.shuffle(order)
    for number, names in enumerate(order, 1):
        server.ask(names)
        if number in marks:
            memory = server.memory()
            print(f"| {number} | {memory / 1e6:.1f} | {(memory - last[1]) / (number - last[0]) / 1e3:.1f} |", flush=True)
            last = (number, memory)
    seconds = time.monotonic() - begin
    server.settle()
    after = kinds(data)
    server.stop()
    print(f"\n{seconds / SETS * 1e3:.1f} ms each on one connection, the whole body read\n")
    print("| in the store | names before, after | bytes before, after |\n| --- | --- | --- |")
    for kind in sorted(after, key=lambda kind: (kind == "bundle", kind)):
        old = before.get(kind, {"names": 0, "bytes": 0})
        print(f"| {kind} | {old['names']}, {after[kind]['names']} | {old['bytes']}, {after[kind]['bytes']} |")
    data_size = sum(file.stat().st_blocks * 512 for file in Path(data).rglob("*") if file.is_file())
    print(f"\nThe data folder takes {data_size / 1e6:.0f} MB of disk")


def main():
    work = Path(tempfile.mkdtemp(prefix="wheelbarrow-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    try:
        wheels, data = work / "wheels", work / "data"
        projects = make_many_wheels(wheels, WHEELS)
        measure_starts(wheels, data)
        measure_sets(wheels, data, projects)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
