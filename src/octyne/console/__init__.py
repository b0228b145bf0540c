"""The console: the log on disk, and its viewers."""
