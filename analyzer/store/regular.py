"""Reads regular files only: the read of a pipe or a device may never end."""

import stat
from pathlib import Path


def check_regular(path: Path) -> Path:
    """The path itself, if a regular file or a link to one is there.

    Raises:
        OSError: there is none, or it is something else: a folder, a pipe, a socket, a device.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is no regular file")
    return path


def is_special(path: Path) -> bool:
    """Whether something else than a regular file is there."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def read_regular(path: Path) -> bytes:
    """The bytes of a small file; raises as ``check_regular``."""
    return check_regular(path).read_bytes()
