"""Small correct wheels."""

import hashlib
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path


def make_wheel(folder, name, version, files=None, requires=(), tag="py3-none-any", compression=zipfile.ZIP_STORED):
    """Writes a small correct wheel and returns its path."""
    info = f"{name}-{version}.dist-info"
    content = dict(files if files is not None else {f"{name}.py": f"version = '{version}'\n"})
    content[f"{info}/METADATA"] = "\n".join(
        ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires), ""]
    )
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    record = ""
    for path, text in content.items():
        digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    content[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    path = Path(folder) / f"{name}-{version}-{tag}.whl"
    # Written beside and renamed, so that a watching server sees it whole.
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as archive:
        for entry, text in content.items():
            archive.writestr(zipfile.ZipInfo(entry, (1980, 1, 1, 0, 0, 0)), text, compression)
    part.rename(path)
    return path
