"""The figures of a model card, measured on the SavedModel itself."""

import dataclasses

from migan_tf import evaluation, photographs, saved_models

PROTOCOL = "paper"


def measure(folder, config) -> dict:
    """Scores a segmentation on the test split of each of its datasets.

    Args:
      folder: of the SavedModel, with its card.
      config: the run's `Config`, which says where the data is.

    Returns:
      The card's `metrics`.

    Raises:
      UserError: the data is not there.
    """
    segmenter = saved_models.SavedSegmenter(folder)
    tests = {}
    for dataset in config.dataset.split(","):
        images = photographs.load(
            dataclasses.replace(config, dataset=dataset), "test"
        )
        rows = saved_models.segment_photographs(segmenter, images)
        scores = evaluation.score(
            [evaluation.ScoredImage(**row) for row in rows],
            PROTOCOL,
            segmenter.validation_threshold,
        )
        tests[dataset] = {
            "figures": scores["pooled"],
            "interval_95": scores["interval_95"]["pooled"],
        }
    return {
        "measured": True,
        "command": "python -m migan_tf.evaluate --model=MODEL --output=DIR",
        "read_by": f"protocol {PROTOCOL}, the served signature",
        "tests": tests,
    }
