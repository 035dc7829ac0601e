"""Who still uses something that several processes share: the last to leave learns that it is so.

Each user holds a shared lock on ``<name>.users``. The operating system lets go of it when the
process ends, also by SIGKILL, so a dead user never counts. Joining and leaving happen one at a
time, under ``<name>.start``.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fasteners


@dataclass(slots=True)
class _Hold:
    """One process's shared lock, and how many users of that process it stands for."""

    lock: Any
    pid: int
    users: int = 0


# POSIX file locks belong to the process: closing any handle of the file would drop them for all
# users in the process. So they are counted here, and there is one handle for each file.
_holds: dict[Path, _Hold] = {}
_process_lock = threading.RLock()


class Users:
    """The users of one shared thing; `path` without suffix names the two lock files."""

    def __init__(self, path: Path) -> None:
        self._users_file = path.with_name(path.name + ".users")
        self._start_file = path.with_name(path.name + ".start")

    @contextlib.contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Exclude every other process and thread; `join` and `leave` are called inside."""
        with _process_lock, fasteners.InterProcessLock(self._start_file):
            yield

    def join(self) -> None:
        """Count as a user until `leave`, or until the process ends."""
        held = _holds.get(self._users_file)
        if held is None or held.pid != os.getpid():  # after a fork the lock is the parent's
            lock = fasteners.InterProcessReaderWriterLock(self._users_file)
            lock.acquire_read_lock()
            held = _holds[self._users_file] = _Hold(lock, os.getpid())
        held.users += 1

    def leave(self) -> bool:
        """Stop counting; True when nobody is left."""
        held = _holds.get(self._users_file)
        if held is None or held.pid != os.getpid():
            return False
        held.users -= 1
        if held.users > 0:
            return False
        del _holds[self._users_file]
        held.lock.release_read_lock()
        if not held.lock.acquire_write_lock(blocking=False):
            held.lock.lockfile.close()
            return False
        held.lock.release_write_lock()
        return True
