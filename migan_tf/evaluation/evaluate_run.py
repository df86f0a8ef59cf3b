"""What `evaluate.py` is asked for: a score of maps, a segmenter, a generator.

TensorFlow is imported where a network is applied, its kernels chosen before.
"""

import contextlib
import pathlib
import re

from tqdm import tqdm

from migan_tf.base import command_line, files, run_record
from migan_tf.base.config import TASKS
from migan_tf.base.errors import UserError, quoted
from migan_tf.evaluation import (
    generator_request,
    kept_images,
    predictions,
    report,
    tallies,
)
from migan_tf.evaluation.scored_image import ScoredImage
from migan_tf.inference import model_folder

SOURCES = ("workdir", "model", "predictions")


def evaluate(settings):
    """Scores what the settings ask for and writes the report.

    Args:
      settings: `flags.Settings`.

    Returns:
      (table, output): the text to print and the report's folder.

    Raises:
      UserError: settings that do not go together, or a run at fault.
    """
    if settings.task == "synthesis":
        return generator_request.score_generator(settings)
    return _score_maps(settings)


def _score_maps(settings):
    given = {name: getattr(settings, name) for name in SOURCES}
    if sum(map(bool, given.values())) != 1:
        got = " ".join(f"--{name}={value}" for name, value in given.items())
        raise UserError(
            f"give one of --workdir, --model and --predictions. Received: {got}"
        )
    if settings.predictions:
        return _report(
            settings,
            _predicted_images(settings),
            output=settings.output,
            threshold=settings.validation_threshold,
        )
    folder = _segmenter_folder(settings)
    output = settings.output or _place(settings, folder.config)
    files.check_output(output)
    threshold = settings.validation_threshold
    if threshold is None:
        threshold = folder.validation_threshold
    with _segmented_images(settings, folder, output) as images:
        return _report(settings, images, output=output, threshold=threshold)


def _report(settings, images, output, threshold):
    """Scores images, writes the report; (table, its folder)."""
    found = tallies.of(images, settings.protocol, threshold)
    scores = report.scores_of(found, settings.bootstrap_samples)
    told = {n: getattr(settings, n) for n in (*SOURCES, "dataset", "split")}
    scores["source"] = {name: value for name, value in told.items() if value}
    weights = getattr(images, "weights_sha256", None)
    if weights:  # Maps of any method come without.
        scores["weights_sha256"] = weights
    table = report.write_report(
        images, scores, curves=found.curves(), output_dir=output
    )
    return table, output


def _predicted_images(settings):
    """The `ScoredImage`s of the maps of any method."""
    if settings.dataset:
        raise UserError(
            "--predictions come with their --ground_truth and take no "
            f"--dataset. Received: --dataset={settings.dataset}"
        )
    command_line.required(
        output=settings.output, ground_truth=settings.ground_truth
    )
    _check_fov_masks(settings)
    files.check_output(settings.output)
    return predictions.read_scored(
        settings.predictions,
        settings.ground_truth,
        fov_masks=settings.fov_masks,
        second_annotator=settings.second_annotator,
        fundus=settings.fundus,
        subset=settings.subset,
        find_fov_masks=settings.find_fov_masks,
    )


def _check_fov_masks(settings):
    """Says how the pixels that count may be known."""
    masks, found = settings.fov_masks, settings.find_fov_masks
    if masks and found:
        raise UserError(
            "--find_fov_masks goes without --fov_masks. Received: both. Next: "
            "leave one of them out"
        )
    if found and not settings.fundus:
        raise UserError(
            "--find_fov_masks finds the fields of view in the photographs of "
            "--fundus. Received: --fundus=''. Next: --fundus=DIR"
        )
    if not (masks or found) and settings.protocol != "full_frame":
        raise UserError(
            "--fov_masks is required: pixels outside the field of view do not "
            "count. Received: ''. Next: --fov_masks=DIR; or --fundus=DIR "
            "--find_fov_masks, which finds them in the photographs; or "
            "--protocol=full_frame, by which all pixels count"
        )


def _segmenter_folder(settings):
    """The `ModelFolder` of --workdir or --model."""
    if settings.workdir:
        _check_has_segmenter(settings.workdir)
    else:
        command_line.required(output=settings.output)
    return model_folder.find(
        "segmentation", settings.workdir, settings.model
    ).whole()


@contextlib.contextmanager
def _segmented_images(settings, folder, output):
    """The `KeptImages` of what a segmenter finds in a split.

    Args:
      settings: `flags.Settings`.
      folder: the segmenter's `ModelFolder`.
      output: the report's folder, in which they are kept until it is written.
    """
    command_line.choose_kernels(folder.config.segmenter)
    from migan_tf.data import photographs
    from migan_tf.inference.load import load_segmenter

    source = photographs.Source.of(folder.config).elsewhere(
        settings.dataset, settings.data_dir, settings.manual_dir
    )
    found = photographs.scan(source, settings.split)
    _check_annotated(found.entries, source.dataset, settings.split)
    segmenter = load_segmenter(folder)
    scored = (
        ScoredImage.of(photograph, segmenter)
        for photograph in tqdm(found, unit="image")
    )
    image_ids = [entry.image_id for entry in found.entries]
    place = files.make_output(output)
    with kept_images.kept(scored, image_ids, place) as images:
        images.weights_sha256 = getattr(segmenter, "weights_sha256", None)
        yield images


def _check_annotated(entries, dataset, split):
    """Says what cannot be scored before anything is segmented."""
    bare = [entry.image_id for entry in entries if not entry.has_vessel_map]
    if bare:
        raise UserError(
            f"--split={split}: {len(bare)} of {len(entries)} photographs of "
            f"{dataset} have no vessel map and cannot be scored; today's "
            "official DRIVE test set comes without. Received none for: "
            f"{', '.join(bare)}. Next: --split=validation, or give the first "
            "annotator's maps, or look at what is found: python -m "
            "migan_tf.segment PHOTOGRAPHS"
        )


def _place(settings, config):
    """Folder of the report of a run."""
    name, other = settings.split, settings.dataset
    if other and other != config.dataset:
        # A name may hold the path of a folder: folder:DIR.
        name = f"{re.sub('[^A-Za-z0-9,.-]+', '_', other)}_{name}"
    return f"{settings.workdir}/evaluation/{name}"


def _check_has_segmenter(workdir):
    """Says what to do with a run that has a generator alone."""
    segmenter, generator = (
        run_record.is_run(pathlib.Path(workdir, task)) for task in TASKS
    )
    if generator and not segmenter:
        raise UserError(
            "--task=segmentation, the default, scores a run's segmenter. "
            f"Received: --workdir={workdir}, which holds a generator alone. "
            "Score that: python -m migan_tf.evaluate --task=synthesis "
            f"--workdir={quoted(workdir)} --segmenter_model=RUN/segmentation"
        )
