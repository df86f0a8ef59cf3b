"""From the flags of a job to what its pairs are a function of."""

import dataclasses
import hashlib
import json
import os
import pathlib
import re

from absl import logging

from migan_tf import __version__
from migan_tf.base import image_files
from migan_tf.base.errors import UserError
from migan_tf.data import batches, geometry, photographs, prepared
from migan_tf.inference import model_folder
from migan_tf.synthesis import gate
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.pairs import Recipe
from migan_tf.vessel_maps import sources

# These draw from photographs; the others need them for the gate alone.
FROM_PHOTOGRAPHS = ("dataset", "deformed")
_DATASET_NAME = re.compile("[a-z][a-z0-9_]*")  # what TFDS takes


def make(values, generator, reader):
    """What to make, how, and what of it must not change.

    Args:
      values: {flag of `flags`: value}.
      generator: folder of the network that paints.
      reader: folder of the segmenter that reads.

    Returns:
      (plan, recipe, settings, size): `Plan`, `Recipe`, plain values for
      `job.claim`, and the side of the images.

    Raises:
      UserError: flags or data at fault.
    """
    config = model_folder.config_of(generator, "synthesis")
    plan = _plan(values)
    drawn_from, known = _photographs(config, values)
    paths = []
    if values["vessel_source"] == "folder":
        paths = image_files.list_images([values["vessel_maps"]], "vessel_maps")
        for path in paths:
            sources.read_map(path)  # At fault now, not at its turn.
    noise_stddev = values["noise_stddev"]
    if noise_stddev is None:
        noise_stddev = config.evaluation_noise_stddev
    like = (values["dataset"] or config.dataset).partition(",")[0]
    like = "stare" if like == "stare" else "drive"
    recipe = Recipe(
        generator=str(generator),
        reader=str(reader),
        source=sources.make_source(
            values["vessel_source"],
            drawn_from,
            paths,
            like=like,
            size=config.image_size,
        ),
        originals=_originals(known, config),
        onednn=os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        noise_stddev=noise_stddev,
        **{name: values[name] for name in _AS_GIVEN},
    )
    facts = {**_facts(generator, "synthesis"), "style": _style(config)}
    settings = {
        "program": __version__,
        "count": plan.count,
        "format": plan.format,
        # Of pictures no file's name or content depends on it.
        "name": plan.name if plan.format == "tfrecord" else None,
        "vessel_source": values["vessel_source"],
        "like": like if values["vessel_source"] == "procedural" else None,
        "attempts": recipe.attempts,
        "noise_stddev": noise_stddev,
        "onednn": recipe.onednn,
        **{name: values[name] for name in _AS_GIVEN},
        "model": facts,
        "reader": _facts(reader, "segmentation"),
        "maps_of": {p.image_id: p.sha256() for p in drawn_from},
        "compared_with": {p.image_id: p.sha256() for p in known},
        "vessel_maps": {p.name: _sha256(p) for p in paths},
    }
    text = json.dumps(settings, sort_keys=True)
    job = hashlib.sha256(text.encode()).hexdigest()[:16]
    recipe = dataclasses.replace(recipe, facts={"job": job, **facts})
    return plan, recipe, settings, config.image_size


_AS_GIVEN = "seed least_consistency least_distance colour_margin".split()


def _plan(values):
    name = pathlib.Path(values["output"]).resolve().name
    taken = prepared.names()
    fits = _DATASET_NAME.fullmatch(name) and name not in taken
    if values["format"] == "tfrecord" and not fits:
        raise UserError(
            "--output must end in the new dataset's name with "
            "--format=tfrecord: small letters, digits and _, and none of "
            f"{', '.join(taken)}. Received: {values['output']}"
        )
    return Plan(name, values["count"], values["format"])


def _photographs(config, values):
    """(those whose maps are taken, those that images are compared with).

    Images are compared with the photographs that the generator learned from,
    and with those of --dataset. Sources that take no photograph's map go on
    without the former where nothing was said of where they lie.
    """
    places = {n: values[n] for n in ("data_dir", "manual_dir") if values[n]}
    own = dataclasses.replace(config, **places)
    other = values["dataset"]
    found = []
    if other and other != own.dataset:
        # How many of its own the generator learned from says nothing here.
        asked = dataclasses.replace(own, dataset=other, train_photographs=0)
        found = photographs.load(asked, "train")
    needed = values["vessel_source"] in FROM_PHOTOGRAPHS and not found
    try:
        learned_from = photographs.load(own, "train")
    except UserError as error:
        if needed or places or other == own.dataset:
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
    if values["vessel_source"] not in FROM_PHOTOGRAPHS:
        drawn_from = []
    return drawn_from, learned_from + found


def _originals(known, config):
    if not known:
        return None
    examples = [
        batches.network_example(p, config.image_size, config.geometry)
        for p in known
    ]
    return gate.originals_of(
        [p.image_id for p in known],
        [geometry.quantised(e["fundus"]) for e in examples],
        [e["fov_mask"][..., 0] > 0 for e in examples],
    )


def _style(config):
    return pathlib.Path(config.style_image).name or None


def _facts(folder, task):
    """Which network it is: name, version, SHA-256 of its weights."""
    if model_folder.is_saved_model(folder):
        card = model_folder.read_card(pathlib.Path(folder), task)
        digest = card["network"]["weights_sha256"]
        return {
            "model": card["model"],
            "version": card["version"],
            "weights_sha256": digest,
        }
    return {
        "model": f"a run's {task}",
        "version": __version__,
        "weights_sha256": _sha256(model_folder.weights_of(folder)),
    }


def _sha256(path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def reader_of(values):
    """Folder of the segmenter of the gate.

    --reader, or the one of --workdir, or the one that comes along.
    """
    if values["reader"]:
        folder, _ = model_folder.find(
            "segmentation", "", model=values["reader"], flag="reader"
        )
        return folder
    if values["workdir"]:
        own = pathlib.Path(values["workdir"], "segmentation")
        if (own / model_folder.WEIGHTS).exists():
            return own
    return model_folder.find("segmentation", "", "")[0]
