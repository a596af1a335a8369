"""What is measured: the scenarios, and who takes part in each."""

from dataclasses import dataclass

from http_load import Failed, Load, fetch, sha256

SIZES = {"200B": 200, "20KB": 20_000, "200KB": 200_000, "30MB": 30_000_000}


@dataclass(frozen=True)
class Scenario:
    name: str
    load: Load
    tls: bool = True
    file: str = "200B"
    conditional: bool = False
    unit: str = "request"  # what CPU is given for: "request", "GB" or "connection"
    batch: int | None = None  # requests that one h2load makes
    begin: int = 200  # requests of the first run, from which the number for the others follows
    kind: str = "files"  # or "bundles", "threads"

    @property
    def h1(self):
        return self.load.h1

    @property
    def protocol(self):
        if self.h1:
            return "--http1.1"
        return "--http2" if self.tls else "--http2-prior-knowledge"


@dataclass
class Contestant:
    """A line of a scenario's table: what is asked of which server, and what must come."""

    label: str
    server: object
    url: str
    headers: tuple = ()
    status: int = 200
    size: int = 0


SMALL = Load(8, 32)
MIDDLE = Load(8, 8)
BROWSERS = Load(64, 1, h1=True)

SCENARIOS = [
    Scenario("h2tls-200B", SMALL, begin=4000),
    Scenario("h2tls-20KB", SMALL, file="20KB", begin=2000),
    Scenario("h2tls-200KB", MIDDLE, file="200KB", unit="GB"),
    Scenario("h2tls-30MB-1", Load(1, 1), file="30MB", unit="GB", begin=5),
    Scenario("h2tls-30MB-4", Load(1, 4), file="30MB", unit="GB", begin=8),
    Scenario("h2tls-304", SMALL, conditional=True, begin=4000),
    Scenario("tls-new-connection", Load(100, 1), unit="connection", batch=100),
    Scenario("h2c-200B", SMALL, tls=False, begin=4000),
    Scenario("h2c-20KB", SMALL, tls=False, file="20KB", begin=2000),
    Scenario("h2c-200KB", MIDDLE, tls=False, file="200KB", unit="GB"),
    Scenario("h2c-30MB-1", Load(1, 1), tls=False, file="30MB", unit="GB", begin=5),
    Scenario("h2c-30MB-4", Load(1, 4), tls=False, file="30MB", unit="GB", begin=8),
    Scenario("h1c-20KB", BROWSERS, tls=False, file="20KB", begin=2000),
    Scenario("h1c-30MB", Load(1, 1, h1=True), tls=False, file="30MB", unit="GB", begin=5),
    Scenario("h1tls-30MB", Load(1, 1, h1=True), file="30MB", unit="GB", begin=5),
]
# One and two threads of wheelbarrow, asked by a client of two threads.
THREADS = [
    Scenario("threads-2-200B", Load(64, 8, threads=2), begin=4000, kind="threads"),
    Scenario("threads-2-20KB", Load(64, 8, threads=2), file="20KB", begin=2000, kind="threads"),
    Scenario("threads-2-200KB", Load(64, 2, threads=2), file="200KB", unit="GB", kind="threads"),
]


def contestants(scenario, servers, site):
    """Everyone who can take part, by label, checked to give the right answer; and a reason for each who can't."""
    out, refused = [], {}
    for label, server in servers.items():
        if scenario.h1 and not server.has_http1:
            continue
        try:
            out.append(contestant(label, scenario, server, site))
        except Failed as reason:
            refused[label] = str(reason)
    return out, refused


def contestant(label, scenario, server, site):
    url = f"{server.base(scenario)}/files/{scenario.file}.bin"
    status, fields, body = fetch(url, protocol=scenario.protocol)
    if status != 200 or sha256(body) != site.hashes[scenario.file]:
        raise Failed(f"answers {status} with {len(body)} bytes, and not with the file")
    if not scenario.conditional:
        return Contestant(label, server, url, size=len(body))
    # Whichever validator a server understands.
    for name, field in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
        if field in fields:
            header = f"{name}: {fields[field]}"
            if fetch(url, [header], scenario.protocol)[0] == 304:
                return Contestant(label, server, url, (header,), 304, 0)
    raise Failed("never answers 304")
