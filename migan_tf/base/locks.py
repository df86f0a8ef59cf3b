"""One build at a time, and none that stops without clearing up."""

import contextlib
import fcntl
import os
import pathlib
import signal
import sys
import threading


@contextlib.contextmanager
def hold(path: pathlib.Path):
    """Holds `path` locked; the system frees it should the process be killed."""
    while True:
        with open(path, "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # The holder before us removed the file that we had opened?
            if not path.exists() or not os.path.samestat(
                os.fstat(file.fileno()), path.stat()
            ):
                continue
            try:
                yield
            finally:
                path.unlink()
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
