"""System calls that the standard library lacks: openat2, renameat2, sync_file_range (Linux)."""

import ctypes
import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OPENAT2 = 437  # the number on every architecture but alpha
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_BENEATH = 0x08
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4  # macOS, renameatx_np(2)
_SYNC_FILE_RANGE_WRITE = 2
_ABSENT = (errno.ENOSYS, errno.EPERM)  # no such call, or a sandbox forbids it

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = [  # type: ignore[mutable-override]  # as ctypes declares it
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    ]


_HOW_BYTES = ctypes.sizeof(_OpenHow)
# With types of its own, which halves the time of a call.
_openat2 = ctypes.CDLL(None, use_errno=True).syscall
_openat2.restype = ctypes.c_long
_openat2.argtypes = (
    ctypes.c_long,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.POINTER(_OpenHow),
    ctypes.c_size_t,
)


def open_beneath(directory: int, path: str, flags: int) -> int:
    """Open ``path`` by openat2; the kernel refuses to leave ``directory`` on the way.

    Raises:
        OSError: EXDEV for a path that leaves; ENOSYS where there is no such call.
    """
    if not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    how = _OpenHow(flags | os.O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
    descriptor = _openat2(OPENAT2, directory, os.fsencode(path), ctypes.byref(how), _HOW_BYTES)
    if descriptor < 0:
        raise _failure(path)
    return int(descriptor)


def has_openat2() -> bool:
    """Whether the kernel (since 5.6) has openat2 and lets us use it."""
    try:
        root = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.close(open_beneath(root, ".", os.O_RDONLY | os.O_DIRECTORY))
    except OSError as error:
        return error.errno not in _ABSENT
    finally:
        os.close(root)
    return True


def rename_noreplace(from_directory: int, name: str, to_directory: int, to_name: str) -> None:
    """Rename, unless something has the new name.

    Raises:
        FileExistsError: something has.
        OSError: EINVAL or ENOSYS where the file system or the kernel can't say so.
    """
    call: Callable[..., int] | None
    if sys.platform == "darwin":
        call, flag = getattr(_libc, "renameatx_np", None), _RENAME_EXCL
    else:
        call, flag = getattr(_libc, "renameat2", None), _RENAME_NOREPLACE
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    failed = call(
        ctypes.c_int(from_directory),
        ctypes.c_char_p(os.fsencode(name)),
        ctypes.c_int(to_directory),
        ctypes.c_char_p(os.fsencode(to_name)),
        ctypes.c_uint(flag),
    )
    if failed:
        raise _failure(to_name)


def begin_writing_out(descriptor: int, offset: int, count: int) -> None:
    """Have the kernel start to write these bytes of a file to the disk; not waited for.

    Where there is no sync_file_range, nothing is done.
    """
    call: Callable[..., int] | None = getattr(_libc, "sync_file_range", None)
    if call is not None:
        call(
            ctypes.c_int(descriptor),
            ctypes.c_int64(offset),
            ctypes.c_int64(count),
            ctypes.c_uint(_SYNC_FILE_RANGE_WRITE),
        )


def sync_file_system(descriptor: int) -> None:
    """Write to the disk all that waits for it, on the file system of an open file. Blocks long."""
    call: Callable[..., int] | None = getattr(_libc, "syncfs", None)
    if call is None:
        os.sync()
    elif call(ctypes.c_int(descriptor)):
        raise _failure("")


def _failure(path: str) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code), path)
