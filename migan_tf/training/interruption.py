"""What ends a run from outside: signals, full disks, lost peers, bad data."""

import contextlib
import signal
import threading

import tensorflow as tf
from absl import logging

from migan_tf.base.errors import UserError


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
def explained():
    """Tells in words why TensorFlow or the system broke off what is inside.

    Raises:
      UserError: the disk refuses a write, another worker is gone, or the
        input pipeline raised a `UserError`, such as that of a damaged file.
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"the run could not write {error.filename or 'its files'}: "
            f"{error.strerror or error}. Make room or make --workdir "
            "writable, then give the same command again: the run goes on from "
            "its last checkpoint."
        ) from error
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
