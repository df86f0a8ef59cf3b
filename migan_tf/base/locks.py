"""One at a time in a folder, and none that stops without clearing up."""

import contextlib
import errno
import fcntl
import os
import pathlib
import signal
import socket
import sys
import threading

# What a file system says that has no locks.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class HeldError(Exception):
    """Another process holds the lock; the text says which, where it is told."""


@contextlib.contextmanager
def hold(path: pathlib.Path, wait=True):
    """Holds `path` locked; the system frees it should the process be killed.

    Args:
      path: the lock's file; made, and removed at the end. While it is held it
        says who does.
      wait: whether to wait for another holder, and not to refuse.

    Raises:
      HeldError: another holds it, and it was not to be waited for.
    """
    how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    while True:
        # Not "w": the text of its holder must stay.
        with open(path, "a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, how)
            except BlockingIOError:
                file.seek(0)
                raise HeldError(file.read(200).strip()) from None
            except OSError as error:
                if wait or error.errno not in _NO_LOCKS:
                    raise
            # The holder before us removed the file that we had opened?
            if not path.exists() or not os.path.samestat(
                os.fstat(file.fileno()), path.stat()
            ):
                continue
            try:
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}")
                file.flush()
                yield
            finally:
                path.unlink(missing_ok=True)
            return


@contextlib.contextmanager
def sigterm_as_exit():
    """Lets SIGTERM unwind the stack, so that TFDS removes its half work."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(
        signal.SIGTERM, lambda number, frame: sys.exit(128 + number)
    )
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
