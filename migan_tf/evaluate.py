"""Scores a run, or the probability maps of any method.

  python -m migan_tf.evaluate --workdir=RUN [--split=test|validation|train]
  python -m migan_tf.evaluate --predictions=DIR --ground_truth=DIR \
      --fov_masks=DIR --output=DIR [--second_annotator=DIR] [--fundus=DIR]

Prints the table and writes metrics.json, per_image.csv, table.txt, curves and
overlays (true positives green, false negatives red, false positives blue).
"""

from absl import flags

from migan_tf import entry, evaluation, predictions, run_record
from migan_tf.errors import UserError

_TEXTS = {
    "workdir": "A run with a segmenter.",
    "data_dir": "Its prepared datasets, where they have moved since.",
    "predictions": "Instead of a run: probability maps (png, tif, npy, …).",
    "ground_truth": "Vessel maps of the first annotator.",
    "fov_masks": "Field-of-view masks; not needed by full_frame.",
    "second_annotator": "Vessel maps of the second annotator, if any.",
    "fundus": "Photographs to draw the overlays on, if any.",
    "output": "Folder of the report; default RUN/evaluation/SPLIT.",
}
_PLACES = {k: flags.DEFINE_string(k, "", text) for k, text in _TEXTS.items()}
_SPLIT = flags.DEFINE_string("split", "test", "test, validation or train.")
_SUBSET = flags.DEFINE_bool("subset", False, "Score only what is predicted.")
_WORDS = evaluation.PROTOCOLS
_PROTOCOL = flags.DEFINE_enum("protocol", "paper", list(_WORDS), str(_WORDS))
_THRESHOLD = flags.DEFINE_float(
    "validation_threshold", None, "Default: the run's own.", 0.0, 1.0
)
_SAMPLES = flags.DEFINE_integer("bootstrap_samples", 1000, "Of images.", 0)


def main(argv):
    """Checks the flags, scores and reports."""
    entry.no_arguments(argv)
    places = {k: flag.value for k, flag in _PLACES.items()}
    workdir, output = places.pop("workdir"), places.pop("output")
    data_dir = places.pop("data_dir")
    threshold = _THRESHOLD.value
    if bool(workdir) == bool(places["predictions"]):
        got = f"{workdir!r} and {places['predictions']!r}"
        raise UserError(f"give --workdir or --predictions. Received: {got}")
    if workdir:
        config = run_record.read_config(f"{workdir}/segmentation")
        entry.choose_kernels(config.segmenter)
        from migan_tf import inference  # TensorFlow: only where it is needed.

        output = output or f"{workdir}/evaluation/{_SPLIT.value}"
        rows = inference.segment_split(workdir, _SPLIT.value, data_dir)
        if threshold is None:
            threshold = inference.validation_threshold(workdir)
    else:
        entry.required(output=output, ground_truth=places["ground_truth"])
        if _PROTOCOL.value != "full_frame":
            entry.required(fov_masks=places["fov_masks"])
        rows = predictions.read_scored(**places, subset=_SUBSET.value)
    images = [evaluation.ScoredImage(**row) for row in rows]
    settings = _PROTOCOL.value, threshold, _SAMPLES.value
    scores = evaluation.score(images, *settings)
    print(evaluation.write_report(images, scores, output), end="")
    print(f"report: {output}")


if __name__ == "__main__":
    entry.run(main)
