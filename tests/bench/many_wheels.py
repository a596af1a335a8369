"""Writes many small wheels: projects of twenty versions each, every fifth with a project that it needs.

`many_wheels.py FOLDER COUNT`
"""

import hashlib
import sys
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

VERSIONS = 20


def make_many_wheels(folder, count):
    """Gives the names of the projects."""
    folder = Path(folder)
    projects = -(-count // VERSIONS)
    for number in range(count):
        project, version = f"project{number // VERSIONS}", f"1.{number % VERSIONS}"
        info = f"{project}-{version}.dist-info"
        # As long as METADATA usually is.
        metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nSummary: one of many\n"
        if (number // VERSIONS) % 5 == 4:
            metadata += f"Requires-Dist: project{number // VERSIONS - 1}>=1.0\n"
        metadata += "Classifier: Programming Language :: Python :: 3\n" * 10 + "\n" + "About this project.\n" * 100
        content = {
            f"{project}/__init__.py": f"version = '{version}'\n",
            f"{project}/data.py": f"# {hashlib.sha256(info.encode()).hexdigest()}\n" * 20,
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = ""
        for path, text in content.items():
            digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(text)}\n"
        content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
        below = folder / f"{number // VERSIONS % 100:02}"
        below.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(below / f"{project}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in content.items():
                archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
    return [f"project{number}" for number in range(projects)]


if __name__ == "__main__":
    make_many_wheels(sys.argv[1], int(sys.argv[2]))
