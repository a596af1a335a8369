"""Does a download that waits for the disk make others wait? Large files that don't fit into memory are downloaded while
small ones are asked for, on a server with one thread inside a memory cgroup; prints how long the small answers took.

nginx stands beside it in its usual setting, sendfile in the worker.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from http_servers import free_port

LIMIT = 192 << 20  # bytes of memory for the server, page cache included
FILES, SIZE = 6, 160 << 20
SECONDS = 15
PORT = free_port()


class MemoryLimit:
    """A cgroup of either version; commands started through it count as its own."""

    def __init__(self):
        old = Path("/sys/fs/cgroup/memory")
        self.folder = (old if old.is_dir() else Path("/sys/fs/cgroup")) / f"wheelbarrow-bench-{os.getpid()}"
        self.folder.mkdir()
        (self.folder / ("memory.limit_in_bytes" if old.is_dir() else "memory.max")).write_text(str(LIMIT))

    def start(self, command):
        join = f'echo $$ > "{self.folder}/cgroup.procs" && exec "$@"'
        return subprocess.Popen(["bash", "-c", join, "-", *map(str, command)], stderr=subprocess.DEVNULL)

    def remove(self):
        for _ in range(50):
            try:
                return self.folder.rmdir()
            except OSError:
                time.sleep(0.1)  # its last process is still ending


def get(path):
    start = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=60) as response:
        response.read()
    return time.monotonic() - start


def wait_until_ready():
    for _ in range(600):
        try:
            return get("small")
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def wheelbarrow(work, site):
    return [os.environ["WHEELBARROW"], "serve", "--wheels", work / "none", "--data", work / "data", "--static", site,
            "--listen-plain", f"127.0.0.1:{PORT}", "--threads", "1", "--log-level", "warn"]


def nginx(work, site):
    configuration = work / "nginx.conf"
    configuration.write_text(f"""
daemon off; worker_processes 1; pid {work}/pid; error_log {work}/error.log; user root;
events {{}}
http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {work}/body; proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
  server {{ listen 127.0.0.1:{PORT}; root {site}; }} }}
""")
    return ["nginx", "-e", work / "error.log", "-c", configuration]


def measure(make_command, work, site):
    limit = MemoryLimit()
    server = limit.start(make_command(work, site))
    stop = threading.Event()
    downloaded = [0]

    def download(first):
        for number in range(first, 1_000_000):
            if stop.is_set():
                return
            command = ["curl", "-sS", "-o", "/dev/null", "-m", "30", "-w", "%{size_download}",
                       f"http://127.0.0.1:{PORT}/large{number % FILES}"]
            downloaded[0] += int(subprocess.run(command, capture_output=True, text=True).stdout or 0)

    try:
        wait_until_ready()
        for number in range(FILES):  # wheelbarrow takes its own copy of a file when it is first asked for
            get(f"large{number}")
        threads = [threading.Thread(target=download, args=(first,)) for first in (0, FILES // 2)]
        for thread in threads:
            thread.start()
        times = []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            times.append(get("small") * 1000)
            time.sleep(0.005)
        return sorted(times), downloaded[0] / SECONDS
    finally:
        stop.set()
        server.terminate()
        server.wait()
        for thread in threads:
            thread.join()
        limit.remove()


def main():
    if os.geteuid() != 0:
        sys.exit("a memory limit needs root")
    work = Path(tempfile.mkdtemp(prefix="wheelbarrow-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    try:
        site = work / "site"
        site.mkdir()
        (work / "none").mkdir()
        (site / "small").write_bytes(os.urandom(200))
        for number in range(FILES):
            with open(site / f"large{number}", "wb") as file:
                for _ in range(SIZE >> 20):
                    file.write(os.urandom(1 << 20))
        print(f"{FILES} files of {SIZE >> 20} MiB, {LIMIT >> 20} MiB of memory, two downloads at a time, {SECONDS} s\n")
        print("| server | small answers, ms: p50 | p99 | most | downloaded, MB/s |\n| --- | --- | --- | --- | --- |")
        for command in (wheelbarrow, nginx, wheelbarrow, nginx):
            times, rate = measure(command, work, site)
            print(f"| {command.__name__} | {statistics.median(times):.2f} | {times[len(times) * 99 // 100]:.2f} | "
                  f"{times[-1]:.1f} | {rate / 1e6:.0f} |", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
