"""The transport benchmark; http.sh runs it. Not named http.py: that would hide Python's own package of that name."""

import argparse
import fcntl
import fnmatch
import json
import os
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import http_bundles
import http_memory
import http_report
import http_scenarios
from http_load import Failed, Patience, measure, measure_once, sha256
from http_servers import SERVERS, Wheelbarrow

ALL = [*http_scenarios.SCENARIOS, *http_bundles.SCENARIOS, *http_scenarios.THREADS]
MEMORY = ["idle", "soak"]


def progress(text):
    print(text, file=sys.stderr, flush=True)


class Site:
    """What every server serves: a folder of incompressible files, and a certificate."""

    def __init__(self, work):
        self.work = Path(work)
        self.folder = self.work / "root"
        (self.folder / "files").mkdir(parents=True)
        self.hashes = {}
        for name, size in http_scenarios.SIZES.items():
            data = os.urandom(size)
            (self.folder / "files" / f"{name}.bin").write_bytes(data)
            self.hashes[name] = sha256(data)
        self.key, self.certificate = self.work / "key.pem", self.work / "certificate.pem"
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-days", "30", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", self.certificate)
        self.wheelbarrow = os.environ["WHEELBARROW"]
        self.sample_wheels = os.environ["WHEELBARROW_SAMPLE_WHEELS"]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def physical_cores():
    """The cores that we may use, one of each set of hyperthreads: siblings would take each other's time."""
    cores, taken = [], set()
    for core in sorted(os.sched_getaffinity(0)):
        path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        siblings = path.read_text().strip() if path.exists() else str(core)
        if siblings not in taken:
            taken.add(siblings)
            cores.append(core)
    return cores


CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")
IN_OWN_NETWORK = "WHEELBARROW_BENCH_NETWORK"


def enter_own_network(congestion):
    """Goes on in a network namespace that has nothing but a loopback interface, with this TCP congestion control.
    Reno does least of its own; BBR, which some machines have as their default, paces by timers, which costs the sender
    and tells nothing about a server. Returns whether it could be done."""
    if IN_OWN_NETWORK not in os.environ:
        unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-current-user", "--keep-caps"])]
        try:
            if subprocess.run([*unshare, "true"], capture_output=True, timeout=10).returncode != 0:
                return False
        except (OSError, subprocess.TimeoutExpired):
            return False
        os.execvpe(unshare[0], [*unshare, sys.executable, *sys.argv], {**os.environ, IN_OWN_NETWORK: "1"})
    set_flags, up_and_running = 0x8914, 0x41  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up_and_running))
    try:
        CONGESTION.write_text(congestion)
    except OSError:
        sys.exit(f"this kernel doesn't have {congestion}, or doesn't let us choose it")
    return True


class Bench:
    """A whole run: starts what a scenario needs, measures, and keeps the numbers."""

    def __init__(self, options, work):
        self.options = options
        self.site = Site(work)
        usable = physical_cores()
        self.all_cores = os.sched_getaffinity(0)
        # Server and client; the same core if there is only one.
        self.cores = ([usable[0]], [usable[min(1, len(usable) - 1)]])
        # One thread's, two threads' and the client's for the scenarios of two threads.
        self.wide = (usable[:1], usable[:2], usable[2:4]) if len(usable) >= 4 else None
        self.peers, self.own, self.absent = {}, [], {}
        self.patience = Patience(options.patience)
        self.outcome = {}
        self.chosen = [s for s in ALL if self.wanted(s.name)]

    def start_peers(self):
        for name in self.options.servers:
            server = SERVERS[name](self.site, self.cores[0])
            self.own.append(server)
            try:
                self.peers[name] = server.start()
            except (OSError, RuntimeError) as reason:
                progress(str(reason))
                self.absent[name] = "doesn't start"

    def start_own(self, cores, **how):
        server = Wheelbarrow(self.site, cores, **how)
        self.own.append(server)
        return server.start()

    def stop(self):
        for server in self.own:
            server.stop()

    def run(self):
        if any(s.kind == "files" for s in self.chosen):
            self.start_peers()
        print(http_report.header(self), flush=True)
        for kind, prepare in (("files", lambda: None), ("bundles", self.prepare_bundles),
                              ("threads", self.prepare_threads)):
            scenarios = [s for s in self.chosen if s.kind == kind]
            if scenarios and kind != "files" and "wheelbarrow" not in self.options.servers:
                continue
            if scenarios:
                prepare()
            for scenario in scenarios:
                self.outcome[scenario.name] = self.run_scenario(scenario)
                print(http_report.table(scenario, self.outcome[scenario.name]), flush=True)
                self.save()
        self.run_memory()
        print(http_report.checks(self), flush=True)
        self.save()

    def wanted(self, name):
        patterns = self.options.scenarios
        return not patterns or any(fnmatch.fnmatch(name, p) for p in patterns)

    def prepare_bundles(self):
        progress("bundles: making and compressing them")
        many = self.site.work / "many"
        http_bundles.make_many_wheels(many)
        self.bundles = self.start_own(self.cores[0], wheels=(self.site.sample_wheels, many))
        http_bundles.warm(self.bundles, self.all_cores)

    def prepare_threads(self):
        one, two = self.wide[:2] if self.wide else ([], [])
        self.threads = {"1 thread": self.start_own(one, threads=1), "2 threads": self.start_own(two, threads=2)}

    def contestants(self, scenario):
        """Who takes part, who can't and why, and the cores of servers and client."""
        if scenario.kind == "bundles":
            try:
                return http_bundles.contestants(scenario, self.bundles, self.site), {}, self.cores
            except Failed as reason:
                return [], {"bundle": str(reason)}, self.cores
        if scenario.kind == "threads":
            cores = (self.wide[1], self.wide[2]) if self.wide else ([], [])
            return *http_scenarios.contestants(scenario, self.threads, self.site), cores
        parts, refused = http_scenarios.contestants(scenario, self.peers, self.site)
        return parts, {**self.absent, **refused}, self.cores

    def run_scenario(self, scenario):
        """Measures all contestants in rounds, each round beginning with another one."""
        parts, errors, cores = self.contestants(scenario)
        results, tls, rates = {p.label: [] for p in parts}, {}, []

        for part in parts:
            try:
                sample = measure_once(part, scenario.load, scenario.begin, cores, scenario.batch, latency=False)
                tls[part.label] = sample.tls
                rates.append(sample.rate)
            except Failed as reason:
                errors[part.label] = str(reason)
        if rates:
            # The same number for all: what the middle one does in the time that was asked for.
            requests = round(statistics.geometric_mean(rates) * self.options.seconds)
            least = scenario.load.connections * scenario.load.streams
            requests = max(requests, 2 * least if least > 4 else 8)
            requests -= requests % (scenario.batch or 1)
        for turn in range(self.options.rounds):
            progress(f"{scenario.name}: round {turn + 1} of {self.options.rounds}")
            for part in parts[turn % len(parts):] + parts[:turn % len(parts)] if parts else ():
                if part.label in errors:
                    continue
                try:
                    sample = measure(part, scenario.load, requests, cores, self.patience, scenario.batch,
                                     latency=scenario.batch is None)
                    results[part.label].append(sample.figures())
                except Failed as reason:
                    errors[part.label] = str(reason)
        return {"results": {k: v for k, v in results.items() if k not in errors}, "errors": errors, "tls": tls}

    def run_memory(self):
        if self.wanted("idle"):
            progress("idle: a thousand connections to each")
            kinds = [SERVERS[name] for name in self.options.servers]
            self.outcome["idle"] = http_memory.idle(kinds, self.site, self.cores[0])
            print(http_report.idle(self.outcome["idle"]), flush=True)
        if self.wanted("soak") and "wheelbarrow" in self.options.servers:
            progress("soak: many requests")
            requests = http_memory.SOAK_REQUESTS // (10 if self.options.quick else 1)
            try:
                self.outcome["soak"] = http_memory.soak(self.site, self.cores, requests)
            except Failed as reason:
                self.outcome["soak"] = {"error": str(reason)}
            print(http_report.soak(self.outcome["soak"], requests), flush=True)

    def save(self):
        if self.options.json:
            Path(self.options.json).write_text(json.dumps(
                {"machine": http_report.header(self), "measured": self.outcome}, indent=1) + "\n")


def parse(arguments):
    names = [s.name for s in ALL] + MEMORY
    parser = argparse.ArgumentParser(
        prog="tests/bench/http.sh", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures wheelbarrow's transport beside other servers on this machine. Prints Markdown.",
        epilog="scenarios:\n  " + "\n  ".join(names))
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="times that everything is measured (5)")
    parser.add_argument("--seconds", type=float, default=2, metavar="S", help="roughly, of one measurement (2)")
    parser.add_argument("--servers", default=",".join(SERVERS), metavar="A,B", help=f"some of {','.join(SERVERS)}")
    parser.add_argument("--scenarios", default="", metavar="X,Y", help="names or patterns like 'h2tls-*' (all)")
    parser.add_argument("--congestion", default="reno", metavar="NAME",
                        help="TCP congestion control, in a network of our own (reno); 'machine' measures in this one")
    parser.add_argument("--json", metavar="FILE", help="writes the raw numbers there")
    parser.add_argument("--patience", type=float, default=300, metavar="S",
                        help="seconds that the run may wait in all while others use our cores (300)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of half a second: does it work?")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.seconds, options.patience = 2, 0.5, 0
    options.servers = options.servers.split(",")
    if unknown := set(options.servers) - set(SERVERS):
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    options.scenarios = [p for p in options.scenarios.split(",") if p]
    if unknown := [p for p in options.scenarios if not fnmatch.filter(names, p)]:
        parser.error(f"no such scenario: {', '.join(unknown)}")
    return options


def main():
    options = parse(sys.argv[1:])
    if options.congestion != "machine" and not enter_own_network(options.congestion):
        progress("no network of our own can be had here: measuring with this machine's congestion control")
    # Also whoever is told to stop leaves nothing behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    work = tempfile.mkdtemp(prefix="wheelbarrow-bench-")
    bench = None
    try:
        bench = Bench(options, work)
        bench.run()
    finally:
        if bench:
            bench.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
