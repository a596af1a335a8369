"""The commands of the READMEs do what they say, as they stand there."""

import os
import re
import signal
import subprocess
import tarfile
import unittest

from harness import PROGRAM, PYODIDE, SAMPLE_WHEELS, SOURCE, Server, TestCase, main, make_wheel

# As the README has it: a name that a browser or pip can check against the certificate.
ADDRESS = "https://localhost:8443"
BLOCKS = [block for file in ("README.md", "config/README.md", "server/README.md")
          for block in re.findall(r"^```sh\n(.*?)^```", (SOURCE / file).read_text(), re.MULTILINE | re.DOTALL)]


class Readme(TestCase):
    def setUp(self):
        super().setUp()
        self.home = self.folder / "home"
        (self.home / "my").mkdir(parents=True)
        (self.home / "my" / "wheels").symlink_to(SAMPLE_WHEELS)
        (self.home / "my" / "pyodide").symlink_to(PYODIDE)
        self.data = self.home / ".cache" / "wheelbarrow" / "data"
        self.here = self.folder / "here"
        self.here.mkdir()
        (self.here / "requirements.txt").write_text("numpy\n")
        (self.here / "constraints.txt").write_text("numpy<3\n")
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "wheelbarrow").symlink_to(PROGRAM)
        self.environment = os.environ | {
            "HOME": str(self.home), "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            # A distribution's Python wants pip to be told where to.
            "PIP_TARGET": str(self.folder / "installed"), "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        # What would win over the certificate that the README names.
        for name in ("XDG_CACHE_HOME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT", "PIP_CONFIG_FILE",
                     "PIP_INDEX_URL"):
            self.environment.pop(name, None)

    def run_block(self, containing, address=ADDRESS):
        block, = [each for each in BLOCKS if containing in each]
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block.replace(ADDRESS, address)], cwd=self.here,
                              env=self.environment, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, f"{block}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def serve_block(self, containing, output, until, signal_to_end, *others):
        """Runs what serves, at addresses of its own, until it says that it does; gives the line."""
        block, = [each for each in BLOCKS if containing in each]
        for address, other in others:
            self.assertIn(address, block)
            block = block.replace(address, other)
        process = subprocess.Popen(["bash", "-c", f"exec {block.strip()}"], cwd=self.here, env=self.environment,
                                   text=True, **{output: subprocess.PIPE})
        try:
            seen = ""
            for line in getattr(process, output):
                seen += line
                if until in line:
                    return line
            self.fail(seen)
        finally:
            process.send_signal(signal_to_end)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)

    def test_every_block_is_run_by_a_test(self):
        known = ("./server/run.sh", "tar -x -C", "pip install", "wheelbarrow resolve", "wheelbarrow export",
                 "wheelbarrow add", "twine upload", "wheelbarrow dev", "--cold-builds", "--trusted-proxy")
        for block in BLOCKS:
            self.assertEqual(len([each for each in known if each in block]), 1, block)

    def test_clients(self):
        with Server(data=self.data) as server:
            address = server.tls.replace("127.0.0.1", "localhost")
            self.run_block("tar -x -C", address)
            self.assertTrue((self.here / "site-packages" / "docx" / "__init__.py").exists())
            self.run_block("pip install", address)
            self.assertTrue((self.folder / "installed" / "fontTools").exists())

    def test_commands(self):
        with Server(data=self.data):  # what `store verify` looks at
            pass
        said = self.run_block("wheelbarrow resolve")
        self.assertIn("numpy==2.2.5", said)
        with tarfile.open(self.here / "app.tar") as bundle:
            self.assertIn("numpy/__init__.py", bundle.getnames())

    def own_wheels(self):
        """A folder instead of the samples, which stay as they are, and one wheel to go there."""
        wheels = self.home / "my" / "wheels"
        wheels.unlink()
        wheels.mkdir()
        (self.here / "dist").mkdir()
        make_wheel(self.here / "dist", "app", "2.0")
        return wheels

    def test_uploading(self):
        wheels = self.own_wheels()
        token = self.here / "upload-token"
        token.write_text("0123456789abcdef\n")
        with Server("--upload-token", token, wheels=wheels, pyodide=None, data=self.data) as server:
            self.run_block("twine upload", server.tls.replace("127.0.0.1", "localhost"))
            self.assertEqual([p.name for p in wheels.iterdir()], ["app-2.0-py3-none-any.whl"])

    def test_publishing(self):
        wheels = self.own_wheels()
        for version in ("0.9", "1.0"):
            make_wheel(wheels, "app", version)
        self.run_block("wheelbarrow add")
        self.assertEqual(sorted(p.name for p in wheels.iterdir()),
                         ["app-1.0-py3-none-any.whl", "app-1.0-py3-none-any.whl.yanked", "app-2.0-py3-none-any.whl"])

    def test_dev(self):
        (self.home / "my" / "app").mkdir()
        (self.home / "my" / "app" / "index.html").write_text("<!doctype html>")
        self.serve_block("wheelbarrow dev", "stdout", "Ctrl-C", signal.SIGINT,
                         ("--live-reload", "--live-reload --listen 127.0.0.1:0"))

    def test_serving(self):
        self.serve_block("--cold-builds", "stderr", "https://", signal.SIGTERM, (":8443", ":0"), ("127.0.0.1:9090", "127.0.0.1:0"))
        self.serve_block("--trusted-proxy", "stderr", "http://127.0.0.1", signal.SIGTERM, ("127.0.0.1:8080", "127.0.0.1:0"))

    def test_export(self):
        self.run_block("wheelbarrow export")
        for name in ("env/science/pyodide.mjs", "sets/science.json", "client/wheelbarrow.mjs"):
            self.assertTrue((self.here / "site" / name).exists(), name)

    @unittest.skipIf("/build/release/" not in PROGRAM, "run.sh builds the release and nothing else")
    def test_start(self):
        # tests/run.sh is what runs this; the server is told another address, because somebody may use this one.
        block, = [each for each in BLOCKS if "./server/run.sh" in each]
        command, = [line.split("#")[0].strip() for line in block.splitlines() if "server/run.sh" in line]
        process = subprocess.Popen([*command.split(), "--listen", "127.0.0.1:0", "--data", str(self.data), "--log-format", "text"], cwd=SOURCE,
                                   stderr=subprocess.PIPE, text=True)
        seen = ""
        for line in process.stderr:
            seen += line
            if "url=https://127.0.0.1" in line:
                break
        self.assertIn("url=https://127.0.0.1", seen)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, seen)


if __name__ == "__main__":
    main()
