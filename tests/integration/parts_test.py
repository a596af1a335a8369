"""A bundle above --max-part is cut; its parts are bundles of their own, and the whole stays one download."""

import gzip
import json
import random
import tarfile
from io import BytesIO

from harness import SAMPLE_WHEELS, Server, TestCase, main, make_wheel, query, run, sha256, wheelbarrow

LIMIT = 3_000_000
SAMPLES = query("numpy", "lxml", "python-docx", "fonttools")


def members(body):
    with tarfile.open(fileobj=BytesIO(body)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


class Parts(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--max-part", LIMIT).__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def bundle(self, question=SAMPLES):
        return json.loads(self.server.get(f"/resolve?{question}").body)["bundle"]

    def path(self, part):
        self.assertTrue(part["url"].startswith(self.server.plain))
        return part["url"].removeprefix(self.server.plain)

    def test_parts_unpack_to_what_the_whole_unpacks_to(self):
        bundle = self.bundle()
        whole = members(self.server.get(f"/bundle?{SAMPLES}").body)
        self.assertEqual(json.loads(whole.pop("wheelbarrow.json"))["parts"],
                         [{"sha256": p["sha256"], "size": p["size"], "wheels": p["wheels"]} for p in bundle["parts"]])
        parts = {}
        for part in bundle["parts"]:
            answer = self.server.get(self.path(part))
            self.assertEqual((answer.status, sha256(answer.body)), (200, part["sha256"]))
            self.assertEqual(len(answer.body), part["size"])
            content = members(answer.body)
            manifest = json.loads(content.pop("wheelbarrow.json"))
            self.assertEqual([w["name"] for w in manifest["wheels"]], part["wheels"])
            self.assertFalse(content.keys() & parts.keys())
            parts |= content
        self.assertEqual(parts, whole)

    def test_parts_have_what_bundles_have(self):
        part = self.bundle()["parts"][0]
        path = self.path(part)
        answer = self.server.get(path)
        self.assertEqual(answer.fields["cache-control"], "public, max-age=31536000, immutable")
        self.assertEqual(answer.fields["content-type"], "application/x-tar")
        self.assertEqual(self.server.get(path, if_none_match=answer.fields["etag"]).status, 304)
        some = self.server.get(path, range="bytes=512-1023")
        self.assertEqual((some.status, some.body), (206, answer.body[512:1024]))
        self.assertEqual(gzip.decompress(self.server.get(path, accept_encoding="gzip").body), answer.body)
        zstd = run("sh", "-c", f"curl -s -H 'Accept-Encoding: zstd' '{part['url']}' | zstd -dc | sha256sum")
        self.assertEqual(zstd.stdout.split()[0], part["sha256"])

    def test_a_part_of_several_wheels_keeps_the_limit_in_every_coding_that_compresses(self):
        parts = self.bundle()["parts"]
        self.assertGreaterEqual(len(parts), 3)
        self.assertTrue(any(len(part["wheels"]) > 1 for part in parts))
        for part in parts:
            if len(part["wheels"]) > 1:
                for coding in part["sizes"].keys() - {"identity"}:
                    self.assertLessEqual(part["sizes"][coding], LIMIT, f"{part['wheels']} {coding}")

    def test_a_client_that_takes_parts_is_told_of_them(self):
        answer = self.server.get(f"/bundle?{SAMPLES}&parts=list")
        self.assertEqual(answer.fields["content-type"], "application/json")
        told = json.loads(answer.body)["bundle"]
        self.assertEqual(told["parts"][0]["url"], f"bundles/{told['parts'][0]['sha256']}.tar")
        self.assertEqual([p["sha256"] for p in told["parts"]], [p["sha256"] for p in self.bundle()["parts"]])

    def test_a_bundle_that_fits_has_no_parts(self):
        question = query("typing-extensions")
        self.assertEqual(self.bundle(question)["parts"], [])
        answer = self.server.get(f"/bundle?{question}&parts=list")
        self.assertEqual(answer.fields["content-type"], "application/x-tar")
        self.assertNotIn("parts", json.loads(members(answer.body)["wheelbarrow.json"]))

    def test_a_single_wheel_above_the_limit_stays_whole(self):
        self.assertEqual(self.bundle(query("numpy"))["parts"], [])

    def test_environments_name_the_parts(self):
        packages = json.loads(self.server.get("/env/numpy,lxml,python-docx,fonttools/pyodide-lock.json").body)["packages"]
        parts = self.bundle()["parts"]
        names = ["bundle", *(f"bundle-{i + 1}" for i in range(1, len(parts)))]
        self.assertEqual([packages[name]["sha256"] for name in names], [part["sha256"] for part in parts])
        self.assertEqual(packages["bundle"]["depends"], names[1:])

    def test_the_command_line_makes_the_same_bundle(self):
        file = self.folder / "whole.tar"
        done = wheelbarrow("bundle", "--wheels", SAMPLE_WHEELS, "--target", "pyodide-0.29", "--max-part", LIMIT,
                           "-o", file, "numpy", "lxml", "python-docx", "fonttools")
        self.assertEqual(done.stderr, "")
        answer = self.server.get(f"/bundle?{SAMPLES}")
        theirs, ours = members(answer.body), members(file.read_bytes())
        their_parts = json.loads(theirs["wheelbarrow.json"])["parts"]
        self.assertEqual(json.loads(ours["wheelbarrow.json"])["parts"], their_parts)

    def test_a_new_version_of_one_wheel_leaves_other_parts_alone(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()

        def write(name, version):
            text = random.Random(name + version).randbytes(20_000).hex()
            make_wheel(wheels, name, version, files={f"{name}.py": f"text = '{text}'\n"})

        names = [f"noise{i}" for i in range(20)]
        for name in names:
            write(name, "1.0")
        question = query(*names, target="pyodide-0.29")
        with Server("--max-part", 100_000, wheels=wheels, pyodide=None) as server:
            def parts():
                bundle = json.loads(server.get(f"/resolve?{question}").body)["bundle"]
                return {part["sha256"]: part["wheels"] for part in bundle["parts"]}
            before = parts()
            write("noise7", "2.0")
            server.wait_for_log(r"catalog loaded\s+wheels=21")
            after = parts()
            self.assertGreater(len(before), 5)
            changed = [wheels for name, wheels in after.items() if name not in before]
            self.assertEqual(len(changed), 1, changed)
            self.assertIn("noise7", changed[0])
            for name in before:
                self.assertEqual(server.get(f"/bundles/{name}.tar").status, 200)


if __name__ == "__main__":
    main()
