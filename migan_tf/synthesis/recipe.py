"""What the pairs of a job are made of: its flags, data and models as a recipe.

`plan_job` checks them all and reads the photographs before anything is made.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import sys

import numpy as np
from absl import logging

from migan_tf import __version__
from migan_tf.base import files, image_files, run_record
from migan_tf.base.command_line import EXIT_SKIPPED
from migan_tf.base.errors import UserError
from migan_tf.data import batches, fov, geometry, photographs, prepared
from migan_tf.inference import model_folder, run_networks, user_files
from migan_tf.inference.contrast import (
    AS_PHOTOGRAPHED,
    ContrastRange,
    read_contrast,
)
from migan_tf.synthesis import formats, gate, summary
from migan_tf.synthesis.job import Plan
from migan_tf.vessel_maps import sources

# These sources draw from photographs; the others need them for the gate alone.
FROM_PHOTOGRAPHS = ("dataset", "deformed")
_DATASET_NAME = re.compile("[a-z][a-z0-9_]*")  # what TFDS takes
# These flags go into the recipe and into the job's identity as they are.
_AS_GIVEN = "seed least_consistency least_distance colour_margin".split()


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a pair is a function of, besides its number; it can be pickled.

    The networks are given as folders: of a SavedModel, or of a task of a run.
    """

    generator: str
    reader: str  # the segmenter of the gate
    source: object  # of vessel maps, from `sources.make_source`
    originals: gate.Originals | None
    onednn: str = "1"  # TF_ENABLE_ONEDNN_OPTS: the last digits differ by it
    seed: int = 0
    noise_stddev: float = 1.0
    contrast: ContrastRange = AS_PHOTOGRAPHED
    style_fundus: np.ndarray | None = None  # (h,w,3) uint8
    image_size: int = 0  # 0: the generator's own
    attempts: int = 5  # images, of other codes, before a number is given up
    least_consistency: float = 0.6
    least_distance: float = 5.0  # grey levels
    colour_margin: float = 25.0  # grey levels
    # For the manifest: `job` and what else does not change from pair to pair.
    facts: dict = dataclasses.field(default_factory=dict)


def plan_job(settings, generator):
    """Says what a job makes, how, and which job it is.

    Args:
      settings: `flags.JobSettings`.
      generator: `model_folder.ModelFolder` of the network that paints.

    Returns:
      (plan, recipe, identity): the `job.Plan`, the `Recipe`, and plain values
      for `job.claim` that all files of the job are a function of.

    Raises:
      UserError: flags, data or models are at fault.
    """
    reader = _reader_of(settings)
    config = run_networks.resized(generator.config, settings.image_size)
    style_fundus = None
    if settings.style_fundus:
        style_fundus = user_files.read_style_fundus(settings.style_fundus)
    plan = _plan(settings, config.image_size)
    drawn_from, known = _photographs(config, settings)
    map_files = _map_files(settings)
    like = _likeness(settings, config)
    noise_stddev = settings.noise_stddev
    if noise_stddev is None:
        noise_stddev = config.evaluation_noise_stddev
    recipe = Recipe(
        generator=str(generator.path),
        reader=str(reader.path),
        source=sources.make_source(
            settings.vessel_source,
            drawn_from,
            map_files,
            like=like,
            size=config.image_size,
        ),
        originals=_originals(known, config, style_fundus),
        onednn=os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        noise_stddev=noise_stddev,
        contrast=read_contrast(settings.contrast),
        style_fundus=style_fundus,
        image_size=settings.image_size,
        **{name: getattr(settings, name) for name in _AS_GIVEN},
    )
    style = pathlib.Path(config.style_image).name or None
    model = {**generator.identity(), "style": style}
    is_dataset = formats.BY_NAME[plan.format].is_dataset
    identity = {
        "program": __version__,
        "count": plan.count,
        "format": plan.format,
        "name": plan.name if is_dataset else None,
        "vessel_source": settings.vessel_source,
        "like": like if settings.vessel_source == "procedural" else None,
        "attempts": recipe.attempts,
        "noise_stddev": noise_stddev,
        "onednn": recipe.onednn,
        **{name: getattr(settings, name) for name in _AS_GIVEN},
        "model": model,
        "reader": reader.identity(),
        "maps_of": {p.image_id: p.sha256() for p in drawn_from},
        "compared_with": {p.image_id: p.sha256() for p in known},
        "vessel_maps": {
            file.below: image_files.sha256(file) for file in map_files
        },
        **_unusual(settings, generator.config),
    }
    text = json.dumps(identity, sort_keys=True)
    job = hashlib.sha256(text.encode()).hexdigest()[:16]
    facts = {"job": job, **model}
    if settings.style_fundus:
        facts["style_fundus"] = pathlib.Path(settings.style_fundus).name
    return plan, dataclasses.replace(recipe, facts=facts), identity


def _unusual(settings, config):
    """What the identity has only of flags that are not at their defaults.

    A job that was begun before there were such flags is still the same.

    Args:
      settings: `flags.JobSettings`.
      config: the generator's own `Config`.
    """
    found = {}
    contrast = read_contrast(settings.contrast)
    if contrast != AS_PHOTOGRAPHED:
        found["contrast"] = [contrast.lowest, contrast.highest]
    if settings.style_fundus:
        file = image_files.image_file(settings.style_fundus)
        found["style_fundus"] = {file.below: image_files.sha256(file)}
    if settings.image_size not in (0, config.image_size):
        found["image_size"] = settings.image_size
    return found


def _reader_of(settings):
    """The `ModelFolder` of the segmenter of the gate.

    It is --reader, or else that of --workdir, or else the one that comes with
    the program.
    """
    if settings.reader:
        return model_folder.find(
            "segmentation", model=settings.reader, flag="reader"
        )
    own = pathlib.Path(settings.workdir, "segmentation")
    if settings.workdir and (own / run_record.BEST_WEIGHTS).exists():
        return model_folder.open_folder(own, "segmentation")
    return model_folder.find("segmentation")


def _plan(settings, size):
    name = pathlib.Path(settings.output).resolve().name
    taken = prepared.names()
    if formats.BY_NAME[settings.format].is_dataset:
        files.refuse_patterns(settings.output, "output")
    fits = _DATASET_NAME.fullmatch(name) and name not in taken
    if formats.BY_NAME[settings.format].is_dataset and not fits:
        raise UserError(
            "--output must end in the new dataset's name with "
            f"--format={settings.format}: small letters, digits and _, and "
            f"none of {', '.join(taken)}. Received: {settings.output}"
        )
    return Plan(name, count=settings.count, format=settings.format, size=size)


def _photographs(config, settings):
    """(those whose maps are taken, those that images are compared with).

    Images are compared with the photographs that the generator learned from,
    and with those of --dataset. Where nothing was said of where the former lie,
    and no map of theirs is taken, the job goes on without them.
    """
    places = (settings.data_dir, settings.manual_dir)
    source = photographs.Source.of(config)
    own = source.elsewhere("", *places)
    other = settings.dataset
    found = []
    if other and other != own.dataset:
        # How many of its own the generator learned from says nothing here.
        asked = dataclasses.replace(own, dataset=other, train_photographs=0)
        found = photographs.load(asked, "train")
        # The flags say where --dataset lies; a run knows that of its own.
        own = own.elsewhere(manual_dir=source.manual_dir)
    needed = settings.vessel_source in FROM_PHOTOGRAPHS and not found
    try:
        learned_from = photographs.load(own, "train")
    except UserError as error:
        if needed or (any(places) and not found) or other == own.dataset:
            raise
        logging.warning(
            "%s is not at hand (%s): images are not compared with the "
            "photographs that the generator learned from. Give --manual_dir "
            "or --data_dir",
            own.dataset,
            str(error).partition("\n")[0],
        )
        learned_from = []
    drawn_from = found or learned_from
    if settings.vessel_source not in FROM_PHOTOGRAPHS:
        drawn_from = []
    return drawn_from, learned_from + found


def _map_files(settings):
    """The user's vessel maps; a faulty one is found now, not at its turn."""
    if settings.vessel_source != "folder":
        return []
    files = image_files.list_images(
        [settings.vessel_maps], "vessel_maps", settings.recursive
    )
    for file in files:
        sources.read_map(file)
    return files


def exit_status(settings, counts=None) -> int:
    """The status of a job, which is 1 where not all was done; says why.

    Args:
      settings: `flags.JobSettings`.
      counts: from `summary.finish`; None while blocks are missing.

    Returns:
      0, or 1 where numbers were given up, or where the folder of maps holds
      more than images, which was said.
    """
    told = summary.shortfall(counts) if counts else ""
    if told:
        print(f"warning: {told}", file=sys.stderr)
        return EXIT_SKIPPED
    if settings.vessel_source != "folder":
        return 0
    found = image_files.find_images(
        [settings.vessel_maps], "vessel_maps", recursive=settings.recursive
    )
    return EXIT_SKIPPED if found.others else 0


def _likeness(settings, config):
    """Whose eyes procedural maps resemble: those of STARE or of DRIVE."""
    like = (settings.dataset or config.dataset).partition(",")[0]
    return "stare" if like == "stare" else "drive"


def _originals(known, config, style_fundus):
    """What the gate compares with, of photographs as the networks see them."""
    if not known:
        return None
    examples = [
        batches.network_example(p, config.image_size, config.geometry)
        for p in known
    ]
    originals = gate.originals_of(
        [p.image_id for p in known],
        [geometry.quantised(e["fundus"]) for e in examples],
        [e["fov_mask"][..., 0] > 0 for e in examples],
    )
    if style_fundus is None:
        return originals
    style_fov = fov.find_fov_mask(style_fundus).numpy()
    return gate.with_colours_of(originals, style_fundus, style_fov)
