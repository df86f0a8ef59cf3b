r"""Measures whether synthetic pairs help to train a segmenter.

  python -m migan_tf.utility --dataset=drive --manual_dir=DIR \
      --output=runs/utility [--real=2,5,10,20] [--seeds=0,1] [--dry_run]
  python -m migan_tf.utility --tstr --dataset=drive --manual_dir=DIR \
      --output=runs/tstr [--real=20] [--generator_model=RUN]

For each number of real photographs and each seed it trains a segmenter on
these photographs alone, a generator on the same ones, has that one paint new
annotated pairs, and trains the segmenter again on pairs only and on both. All
are scored on the test photographs; OUTPUT/utility.md says what helped. The same
command goes on where it was stopped.

TSTR (train on synthetic, test on real): with --tstr there are two segmenters
alone, of the photographs and of painted pairs; OUTPUT/utility.md says what the
second one loses. With --generator_model a generator that exists already paints
the pairs, of its own photographs' maps, and none is trained.
"""

from migan_tf.base import command_line, settings
from migan_tf.inference import model_folder
from migan_tf.utility_study import flags


def main(argv):
    """Checks the flags and runs the experiment."""
    command_line.no_arguments(argv)
    found = flags.read()
    generator = None
    if found.generator_model:
        generator = model_folder.find(
            "synthesis", model=found.generator_model, flag="generator_model"
        ).whole()
    from migan_tf.utility_study import study  # TFDS, after the flags.

    return study.run(found, generator)


if __name__ == "__main__":
    settings.define(flags.Settings)
    command_line.run(main)
