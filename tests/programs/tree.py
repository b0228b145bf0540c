"""Uses memory and a processor in a grandchild of its own session: tree.py MEBIBYTES."""

import signal
import subprocess
import sys

BUSY = """
import sys
held = bytearray(b"x") * (int(sys.argv[1]) << 20)
print("busy", flush=True)
while True:
    pass
"""
NESTED = f"import subprocess, sys; subprocess.call([sys.executable, '-c', {BUSY!r}, sys.argv[1]])"

subprocess.Popen([sys.executable, "-c", NESTED, sys.argv[1]], start_new_session=True)
signal.pause()
