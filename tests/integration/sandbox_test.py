"""What a running server can reach: its own folders, and of the kernel what it needs. Everything else in this suite runs
in the same sandbox, because it is on by default."""

import ctypes
import errno
import os
import platform
import pwd
import re
import shutil
import socket
import struct
import subprocess
import time
import unittest
from pathlib import Path

from harness import PROGRAM, PYODIDE, Server, TestCase, main, make_wheel, query, run

PYTHON = "/usr/bin/python3.11"
HERE = "cpython-3.11-linux-x86_64"
# A CPython to compile with, as far as the server sees. Asked to compile, it tries the fences from inside and says on
# standard error what it could do; what it has is what every thread of the server has.
PROBE = f"""#!{PYTHON} -SB
import os, socket, sys
if "implementation" in sys.argv[-1]:
    os.execv("{PYTHON}", ["{PYTHON}", *sys.argv[1:]])
def tried(name, do):
    try:
        do()
        print(name, file=sys.stderr, end=" ")
    except OSError:
        pass
os.chdir("/")
tried("system", lambda: open("/usr/bin/env", "rb").read(1))
tried("wheels", lambda: os.listdir("WHEELS"))
tried("data", lambda: open("DATA/probe", "x").close())
tried("write-wheels", lambda: open("WHEELS/probe", "x").close())
tried("write-system", lambda: open("/usr/probe", "x").close())
tried("outside", lambda: open("OUTSIDE", "rb").read(1))
tried("passwords", lambda: open("/etc/passwd", "rb").read(1))
tried("home", lambda: os.listdir(os.path.expanduser("~root")))
tried("root", lambda: os.listdir("/"))
tried("processes", lambda: os.listdir("/proc"))
tried("program", lambda: os.waitpid(os.posix_spawn("PROGRAM", ["PROGRAM"], dict()), 0))
tried("socket", lambda: socket.socket())
tried("signal", lambda: os.kill(int("PARENT"), 0))
sys.exit(1)
"""


def without_calls(*numbers):
    """For preexec_fn: from then on the kernel doesn't know these system calls."""
    libc = ctypes.CDLL(None, use_errno=True)
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.ENOSYS
    steps = [(0x20, 0, 0, 0), *((0x15, len(numbers) - i, 0, n) for i, n in enumerate(numbers)),
             (0x06, 0, 0, allow), (0x06, 0, 0, refuse)]  # load the number; jump if equal ...; return
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))

    def enter():
        buffer = ctypes.create_string_buffer(program)
        assert code is not None
        if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, buffer, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no seccomp")

    return enter


def landlock():
    """The version that the kernel has; 0 for none."""
    return max(0, ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1))


class Fixture(TestCase):
    def setUp(self):
        super().setUp()
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        make_wheel(self.wheels, "app", "1.0", files={"app.py": "x = 1\n"})
        self.outside = self.folder / "outside"
        self.outside.mkdir()
        make_wheel(self.outside, "other", "1.0")
        self.data = self.folder / "data"

    def serve(self, *arguments, **options):
        return Server(*arguments, **{"wheels": self.wheels, "pyodide": None, "data": self.data, **options})

    def status(self, server, name):
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
        return next(line.split(":")[1].split() for line in lines if line.startswith(name + ":"))

    def has_wheel(self, server, name, refused_for=None, timeout=20):
        """Waits until the catalog has the wheel, or refuses it for that reason."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if server.get(f"/resolve?{query(name, target=HERE)}").status == 200:
                return True
            if refused_for and any(refused_for in line and name in line for line in list(server.log)):
                return False
            time.sleep(0.05)
        self.fail(f"{name} neither came nor was refused:\n" + "\n".join(server.log))


class Sandbox(Fixture):
    def test_every_thread_is_confined_and_the_log_says_how(self):
        for words, filters, line in (((), "2", r"sandboxed  files=(landlock-\d+) calls=seccomp"),
                                     (("--sandbox", "false"), "0", "listening  url=")):
            with self.subTest(words), self.serve(*words) as server:
                server.wait_for_log(line)
                threads = list(Path(f"/proc/{server.process.pid}/task").iterdir())
                self.assertGreater(len(threads), 2)
                for thread in threads:
                    self.assertIn(f"\nSeccomp:\t{filters}\n", (thread / "status").read_text())
                # Else a program that root starts would have the rights again that the server gave up.
                expected = "1" if filters == "2" or os.geteuid() == 0 else "0"
                self.assertEqual(self.status(server, "NoNewPrivs"), [expected])

    @unittest.skipUnless(landlock() >= 2, "this kernel has no Landlock")
    def test_a_link_out_of_the_folder_leads_nowhere(self):
        """The same link is followed without the sandbox, so it is the kernel that says no."""
        for sandbox in ("true", "false"):
            with self.subTest(sandbox), self.serve("--sandbox", sandbox) as server:
                link = self.wheels / "other-1.0-py3-none-any.whl"
                link.symlink_to(self.outside / link.name)
                self.assertEqual(self.has_wheel(server, "other", refused_for="Permission denied"), sandbox == "false")
                link.unlink()
            shutil.rmtree(self.data)

    @unittest.skipUnless(landlock() >= 2, "this kernel has no Landlock")
    def test_what_a_program_in_the_sandbox_can_do(self):
        with_scopes = landlock() >= 6
        expected = {"true": {"system", "wheels", "data"} | (set() if with_scopes else {"signal"}),
                    "false": {"system", "wheels", "data", "write-wheels", "write-system", "outside", "passwords", "home",
                              "root", "processes", "program", "socket", "signal"}}
        # What root can do here; another user can do less of it in both.
        if os.geteuid() != 0:
            self.skipTest("needs root, who can do all of it")
        precious = self.outside / "precious"
        precious.write_text("data\n")
        tool = self.outside / "tool"
        shutil.copy("/bin/true", tool)
        for sandbox, able in expected.items():
            with self.subTest(sandbox):
                probe = self.folder / "probe"
                text = PROBE
                for word, value in (("WHEELS", self.wheels), ("DATA", self.data), ("OUTSIDE", precious),
                                    ("PROGRAM", tool), ("PARENT", os.getpid())):
                    text = text.replace(word, str(value))
                probe.write_text(text)
                probe.chmod(0o755)
                self.addCleanup(Path("/usr/probe").unlink, missing_ok=True)
                with self.serve("--sandbox", sandbox, "--bytecode-python", probe) as server:
                    answer = server.get(f"/bundle?{query('app', target=HERE, bytecode='beside')}")
                    self.assertEqual(answer.status, 503, answer.body)
                    said = server.wait_for_log(r"compiler failed  reason=.* complaint=(.*)").group(1)
                self.assertEqual(set(said.split()), able)
            for left in (self.wheels / "probe", Path("/usr/probe")):
                left.unlink(missing_ok=True)
            shutil.rmtree(self.data)

    @unittest.skipUnless(platform.machine() == "x86_64", "the numbers are those of x86-64")
    def test_a_kernel_that_can_not_is_one_line_in_the_log_and_no_obstacle(self):
        for calls, said in (
            ((444, 445, 446), r"\[warning\] sandboxed in part  files=none calls=seccomp reason=can't use Landlock: "
                              "Function not implemented"),
            ((317,), r"\[warning\] sandboxed in part  files=landlock-\d+ calls=none reason=can't use seccomp: "),
        ):
            with self.subTest(calls):
                process = subprocess.Popen(
                    [PROGRAM, "serve", "--wheels", self.wheels, "--data", self.data, "--listen-plain", "127.0.0.1:0",
                     "--log-format", "text"],
                    stderr=subprocess.PIPE, text=True, preexec_fn=without_calls(*calls))
                log = ""
                for line in process.stderr:
                    log += line
                    if found := re.search(r"url=(http://\S+)/", line):
                        break
                self.assertRegex(log, said)
                self.assertEqual(log.count("sandbox"), 1, log)
                self.assertEqual(Server.request(found.group(1), "/resolve?r=app").status, 200)
                process.terminate()
                rest = process.stderr.read()
                process.stderr.close()
                self.assertEqual(process.wait(60), 0, log + rest)

    def test_wheels_come_and_go_bytecode_is_made_and_the_store_is_written(self):
        with self.serve("--bytecode-python", PYTHON, pyodide=PYODIDE) as server:
            server.wait_for_log("sandboxed")
            make_wheel(self.wheels, "late", "1.0", files={"late.py": "y = 2\n"})
            self.assertTrue(self.has_wheel(server, "late"))
            below = self.wheels / "below"
            below.mkdir()
            make_wheel(below, "deep", "1.0")
            self.assertTrue(self.has_wheel(server, "deep"))
            # By CPython, and by Pyodide in Node.
            for target, name in ((HERE, b"late.cpython-311.pyc"), ("pyodide-0.29", b"late.cpython-313.pyc")):
                answer = server.get(f"/bundle?{query('late', target=target, bytecode='beside')}", accept_encoding="zstd")
                self.assertEqual(answer.status, 200, answer.body[:500])
                self.assertEqual(answer.fields["content-encoding"], "zstd")
                plain = server.get(f"/bundle?{query('late', target=target, bytecode='beside')}")
                self.assertIn(name, plain.body)
            self.assertEqual(server.request(server.admin, "/readyz").body, b"ready\n")

    def test_a_certificate_behind_a_link_can_be_renewed(self):
        """As certbot keeps them: live/host/*.pem are links into archive/host/, which get another number."""
        live, archive = self.folder / "live", self.folder / "archive"
        live.mkdir()
        archive.mkdir()
        for number in (1, 2):
            done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                       "2", "-subj", f"/CN=number{number}", "-keyout", archive / f"key{number}.pem", "-out",
                       archive / f"chain{number}.pem")
            self.assertEqual(done.returncode, 0, done.stderr)

        def point_at(number):
            for name in ("key", "chain"):
                link = live / "new"
                link.symlink_to(archive / f"{name}{number}.pem")
                link.rename(live / f"{name}.pem")

        point_at(1)
        with self.serve("--tls-cert", live / "chain.pem", "--tls-key", live / "key.pem") as server:
            server.wait_for_log("sandboxed")
            point_at(2)
            server.wait_for_log("certificate reloaded  file=", 20)

    def test_socket_files_are_made_and_removed(self):
        path = self.folder / "run" / "app.sock"
        path.parent.mkdir()
        with self.serve("--listen-plain", f"unix:{path}") as server:
            server.wait_for_log("sandboxed")
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(b"GET /resolve?r=app HTTP/1.0\r\n\r\n")
                self.assertIn(b" 200 ", client.recv(1000))
        self.assertFalse(path.exists())


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class Users(Fixture):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        # The folder that a user may write in, but not its neighbours.
        self.data = self.folder / "state" / "data"

    def test_root_becomes_the_user_and_keeps_no_rights(self):
        nobody = pwd.getpwnam("nobody")
        with self.serve("--user", "nobody") as server:
            server.wait_for_log("sandboxed")
            for name in ("Uid", "Gid"):
                number = str(nobody.pw_uid if name == "Uid" else nobody.pw_gid)
                self.assertEqual(self.status(server, name), [number] * 4)
            # Of the main thread; the others hold one right, that to bind low ports, and no call to bind with.
            for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
                self.assertEqual(int(self.status(server, name)[0], 16), 0, name)
            answer = server.get(f"/bundle?{query('app', target=HERE)}", accept_encoding="zstd")
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(server.request(server.admin, "/readyz").status, 200)
            self.assertEqual({p.owner() for p in self.data.rglob("*")}, {"nobody"})
        # What is there is used again.
        with self.serve("--user", "nobody") as server:
            self.assertEqual(server.get(f"/bundle?{query('app', target=HERE)}").status, 200)

    def test_root_that_stays_root_keeps_its_rights_to_files_alone(self):
        listen, to_files = 1 << 10, 1 << 1 | 1 << 2 | 1 << 3  # CAP_NET_BIND_SERVICE; DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER
        theirs = self.wheels / "theirs"
        theirs.mkdir()
        make_wheel(theirs, "private", "1.0")
        for path in (*theirs.iterdir(), theirs):
            os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
            path.chmod(0o700)
        for sandbox in ("true", "false"):
            with self.subTest(sandbox), self.serve("--sandbox", sandbox) as server:
                server.wait_for_log("running as root, with rights to files alone")
                for name in ("CapPrm", "CapEff"):
                    self.assertEqual(int(self.status(server, name)[0], 16) & ~to_files, 0, name)
                for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
                    rights = re.search(r"CapPrm:\s*(\w+)", (thread / "status").read_text()).group(1)
                    self.assertEqual(int(rights, 16) & ~to_files & ~listen, 0, thread)
                for name in ("app", "private"):
                    self.assertEqual(server.get(f"/bundle?{query(name, target=HERE)}").status, 200)

    def test_ports_below_1024_can_be_listened_on(self):
        port = next(p for p in range(1023, 600, -1) if self.is_free(p))
        for words in (("--user", "nobody"), ()):
            with self.subTest(words), self.serve(*words, "--listen-plain", f"127.0.0.1:{port}") as server:
                server.wait_for_log(f"listening  url=http://127.0.0.1:{port}/")
                self.assertEqual(server.request(f"http://127.0.0.1:{port}", "/resolve?r=app").status, 200)
            shutil.rmtree(self.data)

    @staticmethod
    def is_free(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    def test_what_can_not_be_is_one_line_and_2(self):
        program = shutil.copy(PROGRAM, self.folder)  # where anybody can run it
        self.data.mkdir(parents=True)
        self.data.chmod(0o777)
        words = (program, "serve", "--wheels", self.wheels, "--data", self.data, "--listen-plain", "127.0.0.1:0")
        for user, says, options in (("no-such-user", "no-such-user: there is no such user", {}),
                                    ("root", "root: only root can become another user",
                                     {"user": "nobody", "extra_groups": []})):
            done = run(*words, "--user", user, **options)
            self.assertEqual((done.returncode, says in done.stderr), (2, True), done.stderr)


if __name__ == "__main__":
    main()
