r"""Trains the segmenter and the generator.

  python -m migan_tf.train --flagfile=experiments/drive.flags \
      --manual_dir=DIR --workdir=runs/drive

The same command goes on from the last checkpoint after any stop.
"""

from migan_tf.base import command_line, config_flags
from migan_tf.training import start


def main(argv):
    """Checks the flags and trains."""
    command_line.no_arguments(argv)
    runs = config_flags.runs_from_flags()
    command_line.choose_kernels(runs[0].segmenter, runs[0].generator)
    return start.train(*runs)


if __name__ == "__main__":
    config_flags.define_flags()
    command_line.run(main)
