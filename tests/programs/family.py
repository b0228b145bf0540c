"""An app whose descendants ignore SIGTERM and hold stdout: family.py [ignore] [leave].

With "ignore" it ignores SIGTERM itself; with "leave" it exits at once and leaves them behind.
"""

import os
import signal
import subprocess
import sys
import time

STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"child\\n")
while True:
    time.sleep(60)
"""

for own_session in (False, True):
    subprocess.Popen([sys.executable, "-c", STUBBORN], start_new_session=own_session)
if os.fork() == 0:  # a grandchild whose parent is gone
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)
if "ignore" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"family is up\n")  # at once: its children print, too
if "leave" not in sys.argv:
    while True:
        time.sleep(60)
