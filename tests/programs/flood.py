"""Prints much: flood.py bytes COUNT (in lines), line COUNT [TEXT], or drip PAUSE_S."""

import os
import sys
import time

kind, amount, *rest = sys.argv[1:]


def put(data: bytes) -> None:
    """Write all of it; a terminal or a pipe may take less at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


if kind == "bytes":
    line = b"%063d\n" % 0
    block = line * 1024
    for _ in range(int(amount) // len(block)):
        put(block)
elif kind == "line":
    put((rest[0] if rest else "x").encode() * int(amount) + b"\n")
else:
    number = 0
    while True:
        put(b"line %d %s\n" % (number, b"." * 1000))
        number += 1
        time.sleep(float(amount))
put(b"done\n")
sys.stdin.read()
