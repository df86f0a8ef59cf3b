"""Draws the README's figure: vessel map | its fundus | the vessels found in it.

  python docs/make_teaser.py --output=docs/teaser.png [--numbers=0,1]

A row is one procedural vessel map, which is no patient's. The shipped generator
paints it, and the shipped segmenter finds the vessels of what was painted.
--synthesis_model and --segmentation_model name other models.
"""

import cv2
import numpy as np
from absl import flags

from migan_tf.base import command_line, files
from migan_tf.base.errors import UserError
from migan_tf.inference import load, model_folder
from migan_tf.vessel_maps import sources

GUTTER = 8  # white pixels between the pictures

_OUTPUT = flags.DEFINE_string("output", "docs/teaser.png", "The PNG file.")
_NUMBERS = flags.DEFINE_list(
    "numbers", ["0", "1"], "Numbers of the vessel maps, one a row."
)
_SEED = flags.DEFINE_integer(
    "seed", 0, help="Seed of the maps and of the noise.", lower_bound=0
)
_SYNTHESIS = flags.DEFINE_string(
    "synthesis_model", "", "The generator; by default the one that is shipped."
)
_SEGMENTATION = flags.DEFINE_string(
    "segmentation_model", "", "The segmenter; by default the shipped one."
)


def row(generator, segmenter, drawn, seed):
    """Returns the three pictures of a row, each (S,S,3) uint8."""
    painting = generator(
        drawn.vessel_map.astype(np.float32), seed, fov_mask=drawn.fov_mask
    )
    found = segmenter(painting.fundus)
    if not found.fov_mask.any():
        raise UserError("--synthesis_model paints no fundus yet")
    maps = np.round(painting.vessel_map * 255), found.vessel_map * 255
    first, last = (np.dstack([plane.astype(np.uint8)] * 3) for plane in maps)
    return [first, painting.fundus, last]


def joined(pictures, axis):
    """Puts pictures beside (axis 1) or below each other, with gutters."""
    shape = list(pictures[0].shape)
    shape[axis] = GUTTER
    gutter = np.full(shape, 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gutter)]
    return np.concatenate(parts[:-1], axis)


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    command_line.required(output=_OUTPUT.value, numbers=_NUMBERS.value)
    if not all(number.isdecimal() for number in _NUMBERS.value):
        raise UserError(
            "--numbers must be whole numbers with commas between them. "
            f"Received: {','.join(_NUMBERS.value)}. Next: --numbers=0,1"
        )
    generator = load.load_generator(
        model_folder.find("synthesis", model=_SYNTHESIS.value)
    )
    segmenter = load.load_segmenter(
        model_folder.find("segmentation", model=_SEGMENTATION.value)
    )
    source = sources.make_source("procedural", size=generator.config.image_size)
    rows = []
    for number in map(int, _NUMBERS.value):
        drawn = source.draw(number, _SEED.value)
        seed = [_SEED.value, number]
        pictures = row(generator, segmenter, drawn=drawn, seed=seed)
        rows.append(joined(pictures, 1))
    smallest = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    with files.atomic_path(_OUTPUT.value) as path:
        cv2.imwrite(str(path), joined(rows, 0)[..., ::-1], smallest)


if __name__ == "__main__":
    command_line.run(main)
