"""Bundles beside plain files of the same bytes, from the same server: what does it cost that a bundle is a rope?"""

import os
import random
import sys
import time
from pathlib import Path

from http_load import Failed, Load, fetch, sha256
from http_scenarios import Contestant, Scenario

sys.path.append(str(Path(__file__).parent.parent / "integration"))
from harness import make_wheel, query  # noqa: E402

LARGE = query("numpy", "lxml", "fonttools", "pymupdf", "python-docx")
# Wheels in the bundle of many slices, and bytes that don't compress in each.
SLICES, SLICE = 300, 60_000
RANGE = 10_000_000
BACKGROUND_LIMIT = 600  # seconds to wait for the best forms

# name -> (question, accept-encoding, whether only a range is asked for)
QUESTIONS = {
    "bundle-identity": (LARGE, "identity", False),
    "bundle-zstd": (LARGE, "zstd", False),
    "bundle-gzip": (LARGE, "gzip", False),
    "bundle-range": (LARGE, "identity", True),
    "bundle-range-zstd": (LARGE, "zstd", True),
    "slices-identity": (query("everything"), "identity", False),
    "slices-zstd": (query("everything"), "zstd", False),
    "slices-range": (query("everything"), "zstd", True),
}
SCENARIOS = [Scenario(f"{prefix}{name}", Load(1, 4), tls=tls, unit="GB", begin=6, kind="bundles")
             for prefix, tls in (("h2tls-", True), ("h2c-", False)) for name in QUESTIONS]


def make_many_wheels(folder):
    """A wheel that requires many small ones, so that a bundle of it has some slices for each."""
    folder.mkdir()
    bytes_of = random.Random(1).randbytes
    for i in range(SLICES):
        # Digits, as make_wheel takes text: they compress to half and no further.
        make_wheel(folder, f"slice{i}", "1.0", {f"slice{i}/data.txt": bytes_of(SLICE).hex()})
    make_wheel(folder, "everything", "1.0", requires=[f"slice{i}" for i in range(SLICES)])


def warm(server, all_cores):
    """Asks for every form and waits until the background has made the best of each."""
    server.move(all_cores)
    deadline = time.monotonic() + BACKGROUND_LIMIT
    quiet = 0
    while quiet < 3:
        for question, coding, _ in QUESTIONS.values():
            fetch(f"http://127.0.0.1:{server.plain_port}/bundle?{question}", [f"accept-encoding: {coding}"],
                  "--http2-prior-knowledge")
        idle = server.metric("wheelbarrow_background_backlog") == server.metric("wheelbarrow_builds_pending") == 0
        quiet = quiet + 1 if idle else 0
        if time.monotonic() > deadline:
            raise Failed(f"bundles aren't ready after {BACKGROUND_LIMIT} s")
        time.sleep(0.5 if idle else 2)
    server.move(server.cores or all_cores)


def contestants(scenario, server, site):
    """The bundle and the file, checked to be the same."""
    question, coding, partial = QUESTIONS[scenario.name.split("-", 1)[1]]
    base = server.base(scenario)
    headers = (f"accept-encoding: {coding}",)
    url = f"{base}/bundle?{question}"
    status, fields, body = fetch(url, headers, scenario.protocol)
    if status != 200 or fields.get("content-encoding", "identity") != coding:
        raise Failed(f"answers {status} in {fields.get('content-encoding', 'identity')}")
    # Named by content, so that no scenario meets another's file.
    file = site.folder / "files" / f"{sha256(body)}.bin"
    if not file.exists():
        part = Path(f"{file}.part")
        part.write_bytes(body)
        os.rename(part, file)
    if partial:
        # A third into it is inside some layer: only a few bytes lie on a boundary.
        first = len(body) // 3 + 1
        last = min(first + RANGE, len(body)) - 1
        headers += (f"range: bytes={first}-{last}",)
        body, status = body[first:last + 1], 206
    parts = [Contestant("bundle", server, url, headers, status, len(body)),
             Contestant("plain file", server, f"{base}/files/{file.name}", headers, status, len(body))]
    for part in parts:
        if (got := fetch(part.url, headers, scenario.protocol))[0] != status or got[2] != body:
            raise Failed(f"the {part.label} answers {got[0]} with {len(got[2])} bytes, not what was expected")
    return parts
