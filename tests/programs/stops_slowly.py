"""Takes its time to stop, cleanly, after SIGTERM: stops_slowly.py SECONDS."""

import signal
import sys
import time


def stop(*_: object) -> None:
    """Take the time, and end."""
    print("saving", flush=True)
    time.sleep(float(sys.argv[1]))
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
while True:
    signal.pause()
