"""Scores a run, or the probability maps of any method.

  python -m migan_tf.evaluate --workdir=RUN [--split=test|validation|train]
  python -m migan_tf.evaluate --predictions=DIR --ground_truth=DIR \
      --fov_masks=DIR --output=DIR [--second_annotator=DIR] [--fundus=DIR]
  python -m migan_tf.evaluate --workdir=RUN --task=synthesis \
      [--segmenter_model=RUN/segmentation] [--reference_workdir=RUN]

Prints the table and writes it with metrics.json: of a segmenter or of maps
per_image.csv, curves and overlays (true positives green, false negatives red,
false positives blue), of a generator a contact sheet.
"""

from absl import flags

from migan_tf.base import command_line
from migan_tf.evaluation import evaluate_run
from migan_tf.evaluation import flags as evaluation_flags

_FLAGS = evaluation_flags.define()
flags.adopt_module_key_flags(evaluation_flags)  # --help shows those


def main(argv):
    """Reads the flags, has them scored and prints the table."""
    command_line.no_arguments(argv)
    values = {name: flag.value for name, flag in _FLAGS.items()}
    given = {n for n, flag in _FLAGS.items() if flag.value != flag.default}
    table, output = evaluate_run.evaluate(values, given)
    print(table, end="")
    print(f"report: {output}")


if __name__ == "__main__":
    command_line.run(main)
