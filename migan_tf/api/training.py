"""`migan_tf.train`: trains the networks of a `Config`."""

import dataclasses
import pathlib
import signal

from migan_tf.api import words
from migan_tf.base import command_line, settings
from migan_tf.base.config import Config
from migan_tf.base.errors import ArgumentTypeError
from migan_tf.training import start


def train(config) -> pathlib.Path:
    """Trains a run, or goes on with it from its last checkpoint.

    It is `python -m migan_tf.train`: with `config.deterministic` it makes the
    whole process deterministic, and in the main thread, to which Python gives
    its signals, the first Ctrl-C saves a checkpoint.

    Args:
      config: `migan_tf.Config`; its fields are the flags of the command.

    Returns:
      The run's folder, which `migan_tf.load_segmenter` and
      `migan_tf.load_generator` take.

    Raises:
      TypeError: it is no `Config`, or a field of it is of another type.
      ValueError: a setting, the data or the run's folder is at fault.
      KeyboardInterrupt: it was stopped by Ctrl-C, after a checkpoint.
      SystemExit: it was stopped by another signal, after a checkpoint.
    """
    _check_types(config)
    with words.of_python():
        config = settings.with_homes(config).validate()
        command_line.choose_kernels(config.segmenter, config.generator)
        status = start.train(config)
    if status == command_line.EXIT_STOPPED + signal.SIGINT:
        raise KeyboardInterrupt
    if status:
        raise SystemExit(status)
    return pathlib.Path(config.workdir)


def _check_types(config):
    if not isinstance(config, Config):
        raise ArgumentTypeError(
            "`config` must be a migan_tf.Config. Received: "
            f"{type(config).__name__}. Next: migan_tf.Config(dataset="
            "'phantom/demo', workdir='runs/demo'), say"
        )
    for one in dataclasses.fields(config):
        value = getattr(config, one.name)
        taken = (float, int) if one.type is float else one.type
        truth = isinstance(value, bool) and one.type is not bool
        if truth or not isinstance(value, taken):
            raise ArgumentTypeError(
                f"`{one.name}` must be {one.type.__name__}. Received: {value!r}"
            )
