"""The reverse proxies of Debian, run with the files in config/, with ports and folders of a test's own."""

import getpass
import os
import socket
import subprocess
import time
from urllib.parse import urlsplit

from harness import SOURCE

START_TIMEOUT = 30  # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shipped(name, *changes):
    """The file config/<name> with each text replaced that must be in it."""
    text = (SOURCE / "config" / name).read_text()
    for old, new in changes:
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    return text


def nginx(process, http):
    """The command line of an nginx in the foreground: `process` has a folder and writes a configuration there, in whose
    http block this text is."""
    temporary = "\n".join(f"{kind}_temp_path {process.folder}/{kind};"
                          for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return ["nginx", "-e", "stderr", "-p", process.folder, "-c", process.write(f"""
        daemon off;
        {f"user {getpass.getuser()};" if os.geteuid() == 0 else ""}
        worker_processes 1;
        pid {process.folder}/pid;
        error_log stderr;
        events {{}}
        http {{
          access_log off;
          {temporary}
          {http}
        }}
        """)]


class Proxy:
    """A running proxy, with its files in a folder; `upstream` is the server's address for it, whose certificate is in
    that file."""

    program = None
    caches = False

    def __init__(self, folder, upstream, certificate=None):
        self.folder, self.port = folder, free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        self.upstream, self.certificate = urlsplit(upstream), certificate
        self.tls = self.upstream.scheme == "https"
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(c) for c in self.command()], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=folder, env=self.environment())
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    def write(self, text, name="configuration"):
        path = self.folder / name
        path.write_text(text)
        return path

    def environment(self):
        # Debian has the daemons in folders that only root's PATH names.
        return {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin", "HOME": str(self.folder),
                "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}

    def wait_until_it_listens(self):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"{self.program} doesn't listen:\n{self.log.read_text()}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Nginx(Proxy):
    program = "nginx"

    def __init__(self, folder, upstream, certificate=None, changes=()):
        self.changes = changes
        super().__init__(folder, upstream, certificate)

    def command(self):
        changes = [("server 127.0.0.1:8080;", f"server {self.upstream.netloc};"),
                   ("listen 80;", f"listen {self.address};"), *self.changes]
        if self.tls:
            changes.append(("proxy_pass http://wheelbarrow;", f"""proxy_pass https://wheelbarrow;
                proxy_ssl_verify on;
                proxy_ssl_trusted_certificate {self.certificate};
                proxy_ssl_name localhost;"""))
        site = self.write(shipped("nginx.conf", *changes), "site.conf")
        return nginx(self, f"include {site};")


class Haproxy(Proxy):
    program = "haproxy"

    def __init__(self, folder, upstream, certificate=None, protocol="h2"):
        self.protocol = protocol
        super().__init__(folder, upstream, certificate)

    def command(self):
        tls = f"ssl verify required ca-file {self.certificate} sni str(localhost) alpn {self.protocol}"
        clear = "proto h2" if self.protocol == "h2" else ""
        return ["haproxy", "-db", "-f", self.write(shipped(
            "haproxy.cfg", ("bind :80\n", f"bind {self.address}\n"),
            ("server origin 127.0.0.1:8080 proto h2", f"server origin {self.upstream.netloc} {tls if self.tls else clear}")))]


class HaproxyTcp(Proxy):
    program = "haproxy"

    def __init__(self, folder, upstream, header="send-proxy-v2"):
        self.header = header
        super().__init__(folder, upstream)
        self.url = f"{self.upstream.scheme}://{self.address}"

    def command(self):
        return ["haproxy", "-db", "-f", self.write(shipped(
            "haproxy-tcp.cfg", ("bind :443\n", f"bind {self.address}\n"),
            ("server origin 127.0.0.1:8443 send-proxy-v2", f"server origin {self.upstream.netloc} {self.header}")))]


class Caddy(Proxy):
    program = "caddy"

    def __init__(self, folder, upstream, certificate=None, versions="h2c 2"):
        self.versions = versions
        super().__init__(folder, upstream, certificate)

    def command(self):
        tls = f"tls_trusted_ca_certs {self.certificate}\n tls_server_name localhost"
        text = shipped(
            "Caddyfile", ("wheels.example.org {", f"{self.url} {{"),
            ("reverse_proxy h2c://127.0.0.1:8080", f"reverse_proxy {self.upstream.scheme}://{self.upstream.netloc}"),
            ("compression off", f"compression off\n versions {self.versions}\n {tls if self.tls else ''}"))
        return ["caddy", "run", "--adapter", "caddyfile", "--config",
                self.write("{\n admin off\n auto_https off\n}\n" + text)]


class Varnish(Proxy):
    program = "varnishd"
    caches = True

    def __init__(self, folder, upstream, more=""):
        self.more = more
        super().__init__(folder, upstream)

    def command(self):
        text = shipped("varnish.vcl", ('.port = "8080"', f'.port = "{self.upstream.port}"'))
        return ["varnishd", "-F", "-j", "none", "-n", self.folder / "varnish", "-a", self.address, "-s", "malloc,1g",
                "-p", "http_gzip_support=off", "-f",
                self.write(text + "sub vcl_deliver { set resp.http.X-Hits = obj.hits; }\n" + self.more)]
