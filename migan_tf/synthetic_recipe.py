"""From the flags of a job to what its pairs are a function of."""

import dataclasses
import hashlib
import pathlib

from absl import logging

from migan_tf import (
    __version__,
    data,
    model_folder,
    own_images,
    painted_fundi,
    photographs,
    synthetic_gate,
    vessel_sources,
)
from migan_tf.errors import UserError
from migan_tf.synthetic_pairs import Recipe
from migan_tf.synthetic_plan import Plan

# These draw from photographs; the others need them for the gate alone.
FROM_PHOTOGRAPHS = ("dataset", "deformed")


def make(values, generator, reader):
    """What to make, how, and what of it must not change.

    Args:
      values: {flag of `synthetic_flags`: value}.
      generator: folder of the network that paints.
      reader: folder of the segmenter that reads.

    Returns:
      (plan, recipe, settings, size): `Plan`, `Recipe`, plain values for
      `synthetic_job.claim`, and the side of the images.

    Raises:
      UserError: flags or data at fault.
    """
    config = model_folder.config_of(generator, "synthesis")
    asked = ("dataset", "data_dir", "manual_dir")
    given = {name: values[name] for name in asked if values[name]}
    config = dataclasses.replace(config, **given)
    training = _training(config, values)
    paths = []
    if values["vessel_source"] == "folder":
        paths = own_images.list_images([values["vessel_maps"]])
    noise_stddev = values["noise_stddev"]
    if noise_stddev is None:
        noise_stddev = config.evaluation_noise_stddev
    name = pathlib.Path(values["output"]).resolve().name
    recipe = Recipe(
        generator=str(generator),
        reader=str(reader),
        source=vessel_sources.make_source(
            values["vessel_source"],
            training,
            paths,
            like=_like(config.dataset),
            size=config.image_size,
        ),
        originals=_originals(training, config),
        seed=values["seed"],
        noise_stddev=noise_stddev,
        least_consistency=values["least_consistency"],
        least_distance=values["least_distance"],
        colour_margin=values["colour_margin"],
        model={**_facts(generator, "synthesis"), "style": _style(config)},
    )
    plan = Plan(name, values["count"], values["format"])
    settings = {
        "program": __version__,
        **dataclasses.asdict(plan),
        "vessel_source": values["vessel_source"],
        **{
            field: getattr(recipe, field)
            for field in (
                "seed",
                "noise_stddev",
                "attempts",
                "least_consistency",
                "least_distance",
                "colour_margin",
                "model",
            )
        },
        "reader": _facts(reader, "segmentation"),
        "photographs": {p.image_id: p.sha256() for p in training},
        "vessel_maps": {p.name: _sha256(p) for p in paths},
    }
    return plan, recipe, settings, config.image_size


def _training(config, values):
    """The photographs that the generator learned from, [] without them."""
    try:
        return photographs.load(config, "train")
    except UserError as error:
        needed = values["vessel_source"] in FROM_PHOTOGRAPHS
        if needed or values["dataset"]:
            raise
        reason = str(error).partition("\n")[0]
        logging.warning(
            "%s is not at hand (%s): images are not compared with the "
            "training photographs. Give --manual_dir or --data_dir",
            config.dataset,
            reason,
        )
        return []


def _originals(training, config):
    if not training:
        return None
    examples = [
        data.network_example(p, config.image_size, config.geometry)
        for p in training
    ]
    return synthetic_gate.originals_of(
        [p.image_id for p in training],
        [painted_fundi.quantised(e["fundus"]) for e in examples],
        [e["fov_mask"][..., 0] > 0 for e in examples],
    )


def _like(dataset):
    """Whose vessels procedural maps take after: STARE's or DRIVE's."""
    return "stare" if dataset.partition(",")[0] == "stare" else "drive"


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
    return hashlib.sha256(path.read_bytes()).hexdigest()
