# Compiles Python sources and never runs them. Runs in CPython, and in Pyodide under Node (compile.mjs), so that both
# do the very same.
#
# Numbers are 4 bytes, little endian; a text is its length and its bytes. In: count, then per module the text of the
# file name that its code shall carry and that of its source. Out: the magic number, the text of who compiled (full
# version and platform), count, then per module: 0, importlib.util.source_hash() and the text of its marshalled code;
# or 1 and the text of the reason why there is none.
import importlib.util
import marshal
import platform
import sys
import warnings


def number(value):
    return value.to_bytes(4, "little")


def text(content):
    return number(len(content)) + content


def compiled(filename, source):
    try:
        code = compile(source, filename, "exec", dont_inherit=True, optimize=0)
        return number(0) + importlib.util.source_hash(source) + text(marshal.dumps(code))
    # What a source can be at fault for. MemoryError may be the machine's own fault and ends the process.
    except (SyntaxError, ValueError, OverflowError, RecursionError) as error:
        return number(1) + text(f"{type(error).__name__}: {error}"[:200].encode("ascii", "replace"))


def answer(request):
    warnings.simplefilter("ignore")
    at = 4

    def take():
        nonlocal at
        end = at + 4 + int.from_bytes(request[at : at + 4], "little")
        content = bytes(request[at + 4 : end])
        at = end
        return content

    yield importlib.util.MAGIC_NUMBER + text(f"{platform.python_version()} {sys.platform}".encode())
    yield request[:4]
    for _ in range(int.from_bytes(request[:4], "little")):
        filename = take().decode("utf-8", "surrogateescape")
        yield compiled(filename, take())


if sys.platform != "emscripten":
    for piece in answer(sys.stdin.buffer.read()):
        sys.stdout.buffer.write(piece)
