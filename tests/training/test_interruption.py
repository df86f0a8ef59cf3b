"""Signals and the errors that end a run from outside."""

import concurrent.futures
import errno
import os
import signal

import pytest
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.training import interruption


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_a_request_and_handlers_come_back(number):
    before = signal.getsignal(number)
    with interruption.stop_request() as stop:
        assert stop.number is None
        os.kill(os.getpid(), number)
        assert stop.number == number
        assert signal.getsignal(number) == before
    assert signal.getsignal(number) == before


def test_the_second_ctrl_c_interrupts():
    # A shell starts background jobs with SIGINT ignored, tests among them.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            with interruption.stop_request():
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_trains_without_handlers():
    """Python lets only the main thread set one."""
    before = signal.getsignal(signal.SIGINT)

    def numbers():
        with interruption.stop_request() as stop:
            return stop.number, signal.getsignal(signal.SIGINT)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(numbers).result() == (None, before)


def test_a_full_disk_is_said_in_words():
    full = OSError(errno.ENOSPC, "No space left on device", "metrics.jsonl")
    with pytest.raises(UserError, match="metrics.jsonl: No space left"):
        with interruption.explained():
            raise full


@pytest.mark.parametrize(
    "kind", [tf.errors.UnavailableError, tf.errors.AbortedError]
)
def test_a_lost_peer_is_said_in_words(kind):
    with pytest.raises(UserError, match="worker is gone .Socket closed"):
        with interruption.explained():
            raise kind(None, None, "Socket closed\nand a long stack")


def test_an_error_of_the_input_pipeline_is_said_in_its_words():
    def draw(index):
        if index:
            raise UserError("--extra_dataset: file is damaged")
        raise ZeroDivisionError

    def dataset(first):
        return tf.data.Dataset.range(first, first + 1).map(
            lambda index: tf.numpy_function(draw, [index], tf.float32)
        )

    with pytest.raises(UserError) as caught:
        with interruption.explained():
            next(iter(dataset(1)))
    assert str(caught.value) == "--extra_dataset: file is damaged"
    with pytest.raises(tf.errors.UnknownError, match="ZeroDivision"):
        with interruption.explained():
            next(iter(dataset(0)))


def test_other_errors_stay_as_they_are():
    with pytest.raises(ZeroDivisionError):
        with interruption.explained():
            1 / 0  # noqa: B018
