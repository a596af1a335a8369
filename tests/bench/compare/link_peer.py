"""What talks over the link when it is checked.

link_peer.py serve ADDRESS                          answers for ever; says "ready" first
link_peer.py ask ADDRESS WHAT NUMBER                prints one line of JSON:
    connect N   the shortest of N connections, seconds
    down N      fetches N bytes: seconds, and whether they are the right ones
    up N        sends N bytes: the same
    burst N     sends N datagrams of 1200 bytes, IP header and all, as fast as it can
    received 0  how many datagrams the peer has got
"""

import hashlib
import json
import socket
import sys
import threading
import time

TCP, UDP = 9000, 9001
DATAGRAM = 1200 - 20 - 8


def content(size):
    block = hashlib.sha256(b"wheelbarrow").digest() * 2048
    return (block * (size // len(block) + 1))[:size]


def take(connection, size):
    parts = []
    while size > 0:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def serve(address):
    got = []

    def count(datagrams):
        while True:
            got.append(len(datagrams.recv(65536)))

    def answer(connection):
        with connection, connection.makefile("rb") as lines:
            verb, number = lines.readline().split() or (b"", 0)
            if verb == b"down":
                connection.sendall(content(int(number)))
            elif verb == b"up":
                connection.sendall(hashlib.sha256(lines.read(int(number))).digest())
            elif verb == b"received":
                connection.sendall(str(len(got)).encode())

    datagrams = socket.socket(type=socket.SOCK_DGRAM)
    datagrams.bind((address, UDP))
    threading.Thread(target=count, args=[datagrams], daemon=True).start()
    with socket.create_server((address, TCP)) as listener:
        print("ready", flush=True)
        while True:
            threading.Thread(target=answer, args=[listener.accept()[0]], daemon=True).start()


def ask(address, what, number):
    if what == "burst":
        with socket.socket(type=socket.SOCK_DGRAM) as out:
            for _ in range(number):
                out.sendto(bytes(DATAGRAM), (address, UDP))
        return {}
    if what == "connect":
        times = []
        for _ in range(number):
            begin = time.monotonic()
            with socket.create_connection((address, TCP)):
                times.append(time.monotonic() - begin)
        return {"seconds": min(times)}
    with socket.create_connection((address, TCP)) as peer:
        begin = time.monotonic()
        peer.sendall(f"{what} {number}\n".encode())
        if what == "down":
            return {"right": take(peer, number) == content(number), "seconds": time.monotonic() - begin}
        if what == "up":
            peer.sendall(content(number))
            right = take(peer, 32) == hashlib.sha256(content(number)).digest()
            return {"right": right, "seconds": time.monotonic() - begin}
        return {"received": int(take(peer, 20))}


if __name__ == "__main__":
    verb, address, *rest = sys.argv[1:]
    if verb == "serve":
        serve(address)
    else:
        print(json.dumps(ask(address, rest[0], int(rest[1]))))
