"""One measurement: h2load against one server, and what the server spent meanwhile."""

import hashlib
import os
import re
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from http_servers import pinned

LIMIT = 120  # seconds that any one program may take
# The same cipher with every server, and X25519 with all but nghttpd, which has only P-256.
TLS = ("--tls13-ciphers=TLS_AES_128_GCM_SHA256", "--groups=X25519:P-256")
# Foreign work on our cores, of the time measured, above which a run is made again.
DISTURBED = 0.05
ATTEMPTS = 3


class Failed(Exception):
    """A measurement that isn't one: wrong answers, or none."""


@dataclass(frozen=True)
class Load:
    """What h2load does: this many connections, this many requests at a time on each."""

    connections: int
    streams: int
    h1: bool = False
    threads: int = 1


@dataclass
class Sample:
    """The outcome of one run."""

    requests: int = 0
    size: int = 0  # bytes of a body
    seconds: float = 0
    server_cpu: float = 0  # seconds
    client_cpu: float = 0
    foreign: float = 0  # share of our cores' time that others had
    rss: int = 0  # bytes, afterwards
    connect: float = 0  # seconds, mean
    latencies: list = field(default_factory=list, repr=False)  # seconds, sorted
    tls: str = ""

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def per_request(self):
        return self.server_cpu / self.requests

    @property
    def per_gb(self):
        return self.server_cpu / (self.requests * self.size / 1e9)

    def percentile(self, part):
        if not self.latencies:
            return None
        return self.latencies[min(len(self.latencies) - 1, int(part * len(self.latencies)))]

    def figures(self):
        """The numbers of this run, for tables and JSON."""
        return {
            "rate": self.rate,
            "cpu_per_request": self.per_request,
            "cpu_per_gb": self.per_gb if self.size else None,
            "p50": self.percentile(0.5),
            "p99": self.percentile(0.99),
            "connect": self.connect,
            "rss": self.rss,
            "client_busy": self.client_cpu / self.seconds,
            "foreign": self.foreign,
            "requests": self.requests,
            "seconds": self.seconds,
        }


def cpu_seconds(pids):
    """CPU time of processes with all their threads, ended ones too, in user and system mode. The kernel counts the
    receiving side of the loopback interface to whoever sends, the same for every server."""
    total = 0
    for pid in pids:
        try:
            # The CPU clock of another process, as clock_getcpuclockid(3) makes it: exact to the nanosecond where
            # /proc/PID/stat counts in hundredths of a second.
            total += time.clock_gettime((~pid << 3) | 2)
        except OSError:
            raise Failed("a server's process ended") from None
    return total


def rss_bytes(pids):
    total = 0
    for pid in pids:
        found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        total += int(found.group(1)) * 1024 if found else 0
    return total


def busy_seconds(cores):
    """Time that these cores didn't idle, what a hypervisor took included."""
    total = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name.removeprefix("cpu") in {str(c) for c in cores} and name != "cpu":
            user, nice, system, _, _, irq, softirq, steal = (int(f) for f in fields[:8])
            total += user + nice + system + irq + softirq + steal
    return total / os.sysconf("SC_CLK_TCK")


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def to_seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}[unit]


def h2load(urls, load, requests, headers, cores, log=None):
    """Runs h2load once; returns its report and its CPU time."""
    command = ["h2load", "-n", requests, "-c", load.connections, "-m", load.streams, "-t", load.threads, *TLS]
    if load.h1:
        command.append("--h1")
    if log:
        command.append(f"--log-file={log}")
    for header in headers:
        command += ["-H", header]
    process = subprocess.Popen(pinned(cores, [*command, *urls]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    before = children_seconds()
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end within {LIMIT} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    return output, children_seconds() - before


def one_run(contestant, load, requests, cores, log=None):
    """One h2load; cores are the client's."""
    output, client_cpu = h2load([contestant.url], load, requests, contestant.headers, cores, log)

    def find(pattern):
        found = re.search(pattern, output)
        if not found:
            raise Failed(f"h2load says: {output.strip()[-300:]}")
        return found

    rate = float(find(r"finished in \S+, ([\d.]+) req/s").group(1))
    done, failed, errored, timeout = (int(n) for n in find(
        r"(\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored, (\d+) timeout").groups())
    statuses = dict(zip("2345", map(int, find(r"codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx").groups())))
    data = int(find(r"\((\d+)\) data").group(1))
    right = statuses[str(contestant.status)[0]]
    if (done, right, failed, errored, timeout) != (requests, requests, 0, 0, 0):
        raise Failed(f"{requests - right} of {requests} requests weren't answered with {contestant.status}")
    if data != requests * contestant.size:
        raise Failed(f"{data} bytes of bodies, not {requests * contestant.size}")
    tls = re.findall(r"^(?:TLS Protocol|Cipher|Server Temp Key): (.*)$", output, re.MULTILINE)
    return Sample(requests=requests, size=contestant.size, seconds=requests / rate, client_cpu=client_cpu,
                  connect=to_seconds(find(r"time for connect: +\S+ +\S+ +(\S+)").group(1)),
                  latencies=read_log(log) if log else [], tls=", ".join(tls))


def read_log(path):
    """Seconds each request took, sorted. A line is: begin, status, microseconds."""
    lines = Path(path).read_text().splitlines()
    Path(path).unlink()
    return sorted(int(line.split("\t")[2]) / 1e6 for line in lines)


class Patience:
    """How long a whole run may still spend on others using our cores: waiting for them, and measuring again."""

    def __init__(self, seconds):
        self.seconds = seconds

    def wait_for_quiet(self, cores):
        while self.seconds > 0:
            busy, began = busy_seconds(cores), time.monotonic()
            time.sleep(0.2)
            elapsed = time.monotonic() - began
            if (busy_seconds(cores) - busy) / (elapsed * len(cores)) <= 2 * DISTURBED:
                return
            time.sleep(1)
            self.seconds -= time.monotonic() - began


def measure(contestant, load, requests, cores, patience, batch=None, latency=True):
    """Measures `requests` requests, with an h2load for each `batch` of them if that is given. `cores` are the server's
    and the client's. A disturbed run is made again while patience lasts; the least disturbed counts."""
    ours = {*cores[0], *cores[1]} or os.sched_getaffinity(0)
    best = measure_once(contestant, load, requests, cores, batch, latency)
    for _ in range(ATTEMPTS - 1):
        if best.foreign <= DISTURBED or patience.seconds <= 0:
            break
        patience.wait_for_quiet(ours)
        began = time.monotonic()
        again = measure_once(contestant, load, requests, cores, batch, latency)
        patience.seconds -= time.monotonic() - began
        best = min(best, again, key=lambda sample: sample.foreign)
    return best


def measure_once(contestant, load, requests, cores, batch=None, latency=True):
    batch = batch or requests
    # Writing one line a request costs nothing beside a large body and much beside a small one.
    log_apart = requests > 10_000
    ours = {*cores[0], *cores[1]} or os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="wheelbarrow-bench-log-") as folder:
        log = os.path.join(folder, "log") if latency else None
        pids = contestant.server.pids()
        busy, began, spent = busy_seconds(ours), time.monotonic(), cpu_seconds(pids)
        runs = [one_run(contestant, load, min(batch, requests - at), cores[1], None if log_apart else log)
                for at in range(0, requests, batch)]
        # What the server still does to close connections belongs to the run.
        time.sleep(0.02)
        spent = cpu_seconds(pids) - spent
        busy, elapsed = busy_seconds(ours) - busy, time.monotonic() - began
        total = Sample(requests=requests, size=contestant.size, seconds=sum(r.seconds for r in runs), server_cpu=spent,
                       client_cpu=sum(r.client_cpu for r in runs), rss=rss_bytes(pids),
                       connect=sum(r.connect for r in runs) / len(runs),
                       latencies=sorted(t for r in runs for t in r.latencies), tls=runs[0].tls)
        total.foreign = max(0, busy - spent - total.client_cpu) / (elapsed * len(ours))
        if log and log_apart:
            total.latencies = one_run(contestant, load, max(2000, requests // 5), cores[1], log).latencies
    return total


def fetch(url, headers=(), protocol="--http2"):
    """A URL's status, response header fields and body, by curl: it speaks each protocol that we measure."""
    with tempfile.TemporaryDirectory(prefix="wheelbarrow-bench-fetch-") as folder:
        body, fields = Path(folder) / "body", Path(folder) / "fields"
        command = ["curl", "-sSgk", "-m", LIMIT, protocol, "-D", fields, "-o", body,
                   "-w", "%{http_code} %{http_version}"]
        for header in headers:
            command += ["-H", header]
        done = subprocess.run([str(c) for c in [*command, url]], capture_output=True, text=True, timeout=LIMIT + 10)
        if done.returncode != 0:
            raise Failed(f"curl: {done.stderr.strip()}")
        status, version = done.stdout.split()
        wanted = "1.1" if protocol == "--http1.1" else "2"
        if version != wanted:
            raise Failed(f"speaks HTTP/{version}, not HTTP/{wanted}")
        lines = fields.read_text(errors="replace").splitlines()[1:]
        named = dict(line.split(": ", 1) for line in lines if ": " in line)
        named = {name.lower(): value.strip() for name, value in named.items()}
        return int(status), named, body.read_bytes() if body.exists() else b""


def sha256(data):
    return hashlib.sha256(data).hexdigest()
