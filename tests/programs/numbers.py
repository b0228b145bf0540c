"""Prints numbered lines at full speed, then waits to be stopped: numbers.py COUNT [PAUSE_S]."""

import signal
import sys
import time

count = int(sys.argv[1])
pause = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
STEP = 1000 if not pause else 1
for start in range(0, count, STEP):
    sys.stdout.write("".join(f"line {n}\n" for n in range(start, min(count, start + STEP))))
    sys.stdout.flush()
    if pause:
        time.sleep(pause)
print("done", flush=True)
signal.pause()
