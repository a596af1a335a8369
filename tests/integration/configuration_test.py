"""The sample configuration is true: every option is in it, and serve reads it."""

import re
import subprocess

from harness import PROGRAM, SAMPLE_WHEELS, SOURCE, Server, TestCase, main, run, wheelbarrow

SAMPLE = SOURCE / "config" / "wheelbarrow.toml"
# Options that have no place in a file.
NOT_IN_A_FILE = {"help", "config"}


class Configuration(TestCase):
    def test_the_sample_and_help_name_the_same_options(self):
        in_help = set(re.findall(r"--([a-z][a-z-]+)", "\n".join(
            line.split("  ")[1] if line.startswith("  ") else "" for line in
            wheelbarrow("serve", "--help").stdout.splitlines())))
        in_sample = set(re.findall(r"^#?\s?([a-z][a-z-]*) *=", SAMPLE.read_text(), re.MULTILINE))
        self.assertEqual(in_sample, in_help - NOT_IN_A_FILE)

    def test_serve_reads_the_sample(self):
        text = SAMPLE.read_text()
        text = re.sub(r"^wheels *=.*$", f'wheels = ["{SAMPLE_WHEELS}"]', text, flags=re.MULTILINE)
        text = re.sub(r"^# ?(target) *=.*$", r'\1 = "pyodide-0.28"', text, flags=re.MULTILINE)
        file = self.folder / "wheelbarrow.toml"
        file.write_text(text)
        with Server("--config", file, pyodide=None) as server:
            self.assertIn('"target":"pyodide-0.28"', server.get("/resolve?r=numpy").body.decode())

    def test_every_option_of_the_sample_is_accepted_when_uncommented(self):
        lines = [re.sub(r"^# ?([a-z][a-z-]* *=)", r"\1", line) for line in SAMPLE.read_text().splitlines()]
        text = "\n".join(lines)
        for name, value in (("wheels", f'["{SAMPLE_WHEELS}"]'), ("pyodide", '""'), ("static", f'["{self.folder}:/app"]'),
                            ("listen", '["127.0.0.1:0"]'), ("listen-plain", '["127.0.0.1:0"]'),
                            ("admin", '"127.0.0.1:0"'), ("data", f'"{self.folder / "data"}"'),
                            ("tls-cert", '""'), ("tls-key", '""')):
            text = re.sub(rf"^{name} *=.*$", f"{name} = {value}", text, flags=re.MULTILINE)
        file = self.folder / "all.toml"
        file.write_text(text)
        process = subprocess.Popen([PROGRAM, "serve", "--config", file], stderr=subprocess.PIPE, text=True)
        try:
            seen = ""
            for line in process.stderr:
                seen += line
                if "url=http://" in line:
                    break
            self.assertIn("url=http://", seen)
        finally:
            process.terminate()
            process.communicate()
        self.assertEqual(process.returncode, 0)

    def test_flags_win_over_the_environment_and_that_over_the_file(self):
        file = self.folder / "wheelbarrow.toml"
        file.write_text('target = "pyodide-0.24"\n')
        import os
        for environment, flags, expected in (({}, [], "pyodide-0.24"),
                                             ({"WHEELBARROW_TARGET": "pyodide-0.26"}, [], "pyodide-0.26"),
                                             ({"WHEELBARROW_TARGET": "pyodide-0.26"},
                                              ["--target", "pyodide-0.28"], "pyodide-0.28")):
            os.environ.update(environment)
            try:
                with Server("--config", file, *flags, pyodide=None) as server:
                    self.assertIn(f'"target":"{expected}"', server.get("/resolve?r=typing-extensions").body.decode())
            finally:
                for name in environment:
                    del os.environ[name]

    def test_an_unknown_key_is_refused(self):
        file = self.folder / "wheelbarrow.toml"
        file.write_text(f'wheels = ["{SAMPLE_WHEELS}"]\nlissen = "127.0.0.1:0"\n')
        done = run(PROGRAM, "serve", "--config", file)
        self.assertEqual((done.returncode, "lissen" in done.stderr), (2, True), done.stderr)


if __name__ == "__main__":
    main()
