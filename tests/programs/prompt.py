"""Prints a prompt without a line's end, and answers each line of its input."""

import sys

sys.stdout.write("> ")
sys.stdout.flush()
for line in sys.stdin:
    sys.stdout.write(f"you said {line.strip()}\n> ")
    sys.stdout.flush()
