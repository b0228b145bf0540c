"""Prints what it is told, byte by byte: each line of its input is hex.

`err HEX` goes to stderr, `exit N` ends it, `size` prints the size of its terminal.
"""

import os
import sys

os.write(1, b"ready\n")
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    if word == "exit":
        sys.exit(int(rest))
    if word == "size":
        size = os.get_terminal_size(0)
        os.write(1, b"%d x %d\n" % (size.columns, size.lines))
    elif word == "err":
        os.write(2, bytes.fromhex(rest))
    else:
        os.write(1, bytes.fromhex(word))
