"""The name of one state of a file: two that are equal mean that it was not changed between."""

import os


def etag(status: os.stat_result) -> str:
    """A strong entity tag (RFC 9110, 8.8.3), quotes included; of a regular file."""
    parts = (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    return '"' + "-".join(f"{part:x}" for part in parts) + '"'
