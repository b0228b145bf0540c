"""Octyne runs programs on a machine and lets people manage them remotely."""

__version__ = "0.1.0"
