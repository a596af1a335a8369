"""changing_wheel.py FOLDER VERSION: writes a pure wheel of which each version differs from the others in one module."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "integration"))

from wheels import make_wheel  # noqa: E402

folder, version = sys.argv[1:]
dice = random.Random(1)


def module(number):
    names = ["".join(dice.choices("abcdefghijklmnop", k=9)) for _ in range(3000)]
    return f"# Module {number}\n" + "".join(f"def {name}(x):\n    return x + {dice.random()}\n" for name in names)


files = {f"changing/part{number}.py": module(number) for number in range(20)}
files["changing/__init__.py"] = f"version = {version}\n"
make_wheel(folder, "changing", version, files)
