"""wheels.py FOLDER FOLDER-OF-WHEELS...: fills the first folder with what compare.mjs measures: the wheels of the others;
a next version of fonttools, in which one module differs; 40 tiny wheels and a next version of one; and wheels without
content, in the place of dependencies that npm does not have and nothing that is measured imports."""

import base64
import csv
import hashlib
import io
import random
import re
import shutil
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "integration"))

from wheels import make_wheel  # noqa: E402

TINY = 40
CHANGING_TINY = 7
# Who asks for them, and a version that contents them.
STAND_INS = {
    "pdf2docx": {"fire": "0.7.1", "opencv_python_headless": "4.11.0.86", "pymupdf": "1.26.3.post1"},
    "stlite_lib": {"pyodide_http": "0.2.2"},
    "streamlit": {
        "altair": "6.0.0", "blinker": "1.9.0", "pandas": "2.3.3", "pillow": "12.0.0", "protobuf": "6.33.0",
        "starlette": "1.0.0", "anyio": "4.11.0", "python_multipart": "0.0.20", "itsdangerous": "2.2.0",
        "fastparquet": "2025.12.0", "packaging": "20.0",
    },
}


def next_version(wheel, folder, module, version):
    """Writes the wheel again with another version and one more line in a module."""
    name, old = wheel.name.split("-")[:2]
    before, after = f"{name}-{old}.dist-info", f"{name}-{version}.dist-info"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    path = Path(folder) / wheel.name.replace(f"-{old}-", f"-{version}-")
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == f"{before}/RECORD":
                continue
            if entry.filename == f"{before}/METADATA":
                data = data.replace(f"\nVersion: {old}\n".encode(), f"\nVersion: {version}\n".encode(), 1)
            if entry.filename == module:
                data += b"\n# The line that this version has more.\n"
            renamed = entry.filename.replace(before, after)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.writerow([renamed, f"sha256={digest}", len(data)])
            target.writestr(zipfile.ZipInfo(renamed, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        rows.writerow([f"{after}/RECORD", "", ""])
        target.writestr(zipfile.ZipInfo(f"{after}/RECORD", (1980, 1, 1, 0, 0, 0)), record.getvalue(), zipfile.ZIP_DEFLATED)


def make_tiny(folder, number, version="1.0"):
    """A package like the small ones on PyPI: some modules of functions and a class, documented, 2 to 12 kB as a wheel."""
    dice = random.Random(number)
    words = [re.sub(r"\W", "", w) for w in __doc__.split()] + "parse format read write path value key name index".split()
    words = sorted({w.lower() for w in words if w.isalpha()})

    def word():
        return "_".join(dice.sample(words, 2))

    def function(indent, first):
        pad = " " * indent
        lines = [f"{pad}def {word()}_{dice.randrange(1000)}({first}value, *, limit=None):",
                 f'{pad}    """{" ".join(dice.choices(words, k=12)).capitalize()}."""']
        for _ in range(dice.randrange(2, 9)):
            local = dice.choice(words)
            lines.append(f"{pad}    {local}_{dice.randrange(9)} = [{dice.randrange(1000)}, {word()!r}, value, limit]")
        return lines + [f"{pad}    return value", ""]

    name = f"tiny_{number:02}"
    files = {}
    parts = [f"part{part}" for part in range(dice.randrange(2, 8))]
    for part in parts:
        lines = [f'"""{" ".join(dice.choices(words, k=20)).capitalize()}."""', "import re", "import typing", ""]
        for _ in range(dice.randrange(4, 14)):
            lines += function(0, "")
        lines += [f"class {word().title().replace('_', '')}:"]
        for _ in range(dice.randrange(2, 8)):
            lines += function(4, "self, ")
        files[f"{name}/{part}.py"] = "\n".join(lines)
    files[f"{name}/__init__.py"] = "".join(f"from . import {part}\n" for part in parts) + f"version = {version!r}\n"
    make_wheel(folder, name, version, files, compression=zipfile.ZIP_DEFLATED)


def main():
    folder, *sources = (Path(argument) for argument in sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    wheels = {wheel.name: wheel for source in sources for wheel in sorted(source.glob("*.whl"))}
    for name, wheel in wheels.items():
        shutil.copyfile(wheel, folder / name)
    projects = {name.split("-")[0].lower() for name in wheels}
    for asker, needed in STAND_INS.items():
        for name, version in needed.items():
            if asker in projects and (name == "pymupdf" or name not in projects):
                make_wheel(folder, name, version, {})
    fonttools = next(wheel for name, wheel in wheels.items() if name.startswith("fonttools-"))
    next_version(fonttools, folder, "fontTools/misc/timeTools.py", fonttools.name.split("-")[1] + ".1")
    for number in range(TINY):
        make_tiny(folder, number)
    make_tiny(folder, CHANGING_TINY, "1.1")


if __name__ == "__main__":
    main()
