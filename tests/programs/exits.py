"""Exits with a code after a line of input, or at once: exits.py CODE [wait]."""

import sys

print("up", flush=True)
if "wait" in sys.argv:
    sys.stdin.readline()
sys.exit(int(sys.argv[1]))
