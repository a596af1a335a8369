"""What `cmake --install` puts where, and whether systemd takes the units."""

import os
import re
import shutil
import unittest
from pathlib import Path

from harness import PROGRAM, SOURCE, TestCase, main, run

BUILD = Path(os.environ["WHEELBARROW_BUILD"])
FILES = {
    "bin/wheelbarrow",
    "etc/wheelbarrow/wheelbarrow.toml",
    "lib/systemd/system/wheelbarrow.service",
    "lib/systemd/system/wheelbarrow.socket",
    "share/bash-completion/completions/wheelbarrow",
    "share/doc/wheelbarrow/copyright",
    *(f"share/doc/wheelbarrow/examples/{name}" for name in (
        "Caddyfile", "alerts.yml", "behind-proxy.toml", "dev.toml", "grafana-dashboard.json", "haproxy-tcp.cfg",
        "haproxy.cfg", "nginx.conf", "origin.toml", "prometheus.yml", "varnish.vcl", "wheelbarrow.toml")),
    "share/fish/vendor_completions.d/wheelbarrow.fish",
    "share/man/man1/wheelbarrow.1",
    "share/zsh/vendor-completions/_wheelbarrow",
}


class Install(TestCase):
    def install(self, prefix, **environment):
        done = run("cmake", "--install", BUILD, "--prefix", prefix, env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def files_in(self, folder):
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}

    def test_a_prefix_gets_everything_and_the_unit_names_it(self):
        self.install(self.folder)
        self.assertEqual(self.files_in(self.folder), FILES)
        unit = (self.folder / "lib/systemd/system/wheelbarrow.service").read_text()
        self.assertIn(f"ExecStart={self.folder}/bin/wheelbarrow serve --config {self.folder}/etc/wheelbarrow/", unit)
        for name, words in (("share/man/man1/wheelbarrow.1", ["man"]),
                            ("share/zsh/vendor-completions/_wheelbarrow", ["completion", "zsh"])):
            said = run(PROGRAM, *words, env={"HOME": "~", "PATH": os.environ["PATH"]}).stdout
            self.assertEqual((self.folder / name).read_text(), said)
        # A configuration that is there stays.
        mine = self.folder / "etc/wheelbarrow/wheelbarrow.toml"
        mine.write_text("# mine\n")
        self.install(self.folder)
        self.assertEqual(mine.read_text(), "# mine\n")

    def test_usr_is_configured_in_etc(self):
        self.install("/usr", DESTDIR=str(self.folder))
        expected = {name if name.startswith("etc/") else f"usr/{name}" for name in FILES}
        self.assertEqual(self.files_in(self.folder), expected)
        unit = (self.folder / "usr/lib/systemd/system/wheelbarrow.service").read_text()
        self.assertIn("ExecStart=/usr/bin/wheelbarrow serve --config /etc/wheelbarrow/wheelbarrow.toml\n", unit)

    def test_the_package_has_them_and_says_what_it_needs(self):
        done = run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [package] = self.folder.glob("*.deb")
        self.assertEqual(run("dpkg-deb", "--extract", package, self.folder / "root").returncode, 0)
        self.assertEqual(self.files_in(self.folder / "root"),
                         {name if name.startswith("etc/") else f"usr/{name}" for name in FILES})
        control = self.folder / "control"
        self.assertEqual(run("dpkg-deb", "--control", package, control).returncode, 0)
        needed = re.search("^Depends: (.*)$", (control / "control").read_text(), re.MULTILINE).group(1)
        for library in ("libnghttp2-14", "libseccomp2", "libssl3", "libsqlite3-0"):
            self.assertIn(library, needed)
        self.assertEqual((control / "conffiles").read_text(), "/etc/wheelbarrow/wheelbarrow.toml\n")
        for name in ("postinst", "prerm", "postrm"):
            self.assertEqual(run("sh", "-n", control / name).returncode, 0, name)
        self.assertEqual(run(self.folder / "root/usr/bin/wheelbarrow", "--version").returncode, 0)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd")
    def test_systemd_takes_the_units_and_finds_little_exposed(self):
        self.install(self.folder)
        units = self.folder / "lib/systemd/system"
        done = run("systemd-analyze", "verify", "--man=no", units / "wheelbarrow.service", units / "wheelbarrow.socket")
        about_ours = [line for line in done.stderr.splitlines() if "wheelbarrow" in line]
        self.assertEqual((done.returncode, about_ours), (0, []), done.stderr)
        done = run("systemd-analyze", "security", "--offline=true", "--threshold=20", units / "wheelbarrow.service")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_installed_configuration_is_one_that_serve_takes(self):
        text = (SOURCE / "config" / "service.toml").read_text()
        wheels, data = self.folder / "wheels", self.folder / "data"
        wheels.mkdir()
        text = re.sub(r'"/srv/wheels"', f'"{wheels}"', text)
        text = re.sub(r'"/var/lib/wheelbarrow"', f'"{data}"', text)
        file = self.folder / "wheelbarrow.toml"
        file.write_text(text)
        done = run(PROGRAM, "serve", "--config", file)
        # It is complete but for the sockets, which only a service manager has.
        self.assertEqual((done.returncode, "systemd:https: the service manager passed no socket" in done.stderr),
                         (2, True), done.stderr)


if __name__ == "__main__":
    main()
