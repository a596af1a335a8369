# Who a Python is: implementation, full version, platform, magic number.
import importlib.util
import platform
import sys

magic = int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little")
print(sys.implementation.name, platform.python_version(), sys.platform, magic)
