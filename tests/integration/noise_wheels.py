"""Wheels of noise, which no coding makes smaller, for bundles that are large on every wire.

`noise_wheels.py FOLDER` writes those of LARGE, for tests that aren't Python.
"""

import hashlib
import random
import sys
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

LARGE = ("noise0", "noise1", "noise2", "noise3")  # their bundle has more than 100 MB
LAYER = 26_000_000  # bytes of each


def make_noise_wheel(folder, name, size, noise=True):
    """The same bytes on every call; without noise, text that every coding makes smaller."""
    info = f"{name}-1.0.dist-info"
    content = {
        f"{name}/__init__.py": b"",
        f"{name}/data": random.Random(name).randbytes(size) if noise else b"wheelbarrow " * (size // 12),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, data in content.items():
        digest = urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(data)}\n"
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = Path(folder) / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
        for path, data in content.items():
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data)
    return wheel


def make_large_wheels(folder):
    for name in LARGE:
        make_noise_wheel(folder, name, LAYER)


if __name__ == "__main__":
    make_large_wheels(sys.argv[1])
