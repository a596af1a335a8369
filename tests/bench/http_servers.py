"""The servers of the transport benchmark: each with one worker, no access log, set up as somebody would who knows it.

What all share: a folder, TLS 1.3 with AES-128-GCM, an ECDSA P-256 certificate and X25519, no session resumption and
no tickets, as far as each lets itself be told and what the client offers decides; HTTP/2 by prior knowledge and
HTTP/1.1 in clear. Each comment beside a setting says what it gained here against the default.

Kernel TLS stays off for all: few kernels have it. Settings that are not here were tried and made no difference
(lighttpd's chunk size and stat cache, nginx's multi_accept and larger TLS buffers) or can't matter on loopback (h2o's
latency optimization).
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

START_TIMEOUT = 60  # seconds
STOP_TIMEOUT = 3
TLS13_CIPHER = "TLS_AES_128_GCM_SHA256"
MANY = 1_000_000_000

NGINX = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
{user}
pid {work}/pid;
error_log {work}/error.log crit;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  default_type application/octet-stream;
  server_tokens off;
  sendfile on;
  sendfile_max_chunk 2m;
  tcp_nopush on;
  tcp_nodelay on;
  etag on;
  gzip off;
  # Over TLS files are read into these. Against the default of two of 32 KB this takes a tenth off a large file's cost.
  output_buffers 2 {output_buffer};
  open_file_cache max=1000 inactive=1h;
  open_file_cache_valid 1h;
  open_file_cache_min_uses 1;
  keepalive_timeout 1h;
  keepalive_requests {many};
  http2_max_concurrent_streams 256;
  # As large as a frame may be, against the default of 8 KB: in clear it halves a large file's cost.
  http2_chunk_size {chunk};
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_conf_command Ciphersuites {cipher};
  # "tickets off" alone still sends two of another kind over TLS 1.3.
  ssl_conf_command NumTickets 0;
  ssl_ecdh_curve X25519;
  ssl_session_tickets off;
  ssl_session_cache off;
  ssl_buffer_size 16k;
  server {{ listen 127.0.0.1:{tls} ssl http2 backlog=4096; root {root}; }}
  server {{ listen 127.0.0.1:{h2c} http2 backlog=4096; root {root}; }}
  # On a port for HTTP/2 this version speaks nothing else in clear.
  server {{ listen 127.0.0.1:{plain} backlog=4096; root {root}; }}
}}
"""

# "neverbleed" would move the private key into a process of its own, dearer for every new connection.
H2O = """\
num-threads: 1
max-connections: {connections}
{user}
error-log: {work}/error.log
pid-file: {work}/pid
tcp-fastopen: 0
http1-request-timeout: 3600
http2-idle-timeout: 3600
http2-max-concurrent-requests-per-connection: 256
ssl-session-resumption: {{mode: off}}
file.etag: ON
file.send-compressed: OFF
file.mime.setdefaulttype: application/octet-stream
listen: {{host: 127.0.0.1, port: {plain}}}
hosts:
  default:
    listen:
      host: 127.0.0.1
      port: {tls}
      ssl:
        certificate-file: {certificate}
        key-file: {key}
        minimum-version: TLSv1.2
        neverbleed: OFF
        ocsp-update-interval: 0
    paths:
      /: {{file.dir: {root}}}
"""

LIGHTTPD = """\
server.modules = ("mod_openssl")
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {plain}
server.errorlog = "{work}/error.log"
server.pid-file = "{work}/pid"
server.upload-dirs = ("{work}")
server.event-handler = "linux-sysepoll"
server.network-backend = "sendfile"
server.max-fds = {files}
server.max-connections = {connections}
server.listen-backlog = 4096
server.max-keep-alive-requests = {many}
server.max-keep-alive-idle = 3600
server.max-read-idle = 3600
server.max-write-idle = 3600
server.stat-cache-engine = "inotify"
server.tag = "lighttpd"
server.feature-flags = ("server.h2proto" => "enable", "server.h2c" => "enable", "ssl.session-cache" => "disable")
mimetype.assign = ("" => "application/octet-stream")
$SERVER["socket"] == "127.0.0.1:{tls}" {{
  ssl.engine = "enable"
  ssl.pemfile = "{certificate}"
  ssl.privkey = "{key}"
  ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2", "Options" => "-SessionTicket", "NumTickets" => "0",
                              "Groups" => "X25519", "Ciphersuites" => "{cipher}")
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(cores, command):
    """The command, as text, made to run on these cores only."""
    command = [str(c) for c in command]
    return ["taskset", "-c", ",".join(map(str, cores)), *command] if cores else command


class Server:
    """One running server; `start` it, `stop` it. Subclasses say how: `command` writes the configuration if there is one
    and returns the argument vectors of its processes."""

    package = None  # Debian's, for the version
    has_http1 = True

    def __init__(self, site, cores):
        self.site = site
        self.work = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=site.work))
        self.cores = cores
        self.processes = []

    def start(self):
        self.log = open(self.work / "output.log", "w")
        for attempt in range(3):  # a port may be taken between our asking and the server's
            self.tls_port, self.plain_port, self.h2c_port = free_port(), free_port(), free_port()
            for command in self.command():
                # A session each, so that /proc tells which workers belong to whom.
                self.processes.append(subprocess.Popen(
                    pinned(self.cores, command), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                    start_new_session=True))
            if all(self._answers(port) for port in self.ports()):
                return self
            self._kill()
        raise RuntimeError(f"{self.name} doesn't start:\n" + (self.work / "output.log").read_text()[-2000:])

    def _answers(self, port):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and all(p.poll() is None for p in self.processes):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def _kill(self):
        # First politely: a master process collects its workers, where some containers' first process wouldn't.
        for process in self.processes:
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT
        for process in self.processes:
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            for pid in session(process.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            process.wait()
        self.processes = []

    def stop(self):
        if not self.processes:
            return
        self._kill()
        self.log.close()
        shutil.rmtree(self.work, ignore_errors=True)

    def ports(self):
        return [self.tls_port, self.plain_port]

    def pids(self):
        return [pid for process in self.processes for pid in session(process.pid)]

    def base(self, scenario):
        """The address for a scenario's kind of connection."""
        if scenario.tls:
            return f"https://127.0.0.1:{self.tls_port}"
        return f"http://127.0.0.1:{self.plain_port if scenario.h1 else self.h2c()}"

    def h2c(self):
        return self.plain_port

    def version(self):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", self.package], capture_output=True, text=True)
        return done.stdout or "unknown"

    def fill(self, template, **more):
        root = os.geteuid() == 0
        return template.format(
            work=self.work, root=self.site.folder, certificate=self.site.certificate, key=self.site.key,
            tls=self.tls_port, plain=self.plain_port, h2c=self.h2c_port, cipher=TLS13_CIPHER, many=MANY,
            files=20000, connections=10000, user=self.user if root else "", **more)


def session(leader):
    """The processes of the session that `leader` began, itself included."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # After the name, which may have spaces: state, parent, group, session.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(entry.name))
    return found


class Nginx(Server):
    name = "nginx"
    package = "nginx-light"
    user = "user root;"
    chunk = "16k"
    output_buffer = "256k"

    def command(self):
        configuration = self.work / "nginx.conf"
        configuration.write_text(self.fill(NGINX, chunk=self.chunk, output_buffer=self.output_buffer))
        return [["nginx", "-e", self.work / "error.log", "-p", self.work, "-c", configuration]]

    def h2c(self):
        return self.h2c_port

    def ports(self):
        return [self.tls_port, self.plain_port, self.h2c_port]


class H2o(Server):
    name = "h2o"
    package = "h2o"
    user = "user: root"

    def command(self):
        configuration = self.work / "h2o.conf"
        configuration.write_text(self.fill(H2O))
        return [["h2o", "-c", configuration]]


class Nghttpd(Server):
    """One process in TLS and one in clear: it can't be both. It has no HTTP/1.1, no curve but
    P-256, and no way to switch tickets off (nor has h2o, over TLS 1.3)."""

    name = "nghttpd"
    package = "nghttp2-server"
    has_http1 = False

    def command(self):
        common = ["nghttpd", "-n", "1", "-a", "127.0.0.1", "-d", self.site.folder, "-m", "256"]
        return [[*common, self.tls_port, self.site.key, self.site.certificate],
                [*common, "--no-tls", self.plain_port]]


class Lighttpd(Server):
    """It takes 8 streams at a time on a connection, which can't be changed."""

    name = "lighttpd"
    package = "lighttpd"
    user = ""

    def command(self):
        configuration = self.work / "lighttpd.conf"
        configuration.write_text(self.fill(LIGHTTPD))
        return [["lighttpd", "-D", "-f", configuration]]


class Wheelbarrow(Server):
    name = "wheelbarrow"

    def __init__(self, site, cores, threads=1, wheels=()):
        super().__init__(site, cores)
        self.threads = threads
        self.wheels = [*wheels] or [site.sample_wheels]

    def command(self):
        self.admin_port = free_port()
        return [[self.site.wheelbarrow, "serve", "--data", self.work / "data", "--static",
                 f"{self.site.folder}/files:/files", "--log-level", "warn", "--threads", self.threads,
                 "--listen", f"127.0.0.1:{self.tls_port}", "--listen-plain", f"127.0.0.1:{self.plain_port}",
                 "--admin", f"127.0.0.1:{self.admin_port}", "--tls-cert", self.site.certificate,
                 "--tls-key", self.site.key, "--target", "pyodide-0.29",
                 *(part for folder in self.wheels for part in ("--wheels", folder))]]

    def ports(self):
        return [self.tls_port, self.plain_port, self.admin_port]

    def version(self):
        done = subprocess.run([self.site.wheelbarrow, "--version"], capture_output=True, text=True, timeout=10)
        return done.stdout.strip().removeprefix("wheelbarrow ")

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=10) as answer:
            found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        return float(found.group(1))

    def move(self, cores):
        """Lets every thread of the server run on these cores from now on."""
        for pid in self.pids():
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), cores)


SERVERS = {kind.name: kind for kind in (Wheelbarrow, Nginx, H2o, Nghttpd, Lighttpd)}
