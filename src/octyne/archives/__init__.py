"""Archives of files: packed, unpacked, and the jobs that do it."""
