r"""Scores a run, or the probability maps of any method.

  python -m migan_tf.evaluate --workdir=RUN [--split=test|validation|train]
  python -m migan_tf.evaluate --predictions=DIR --ground_truth=DIR \
      --fov_masks=DIR --output=DIR [--second_annotator=DIR] [--fundus=DIR]
  python -m migan_tf.evaluate --model=SAVEDMODEL --output=DIR \
      [--dataset=NAME] [--data_dir=DIR] [--manual_dir=DIR]
  python -m migan_tf.evaluate --workdir=RUN --task=synthesis \
      [--segmenter_model=RUN/segmentation] [--reference_workdir=RUN]
  python -m migan_tf.evaluate --model=SAVEDMODEL --task=synthesis --output=DIR

Prints the table and writes it with metrics.json: of a segmenter or of maps
per_image.csv, curves and overlays (true positives green, false negatives red,
false positives blue), of a generator a contact sheet. Every figure of a
generator stands beside the photographs' own and their spread.
"""

from migan_tf.base import command_line, settings
from migan_tf.evaluation import evaluate_run, flags


def main(argv):
    """Reads the flags, has them scored and prints the table."""
    command_line.no_arguments(argv)
    table, output = evaluate_run.evaluate(flags.read())
    print(table, end="")
    print(f"report: {output}")


if __name__ == "__main__":
    settings.define(flags.Settings)
    command_line.run(main)
