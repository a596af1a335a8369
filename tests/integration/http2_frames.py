"""HTTP/2 in raw frames (RFC 9113), for what no client library lets its user see."""

import socket
import ssl
from collections import namedtuple
from urllib.parse import urlsplit

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM = ACK = 1
END_HEADERS = 4
INITIAL_WINDOW_SIZE = 4
LARGEST = 2**31 - 1

Frame = namedtuple("Frame", "type flags stream payload")


def number(value, size=4):
    return value.to_bytes(size, "big")


def _string(text):
    """An HPACK string without Huffman coding (RFC 7541 5.1, 5.2), of up to 254 bytes."""
    size = len(text)
    return (bytes([size]) if size < 127 else bytes([127, size - 127])) + text.encode()


def tls_context(protocol="h2"):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    return context


def connect(base, protocol="h2", receive_buffer=0):
    """A connected socket, with TLS for https."""
    parts = urlsplit(base)
    raw = socket.socket()
    if receive_buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.settimeout(30)
    raw.connect((parts.hostname, parts.port))
    # Small frames would otherwise wait for each other's acknowledgements.
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls_context(protocol).wrap_socket(raw) if parts.scheme == "https" else raw


class Http2:
    """One connection. It acknowledges nothing and opens no window unless it is told to."""

    def __init__(self, base, window=65535, receive_buffer=0):
        self.scheme = urlsplit(base).scheme
        self.socket = connect(base, receive_buffer=receive_buffer)
        settings = number(INITIAL_WINDOW_SIZE, 2) + number(window)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(SETTINGS, 0, 0, settings)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()

    def send(self, kind, flags, stream, payload=b""):
        self.socket.sendall(number(len(payload), 3) + bytes([kind, flags]) + number(stream) + payload)

    def open_window(self, stream, size):
        self.send(WINDOW_UPDATE, 0, stream, number(size))

    def get(self, stream, path):
        fields = {":method": "GET", ":scheme": self.scheme, ":path": path, ":authority": "localhost"}
        block = b"".join(b"\0" + _string(name) + _string(value) for name, value in fields.items())
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, block)

    def _read(self, size):
        while len(self.pending) < size:
            received = self.socket.recv(65536)
            if not received:
                return None
            self.pending += received
        taken, self.pending = self.pending[:size], self.pending[size:]
        return taken

    def frame(self):
        """The next frame; None when the server has closed."""
        head = self._read(9)
        if head is None:
            return None
        payload = self._read(int.from_bytes(head[:3], "big"))
        return Frame(head[3], head[4], int.from_bytes(head[5:9], "big"), payload)

    def next(self, kind, skipped=None):
        """The next frame of that type; those before it are appended to `skipped`."""
        while True:
            frame = self.frame()
            if frame is None or frame.type == kind:
                return frame
            if skipped is not None:
                skipped.append(frame)

    def body(self, stream, frames=()):
        """The body of a stream, of which `frames` have been read; each DATA frame opens the windows again."""
        body, pending = b"", list(frames)
        while True:
            frame = pending.pop(0) if pending else self.frame()
            if frame is None or (frame.type == RST_STREAM and frame.stream == stream):
                return None
            if frame.stream != stream or frame.type not in (DATA, HEADERS):
                continue
            if frame.type == DATA:
                body += frame.payload
                if frame.payload:
                    self.open_window(0, len(frame.payload))
                    self.open_window(stream, len(frame.payload))
            if frame.flags & END_STREAM:
                return body
