"""A run of --generator=delta whose images are known without running it.

Its ground has one colour, its vessels are that much darker in green where they
are, and its texture is nothing.
"""

import dataclasses

import cv2
import numpy as np

from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.models.build import build_network

SIDE = 64
GROUND = (180, 120, 60)  # grey levels
DARKER = 80  # grey levels of green that vessels take at a contrast of 1
_CONFIG = Config(
    image_size=SIDE, segmenter="unet", unet_depth=2, segmenter_filters=2
)


def disc(side, radius):
    """A disc about the middle of a square, (side,side) bool."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.hypot(y, x) < radius


COMMON_FOV = disc(SIDE, 28)


def write_delta_run(workdir, config=_CONFIG):
    """Writes a run of both tasks, that was never trained, and returns it."""
    config = dataclasses.replace(
        config,
        generator="delta",
        noise_size=28,
        base_filters=2,
        workdir=str(workdir),
    )
    for task in ("segmentation", "synthesis"):
        network = build_network(config, task)
        if task == "synthesis":
            _make_known(network)
        run_record.write(workdir / task, config, devices=[])
        (workdir / task / "best").mkdir()
        network.save_weights(workdir / task / run_record.BEST_WEIGHTS)
    return workdir


def _make_known(network):
    drawn = network.get_layer("drawn_style")
    mean, components, known, _ = drawn.get_weights()
    mean[:3] = np.array(GROUND) / 127.5 - 1.0
    share = COMMON_FOV.astype(np.float32)[..., None]
    drawn.set_weights([mean, components, known, share])
    output = network.get_layer("vessels").get_layer("output")
    kernel, _ = output.get_weights()
    taken = [0.0, -DARKER / 127.5, 0.0]
    output.set_weights([kernel, np.tile(taken, 4)])  # four pixels, folded


def contrast_of(fundus, vessel_map):
    """The contrast of an image's vessels, as far as grey levels tell it.

    Args:
      fundus: (S,S,3) uint8.
      vessel_map: (S,S) uint8.
    """
    # The thinnest are painted softly, and less dark.
    darkest = fundus[vessel_map == 255][:, 1].min()
    return (GROUND[1] - float(darkest)) / DARKER


def has_colour(fundus, fov_mask, colour, tolerance=0):
    """Whether red and blue, of which vessels take nothing, are as they were."""
    found = fundus[fov_mask][:, ::2].astype(int) - np.array(colour)[::2]
    return np.abs(found).max() <= tolerance


def write_photograph(path, colour, side=300):
    """Writes a photograph of a fundus of one colour ± 4, before black."""
    grain = np.random.default_rng(0).integers(-4, 5, (side, side, 3))
    coloured = np.uint8(np.maximum(np.array(colour) + grain, 0))
    fundus = disc(side, 0.45 * side)[..., None] * coloured
    assert cv2.imwrite(str(path), fundus[..., ::-1])
    return path
