"""The Dockerfile's own steps, and what they make, started as Docker would: as its user, on a read-only root, with a
volume and an empty network; then with what stands around it in compose.yaml. And the .deb, installed by dpkg in a
Debian 12 of its own."""

import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import image
import yaml
from harness import SOURCE, TestCase, main, make_wheel, run

BUILD = Path(os.environ["WHEELBARROW_BUILD"])
COMPOSE = yaml.safe_load((SOURCE / "docker/compose.yaml").read_text())
LIMIT = 60_000_000  # bytes beyond the base


def ccache_folder():
    done = run("ccache", "--get-config", "cache_dir") if shutil.which("ccache") else None
    folder = Path(done.stdout.strip()) if done and done.returncode == 0 else None
    return folder if folder and folder.is_dir() else None


@functools.cache
def made_image():
    """What the Dockerfile makes, once for all tests."""
    folder = tempfile.mkdtemp(prefix="wheelbarrow-image-")
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    beside, environment, binds = [], {}, []
    # Objects that this very compiler made before are taken from ccache; the image knows nothing of it.
    if cache := ccache_folder():
        beside = ["ccache"]
        environment = {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_DIR": "/media", "CCACHE_BASEDIR": "/source",
                       "CCACHE_NOHASHDIR": "true"}
        # Which language the compiler speaks is part of what ccache goes by.
        environment |= {name: os.environ[name] for name in ("LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES") if name in os.environ}
        binds = [(cache, "/media")]
    return image.Dockerfile(SOURCE / "docker/Dockerfile", SOURCE, folder, beside, environment, binds).image


class Images(TestCase):
    def setUp(self):
        if reason := image.obstacle():
            self.skipTest(reason)
        super().setUp()
        self.addCleanup(os.umask, os.umask(0o022))
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        make_wheel(self.wheels, "app", "1.0")

    def mount(self, name, layers, **options):
        mounted = image.Mounted(layers, self.folder / name, **options)
        self.addCleanup(mounted.close)
        return mounted

    def start(self, mounted, *words, pass_fds=(), **options):
        """A program in there as the first process of a container; its log is read as it comes."""
        process = subprocess.Popen(mounted.inside(*words, first=True, **options), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, pass_fds=pass_fds)
        log = []
        reader = threading.Thread(target=lambda: log.extend(process.stderr), daemon=True)
        reader.start()
        process.log, process.reader = log, reader

        def end():
            mounted.close()
            process.wait()
            reader.join()
            process.stderr.close()

        self.addCleanup(end)
        return process

    def until(self, process, ask):
        """What `ask` answers as soon as it is something."""
        deadline = time.monotonic() + 60
        while not (answer := ask()):
            self.assertIsNone(process.poll(), "".join(process.log))
            self.assertLess(time.monotonic(), deadline, "".join(process.log))
            time.sleep(0.2)
        return answer

    def wait_until_well(self, mounted, process, *words, **options):
        def ask():
            done = mounted.run(*words, check=False, **options)
            return done if done.returncode == 0 else None

        self.assertEqual(self.until(process, ask).stdout, "ready\n")

    def ask(self, mounted, url, *words):
        """From outside of the root, in its network."""
        done = run(*mounted.in_network(), "curl", "-sSk", "--max-time", "60", *words, url)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    @staticmethod
    def number_of(process):
        """That of the program itself: below nsenter, and below unshare."""
        number = process.pid
        for _ in range(2):
            number = int(Path(f"/proc/{number}/task/{number}/children").read_text().split()[0])
        return number

    def end(self, process):
        os.kill(self.number_of(process), signal.SIGTERM)
        self.assertEqual(process.wait(60), 0, "".join(process.log))

    def volume(self, made, name):
        """A volume is made like the folder that it hides."""
        volume = self.folder / "volumes" / name.lstrip("/")
        shutil.copytree(made.find(name), volume)
        owner = made.find(name).stat()
        os.chown(volume, owner.st_uid, owner.st_gid)
        return volume


class Dockerfile(Images):
    def test_its_steps_make_a_small_image_that_runs_as_docker_would_run_it(self):
        made = made_image()
        size = made.size_beyond_base()
        print(f"{size / 1e6:.1f} MB beyond the base image", flush=True)
        self.assertLess(size, LIMIT)

        self.assertEqual(made.volumes, ["/data"])
        options = {"user": made.user, "environment": made.environment}
        mounted = self.mount("run", made.layers, network="own",
                             binds=[(self.volume(made, "/data"), "/data"), (self.wheels, "/wheels")])
        self.assertIn("Read-only", mounted.run("touch", "/tmp/x", check=False).stderr)
        process = self.start(mounted, *made.entry, *made.command, **options)
        self.wait_until_well(mounted, process, *made.health, **options)
        answer = json.loads(self.ask(mounted, "https://localhost:8443/resolve?r=app&target=pyodide-0.29"))
        self.assertEqual([wheel["name"] for wheel in answer["wheels"]], ["app"])
        self.assertIn("wheelbarrow_catalog_wheels 1\n", self.ask(mounted, "http://localhost:9090/metrics"))
        status = Path(f"/proc/{self.number_of(process)}/status").read_text()
        owner = made.find("/data").stat().st_uid
        self.assertNotEqual(owner, 0)
        self.assertRegex(status, rf"\nUid:\t{owner}\t{owner}\t{owner}\t{owner}\n")
        self.assertRegex(status, r"\nCapEff:\t0+\n")
        self.assertIn("\nSeccomp:\t2\n", status)
        self.assertRegex(status, r"\nNSpid:(\t\d+)+\t1\n")
        self.end(process)
        # Then it isn't well.
        self.assertEqual(mounted.run(*made.health, check=False, **options).returncode, 1)


class ComposeFile(TestCase):
    def test_it_fits_what_there_is(self):
        services, volumes, configs = (COMPOSE[name] for name in ("services", "volumes", "configs"))
        self.assertEqual(set(services), {"origin", "cache", "prometheus", "grafana"})
        variables = set(re.findall(r"Env:(\w+)", run(os.environ["WHEELBARROW"], "serve", "--help").stdout))
        used = set()
        for name, service in services.items():
            self.assertEqual(set(service.get("environment", {})) - variables, set(), name)
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                found = source in volumes or source == "../wheels" or (SOURCE / "docker" / source).is_file()
                self.assertTrue(found, f"{name}: {volume}")
                used.add(source)
        self.assertEqual(set(volumes) - used, set())
        self.assertEqual({each["source"] for each in services["grafana"]["configs"]}, set(configs))

    def test_grafana_finds_prometheus_and_the_dashboard(self):
        services, configs = COMPOSE["services"], COMPOSE["configs"]
        [source] = yaml.safe_load(configs["grafana-datasource"]["content"])["datasources"]
        [listening] = [word for word in services["prometheus"]["command"] if word.startswith("--web.listen-address=:")]
        # Who shares a network is known by the name of whose it is; Grafana has one of its own.
        self.assertEqual(services["prometheus"]["network_mode"], "service:origin")
        self.assertNotIn("network_mode", services["grafana"])
        self.assertEqual((source["type"], source["url"]), ("prometheus", f"http://origin:{listening.rpartition(':')[2]}"))
        [provider] = yaml.safe_load(configs["grafana-dashboards"]["content"])["providers"]
        [dashboard] = [volume for volume in services["grafana"]["volumes"] if "dashboard" in volume]
        self.assertEqual(Path(dashboard.split(":")[1]).parent, Path(provider["options"]["path"]))
        self.assertIn("panels", json.loads((SOURCE / "docker" / dashboard.split(":")[0]).read_text()))


class Compose(Images):
    """The services but Grafana, which Debian hasn't, in one network. The origin is the image; the others are the
    machine's programs over its own files."""

    def binds(self, made, service):
        for volume in service["volumes"]:
            source, target = volume.split(":")[:2]
            if source == "../wheels":
                yield self.wheels, target
            elif source.startswith("."):
                yield SOURCE / "docker" / source, target
            elif service is COMPOSE["services"]["origin"]:
                yield self.volume(made, target), target
            else:
                folder = self.folder / source
                folder.mkdir()
                yield folder, target

    def start_beside(self, origin, name, *words):
        service = COMPOSE["services"][name]
        self.assertEqual(service["network_mode"], "service:origin")
        upper = self.folder / f"{name}-files"
        upper.mkdir()
        mounted = self.mount(name, [Path("/")], upper=upper, network=origin, binds=self.binds(None, service))
        return self.start(mounted, *words, *service["command"])

    def answer(self, origin, url, *words):
        """Or nothing, as long as nobody listens."""
        done = run(*origin.in_network(), "curl", "-sS", "--max-time", "60", *words, url)
        return done.stdout if done.returncode == 0 else None

    def test_the_origin_is_cached_and_watched(self):
        for program in ("varnishd", "prometheus"):
            if not shutil.which(program):
                self.skipTest(f"{program} isn't installed")
        made = made_image()
        service = COMPOSE["services"]["origin"]
        options = {"user": made.user, "environment": {**made.environment, **service["environment"]}}
        self.assertEqual((service["read_only"], service["cap_drop"]), (True, ["ALL"]))
        origin = self.mount("origin", made.layers, network="own", binds=self.binds(made, service))
        server = self.start(origin, "setpriv", "--no-new-privs", *made.entry, *made.command, **options)
        self.wait_until_well(origin, server, *made.health, **options)

        cache = self.start_beside(origin, "cache")
        url = "http://localhost:8000/bundle?r=app&target=pyodide-0.29"
        self.assertEqual([port.split(":")[1] for port in service["ports"]], ["8000"])
        fields = ("-o", "/dev/null", "-D", "-", "-H", "Accept-Encoding: zstd")
        first = self.until(cache, lambda: self.answer(origin, url, *fields)).lower()
        again = self.answer(origin, url, *fields).lower()
        self.assertRegex(first, r"^http/1.1 200 ok\n")
        self.assertRegex(first, r"\nx-varnish: \d+\n")
        self.assertRegex(again, r"\nx-varnish: \d+ \d+\n")  # the second is who fetched it
        for each in (first, again):
            self.assertIn("\ncontent-encoding: zstd\n", each)
            self.assertRegex(each, r"\nsurrogate-key: .*project-app")

        prometheus = self.start_beside(origin, "prometheus", "prometheus")
        api = "http://localhost:9091/api/v1"

        def scraped():
            answer = self.answer(origin, f"{api}/query?query=wheelbarrow_catalog_wheels")
            return json.loads(answer)["data"]["result"] if answer and answer.startswith("{") else None

        [result] = self.until(prometheus, scraped)
        self.assertEqual((result["metric"]["job"], result["value"][1]), ("wheelbarrow", "1"))
        groups = json.loads(self.answer(origin, f"{api}/rules"))["data"]["groups"]
        there = {rule["alert"] for group in yaml.safe_load((SOURCE / "config/alerts.yml").read_text())["groups"]
                 for rule in group["rules"]}
        self.assertEqual({rule["name"] for group in groups for rule in group["rules"]}, there)
        self.end(server)


class Package(Images):
    def setUp(self):
        super().setUp()
        done = run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", self.folder / "package")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [self.package] = (self.folder / "package").glob("*.deb")

    def needed(self):
        """The names of the packages that it depends on."""
        said = run("dpkg-deb", "--field", self.package, "Depends").stdout
        return sorted(re.match(r"\S+", each.strip()).group() for each in said.split(","))

    def test_it_installs_and_starts_and_goes_away(self):
        said = run("dpkg-deb", "--info", self.package).stdout
        self.assertRegex(said, r"\n Package: wheelbarrow\n")
        self.assertIn("conffiles", said)
        needed = self.needed()
        self.assertLessEqual({"libnghttp2-14", "libseccomp2", "libssl3"}, set(needed))
        base = image.base_layer()
        below = image.packages_layer(
            [base], f"apt-get update && apt-get install -y --no-install-recommends {' '.join(needed)}")
        upper = self.folder / "upper"
        upper.mkdir()
        # Without a way out: what it doesn't name can't be fetched.
        mounted = self.mount("installed", [base, below], upper=upper, network="own",
                             binds=[(self.folder / "package", "/media"), (self.wheels, "/mnt")])
        mounted.run("apt-get", "install", "-y", "--no-install-recommends", f"/media/{self.package.name}")
        self.assertEqual(mounted.run("wheelbarrow", "--version").stdout[:12], "wheelbarrow ")
        self.assertEqual(mounted.run("dpkg", "--verify", "wheelbarrow").stdout, "")
        mounted.run("sh", "-c", "cp /mnt/*.whl /srv/wheels")

        # As systemd would start it: as a user without a name, with a folder and a socket, and its configuration as it is.
        unit = mounted.path("/usr/lib/systemd/system/wheelbarrow.service").read_text()
        command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE).group(1)
        self.assertTrue(command.startswith("/usr/bin/wheelbarrow serve --config /etc/"), command)
        mounted.run("install", "-d", "-m", "700", "-o", "61234", "-g", "61234", "/var/lib/wheelbarrow")
        with socket.create_server(("127.0.0.1", 0)) as listening:
            number = listening.fileno()
            process = self.start(mounted, "sh", "-c", f'LISTEN_PID=$$ exec "$@" 3<&{number}', "sh",
                                 *command.split(), user="61234:61234", pass_fds=[number],
                                 environment={"LISTEN_FDS": "1", "LISTEN_FDNAMES": "https"})
            self.wait_until_well(mounted, process, "wheelbarrow", "health")
            done = run("curl", "-sSk", "--max-time", "60", f"https://localhost:{listening.getsockname()[1]}/simple/app/")
            self.assertIn("app-1.0", done.stdout, done.stderr)
            self.end(process)

        # The administrator's change outlives the package, and purging takes it; wheels stay.
        config = mounted.path("/etc/wheelbarrow/wheelbarrow.toml")
        config.write_text(config.read_text() + "# mine\n")
        mounted.run("dpkg", "--remove", "wheelbarrow")
        self.assertIn("# mine\n", config.read_text())
        self.assertFalse(mounted.path("/usr/bin/wheelbarrow").exists())
        mounted.run("dpkg", "--purge", "wheelbarrow")
        for gone in ("/etc/wheelbarrow", "/var/lib/wheelbarrow"):
            self.assertFalse(mounted.path(gone).exists(), gone)
        self.assertEqual(mounted.run("ls", "/srv/wheels").stdout.count(".whl"), 1)


if __name__ == "__main__":
    main()
