"""What a service manager sees: sockets that it opened are taken over, and it is told how things go."""

import os
import select
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

from harness import PROGRAM, AppTestCase, Server, TestCase, main, run

# A program that gives the sockets its first words name the numbers from 3 on, and itself as who they are for.
ACTIVATE = """
number=3
while [ "$1" != -- ]; do
  eval "exec $number<&$1"
  number=$((number + 1))
  shift
done
shift
export LISTEN_PID=$$ LISTEN_FDS=$((number - 3))
if [ -n "$WATCHDOG_USEC" ]; then export WATCHDOG_PID=$$; fi
exec "$@"
"""


class Manager:
    """The end of NOTIFY_SOCKET that a service manager has."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path.replace("@", "\0", 1))

    def next(self, timeout=60):
        self.socket.settimeout(timeout)
        return self.socket.recv(4096).decode()

    def close(self):
        self.socket.close()


class Service(AppTestCase):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.folder / "notify")
        self.addCleanup(self.manager.close)

    def start(self, *words, sockets=(), names="", **environment):
        """A server that gets these listening sockets."""
        process = subprocess.Popen(
            ["sh", "-c", ACTIVATE, "sh", *(str(s.fileno()) for s in sockets), "--", PROGRAM, "serve", "--wheels",
             str(self.wheels), "--data", str(self.folder / "data"), *(str(w) for w in words)],
            pass_fds=[s.fileno() for s in sockets], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "NOTIFY_SOCKET": self.manager.path, "LISTEN_FDNAMES": names, **environment})
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def listening(self, family=socket.AF_INET, address=("127.0.0.1", 0)):
        opened = socket.socket(family)
        opened.bind(address)
        opened.listen()
        self.addCleanup(opened.close)
        return opened

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.told(), "STOPPING=1")
        said = process.stderr.read()
        self.assertEqual(process.wait(60), 0, said)
        return said

    def told(self):
        """The next message that isn't only a sign of life."""
        while (message := self.manager.next()) == "WATCHDOG=1":
            pass
        return message

    def test_sockets_of_the_manager_are_served_by_name(self):
        plain, tls, admin = self.listening(), self.listening(), self.listening()
        path = self.folder / "local.sock"
        local = self.listening(socket.AF_UNIX, str(path))
        process = self.start("--listen", "systemd:secure", "--listen-plain", "systemd:plain", "--admin", "systemd:admin",
                             "--listen-plain", "127.0.0.1:0", sockets=[plain, admin, tls, local],
                             names="plain:admin:secure:plain")
        self.assertEqual(self.told(), "READY=1")
        base = "http://127.0.0.1:{}".format(plain.getsockname()[1])
        for _ in range(20):  # all loops take from it
            self.assertEqual(Server.request(base, "/resolve?r=app").status, 200)
        base = "http://127.0.0.1:{}".format(admin.getsockname()[1])
        self.assertEqual(Server.request(base, "/readyz").body, b"ready\n")
        self.assertEqual(run(PROGRAM, "health", "--admin", base.removeprefix("http://")).stdout, "ready\n")
        self.assertTrue(ssl.get_server_certificate(tls.getsockname()).startswith("-----BEGIN"))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /resolve?r=app HTTP/1.0\r\n\r\n")
            self.assertIn(b" 200 ", client.recv(1000))
        self.end(process)
        # They are the manager's: its next server has them, and who connects meanwhile waits.
        self.assertTrue(path.is_socket())
        with socket.create_connection(plain.getsockname()) as early:
            early.sendall(b"GET /resolve?r=app HTTP/1.0\r\n\r\n")
            process = self.start("--listen-plain", "systemd:plain", sockets=[plain], names="plain")
            early.settimeout(60)
            self.assertIn(b" 200 ", early.recv(1000))
            self.assertEqual(self.told(), "READY=1")
            self.end(process)

    def test_a_socket_that_is_not_there_or_no_socket_is_said(self):
        file = open(self.folder / "file", "w")
        self.addCleanup(file.close)
        bound = socket.socket()
        self.addCleanup(bound.close)
        for sockets, names, says in (
            ([], "", "systemd:plain: the service manager passed no socket of that name; its unit needs "
                     "FileDescriptorName=plain"),
            ([self.listening()], "other", "no socket of that name"),
            ([file], "plain", "fd:3: is no socket that listens"),
            ([bound], "plain", "fd:3: is no socket that listens"),
        ):
            with self.subTest(says):
                process = self.start("--listen-plain", "systemd:plain", sockets=sockets, names=names)
                said = process.stderr.read()
                self.assertEqual(process.wait(60), 2, said)
                self.assertIn(says, said)

    def test_sockets_for_another_process_are_left_alone(self):
        plain = self.listening()
        wrapper = ["sh", "-c", 'LISTEN_PID=1 exec "$@"', "sh"]
        done = run(*wrapper, PROGRAM, "serve", "--wheels", self.wheels, "--data", self.folder / "data", "--listen-plain",
                   "systemd:plain", env={**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "plain"},
                   pass_fds=[plain.fileno()])
        self.assertEqual((done.returncode, "no socket of that name" in done.stderr), (2, True), done.stderr)

    def test_ready_reloading_and_stopping_are_told(self):
        for number, path in enumerate((self.manager.path, f"@wheelbarrow-test-{os.getpid()}")):
            with self.subTest(path):
                if number > 0:
                    self.manager.close()
                    self.manager = Manager(path)
                process = self.start("--listen-plain", "127.0.0.1:0")
                self.assertEqual(self.told(), "READY=1")
                for _ in range(2):
                    before = time.monotonic_ns() // 1000
                    process.send_signal(signal.SIGHUP)
                    state, at = self.told().split("\n")
                    self.assertEqual(state, "RELOADING=1")
                    self.assertTrue(before <= int(at.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000)
                    self.assertEqual(self.told(), "READY=1")
                self.end(process)
        self.manager.close()

    def test_the_watchdog_hears_of_loops_that_run(self):
        process = self.start("--listen-plain", "127.0.0.1:0", WATCHDOG_USEC="400000")
        self.assertEqual(self.told(), "READY=1")
        for _ in range(5):
            self.assertEqual(self.manager.next(), "WATCHDOG=1")
        # Of a process that doesn't run, nothing is heard.
        process.send_signal(signal.SIGSTOP)
        while select.select([self.manager.socket], [], [], 1)[0]:
            self.manager.next()
        self.assertEqual(select.select([self.manager.socket], [], [], 2)[0], [])
        process.send_signal(signal.SIGCONT)
        self.assertEqual(self.manager.next(), "WATCHDOG=1")
        self.end(process)

    def test_without_a_watchdog_nothing_is_told(self):
        process = self.start("--listen-plain", "127.0.0.1:0")
        self.assertEqual(self.told(), "READY=1")
        self.assertEqual(select.select([self.manager.socket], [], [], 1)[0], [])
        self.end(process)

    def test_a_manager_that_can_not_be_reached_is_named(self):
        for address, says in ((str(self.folder / "nobody"), "can't reach the service manager"),
                              ("relative", "NOTIFY_SOCKET=relative: is no address of a service manager")):
            process = self.start("--listen-plain", "127.0.0.1:0", NOTIFY_SOCKET=address)
            said = process.stderr.read()
            self.assertIn(process.wait(60), (1, 2))
            self.assertIn(says, said)


class Health(TestCase):
    def test_a_server_is_well_or_not(self):
        data = self.folder / "data"
        socket_file = self.folder / "admin.sock"
        with Server(pyodide=None, data=data, admin=f"unix:{socket_file}") as server:
            self.assertEqual(run(PROGRAM, "health", "--admin", f"unix:{socket_file}").stdout, "ready\n")
            done = run(PROGRAM, "health", env={**os.environ, "WHEELBARROW_ADMIN": f"unix:{socket_file}"})
            self.assertEqual((done.returncode, done.stdout), (0, "ready\n"), done.stderr)
            # A server that can't write is alive, and not well.
            store = data / "store"
            store.rename(data / "away")
            store.write_text("")
            done = run(PROGRAM, "health", "--admin", f"unix:{socket_file}")
            self.assertEqual((done.returncode, "is not ready" in done.stderr, done.stderr.count("\n")), (1, True, 1),
                             done.stderr)
            store.unlink()
            (data / "away").rename(store)
            self.assertEqual(server.process.poll(), None)
        done = run(PROGRAM, "health", "--admin", f"unix:{socket_file}")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)

    def test_who_does_not_answer_is_not_well(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            address = "127.0.0.1:{}".format(silent.getsockname()[1])
            done = run(PROGRAM, "health", "--admin", address, "--timeout", "1")
            self.assertEqual((done.returncode, f"{address}: no answer" in done.stderr), (1, True), done.stderr)
        for address in ("nonsense", "unix:", "host.invalid:1"):
            done = run(PROGRAM, "health", "--admin", address)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), (address, done.stderr))


if __name__ == "__main__":
    main()
