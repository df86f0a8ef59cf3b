"""Draws the README's figure: vessel map | its fundus | its segmentation.

  python docs/make_teaser.py --workdir=RUN --output=docs/teaser.png

The vessel map is a new phantom's; the generator paints it and the segmenter
finds the vessels of what was painted.
"""

import pathlib

import cv2
import numpy as np
from absl import flags

from migan_tf.base import command_line, files
from migan_tf.base.errors import UserError
from migan_tf.data import fov
from migan_tf.inference import run_networks
from migan_tf.metrics import segmentation
from migan_tf.phantom.retina import phantom_retina

MIN_SIDE = 384  # smaller pictures are enlarged, so that a page shows them
GUTTER = 8

_WORKDIR = flags.DEFINE_string("workdir", "", "A run of both tasks.")
_OUTPUT = flags.DEFINE_string("output", "docs/teaser.png", "The figure.")
_SEED = flags.DEFINE_integer(
    "seed", 2018, help="Of phantom and noise.", lower_bound=0
)


def panels(workdir, seed):
    """[(S,S,3) uint8] × 3: vessel map, painted fundus, vessels found in it."""
    workdir = pathlib.Path(workdir)
    generator = run_networks.Generator(
        *run_networks.load_network(workdir / "synthesis", "synthesis")
    )
    network, config = run_networks.load_network(
        workdir / "segmentation", "segmentation"
    )
    side = config.image_size
    retina = phantom_retina(side, side, seed)
    painted_map, fundus = generator(retina.vessel_map / 255, seed)
    # The generator is not told where the field of view ends: what the
    # phantom and the painted picture agree on.
    fov_mask = fov.find_fov_mask(fundus).numpy()
    fov_mask &= retina.fov_mask > 0
    if not fov_mask.any():
        raise UserError(f"the generator of {workdir} paints no fundus yet")
    probability = run_networks.Segmenter(network, config)(fundus, fov_mask)
    threshold = segmentation.otsu_threshold(probability[fov_mask])
    found = (probability >= threshold) & fov_mask
    planes = [np.round(painted_map * 255), found * 255]
    first, last = (np.dstack([p.astype(np.uint8)] * 3) for p in planes)
    return [first, fundus, last]


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    command_line.required(workdir=_WORKDIR.value, output=_OUTPUT.value)
    row = []
    for panel in panels(_WORKDIR.value, _SEED.value):
        times = max(1, -(-MIN_SIDE // panel.shape[0]))
        panel = panel.repeat(times, axis=0).repeat(times, axis=1)
        row += [panel, np.full((panel.shape[0], GUTTER, 3), 255, np.uint8)]
    with files.atomic_path(_OUTPUT.value) as path:
        cv2.imwrite(str(path), np.hstack(row[:-1])[..., ::-1])


if __name__ == "__main__":
    command_line.run(main)
