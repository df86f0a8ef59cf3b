"""Scores a run, or the probability maps of any method.

  python -m migan_tf.evaluate --workdir=RUN [--split=test|validation|train]
  python -m migan_tf.evaluate --predictions=DIR --ground_truth=DIR \
      --fov_masks=DIR --output=DIR [--second_annotator=DIR] [--fundus=DIR]
  python -m migan_tf.evaluate --workdir=RUN --task=synthesis \
      [--segmenter_model=RUN/segmentation] [--reference_workdir=RUN]

Prints the table and writes it with metrics.json: of a segmenter or of maps
per_image.csv, curves and overlays (true positives green, false negatives red,
false positives blue), of a generator contact_sheet.png.
"""

from absl import flags

from migan_tf import entry, evaluation, run_evaluation

_TEXTS = {
    "workdir": "A run.",
    "data_dir": "Its prepared datasets, where they have moved since.",
    "split": "test, validation or train.",
    "predictions": "Instead of a run: probability maps (png, tif, npy, …).",
    "ground_truth": "Vessel maps of the first annotator.",
    "fov_masks": "Field-of-view masks; not needed by full_frame.",
    "second_annotator": "Vessel maps of the second annotator, if any.",
    "fundus": "Photographs to draw the overlays on, if any.",
    "segmenter_model": "Synthesis: what reads the painted vessels, a folder "
    "RUN/segmentation; default that of --workdir.",
    "reference_workdir": "Synthesis: a run to score the generator beside.",
    "output": "Folder of the report; default RUN/evaluation/SPLIT, or "
    "synthesis_SPLIT.",
}
_FLAGS = {
    name: flags.DEFINE_string(name, "test" if name == "split" else "", text)
    for name, text in _TEXTS.items()
} | {
    "task": flags.DEFINE_enum(
        "task", "segmentation", list(run_evaluation.FLAGS_OF), "What to score."
    ),
    "subset": flags.DEFINE_bool("subset", False, "Score what is predicted."),
    "protocol": flags.DEFINE_enum(
        "protocol",
        "paper",
        list(evaluation.PROTOCOLS),
        f"{evaluation.PROTOCOLS}",
    ),
    "validation_threshold": flags.DEFINE_float(
        "validation_threshold", None, "Default: the run's own.", 0.0, 1.0
    ),
    "bootstrap_samples": flags.DEFINE_integer(
        "bootstrap_samples", 1000, "Of images.", 0
    ),
    "samples": flags.DEFINE_integer("samples", 4, "Synthesis: of each map."),
    "seed": flags.DEFINE_integer("seed", 0, "Synthesis: of the noise.", 0),
}


def main(argv):
    """Reads the flags, has them scored and prints the table."""
    entry.no_arguments(argv)
    values = {name: flag.value for name, flag in _FLAGS.items()}
    given = {n for n, flag in _FLAGS.items() if flag.value != flag.default}
    table, output = run_evaluation.evaluate(values, given)
    print(table, end="")
    print(f"report: {output}")


if __name__ == "__main__":
    entry.run(main)
