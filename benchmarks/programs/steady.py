"""An app that prints ``t=NANOSECONDS`` (the monotonic clock) at a steady pace.

Each line of its input says how many lines, and how many a second.
"""

import os
import sys
import time

for request in sys.stdin:
    count, per_second = map(int, request.split())
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number / per_second - time.monotonic()))
        os.write(1, b"t=%d|\n" % time.monotonic_ns())
