"""Draws a figure of docs/results.md: vessel maps painted in two ways.

  python docs/make_style_figure.py --workdir=STYLE_RUN --reference_workdir=RUN

There is a row for each of three phantom vessel maps. It holds the map, what the
generator of the reference run paints, what that of the style run paints, and a
disc of the style photograph's mean colour. The photograph itself is not drawn:
its owner's terms may not allow to pass it on.
"""

import cv2
import numpy as np
from absl import flags

from migan_tf.base import command_line, files
from migan_tf.data import style_photograph
from migan_tf.data.geometry import quantised
from migan_tf.inference import load, model_folder
from migan_tf.metrics import realism
from migan_tf.phantom.retina import phantom_retina

SEEDS = (2018, 2020, 2026)

_WORKDIR = flags.DEFINE_string("workdir", "", "Folder of a style run.")
_REFERENCE = flags.DEFINE_string(
    "reference_workdir", "", "Folder of a run without a style."
)
_OUTPUT = flags.DEFINE_string(
    "output", "docs/style.png", "The figure, a PNG file."
)


def style_disc(config, side):
    """Draws a disc, (side,side,3) uint8, of x_s's mean colour in its FOV."""
    style = style_photograph.load_style_photograph(config)
    means, _ = realism.colour_statistics(
        quantised(style.fundus), style.fov_mask[..., 0] > 0
    )
    disc = np.zeros((side, side, 3), np.uint8)
    middle = (side // 2, side // 2)
    cv2.circle(
        disc,
        middle,
        radius=side * 9 // 20,
        color=means.tolist(),
        thickness=-1,
        lineType=cv2.LINE_AA,
    )
    return disc


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    runs = _REFERENCE.value, _WORKDIR.value
    command_line.required(workdir=runs[1], reference_workdir=runs[0])
    generators = [
        load.load_generator(model_folder.find("synthesis", run)) for run in runs
    ]
    config = generators[1].config
    side = config.image_size
    disc = style_disc(config, side)
    rows = []
    for seed in SEEDS:
        vessel_map = phantom_retina(side, side, seed).vessel_map
        painted = [g(vessel_map / 255, seed).fundus for g in generators]
        planes = [np.dstack([vessel_map] * 3), *painted, disc]
        rows.append(np.hstack(planes))
    files.write_image(_OUTPUT.value, np.vstack(rows))


if __name__ == "__main__":
    command_line.run(main)
