"""Random sets over random wheels: Debian's pip finds a solution exactly where wheelbarrow does, and no better one.

No pre-releases: pip 23 takes none where a specifier leaves nothing else, which PEP 440 ("Handling of pre-releases")
does.
"""

import json
import random
import sys

from harness import Server, TestCase, main, make_wheel, query, run

SEED, UNIVERSES, SETS = 22, 3, 12
VERSIONS = ["1.0", "1.1", "1.5.post1", "2.0", "2.1", "3.0"]  # from low to high
TARGET = "cpython-{}.{}-linux-x86_64".format(*sys.version_info)  # pip runs on the Python that runs this


def specifier(choose):
    version = choose.choice(VERSIONS)
    return choose.choice(["", "", f">={version}", f"<{version}", f"=={version}", f"!={version}", f"~={version}",
                          f"=={version[0]}.*", f">1.0,<={version}"])


def make_universe(choose, folder):
    """Ten projects whose versions need others that come later in the alphabet, or now and then earlier."""
    names = [f"p{letter}" for letter in "abcdefghij"]
    for number, name in enumerate(names):
        for version in choose.sample(VERSIONS, choose.randint(1, 4)):
            others = names[number + 1:] + choose.sample(names, 1)
            count = min(len(others), choose.randint(0, 2))
            needs = [other + specifier(choose) for other in choose.sample(others, count) if other != name]
            marker = choose.choice(["", "", "", "; python_version < '3'", "; sys_platform == 'linux'"])
            make_wheel(folder, name, version, requires=[need + marker for need in needs])
    return names


class PipAgrees(TestCase):
    def pip(self, server, requirements):
        """What pip would install, or None and why not."""
        done = run(sys.executable, "-m", "pip", "--isolated", "--no-cache-dir", "--disable-pip-version-check", "install",
                   "--quiet", "--dry-run", "--ignore-installed", "--report", "-",
                   "--index-url", f"{server.plain}/simple/", *requirements)
        if done.returncode != 0:
            self.assertRegex(done.stderr, "ResolutionImpossible|No matching distribution")
            return None
        return {item["metadata"]["name"]: item["metadata"]["version"] for item in json.loads(done.stdout)["install"]}

    def wheelbarrow(self, server, requirements):
        answer = server.get(f"/resolve?{query(*requirements)}&target={TARGET}")
        self.assertIn(answer.status, (200, 422), answer.body)
        if answer.status == 422:
            return None
        return {wheel["name"]: wheel["version"] for wheel in json.loads(answer.body)["wheels"]}

    def test_on_random_sets(self):
        choose = random.Random(SEED)
        found = refused = 0
        for number in range(UNIVERSES):
            folder = self.folder / str(number)
            folder.mkdir()
            names = make_universe(choose, folder)
            with Server("--wheels", folder) as server:
                for _ in range(SETS):
                    projects = choose.sample(names, choose.randint(1, 3))
                    asked = [project + specifier(choose) for project in projects]
                    theirs, ours = self.pip(server, asked), self.wheelbarrow(server, asked)
                    with self.subTest(asked):
                        self.assertEqual(theirs is None, ours is None, (theirs, ours))
                        if ours is None:
                            refused += 1
                            continue
                        found += 1
                        # What is asked for is as high as it can be, by name.
                        ranks = [[VERSIONS.index(lock[project]) for project in sorted(projects)]
                                 for lock in (ours, theirs)]
                        self.assertGreaterEqual(*ranks, (ours, theirs))
        self.assertGreater(min(found, refused), UNIVERSES, "the sets are all of one kind")


if __name__ == "__main__":
    main()
