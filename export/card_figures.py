"""The figures of a model card: of the SavedModel itself, or of its run."""

import dataclasses
import json
import pathlib

import numpy as np

from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.evaluation import report as evaluation_report
from migan_tf.inference import saved_models
from migan_tf.metrics import segmentation as metrics_segmentation

PROTOCOL = "paper"
SAMPLES = 4  # images of each vessel map
SEED = 0
_MEASURE = "python -m export.saved_model --workdir=RUN --task={task} --measure"


def test_splits(config) -> dict:
    """{dataset: test `Photograph`s} of a run.

    Args:
      config: the run's `Config`, which says where the data is.

    Raises:
      UserError: the data or its vessel maps are not there.
    """
    splits = {}
    for dataset in config.dataset.split(","):
        one = dataclasses.replace(config, dataset=dataset)
        splits[dataset] = photographs.load(one, "test")
        if any(p.vessel_map is None for p in splits[dataset]):
            raise UserError(
                "--measure needs vessel maps of the test split, and that of "
                f"{dataset} comes without (today's official DRIVE). Leave "
                "--measure out"
            )
    return splits


def segmentation(folder, splits) -> dict:
    """Scores a segmentation on the test split of each of its datasets.

    Args:
      folder: of the SavedModel, with its card.
      splits: from `test_splits`.

    Returns:
      The card's `metrics`.
    """
    segmenter = saved_models.SavedSegmenter(folder)
    tests = {}
    for dataset, images in splits.items():
        rows = saved_models.segment_photographs(segmenter, images)
        scores = evaluation_report.score(
            [evaluation_report.ScoredImage(**row) for row in rows],
            PROTOCOL,
            segmenter.validation_threshold,
        )
        tests[dataset] = {
            "figures": scores["pooled"],
            "interval_95": scores["interval_95"]["pooled"],
        }
    read_by = f"protocol {PROTOCOL}, the served signature"
    return _metrics("segmentation", read_by, tests)


def synthesis(folder, splits, reader) -> dict:
    """Paints the test split's vessel maps and has them read.

    Args:
      folder: of the SavedModel, with its card.
      splits: from `test_splits`.
      reader: folder of the segmentation that reads the painted images.

    Returns:
      The card's `metrics`; vessel_consistency is the Dice of the maps as
      painted against those found, by Otsu, over all pixels of all images.
    """
    generator = saved_models.SavedGenerator(folder)
    segmenter = saved_models.SavedSegmenter(reader)
    tests = {}
    for dataset, images in splits.items():
        asked, found = [], []
        for index, photograph in enumerate(images):
            vessel_map = photograph.vessel_map.astype(np.float32)
            for sample in range(SAMPLES):
                painted, fundus = generator(vessel_map, [SEED, index, sample])
                answer = segmenter(fundus)
                empty = np.zeros(painted.shape, bool)
                asked.append((painted >= 0.5).ravel())
                found.append((answer[1] if answer else empty).ravel())
        dice = metrics_segmentation.dice(
            np.concatenate(asked), np.concatenate(found)
        )
        tests[dataset] = {"figures": {"vessel_consistency": float(dice)}}
    name = f"{reader.parent.name}/{reader.name}"
    return _metrics(
        "synthesis", f"read by {name}, {SAMPLES} images a map", tests
    )


def of_runs(workdirs, task, dataset) -> dict:
    """The card's `metrics` from a run's own report on its test split.

    Args:
      workdirs: the run; or several, whose mean has no report yet.
      task: `segmentation` or `synthesis`.
      dataset: the run's.

    Returns:
      The same as of `segmentation`, or, where there is no report of these
      weights, what makes one.

    Raises:
      UserError: there is a report that cannot be read.
    """
    run = pathlib.Path(workdirs[0])
    folder = "test" if task == "segmentation" else "synthesis_test"
    path = run / "evaluation" / folder / "metrics.json"
    weights = run / task / "best" / "network.weights.h5"
    command = f"python -m migan_tf.evaluate --workdir=RUN --task={task}"
    card = {"measured": False, "command": command}
    if len(workdirs) > 1:
        return {**card, "command": _MEASURE.format(task=task)}
    # A report that is older than the weights is of others.
    if not path.exists() or path.stat().st_mtime < weights.stat().st_mtime:
        return card
    card["measured"] = True
    try:
        report = json.loads(path.read_text("utf-8"))
        if task == "synthesis":
            card["read_by"] = "the segmenter of the report"
            figures = {"figures": report["generator"]["vessel_consistency"]}
        else:
            card["read_by"] = f"protocol {report['protocol']}"
            figures = {
                "figures": report["pooled"],
                "interval_95": report["interval_95"]["pooled"],
            }
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is no report of this program: {error!r}. Next: {command}"
        ) from None
    return {**card, "tests": {dataset: figures}}


def _metrics(task, read_by, tests):
    return {
        "measured": True,
        "command": _MEASURE.format(task=task),
        "read_by": read_by,
        "tests": tests,
    }
