"""Measures whether synthetic pairs help to train a segmenter.

  python -m migan_tf.utility --dataset=drive --manual_dir=DIR \
      --output=runs/utility [--real=2,5,10,20] [--seeds=0,1] [--dry_run]

For each number of real photographs and each seed it trains a segmenter on
these photographs alone, a generator on the same ones, has that one paint new
annotated pairs, and trains the segmenter again on pairs only and on both. All
are scored on the test photographs; OUTPUT/utility.md says what helped. The same
command goes on where it was stopped.
"""

from absl import flags

from migan_tf.base import command_line
from migan_tf.utility_study import flags as utility_flags

_FLAGS = utility_flags.define()
flags.adopt_module_key_flags(utility_flags)  # --help shows those


def main(argv):
    """Checks the flags and runs the experiment."""
    command_line.no_arguments(argv)
    settings = utility_flags.settings(
        {name: flag.value for name, flag in _FLAGS.items()}
    )
    from migan_tf.utility_study import (
        study,  # TFDS only after the flags are right.
    )

    return study.run(settings)


if __name__ == "__main__":
    command_line.run(main)
