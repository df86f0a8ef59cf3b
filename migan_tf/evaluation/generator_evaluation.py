"""Scores a run's generator: paints a split's vessel maps and reads them.

`painted_images` paints, `generator_scores` has the figures and
`generator_report` the files.
"""

import dataclasses
import pathlib

import numpy as np

from migan_tf.base import run_record
from migan_tf.base.errors import UserError
from migan_tf.evaluation import (
    features,
    generator_report,
    generator_scores,
    painted_images,
)
from migan_tf.inference import run_networks
from migan_tf.models.vgg19 import RANDOM_NOTE


def evaluate_synthesis(
    workdir,
    config,
    *,
    split="test",
    samples=4,
    seed=0,
    segmenter_model="",
    reference_workdir="",
    extractor=None,
    style=None,
):
    """Paints every vessel map of a split and scores what was painted.

    Args:
      workdir: the run.
      config: its `Config`, which says where the photographs are.
      split: `train`, `validation` or `test` of its dataset.
      samples: images of each map, at least 2.
      seed: the noise codes are a function of it, the map's place in the split
        and the sample's number.
      segmenter_model: the folder `segmentation` of a run that reads the
        vessels; default that of `workdir`.
      reference_workdir: another run, whose generator is scored beside it.
      extractor: of `features`, for the KID; default the segmenter's own.
      style: `StylePhotograph` or None. Without a vessel map its vessels are
        those that the segmenter finds.

    Returns:
      (result, pictures): what metrics.json holds, and the rows of the contact
      sheet, lists of (S,S,3) uint8.

    Raises:
      UserError: a flag or a run is at fault.
    """
    if samples < 2:
        raise UserError(
            "--samples must be at least 2: diversity is a deviation over the "
            f"images of one map. Received: {samples}"
        )
    generators = _load_generators(workdir, reference_workdir)
    folder = segmenter_model or str(pathlib.Path(workdir) / "segmentation")
    analyser, doubts = _load_analyser(
        folder, config, segmenter_model=segmenter_model, extractor=extractor
    )
    random = config.deviation == "style" and config.vgg19_weights == "random"
    if random:
        doubts.append(f"the generator was trained with {RANDOM_NOTE}")
    if style and style.vessel_map is None:
        style = _with_vessels(style, analyser)
    training, _ = painted_images.read_split(
        config, "train", analyser=analyser, vessels=False
    )
    originals, vessel_maps = painted_images.read_split(config, split, analyser)
    photographs = generator_scores.score(originals, training, style)[0]
    parts, pictures = {"generator": None, "reference": None}, None
    for name, (network, its_config) in generators.items():
        painted, diversity = painted_images.paint(
            network,
            its_config,
            originals=originals,
            vessel_maps=vessel_maps,
            analyser=analyser,
            samples=samples,
            seed=seed,
        )
        part, decisions = generator_scores.score(painted, training, style)
        part["nearest_ratio"] = _quotient(part, photographs)
        part["diversity"] = diversity
        part["noise_stddev"] = its_config.evaluation_noise_stddev
        parts[name] = part
        # The sheet shows the generator, which comes first.
        pictures = pictures or generator_report.sheet_rows(
            originals, painted, decisions=decisions, style=style
        )
    result = {
        "workdir": str(workdir),
        "reference_workdir": str(reference_workdir) or None,
        "segmenter": folder,
        "features": analyser.extractor.name,
        "split": split,
        "maps": len(vessel_maps),
        "samples": samples,
        "seed": seed,
        "image_size": config.image_size,
        "thick_from_pixels": generator_scores.thick_width(config.image_size),
        "style": style and style.name,
        "sheet": generator_report.sheet_name(random),
        "training": _colours_of(training),
        "photographs": photographs,
        **parts,
        "warnings": doubts,
    }
    return result, pictures


def _colours_of(training):
    """How many training photographs there are, and their mean colours."""
    means, stddevs = generator_scores.mean_colour(training)
    colour = {"means": means.tolist(), "stddevs": stddevs.tolist()}
    return {"images": len(training.image_ids), "colour": colour}


def _with_vessels(style, analyser):
    """The style photograph with the vessels that the segmenter finds."""
    inside = style.inside()
    levels = analyser.levels(style.levels(), inside)
    _, found = generator_scores.decide(levels[None], inside[None])
    vessel_map = found[0, ..., None].astype(np.float32)
    return dataclasses.replace(style, vessel_map=vessel_map)


def _load(flag, folder, task_name):
    """`run_networks.load_network`, whose errors know another flag."""
    try:
        return run_networks.load_network(folder, task_name)
    except UserError as error:
        raise UserError(f"{flag}: {error}") from error


def _load_generators(workdir, reference_workdir):
    """{`generator` and perhaps `reference`: (network, config)}."""
    folder = pathlib.Path(workdir) / "synthesis"
    generators = {"generator": run_networks.load_network(folder, "synthesis")}
    if reference_workdir:
        folder = pathlib.Path(reference_workdir) / "synthesis"
        reference = _load("--reference_workdir", folder, "synthesis")
        config = generators["generator"][1]
        for name in ("dataset", "image_size", "geometry"):
            own, other = getattr(config, name), getattr(reference[1], name)
            if own != other:
                raise UserError(
                    f"--reference_workdir must be a run of the same --{name} "
                    "as --workdir: both generators paint the same maps. "
                    f"Received: {other} and {own}. Train one: python -m "
                    f"migan_tf.train --task=synthesis --{name}={own} …"
                )
        generators["reference"] = reference
    return generators


def _load_analyser(folder, config, segmenter_model, extractor):
    """(`ImageAnalyser`, doubts about its segmenter)."""
    if not run_record.is_run(folder):
        raise UserError(
            "--task=synthesis needs a segmenter that reads what was painted: "
            "--segmenter_model must be the folder `segmentation` of a run "
            "(default: that of --workdir). Received: "
            f"--segmenter_model={segmenter_model!r}, and {folder} has no "
            "run.json. Train one: python -m migan_tf.train "
            "--task=segmentation --workdir=RUN …, and give "
            "--segmenter_model=RUN/segmentation"
        )
    flag = "--segmenter_model" if segmenter_model else "--workdir"
    network, its_config = _load(flag, folder, "segmentation")
    extractor = extractor or features.SegmenterFeatures(network)
    doubts = []
    for name in ("image_size", "geometry"):
        trained, read = getattr(its_config, name), getattr(config, name)
        if trained != read:
            doubts.append(
                f"the segmenter was trained at --{name}={trained} and reads "
                f"at {read}: look at what it finds in the photographs first"
            )
    segmenter = run_networks.NetworkSegmenter(network, its_config)
    return painted_images.ImageAnalyser(segmenter, extractor), doubts


def _quotient(part, yardstick):
    """How near painted images are to the training photographs, as a ratio."""
    name = "nearest_training_distance"
    if part[name] is None or not yardstick[name]:
        return None
    return part[name] / yardstick[name]
