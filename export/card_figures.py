"""Figures for a model card, measured on the SavedModel or read from its run."""

import json
import pathlib

import numpy as np
from absl import logging

from migan_tf.base import files
from migan_tf.base.errors import UserError
from migan_tf.data import photographs, prepared
from migan_tf.evaluation import report as evaluation_report
from migan_tf.evaluation.scored_image import ScoredImage
from migan_tf.inference import load
from migan_tf.metrics import segmentation as metrics_segmentation

PROTOCOL = "paper"
SEED = 0
_MEASURE = "python -m export.saved_model --workdir=RUN --task={task} --measure"


def test_splits(config) -> dict:
    """Loads the test photographs of a run's datasets.

    Args:
      config: the run's `Config`, which says where the data is.

    Returns:
      {dataset: list of `Photograph`}.

    Raises:
      UserError: the data or its vessel maps are missing.
    """
    splits = {}
    for dataset in config.dataset.split(","):
        source = photographs.Source.of(config).elsewhere(dataset)
        name = prepared.public_name(dataset)
        splits[name] = photographs.load(source, "test")
        if any(p.vessel_map is None for p in splits[name]):
            raise UserError(
                "--measure needs vessel maps of the test split, and that of "
                f"{name} comes without (today's official DRIVE). Leave "
                "--measure out"
            )
    return splits


def segmentation(folder, splits, bootstrap_samples=1000) -> dict:
    """Scores a segmentation on the test split of each of its datasets.

    Args:
      folder: `model_folder.ModelFolder` of the SavedModel.
      splits: what `test_splits` returned.
      bootstrap_samples: draws of images for the intervals; 0 for none.

    Returns:
      The card's `metrics`.
    """
    segmenter = load.load_segmenter(folder)
    tests = {}
    for dataset, images in splits.items():
        scores = evaluation_report.score(
            [ScoredImage.of(photograph, segmenter) for photograph in images],
            PROTOCOL,
            folder.validation_threshold,
            bootstrap_samples=bootstrap_samples,
        )
        tests[dataset] = {
            "figures": scores["pooled"],
            "interval_95": scores["interval_95"]["pooled"],
        }
    read_by = f"protocol {PROTOCOL}, the served signature"
    return _metrics("segmentation", read_by, tests)


def synthesis(folder, splits, reader, samples=4) -> dict:
    """Paints the test split's vessel maps and has them read.

    Args:
      folder: `model_folder.ModelFolder` of the SavedModel.
      splits: what `test_splits` returned.
      reader: `model_folder.ModelFolder` of the segmentation that reads the
        painted images.
      samples: number of images of each vessel map.

    Returns:
      The card's `metrics`. `vessel_consistency` is the Dice of the painted
      maps against those that are found at Otsu's threshold, over all pixels
      of all images.
    """
    generator = load.load_generator(folder)
    is_delta = generator.config.generator == "delta"
    segmenter = load.load_segmenter(reader)
    tests = {}
    for dataset, images in splits.items():
        asked, found = [], []
        for index, photograph in enumerate(images):
            vessel_map = photograph.vessel_map.astype(np.float32)
            # The paper's generator knows nothing of fields of view.
            fov_mask = photograph.fov_mask if is_delta else None
            for sample in range(samples):
                painting = generator(
                    vessel_map, [SEED, index, sample], fov_mask=fov_mask
                )
                answer = segmenter(painting.fundus)
                asked.append((painting.vessel_map >= 0.5).ravel())
                found.append(answer.vessel_map.ravel())
        dice = metrics_segmentation.dice(
            np.concatenate(asked), np.concatenate(found)
        )
        tests[dataset] = {"figures": {"vessel_consistency": float(dice)}}
    name = f"{reader.path.parent.name}/{reader.path.name}"
    return _metrics(
        "synthesis", f"read by {name}, {samples} images a map", tests
    )


def of_runs(workdirs, task, dataset, weights_sha256) -> dict:
    """Takes the card's `metrics` from a run's own report on its test split.

    Args:
      workdirs: the run's folder, or those of several runs, whose mean has no
        report yet.
      task: `segmentation` or `synthesis`.
      dataset: the dataset of the run.
      weights_sha256: of the weights that the card is about.

    Returns:
      The card's `metrics`. Where there is no report of these weights, they
      hold the command that makes one in place of figures, and `left_out` says
      why a report that is there was not taken.

    Raises:
      UserError: there is a report that cannot be read.
    """
    run = pathlib.Path(workdirs[0])
    folder = "test" if task == "segmentation" else "synthesis_test"
    path = run / "evaluation" / folder / files.METRICS
    command = f"python -m migan_tf.evaluate --workdir=RUN --task={task}"
    card = {"measured": False, "command": command}
    if len(workdirs) > 1:
        return {**card, "command": _MEASURE.format(task=task)}
    if not path.exists():
        return card
    report = _read_report(path, command)
    if reason := _why_not(report, dataset, weights_sha256):
        told = f"{reason}. Next: {command.replace('RUN', str(run))}"
        logging.warning("%s is left out: %s", path, told)
        return {**card, "left_out": reason}
    card["measured"] = True
    try:
        if task == "synthesis":
            card["read_by"] = "the segmenter of the report"
            figures = {"figures": report["generator"]["vessel_consistency"]}
        else:
            card["read_by"] = f"protocol {report['protocol']}"
            figures = {
                "figures": report["pooled"],
                "interval_95": report["interval_95"]["pooled"],
            }
    except (KeyError, TypeError) as error:
        raise _no_report(path, error, command) from None
    return {**card, "tests": {dataset: figures}}


def _read_report(path, command):
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise _no_report(path, error, command) from None


def _no_report(path, error, command):
    return UserError(
        f"{path} is no report of this program: {error!r}. Next: {command}"
    )


def _why_not(report, dataset, weights_sha256):
    """Why a report says nothing of these weights; empty where it does.

    A report's time says nothing: files are copied, and trained on.
    """
    found = report.get("weights_sha256")
    if not found:
        return "it does not say of which weights it is, as older releases"
    if found != weights_sha256:
        return (
            f"it is of other weights ({found:.12}…) than these "
            f"({weights_sha256:.12}…)"
        )
    source = report.get("source") or report
    of = source.get("dataset")
    if (of and prepared.public_name(of) != dataset) or (
        source.get("split", "test") != "test"
    ):
        return f"it is of {of or dataset}, split {source.get('split')}"
    return ""


def _metrics(task, read_by, tests):
    return {
        "measured": True,
        "command": _MEASURE.format(task=task),
        "read_by": read_by,
        "tests": tests,
    }
