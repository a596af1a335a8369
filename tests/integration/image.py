"""Follows a Dockerfile without Docker: its own steps, in folders made by debootstrap. What Docker would do besides them
(registries, image formats, networks of its own) isn't shown by it.

A step's files are the upper folder of an overlay over those of the steps before. Those that don't depend on the tree,
which are what apt-get brings, are kept for the next time, by what was run on top of what; CACHE may be deleted. Needs
root. Every mount is in a namespace of its own and every process in one that ends with this one, however it ends."""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wheelbarrow" / "image-layers-1"
MIRROR = "http://deb.debian.org/debian"
SOURCES = f"""deb {MIRROR} bookworm main
deb {MIRROR} bookworm-updates main
deb {MIRROR}-security bookworm-security main
"""
NEEDED = ("debootstrap", "unshare", "nsenter", "ip", "curl", "dpkg-deb")
PATIENCE = 800  # seconds for a step
# The first process of the namespaces. They are gone when its standard input ends.
SETUP = """set -e
mount --make-rprivate /
mount -t overlay overlay -o "$1" "$2"
if [ -n "$3" ]; then ip link set lo up; fi
bind() {
  if [ ! -e "$2" ]; then
    if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "$(dirname "$2")" && touch "$2"; fi
  fi
  mount --bind "$1" "$2"
}
for each in null zero random urandom; do bind /dev/$each "$2/dev/$each"; done
mount -t proc proc "$2/proc"
shift 3
while [ $# -gt 0 ]; do
  bind "$1" "$2"
  shift 2
done
echo ready
exec cat
"""


@functools.cache
def obstacle():
    """Why images can't be made here, or nothing."""
    if os.geteuid() != 0:
        return "images are made by root"
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        return f"images need {', '.join(missing)}"
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "none", "/mnt"],
                           capture_output=True, text=True)
    if tried.returncode != 0:
        return f"root may not mount here: {tried.stderr.strip()}"
    if not (CACHE / "debian-12").exists():
        try:
            urllib.request.urlopen(f"{MIRROR}/dists/bookworm/InRelease", timeout=30).close()
        except OSError as error:
            return f"{MIRROR} can't be reached: {error}"
    return None


def instructions(text):
    """Pairs of a word and its argument, continued lines joined, comments dropped."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def words_of(argument):
    """An argument in its JSON form, or in words."""
    return json.loads(argument) if argument.lstrip().startswith("[") else shlex.split(argument)


class Mounted:
    """Layers over each other where programs can be run; read-only without an upper one. `network` is None for that of
    the machine, "own" for one of its own without a way out, or who has the one to share."""

    def __init__(self, layers, work, upper=None, network=None, binds=()):
        self.root = work / "root"
        for folder in (self.root, work / "work"):
            folder.mkdir(parents=True, exist_ok=True)
        options = "lowerdir=" + ":".join(str(layer) for layer in reversed(layers))
        if upper:
            options += f",upperdir={upper},workdir={work / 'work'}"
        own = network == "own"
        command = ["unshare", "--mount", *(["--net"] if own else []), "--pid", "--fork", "--kill-child",
                   "sh", "-c", SETUP, "sh", options, self.root, "yes" if own else ""]
        if isinstance(network, Mounted):
            command = [*network.in_network(), *command]
        for source, target in [("/etc/resolv.conf", "/etc/resolv.conf"), *binds]:
            command += [source, self.root / target.lstrip("/")]
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            said = self.process.stderr.read()
            self.close()
            raise AssertionError(said)

    def in_network(self):
        """The words that run a program of the machine in this network."""
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def path(self, name):
        """A file in there, for who is outside."""
        return Path(f"/proc/{self.process.pid}/root{self.root}") / name.lstrip("/")

    def inside(self, *words, user=None, environment=None, folder="/", first=False):
        """The words that run a program in there; as process 1, as containers do, if it shall be the first."""
        settings = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", **(environment or {})}
        spaces = Path(f"/proc/{self.process.pid}/ns")
        return [str(word) for word in [
            "nsenter", f"--mount={spaces / 'mnt'}", f"--net={spaces / 'net'}", f"--pid={spaces / 'pid_for_children'}",
            *(["unshare", "--pid", "--fork", "--kill-child"] if first else []),
            "chroot", *([f"--userspec={user}"] if user else []), self.root,
            "env", "-i", *(f"{name}={value}" for name, value in settings.items()),
            "sh", "-c", 'cd "$0" && exec "$@"', folder, *words]]

    def run(self, *words, check=True, **options):
        done = subprocess.run(self.inside(*words, **options), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE)
        if check and done.returncode != 0:
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def remove_unfinished():
    for name in ("new", "new.work"):
        shutil.rmtree(CACHE / name, ignore_errors=True)


@contextlib.contextmanager
def making(layer):
    """The folder that is to become a kept layer, or nothing where it is there already. Others wait meanwhile."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if layer.exists():
            yield None
            return
        new = CACHE / "new"
        remove_unfinished()  # of a run that was killed
        new.mkdir()
        started = time.monotonic()
        try:
            yield new
            new.rename(layer)
        finally:
            remove_unfinished()
        print(f"{layer.name[:12]} made in {time.monotonic() - started:.0f} s", flush=True)


def base_layer():
    """Debian 12 as debootstrap makes it, with the sources of apt that debian:12-slim has."""
    layer = CACHE / "debian-12"
    with making(layer) as new:
        if new:
            done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "debootstrap",
                                   "--variant=minbase", "bookworm", str(new), MIRROR],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
            if done.returncode != 0:
                raise AssertionError(done.stdout[-3000:] + done.stderr[-3000:])
            (new / "etc/apt/sources.list").write_text(SOURCES)
            for archive in (new / "var/cache/apt/archives").glob("*.deb"):
                archive.unlink()
    return layer


def packages_layer(layers, command, environment=None, folder="/"):
    """What a command of apt-get adds to kept layers."""
    status = (layers[0] / "var/lib/dpkg/status").read_bytes()
    below = [hashlib.sha256(status).hexdigest(), *(layer.name for layer in layers[1:])]
    key = hashlib.sha256(json.dumps([below, command, environment or {}, folder]).encode()).hexdigest()
    layer = CACHE / key
    with making(layer) as new:
        if new:
            run_over(layers, new, CACHE / "new.work", command, environment=environment, folder=folder)
    return layer


def run_over(layers, upper, work, command, binds=(), **options):
    # An overlay's work folder is of the upper one's file system.
    with Mounted(layers, work, upper=upper, binds=binds) as mounted:
        mounted.run("sh", "-c", command, **options)
    shutil.rmtree(work)


class Stage:
    def __init__(self, layers):
        self.layers = layers
        self.environment = {}
        self.folder = "/"
        self.user = None
        self.entry, self.command, self.health, self.volumes = [], [], [], []

    def find(self, name):
        """Where a file of the image is."""
        return next(p for p in (layer / name.lstrip("/") for layer in reversed(self.layers)) if p.exists())

    def size_beyond_base(self):
        """Bytes of the files that the image has and its base hasn't, or has otherwise."""
        seen = {}
        for layer in self.layers[1:]:
            for path in layer.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    status = path.stat()
                    seen[path.relative_to(layer)] = (status.st_dev, status.st_ino), status.st_size
        return sum(dict(seen.values()).values())


class Dockerfile:
    """Its stages, made one after the other; `image` is the last. `beside`: packages that the first stage gets for the
    test's own sake; `environment` and `binds` are for every RUN that isn't apt-get's, likewise."""

    def __init__(self, path, context, work, beside=(), environment=None, binds=()):
        self.context, self.work = Path(context), Path(work)
        self.beside, self.environment, self.binds = list(beside), environment or {}, list(binds)
        self.stages = {}
        self.image = None
        self.count = 0
        for word, argument in instructions(Path(path).read_text()):
            getattr(self, "do_" + word.lower())(argument)

    def new_layer(self):
        self.count += 1
        layer = self.work / f"layer-{self.count}"
        layer.mkdir(parents=True)
        return layer

    def do_from(self, argument):
        name, *rest = argument.split()
        if name != "debian:12-slim":
            raise AssertionError(f"FROM {name} isn't a Debian 12")
        self.image = Stage([base_layer()])
        self.stages[rest[1] if rest else None] = self.image
        if self.beside and len(self.stages) == 1:
            names = " ".join(self.beside)
            self.image.layers.append(packages_layer(
                self.image.layers, f"apt-get update && apt-get install -y --no-install-recommends {names}"))

    def do_run(self, argument):
        image = self.image
        if argument.startswith("apt-get") and all(layer.parent == CACHE for layer in image.layers):
            image.layers.append(packages_layer(image.layers, argument, image.environment, image.folder))
            return
        layer = self.new_layer()
        run_over(image.layers, layer, self.work / "work", argument, self.binds, folder=image.folder,
                 environment={**image.environment, **self.environment})
        image.layers.append(layer)

    def do_copy(self, argument):
        words = argument.split()
        find = self.context.joinpath
        if words[0].startswith("--from="):
            find = self.stages[words.pop(0).removeprefix("--from=")].find
        *names, target = words
        layer = self.new_layer()
        into = layer / target.lstrip("/")
        for name in names:
            found = find(name)
            if found.is_dir():
                shutil.copytree(found, into, symlinks=True)
            else:
                place = into / found.name if target.endswith("/") else into
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, place)
        self.image.layers.append(layer)

    def do_workdir(self, argument):
        self.image.folder = argument

    def do_env(self, argument):
        self.image.environment.update(word.split("=", 1) for word in shlex.split(argument))

    def do_user(self, argument):
        self.image.user = argument

    def do_volume(self, argument):
        self.image.volumes += words_of(argument)

    def do_expose(self, argument):
        pass  # says something to people only

    def do_healthcheck(self, argument):
        self.image.health = words_of(argument.partition("CMD")[2])

    def do_entrypoint(self, argument):
        self.image.entry = words_of(argument)

    def do_cmd(self, argument):
        self.image.command = words_of(argument)
