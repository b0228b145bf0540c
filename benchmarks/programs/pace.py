"""An app that prints lines at a pace for ever: ``pace.py LINES_PER_S``, in 20 bursts a second."""

import sys
import time

BURSTS = 20
burst = int(sys.argv[1]) // BURSTS
start = time.monotonic()
number = done = 0
while True:
    lines = [f"line {number + each} of a usual length, or so" for each in range(burst)]
    print("\n".join(lines), flush=True)
    number += burst
    done += 1
    time.sleep(max(0.0, start + done / BURSTS - time.monotonic()))
