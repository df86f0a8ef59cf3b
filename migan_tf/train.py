"""Trains the segmenter and the generator.

  python -m migan_tf.train --flagfile=experiments/drive.flags \
      --manual_dir=DIR --workdir=runs/drive

The same command goes on from the last checkpoint after any stop.
"""

from migan_tf import config_flags, entry


def main(argv):
    """Checks the flags and trains."""
    entry.no_arguments(argv)
    runs = config_flags.runs_from_flags()
    entry.choose_kernels(runs[0].segmenter)
    from migan_tf import trainer  # TensorFlow only after the flags are right.

    return trainer.train(*runs)


if __name__ == "__main__":
    config_flags.define_flags()
    entry.run(main)
