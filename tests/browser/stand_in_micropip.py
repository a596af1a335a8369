"""stand_in_micropip.py FOLDER: writes a wheel that takes micropip's place, because no package within reach carries it.

It answers the calls that stlite and JupyterLite make at start-up, prints what it is asked for, and installs nothing.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "integration"))

from wheels import make_wheel  # noqa: E402

code = '''
def add_mock_package(name, version, *, modules=None, persistent=False):
    pass


async def install(requirements, **options):
    print("asked for", requirements)
'''
make_wheel(sys.argv[1], "micropip", "0", {"micropip/__init__.py": code})
