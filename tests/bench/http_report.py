"""Tables and verdicts of the transport benchmark, as Markdown."""

import os
import platform
import re
import statistics
import subprocess
from pathlib import Path

from http_load import DISTURBED
from http_memory import CONNECTIONS, FLAT

# A difference below this is a tie, where a tie is what was claimed.
TIE = 0.15
# Of one core; the client is what a rate tells of then.
SATURATED = 0.95


def header(bench):
    cores, options = bench.cores, bench.options
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    congestion = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    client = subprocess.run(["h2load", "--version"], capture_output=True, text=True, timeout=10).stdout.strip()
    where = f"server pinned to core {cores[0][0]}, client to core {cores[1][0]}"
    if cores[0] == cores[1]:
        where = "one core for server and client: rates are low, and only CPU times compare"
    servers = [f"{name} {server.version()}" for name, server in bench.peers.items()]
    return "\n".join([
        "# Transport benchmark", "",
        f"- machine: {model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, "
        f"Linux {platform.release()}, TCP {congestion} on loopback",
        f"- {where}",
        f"- medians (least to most) of {options.rounds} rounds of about {options.seconds:g} s, the servers in turn; "
        "ratios are medians of the ratios within a round",
        "- CPU is the server's processes', user and system; client busy is h2load's share of its core",
        f"- client: {client}",
        *([f"- servers: {', '.join(servers)}"] if servers else []),
        "- TLS: P-256 certificate, no resumption; what was negotiated stands above each table",
    ]) + "\n"


def paired(results, label, other, key):
    """The ratio of label's numbers to other's of the same round: median, least, most. None if there is none."""
    if not results.get(label) or not results.get(other):
        return None
    ratios = [a[key] / b[key] for a, b in zip(results[label], results[other]) if a[key] is not None and b[key]]
    return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def median(runs, key):
    values = [r[key] for r in runs if r[key] is not None]
    return statistics.median(values) if values else None


def number(value):
    if value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def spread(runs, key, scale=1):
    values = [r[key] * scale for r in runs if r[key] is not None]
    if not values:
        return "-"
    return f"{number(statistics.median(values))} ({number(min(values))} to {number(max(values))})"


def milliseconds(runs, key):
    value = median(runs, key)
    return "-" if value is None else f"{value * 1e3:.2f}"


# unit -> key, what to call it, factor
CPU = {
    "request": ("cpu_per_request", "us/request", 1e6),
    "connection": ("cpu_per_request", "us/connection", 1e6),
    "GB": ("cpu_per_gb", "s/GB", 1),
}
# What the others of a table are compared with.
YARDSTICKS = {"files": ("h2o", "nginx"), "bundles": ("plain file",), "threads": ("1 thread",)}


def table(scenario, outcome):
    results, load = outcome["results"], scenario.load
    cpu, unit, scale = CPU[scenario.unit]
    sticks = [s for s in YARDSTICKS[scenario.kind] if s in results]
    connecting = scenario.unit == "connection"
    head = ["server", "connections/s" if connecting else "requests/s", *(f"of {s}" for s in sticks),
            f"CPU {unit}", *(f"of {s}" for s in sticks),
            *(["mean connect ms"] if connecting else ["p50 ms", "p99 ms"]), "RSS MB", "client busy"]
    lines = []
    for label, runs in results.items():
        if not runs:
            continue
        cells = [label]
        for key, factor in (("rate", 1), (cpu, scale)):
            cells.append(spread(runs, key, factor))
            for stick in sticks:
                found = paired(results, label, stick, key)
                cells.append(f"{found[0]:.2f}" if found and stick != label else "-")
        cells += [milliseconds(runs, k) for k in (("connect",) if connecting else ("p50", "p99"))]
        cells += [f"{median(runs, 'rss') / 1e6:.0f}", f"{median(runs, 'client_busy') * 100:.0f} %"]
        lines.append(cells)
    for label, reason in outcome["errors"].items():
        lines.append([label, f"**error**: {reason}", *[""] * (len(head) - 2)])
    requests = next((r[0]["requests"] for r in results.values() if r), 0)
    text = [f"## {scenario.name}", "",
            f"{load.connections} connections of {load.streams} requests at a time, {requests} requests a run"
            + (", each on a connection of its own." if connecting else ".")]
    if tls := sorted({t for t in outcome["tls"].values() if t}):
        text[-1] += f" {'; '.join(tls)}."
    disturbed = [r["foreign"] for runs in results.values() for r in runs if r["foreign"] > DISTURBED]
    if disturbed:
        text[-1] += (f" **Disturbed**: in {len(disturbed)} of {sum(map(len, results.values()))} runs others had up "
                     f"to {max(disturbed) * 100:.0f} % of our cores' time.")
    return "\n".join([*text, "", *markdown([head, *lines])])


def markdown(rows):
    head, *rest = rows
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rest)] + [""]


def idle(outcome):
    rows = [["server", "RSS MB before", f"with {CONNECTIONS} idle", "after they closed", "KB per connection"]]
    for name, marks in outcome.items():
        if "error" in marks:
            rows.append([name, f"**error**: {marks['error']}", "", "", ""])
        else:
            rows.append([name, *(f"{marks[k] / 1e6:.1f}" for k in ("before", "idle", "closed")),
                         f"{marks['per_connection'] / 1e3:.1f}"])
    return "\n".join(["## idle", "", "HTTP/2 over TLS; each connection was used for one small file. The kernel's own "
                      "memory isn't in these.", "", *markdown(rows)])


def soak(marks, requests):
    if "error" in marks:
        return f"## soak\n\n**error**: {marks['error']}\n"
    rows = [["requests", "RSS MB"]]
    for name, value in marks.items():
        count = requests // 5 if name == "warm" else requests * int(name[:-1])
        rows.append([f"{count:,}".replace(",", " "), f"{value / 1e6:.1f}"])
    return "\n".join(["## soak", "", "wheelbarrow, mixed requests over TLS and in clear, connections coming and going.",
                      "", *markdown(rows)])


class Checks:
    """The claims, one row each."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.rows = []

    def results(self, scenario):
        return self.outcome.get(scenario, {}).get("results", {})

    def ratio(self, claim, scenario, other, key, least=None, most=None, label="wheelbarrow", note=""):
        """Adds the verdict on label's number over other's."""
        if scenario not in self.outcome:
            return
        limit = " and ".join([*([f">= {least:g}"] if least else []), *([f"<= {most:g}"] if most else [])])
        found = paired(self.results(scenario), label, other, key)
        if not found:
            self.rows.append([claim, scenario, "-", limit, "not measured"])
            return
        middle, low, high = found

        def meets(value):
            return (least is None or value >= least) and (most is None or value <= most)

        verdict = "pass" if meets(middle) else "**fail**"
        if meets(low) != meets(high) or meets(low) != meets(middle):
            verdict += ", rounds differ"
        if any(median(self.results(scenario)[name], "foreign") > DISTURBED for name in (label, other)):
            verdict += ", disturbed"
        self.rows.append([claim, scenario, f"{middle:.2f} ({low:.2f} to {high:.2f}){note}", limit, verdict])

    def rate_note(self, scenario, other, cpu="cpu_per_request"):
        """What to know of a rate that the client limited."""
        results = self.results(scenario)
        busy = [median(results[k], "client_busy") for k in ("wheelbarrow", other) if results.get(k)]
        if not busy or max(busy) < SATURATED:
            return ""
        found = paired(results, "wheelbarrow", other, cpu)
        return f"; client saturated, CPU {found[0]:.2f}" if found else ""

    def best_peer(self, scenario):
        peers = {k: median(v, "rate") for k, v in self.results(scenario).items() if k != "wheelbarrow" and v}
        return max(peers, key=peers.get, default="best peer")


def checks(bench):
    c = Checks(bench.outcome)
    for name in ("20KB", "200KB", "30MB-1", "30MB-4"):
        scenario = f"h2tls-{name}"
        c.ratio("rate over TLS, of h2o's", scenario, "h2o", "rate", least=1, note=c.rate_note(scenario, "h2o"))
    for name in ("30MB-1", "30MB-4"):
        c.ratio("CPU per GB, of h2o's", f"h2tls-{name}", "h2o", "cpu_per_gb", most=0.9)
    for name in ("200B", "304"):
        c.ratio("CPU per request, of nghttpd's", f"h2tls-{name}", "nghttpd", "cpu_per_request", most=1)
    for name in ("200B", "20KB", "200KB", "30MB-1", "30MB-4"):
        scenario = f"h2c-{name}"
        best = c.best_peer(scenario)
        c.ratio(f"rate in clear, of the best peer's ({best})", scenario, best, "rate", least=1,
                note=c.rate_note(scenario, best))
    for name in ("20KB", "30MB"):
        c.ratio("HTTP/1.1 sendfile, rate, a tie with nginx or better", f"h1c-{name}", "nginx", "rate", least=1 - TIE)
    c.ratio("CPU per new TLS connection, of nginx's", "tls-new-connection", "nginx", "cpu_per_request", most=1)
    for scenario in (s.name for s in bench.chosen if s.kind == "bundles"):
        c.ratio("a bundle's rate, of a plain file's", scenario, "plain file", "rate", least=0.95, label="bundle")
        c.ratio("a bundle's CPU, of a plain file's", scenario, "plain file", "cpu_per_gb", most=1.05, label="bundle")
    for scenario in (s.name for s in bench.chosen if s.kind == "threads"):
        if bench.wide:
            c.ratio("two threads' rate, of one's", scenario, "1 thread", "rate", least=1.8, label="2 threads")
        else:
            c.rows.append(["two threads' rate, of one's", scenario, "-", ">= 1.8", "needs 4 cores"])
            c.ratio("two threads' CPU, of one's, unpinned", scenario, "1 thread", "cpu_per_request", most=1.15,
                    label="2 threads")
    if marks := bench.outcome.get("idle"):
        ours, theirs = (marks.get(n, {}).get("per_connection") for n in ("wheelbarrow", "nginx"))
        if ours and theirs:
            c.rows.append(["memory per idle connection, of nginx's", "idle", f"{ours / theirs:.2f}", "", "no claim"])
    if "4x" in bench.outcome.get("soak", {}):
        growth = bench.outcome["soak"]["4x"] / bench.outcome["soak"]["1x"]
        c.rows.append(["RSS after four times the requests", "soak", f"{growth:.2f}", f"<= {FLAT:g}",
                       "pass" if growth <= FLAT else "**fail**"])
    if not c.rows:
        return ""
    return "\n".join(["## checks", "", *markdown([["claim", "scenario", "ratio", "wanted", "verdict"], *c.rows])])
