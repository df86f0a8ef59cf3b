"""A small generator of --generator=delta of fixed weights, and its run folder.

Its style is drawn and its FOV is a disc, as after a training; all its layers
have something to say.
"""

import json

import numpy as np

from migan_tf.base import run_record
from migan_tf.base.config import Config

CONFIG = Config(
    dataset="phantom/demo",
    generator="delta",
    image_size=64,
    noise_size=28,
    base_filters=2,
    segmenter="unet",
)
RADIUS = 29.5  # of the common FOV, in cells, which are pixels at this size


def disc(height, width, radius):
    """A mask (height,width) bool, about its middle."""
    row, column = np.indices((height, width))
    row, column = row - (height - 1) / 2, column - (width - 1) / 2
    return np.hypot(row, column) < radius


def network():
    """The Keras model."""
    from migan_tf.models.delta_generator import build_delta_generator

    model = build_delta_generator(CONFIG.noise_size, CONFIG.base_filters)
    rng = np.random.default_rng(2018)
    for part in ("ground", "vessels", "texture"):
        for variable in model.get_layer(part).variables:
            shape = variable.shape
            scale = np.sqrt(2.0 / max(1, np.prod(shape[:-1])))
            if "output" in variable.path:  # Little, so that nothing is cut off.
                scale *= 0.2
            variable.assign(rng.normal(0.0, scale, shape))
    mean = np.zeros(18, np.float32)
    mean[:3] = (0.2, -0.2, -0.4)
    components = rng.normal(0.0, 0.02, (18, 18)).astype(np.float32)
    known = rng.normal(0.0, 0.02, (64, 27)).astype(np.float32)
    known[:, :18] += mean
    inside = disc(64, 64, RADIUS)[..., None].astype(np.float32)
    model.get_layer("drawn_style").set_weights(
        [mean, components, known, inside]
    )
    return model


def record(folder, config=CONFIG) -> None:
    """Writes what a run records of one task, without weights."""
    folder.mkdir(parents=True)
    run_record.write(folder, config, devices=[], data={})


def save_run(workdir, model):
    """Writes the folder of a run whose best weights are the model's."""
    folder = workdir / "synthesis"
    record(folder)
    (folder / "best").mkdir()
    model.save_weights(folder / run_record.BEST_WEIGHTS)
    scores = {"step": 3, "validation_loss": 0.5}
    (folder / run_record.BEST_SCORES).write_text(json.dumps(scores))
    return workdir
