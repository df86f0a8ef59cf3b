"""What ends a run from outside: signals, full disks, lost peers, bad data."""

import contextlib
import errno
import os
import signal
import threading

import tensorflow as tf
from absl import logging

from migan_tf.base import files
from migan_tf.base.errors import UserError

# What TensorFlow raises when it cannot write, and the words of the system in
# it. Its other errors of these kinds say nothing of disks.
_FULL = (
    tf.errors.OutOfRangeError,
    tf.errors.ResourceExhaustedError,
    tf.errors.FailedPreconditionError,
    tf.errors.PermissionDeniedError,
    tf.errors.NotFoundError,
    tf.errors.InternalError,
)
_FULL_WORDS = tuple(
    os.strerror(number)
    for number in (*files.UNWRITABLE, errno.EIO, errno.ENOENT)
)


class StopRequest:
    """Whether a stop was asked for: the signal's number, or None."""

    number = None


@contextlib.contextmanager
def stop_request():
    """Turns the first SIGTERM or Ctrl-C into a request; a second one acts.

    It is to be entered after the strategy is made, since the multi-worker
    strategy has a handler of its own that swallows SIGTERM. Only the main
    thread hears signals; in others, as a notebook may have, none is turned.

    Yields:
      `StopRequest`, to be looked at between iterations.
    """
    stop = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    previous = {}

    def request(number, _):
        stop.number = number
        logging.warning("stopping after this iteration; once more to kill")
        signal.signal(number, previous[number])

    for number in (signal.SIGTERM, signal.SIGINT):
        previous[number] = signal.signal(number, request)
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def explained(folder="."):
    """Tells in words why TensorFlow or the system broke off what is inside.

    Args:
      folder: where what is inside writes to.

    Raises:
      UserError: the disk refuses a write, another worker is gone, or the
        input pipeline raised a `UserError`, such as that of a damaged file.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise _unwritten(error.filename or folder, reason, folder) from error
    except _FULL as error:
        # TensorBoard's files are written by TensorFlow. What the text says of
        # them stands after the operation, which is in braces.
        reason = str(error).partition("}} ")[2] or str(error)
        if not any(words in reason for words in _FULL_WORDS):
            raise
        raise _unwritten(folder, reason.splitlines()[0], folder) from error
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        raise UserError(
            "--distribute=multiworker: another worker is gone "
            f"({str(error).splitlines()[0][:200]}). Start all workers again "
            "with the same commands: they go on from the last checkpoint."
        ) from error
    except tf.errors.UnknownError as error:
        # The text is what a Python function of the pipeline raised, with its
        # traceback.
        _, told, text = str(error).partition("UserError: ")
        if not told:
            raise
        raise UserError(text.partition("\nTraceback")[0].strip()) from error


def _unwritten(what, reason, folder):
    return UserError(
        f"the run could not read or write {what}: {reason}; "
        f"{files.room(folder)}. Make room or make --workdir writable, "
        "then give the same command "
        "again: the run goes on from its last checkpoint."
    )
