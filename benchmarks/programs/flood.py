"""An app that prints numbered lines at full speed: as many as each line of its input says.

The lines are made by the block, so that this program costs little of what is measured.
"""

import sys

LINE_BYTES = 50  # with its end; the mark before it stands once in each line
BLOCK_LINES = 1000

numbers = (f"%%%%%%%%%%.{n:03} the server said a line of usual" for n in range(BLOCK_LINES))
block = "".join(number.ljust(LINE_BYTES - 2) + "|\n" for number in numbers).encode()
for request in sys.stdin:
    for count in range(int(request) // BLOCK_LINES):
        sys.stdout.buffer.write(block.replace(b"%%%%%%%%%%", b"%010d" % count))
    sys.stdout.buffer.flush()
