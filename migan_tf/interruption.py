"""What can end a run from outside: signals, and peers that go away."""

import contextlib
import signal

import tensorflow as tf
from absl import logging

from migan_tf.errors import UserError


class StopRequest:
    """Whether a stop was asked for: the signal's number, or None."""

    number = None


@contextlib.contextmanager
def stop_request():
    """Turns the first SIGTERM or Ctrl-C into a request; the second acts.

    Enter it after the strategy is made: the multi-worker strategy has a
    handler of its own that swallows SIGTERM.

    Yields:
      `StopRequest`, to be looked at between iterations.
    """
    stop = StopRequest()
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
def lost_peers():
    """Says in words what a collective operation without its peer reports.

    Raises:
      UserError: another worker is gone.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        raise UserError(
            "--distribute=multiworker: another worker is gone "
            f"({str(error).splitlines()[0][:200]}). Start all workers again "
            "with the same commands: they go on from the last checkpoint."
        ) from error
