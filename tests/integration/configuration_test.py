"""The sample configurations are true; what is wrong is refused with its place; SIGHUP reads the file again."""

import os
import re
import signal
import ssl
import subprocess
import time
import tomllib
from urllib.parse import urlsplit

from harness import PROGRAM, PYODIDE, SAMPLE_WHEELS, SOURCE, Server, TestCase, main, make_wheel, run, wheelbarrow

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

    def test_the_sample_has_the_defaults_and_explains_each_option(self):
        shown = tomllib.loads(wheelbarrow("config", "show", "--wheels", self.folder).stdout)
        of_the_machine = {"wheels", "data", "threads", "build-threads"}

        def number(value):
            size = re.fullmatch(r"(\d+)([KMG])", value) if isinstance(value, str) else None
            return int(size[1]) * 1024 ** (1 + "KMG".index(size[2])) if size else value

        explained = set()
        for paragraph in SAMPLE.read_text().split("\n\n"):
            options = re.findall(r"^(?:# )?([a-z][a-z-]*) = (.*)$", paragraph, re.MULTILINE)
            self.assertTrue(not options or paragraph.startswith("# ") and len(paragraph.splitlines()) > len(options), paragraph)
            for name, value in options:
                explained.add(name)
                # Where there is no default, it shows an example.
                if shown[name] not in ("", []) and name not in of_the_machine:
                    self.assertEqual(number(tomllib.loads(f"value = {value}")["value"]), shown[name], name)
        self.assertEqual(explained, set(shown))

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
                            ("tls-cert", '""'), ("tls-key", '""'), ("allowed-sets", '""'), ("bundle-token", '""'),
                            ("upload-token", '""'), ("upload-folder", '""'),
                            ("log-format", '"text"'), ("access-log", f'"{self.folder / "access.log"}"'), ("user", '""')):
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

    def test_the_ready_ones_are_good(self):
        ready = sorted(SAMPLE.parent.glob("*.toml"))
        self.assertEqual([file.name for file in ready],
                         ["behind-proxy.toml", "dev.toml", "origin.toml", "service.toml", "wheelbarrow.toml"])
        for file in ready:
            with self.subTest(file.name):
                done = wheelbarrow("config", "check", "--config", file)
                self.assertEqual((done.returncode, done.stdout), (0, f"{file}: good\n"), done.stderr)
                shown = tomllib.loads(wheelbarrow("config", "show", "--config", file).stdout)
                for name, value in tomllib.loads(file.read_text()).items():
                    if not isinstance(value, str) or "size" not in name and "budget" not in name:
                        self.assertEqual(shown[name], value, name)


class Refusals(TestCase):
    """Exit code 2 and one line: the place, what is wrong, what may have been meant."""

    def refused(self, *arguments, environment=None, command=("serve",)):
        done = run(PROGRAM, *command, *arguments, env={**os.environ, **(environment or {})})
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)
        return done.stderr.removeprefix("wheelbarrow: ").rstrip("\n")

    def test_a_file_is_refused_with_its_line(self):
        file = self.folder / "wheelbarrow.toml"
        for text, says in [
            ('lissen = "127.0.0.1:0"', "4: unknown option 'lissen'; did you mean 'listen'?"),
            ("build_queue = 4", "4: unknown option 'build_queue'; did you mean 'build-queue'?"),
            ("favourite-colour = 1", "4: unknown option 'favourite-colour'"),
            ("config = 'other.toml'", "4: unknown option 'config'"),
            ("help = true", "4: unknown option 'help'"),
            ("threads = 0", "4: threads: Value 0 not in range 1 to 1024"),
            ('threads = "many"', "4: threads: Value many not in range 1 to 1024"),
            ("threads = [1, 2]", "4: threads: takes one value, not an array"),
            ('log-level = "wran"', "4: log-level: 'wran' is not one of debug, info, warn, error, off; did you mean 'warn'?"),
            ('bytecode = "besides"', "4: bytecode: 'besides' is not one of off, beside, instead; did you mean 'beside'?"),
            ('listen = ["127.0.0.1"]', "4: listen: 127.0.0.1: a listening address is ADDRESS:PORT, for example 127.0.0.1:8443"),
            ('listen = ["::1:80"]', "4: listen: ::1:80: an IPv6 address needs brackets, for example [::1]:8443"),
            ('admin = "localhost:99999"', "4: admin: localhost:99999: the port must be a number from 0 to 65535"),
            (f'listen-plain = ["unix:/{120 * "x"}"]', f"4: listen-plain: unix:/{120 * 'x'}: the path of a Unix domain socket has 1 to 107 bytes"),
            ('base-url = "wheels.example.org"', "4: base-url: 'wheels.example.org' is no address like https://wheels.example.org or https://example.org/wheels"),
            ('define-target = ["a b=3.12:x_y"]', "4: define-target: target 'a b=3.12:x_y': expected NAME=PYTHON:TAG,TAG or NAME=FILE, the name of letters, digits, '.', '_', '-'"),
            ('data-budget = "20X"', "4: data-budget: expected bytes, or a size like 500M or 20G"),
            ("data-budget = -1", "4: data-budget: expected bytes, or a size like 500M or 20G"),
            ("max-upload = 99999999999999999999", "4: max-upload: expected bytes, or a size like 500M or 20G"),
            ('max-set-size = "010M"', "4: max-set-size: expected bytes, or a size like 500M or 20G"),
            ('threads = "010"', "4: threads: '010' has a leading zero"),
            # Contradictions: the line of the one that doesn't fit.
            ('tls-cert = "a.pem"', "4: tls-cert: needs its key, --tls-key"),
            ('tls-key = "a.pem"', "4: tls-key: needs its certificate, --tls-cert"),
            ('tls-cert = "a"\ntls-key = "b"\nlisten-plain = ["localhost:80"]', "4: tls-cert: nothing listens with TLS; add --listen, or leave it out"),
            ('listen = ["localhost:80"]\nlisten-plain = ["localhost:80"]', "5: listen-plain: 'localhost:80' is listened on already"),
            ('listen = ["localhost:80"]\nadmin = "localhost:80"', "5: admin: 'localhost:80' is listened on already"),
            ("max-file-size = 10\nmax-wheel-size = 9", "4: max-file-size: is more than max-wheel-size, which a file counts for"),
            # What isn't there.
            (f'static = ["{self.folder}/none:/app"]', f"4: static: there is no folder '{self.folder}/none'"),
            ('pyodide = "/none"', "4: pyodide: there is no folder '/none'"),
            ('tls-cert = "/none.pem"\ntls-key = "/none.key"', "4: tls-cert: there is no file '/none.pem'"),
            # What is no TOML, or more of it than there is to say.
            ("listen", "4: expected 'name = value', with the name of an option"),
            ("listen =", "4: a value is missing"),
            ("listen = localhost:80", "4: a value is a number, true, false, text in quotes, or an array of these"),
            *((f"threads = {number}", "4: a value is a number, true, false, text in quotes, or an array of these")
              for number in ("nan", "010", "1__0", "1_", "_1", "+-5", ".5", "5.", "0x10", "1e")),
            ('data = "/srv', "4: a text is not closed by its quote"),
            ('data = "C:\\new\\data"', "4: an unknown escape in a text; a backslash is written \\\\, or as it is in single quotes"),
            ('data = "\\ud800"', "4: an unknown escape in a text; a backslash is written \\\\, or as it is in single quotes"),
            ('data = "a\x01"', "4: a control character in a text; write it as \\uXXXX"),
            ('data = """/srv"""', '4: text must be on one line, in single quotes or ""'),
            ('data = "/srv" "/data"', "4: expected the end of the line after the value"),
            ('listen = [\n"localhost:80",\n', "4: the array that begins here is not closed by ']'"),
            ('listen = ["a:1" "b:1"]', "4: expected ',' or ']' in an array"),
            ('listen = [["a:1"]]', "4: no option takes an array within an array"),
            ("listen = {}", "4: no option takes an inline table"),
            ("[serve]", "4: there are no tables here, only options: name = value"),
            ("threads = 1\nthreads = 1", "5: 'threads' is set in line 4 already"),
        ]:
            with self.subTest(text=text):
                file.write_text(f'# A comment\r\nwheels = [ # one\n  "{SAMPLE_WHEELS}" ]\n{text}\n')
                self.assertEqual(self.refused("--config", file, "--data", self.folder / "data"), f"{file}:{says}")

    def test_text_is_read_as_toml_says(self):
        file = self.folder / "wheelbarrow.toml"
        file.write_text("\ufeffwheels = ['./a\\b', \"./c\\u00e9\\U0001f6d2\\t\\\"\", './d#e',] # f\n"
                        "\"build-queue\" = 1_000\r\nthreads = +3\npyodide = \"\"", encoding="utf-8", newline="")
        done = wheelbarrow("config", "show", "--config", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = tomllib.loads(file.read_text(encoding="utf-8").removeprefix("\ufeff"))
        shown = tomllib.loads(done.stdout)
        self.assertEqual({name: shown[name] for name in expected}, expected)

    def test_any_bytes_are_read_or_refused(self):
        file = self.folder / "wheelbarrow.toml"
        text = SAMPLE.read_bytes().replace(b"\n# ", b"\n")
        for at in range(0, len(text), 97):
            for damage in (text[:at], text[:at] + b"\0" + text[at:], text[:at] + b'"' + text[at:], text[at:] + b"["):
                file.write_bytes(damage)
                done = wheelbarrow("config", "check", "--config", file)
                self.assertIn(done.returncode, (0, 2), damage)

    def test_files_that_are_none_are_refused(self):
        self.assertEqual(self.refused("--config", self.folder), f"{self.folder}: the configuration file can't be read")
        self.assertEqual(self.refused("--config", "/none.toml"), "/none.toml: the configuration file can't be read")
        large = self.folder / "large.toml"
        large.write_bytes(b"#" * (1 << 21))
        self.assertEqual(self.refused("--config", large), f"{large}: a configuration file of more than 1 MiB")

    def test_flags_and_the_environment_are_refused_by_their_names(self):
        for arguments, environment, says in [
            (["--lissen", "a:1"], {}, "unknown option '--lissen'; did you mean '--listen'?"),
            (["wheels"], {}, "unexpected word 'wheels'"),
            (["--threads", "0"], {}, "--threads: Value 0 not in range 1 to 1024"),
            (["--drain-timeout", "060"], {}, "--drain-timeout: '060' has a leading zero"),
            (["--data-budget", "-1"], {}, "--data-budget: expected bytes, or a size like 500M or 20G"),
            (["--admin", "a"], {}, "--admin: a: a listening address is ADDRESS:PORT, for example 127.0.0.1:8443"),
            ([], {"WHEELBARROW_THREADS": "none"}, "WHEELBARROW_THREADS: threads: Value none not in range 1 to 1024"),
            ([], {"WHEELBARROW_CONFIG": "/none"}, "/none: the configuration file can't be read"),
            (["--wheels", "/none"], {}, "--wheels: there is no folder '/none'"),
            (["--tls-cert", "a"], {}, "--tls-cert: needs its key, --tls-key"),
            ([], {"WHEELBARROW_TLS_KEY": "a"}, "WHEELBARROW_TLS_KEY: tls-key: needs its certificate, --tls-cert"),
        ]:
            with self.subTest(arguments=arguments, environment=environment):
                self.assertEqual(self.refused(*arguments, "--wheels", SAMPLE_WHEELS, environment=environment), says)
        self.assertIn("at least one folder of wheels", self.refused())
        done = wheelbarrow("resolve", "--wheels", SAMPLE_WHEELS, "--tarqet", "x", "numpy")
        self.assertEqual((done.returncode, "did you mean '--target'?" in done.stderr), (2, True), done.stderr)


class CheckAndShow(TestCase):
    def test_show_says_where_values_come_from_and_can_be_used_again(self):
        file = self.folder / "wheelbarrow.toml"
        file.write_text(f"threads = 3\nlog-level = 'warn'\n\nwheels = ['{SAMPLE_WHEELS}', '/o\"ther']\ntarget = 'pyodide-0.28'\n"
                        "data-budget = '1G'\n")
        arguments = ("--config", file, "--log-level", "debug", "--bytecode", "beside")
        done = run(PROGRAM, "config", "show", *arguments, env={**os.environ, "WHEELBARROW_TARGET": "pyodide-0.29",
                                                               "WHEELBARROW_ADMIN": "",
                                                               "WHEELBARROW_TRUSTED_PROXY": "10.0.0.0/8\nunix:\n"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        for line in ("threads = 3  # FILE:1", 'log-level = "debug"  # --log-level', 'bytecode = "beside"  # --bytecode',
                     'target = "pyodide-0.29"  # WHEELBARROW_TARGET',
                     'trusted-proxy = ["10.0.0.0/8", "unix:"]  # WHEELBARROW_TRUSTED_PROXY', "build-queue = 256  # default",
                     'listen = ["localhost:8443"]  # default', 'admin = ""  # default', "static = []  # default",
                     "data-budget = 1073741824  # FILE:6", f'wheels = ["{SAMPLE_WHEELS}", "/o\\"ther"]  # FILE:4'):
            self.assertIn(line.replace("FILE", str(file)), lines)
        again = self.folder / "again.toml"
        again.write_text(done.stdout)
        shown = wheelbarrow("config", "show", "--config", again)
        self.assertEqual(tomllib.loads(shown.stdout), tomllib.loads(done.stdout), shown.stderr)
        names = set(tomllib.loads(done.stdout))
        self.assertEqual(names, set(re.findall(r"^#?\s?([a-z][a-z-]*) *=", SAMPLE.read_text(), re.MULTILINE)))

    def test_check_says_what_is_not_there_and_is_content(self):
        file = self.folder / "wheelbarrow.toml"
        file.write_text("\nwheels = ['/none']\n")
        done = wheelbarrow("config", "check", "--config", file)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, f"{file}: good\n", f"wheelbarrow: not on this machine: {file}:2: wheels: there is no folder '/none'\n"))
        done = wheelbarrow("config", "check", "--wheels", SAMPLE_WHEELS)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "words and environment: good\n", ""))

    def test_check_reads_the_files_that_are_named(self):
        short = self.folder / "token"
        short.write_text("short\n")
        sets = self.folder / "sets"
        sets.write_text("numpy\nlxml>=\n")
        text = self.folder / "text.pem"
        text.write_text("no certificate\n")
        for words, says in ((("--bundle-token", short), f"{short}: "), (("--upload-token", short), f"{short}: "),
                            (("--allowed-sets", sets), f"{sets}, line 2"),
                            (("--tls-cert", text, "--tls-key", text), f"{text}: ")):
            for command in (("config", "check"), ("serve", "--data", self.folder / "data", "--listen", "127.0.0.1:0")):
                with self.subTest(words=words, command=command):
                    done = wheelbarrow(*command, "--wheels", SAMPLE_WHEELS, *words)
                    self.assertIn(done.returncode, (1, 2), done.stderr)
                    self.assertEqual((done.stdout, len(done.stderr.splitlines())), ("", 1), done.stderr)
                    self.assertIn(says, done.stderr)

    def test_a_variable_that_is_nearly_an_options_is_named(self):
        theirs = {"WHEELBARROW_LISTN": "127.0.0.1:1", "WHEELBARROW_PORT": "tcp://10.0.0.1:443",
                  "WHEELBARROW_PORT_443_TCP_ADDR": "10.0.0.1", "WHEELBARROW_SERVICE_HOST": "10.0.0.1"}
        done = run(PROGRAM, "config", "check", "--wheels", SAMPLE_WHEELS, env={**os.environ, **theirs})
        self.assertEqual((done.returncode, done.stderr), (0, "wheelbarrow: WHEELBARROW_LISTN: no option's variable; "
                                                             "did you mean 'WHEELBARROW_LISTEN'?\n"))
        os.environ.update(theirs)
        self.addCleanup(lambda: [os.environ.pop(name) for name in theirs])
        with Server() as server:
            server.wait_for_log("variable ignored  name=WHEELBARROW_LISTN reason=no option's variable; did you mean")

    def test_words_of_the_command(self):
        self.assertIn("config show", wheelbarrow("config", "--help").stdout)
        self.assertIn("--listen-plain", wheelbarrow("config", "check", "--help").stdout)
        for words in ([], ["chekc"]):
            done = wheelbarrow("config", *words)
            self.assertEqual((done.returncode, "config check" in done.stderr), (2, True))


class Reloading(TestCase):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "wheelbarrow.toml"

    def reload(self, server, text):
        """What the log says of it."""
        self.file.write_text(text)
        before = len(server.log)
        server.process.send_signal(signal.SIGHUP)
        pattern = r"(reloaded  signal=SIGHUP changed=|configuration not reloaded)"
        while not any(re.search(pattern, line) for line in list(server.log)[before:]):
            server.wait_for_log(pattern)
            self.assertIsNone(server.process.poll())
        return "\n".join(server.log[before:])

    def make_certificate(self, name):
        pair = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", f"/CN={name}", "-keyout", pair[1], "-out", pair[0])
        self.assertEqual(done.returncode, 0, done.stderr)
        return pair

    def test_what_can_is_applied_and_what_cannot_is_named(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()
        make_wheel(wheels, "app", "1.0")
        one, two = (self.make_certificate(name) for name in ("one", "two"))
        first = f"tls-cert = '{one[0]}'\ntls-key = '{one[1]}'\n"
        self.file.write_text(first)
        with Server("--config", self.file, "--drain-timeout", "60", wheels=wheels, pyodide=None) as server:
            self.assertIn("changed=nothing", self.reload(server, first))
            log = self.reload(server, first + "log-level = 'debug'\nbuild-queue = 7\nmax-target = 100\ndrain-timeout = 1\n")
            # A flag wins over what the file says, now as before.
            self.assertRegex(log, "changed=log-level,max-target$")
            self.assertIn("[warning] changed, but needs a restart  options=build-queue\n", log)
            self.assertEqual(server.get("/simple/?" + 100 * "x").status, 414)
            server.get("/simple/app/")
            server.wait_for_log("request  method=GET path=/simple/app/")
            # Still waiting for the restart.
            self.assertIn("options=build-queue\n", self.reload(server, first + "log-level = 'debug'\nbuild-queue = 7\n"))
            # What is wrong changes nothing.
            log = self.reload(server, first + "log-level = 'info'\n\nthreds = 1\n")
            self.assertIn(f"configuration not reloaded, the old one stays  reason={self.file}:5: "
                          "unknown option 'threds'; did you mean 'threads'?", log)
            server.get("/simple/app/?again")
            log = self.reload(server, f"tls-cert = '{two[0]}'\ntls-key = '{one[1]}'\n")
            self.assertIn("option not reloaded, the old value stays  options=tls-cert", log)
            parts = urlsplit(server.tls)
            presented = lambda: ssl.get_server_certificate((parts.hostname, parts.port), timeout=30)
            self.assertEqual(presented(), one[0].read_text())
            self.assertRegex(self.reload(server, f"tls-cert = '{two[0]}'\ntls-key = '{two[1]}'\n"), "changed=tls-cert,tls-key$")
            self.assertEqual(presented(), two[0].read_text())

    def test_a_certificate_for_listeners_that_wait_for_a_restart_waits_too(self):
        self.file.write_text("")
        words = ("serve", "--config", self.file, "--wheels", SAMPLE_WHEELS, "--data", self.folder / "data", "--log-format",
                 "text", "--listen-plain", "127.0.0.1:0")
        process = subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        said = ""
        for line in process.stderr:
            said += line
            if "listening" in line:
                self.file.write_text("listen = ['127.0.0.1:0']\ntls-cert = '/none'\ntls-key = '/none'\n")
                process.send_signal(signal.SIGHUP)
            if "reloaded  signal=SIGHUP" in line:
                process.terminate()
        self.assertEqual(process.wait(60), 0)
        self.assertRegex(said, "option not reloaded, the old value stays  options=tls-cert,tls-key reason=nothing listens with TLS")
        self.assertIn("changed, but needs a restart  options=listen\n", said)

    def test_a_targets_file_may_be_replaced_by_another(self):
        folder = self.folder / "robot"
        folder.mkdir()
        lock = folder / "pyodide-lock.json"
        text = (PYODIDE / "pyodide-lock.json").read_text()
        lock.write_text(text)
        first = f"define-target = ['robot={lock}']\n"
        self.file.write_text(first)
        with Server("--config", self.file, pyodide=None) as server:
            (folder / "new").write_text(text)
            (folder / "new").rename(lock)
            self.assertRegex(self.reload(server, first + "log-level = 'debug'\n"), "changed=log-level$")

    def test_logs_change_while_it_runs(self):
        log = self.folder / "access.log"
        wheels = self.folder / "wheels"
        wheels.mkdir()
        make_wheel(wheels, "app", "1.0")
        # Its folder is within the sandbox's reach because there is a log in it at the start.
        first = f"access-log = '{self.folder / 'first.log'}'\n"
        self.file.write_text(first)
        with Server("--config", self.file, wheels=wheels, pyodide=None) as server:

            def ask(word, file=log):
                """A client has its answer before the server has noted it."""
                server.get(f"/simple/?{word}")
                deadline = time.monotonic() + 20
                while not file.exists() or f"?{word}" not in file.read_text():
                    self.assertLess(time.monotonic(), deadline, word)
                    time.sleep(0.02)

            ask("first", self.folder / "first.log")
            self.assertRegex(self.reload(server, f"access-log = '{log}'\n"), "changed=access-log$")
            ask("seen")
            self.assertRegex(self.reload(server, f"access-log = '{log}'\naccess-log-format = 'json'\n"),
                             "changed=access-log-format$")
            ask("json")
            self.assertIn("options=access-log reason=/none/log: can't open the access log: No such file or directory",
                          self.reload(server, "access-log = '/none/log'\naccess-log-format = 'json'\n"))
            ask("still")
            self.assertRegex(self.reload(server, first), "changed=access-log,access-log-format$")
            server.get("/simple/?last")
        self.assertEqual(re.findall(r"\?(\w+)", log.read_text()), ["seen", "json", "still"])


if __name__ == "__main__":
    main()
