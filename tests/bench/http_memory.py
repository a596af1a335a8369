"""Memory: what an idle connection costs, and whether a server grows with the requests it answered."""

import functools
import resource
import socket
import ssl
import struct
import time

from http_load import Failed, Load, fetch, h2load, rss_bytes
from http_servers import Wheelbarrow

CONNECTIONS = 1000
SOAK_REQUESTS = 200_000
# Growth of a soaked server that is still called flat: allocators settle.
FLAT = 1.1

END_STREAM, DATA, HEADERS, SETTINGS = 0x1, 0x0, 0x1, 0x4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


@functools.cache
def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


def used_connection(port, path):
    """An HTTP/2 connection over TLS that was used for one request, and is idle now."""
    connection = tls_context().wrap_socket(socket.create_connection(("127.0.0.1", port), 10))
    # GET, https and the names of :authority and :path from the static table (RFC 7541 A), values as they are.
    host = f"127.0.0.1:{port}".encode()
    fields = b"\x82\x87" + b"\x41" + bytes([len(host)]) + host + b"\x44" + bytes([len(path)]) + path.encode()
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0) + frame(HEADERS, 0x5, 1, fields))
    reader = connection.makefile("rb")
    while True:
        head = reader.read(9)
        if len(head) < 9:
            raise Failed("the server closed an idle connection's first request")
        length, kind, flags, stream = int.from_bytes(head[:3]), head[3], head[4], int.from_bytes(head[5:])
        reader.read(length)
        if kind == SETTINGS and flags == 0:
            connection.sendall(frame(SETTINGS, 0x1, 0))
        if stream == 1 and kind in (DATA, HEADERS) and flags & END_STREAM:
            return connection


def idle(kinds, site, cores):
    """Returns name -> RSS before, with all connections idle, and after they closed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, CONNECTIONS + 500)), hard))
    results = {}
    for kind in kinds:
        server = kind(site, cores)
        connections = []
        try:
            server.start()
            used_connection(server.tls_port, "/files/200B.bin").close()
            time.sleep(0.5)
            before = rss_bytes(server.pids())
            connections = [used_connection(server.tls_port, "/files/200B.bin") for _ in range(CONNECTIONS)]
            time.sleep(1)
            during = rss_bytes(server.pids())
            for connection in connections:
                connection.close()
            time.sleep(1)
            results[server.name] = {"before": before, "idle": during, "closed": rss_bytes(server.pids()),
                                    "per_connection": (during - before) / CONNECTIONS}
        except (Failed, OSError) as reason:
            results[server.name] = {"error": str(reason)}
        finally:
            for connection in connections:
                connection.close()
            server.stop()
    return results


def soak(site, cores, requests):
    """RSS of wheelbarrow before, and after once, twice and four times so many mixed requests."""
    server = Wheelbarrow(site, cores[0])
    try:
        server.start()
        paths = ["/files/200B.bin"] * 12 + ["/files/20KB.bin"] * 4 + ["/files/200KB.bin"] + \
            ["/resolve?r=numpy", "/bundle?r=typing-extensions", "/wheels/"]
        paths = [p for p in paths if fetch(f"http://127.0.0.1:{server.plain_port}{p}",
                                           protocol="--http2-prior-knowledge")[0] == 200]
        bases = [f"https://127.0.0.1:{server.tls_port}", f"http://127.0.0.1:{server.plain_port}"]
        done, marks = 0, {}

        def ask(until):
            nonlocal done
            while done < until:
                # Connections come and go, too: a new h2load for every slice, over TLS and in clear in turn.
                count = min(requests // 10, until - done)
                base = bases[done // (requests // 10) % 2]
                output, _ = h2load([base + p for p in paths], Load(40, 8), count, (), cores[1])
                if f" {count} succeeded," not in output:
                    raise Failed(f"h2load says: {output.strip()[-300:]}")
                done += count

        ask(requests // 5)
        marks["warm"] = rss_bytes(server.pids())
        for times in (1, 2, 4):
            ask(requests * times)
            marks[f"{times}x"] = rss_bytes(server.pids())
        return marks
    finally:
        server.stop()
