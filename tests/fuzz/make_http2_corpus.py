#!/usr/bin/env python3
"""Writes the seeds of http2_fuzz, corpus/http2/*: a byte that says how the rest arrives (Course::of), then frames."""

from pathlib import Path

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
PRIORITY_UPDATE = 16
ACK = END_STREAM = 1
END_HEADERS, PADDED, WITH_PRIORITY = 4, 8, 32


def number(value, size=4):
    return value.to_bytes(size, "big")


def frame(kind, flags, stream, payload=b""):
    return number(len(payload), 3) + bytes([kind, flags]) + number(stream) + payload


def text(value):
    return bytes([len(value)]) + value.encode()


def field(name, value, indexed=False):
    return (b"\x40" if indexed else b"\x00") + text(name) + text(value)


def get(path, method="GET", *more):
    # Literal values with names out of HPACK's static table (RFC 7541 A).
    start = {"GET": b"\x82", "POST": b"\x83"}.get(method) or field(":method", method)
    return start + b"\x86\x04" + text(path) + b"\x01" + text("h") + b"".join(field(*f) for f in more)


def request(stream, *arguments):
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, get(*arguments))


def setting(name, value):
    return number(name, 2) + number(value)


START = frame(SETTINGS, 0, 0, setting(3, 100) + setting(4, 65535)) + frame(SETTINGS, ACK, 0)
SEEDS = {
    "get": (0, START + request(1, "/hello") + request(3, "/none")),
    "head": (0, START + request(1, "/large", "HEAD")),
    "large": (8, START + frame(WINDOW_UPDATE, 0, 0, number(1 << 20)) + request(1, "/large")
              + frame(WINDOW_UPDATE, 0, 1, number(1 << 20)) + request(3, "/hello", "GET", ("priority", "u=1, i"))),
    "post": (1, START + frame(HEADERS, END_HEADERS, 1, get("/", "POST", ("content-length", "3")))
             + frame(DATA, 0, 1, b"ab") + frame(DATA, END_STREAM | PADDED, 1, b"\2c\0\0")),
    "expect": (4, START + frame(HEADERS, END_HEADERS, 1, get("/", "POST", ("expect", "100-continue")))
               + frame(DATA, END_STREAM, 1, b"ab")),
    "trailers": (2, START + frame(HEADERS, END_HEADERS, 1, get("/", "POST")) + frame(DATA, 0, 1, b"ab")
                 + frame(HEADERS, END_HEADERS | END_STREAM, 1, field("x", "y"))),
    "continuation": (3, START + frame(HEADERS, END_STREAM, 1, get("/hello")[:5])
                     + frame(CONTINUATION, END_HEADERS, 1, get("/hello")[5:])),
    "indexed": (0, START
                + frame(HEADERS, END_HEADERS | END_STREAM, 1, get("/") + field("x", "y" * 60, True) + b"\xbe" * 9)
                + request(3, "/hello")
                + frame(HEADERS, END_HEADERS | END_STREAM, 5, b"\x3f\xe1\x1f" + get("/") + b"\xbe\xbe")),
    "resets": (4, START + b"".join(request(s, "/a") + frame(RST_STREAM, 0, s, number(8)) for s in (1, 3, 5))),
    "windows": (4, frame(SETTINGS, 0, 0, setting(4, 10)) + request(1, "/large")
                + 3 * frame(WINDOW_UPDATE, 0, 1, number(7)) + frame(SETTINGS, 0, 0, setting(4, 0))
                + frame(WINDOW_UPDATE, 0, 1, number(0x7FFFFFFF))),
    "small_frames": (0, START + frame(PING, 0, 0, b"12345678") + frame(PRIORITY, 0, 3, number(1) + b"\x10")
                     + frame(PRIORITY_UPDATE, 0, 0, number(1) + b"u=0, i") + request(1, "/large")
                     + frame(HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, 3, number(0) + b"\x20" + get("/a"))
                     + frame(0x77, 9, 0, b"unknown") + frame(GOAWAY, 0, 0, number(0) + number(0))),
    "malformed": (0, START + request(1, "/a", "GET", ("Upper", "x")) + request(3, "no slash") + request(5, "/a#b")
                  + request(7, "/a", "GET", ("host", "other")) + request(9, "*", "OPTIONS")
                  + frame(HEADERS, END_HEADERS | END_STREAM, 11, b"\x82") + request(13, "/" + "a" * 120)),
    "drained": (20, START + request(1, "/large") + frame(PING, ACK, 0, bytes(8)) + request(3, "/hello")),
    "gone": (32, START + request(1, "/large") + request(3, "/hello")),
}

if __name__ == "__main__":
    folder = Path(__file__).parent / "corpus" / "http2"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (course, frames) in SEEDS.items():
        (folder / name).write_bytes(bytes([course]) + frames)
