r"""Draws a sheet of painted images with a row for each vessel map.

  python docs/make_contact_sheet.py --output=docs/contact_sheet.png \
      [--model=SAVEDMODEL] [--vessel_maps=DIR] [--rows=9] [--samples=4]

A row holds the vessel map as it was painted and images of it with different
noise codes. Without --vessel_maps the maps are those of phantoms, which anybody
may pass on.
"""

import cv2
import numpy as np
from absl import flags

from migan_tf.base import command_line, files, image_files, map_values
from migan_tf.inference import load, model_folder
from migan_tf.phantom.retina import phantom_retina

FIRST_PHANTOM = 2018

_MODEL = flags.DEFINE_string(
    "model",
    "",
    "SavedModel of the generator; by default the one that is shipped.",
)
_MAPS = flags.DEFINE_string(
    "vessel_maps", "", "Folder of vessel maps; by default phantoms are drawn."
)
_ROWS = flags.DEFINE_integer(
    "rows", 9, help="Number of vessel maps.", lower_bound=1
)
_SAMPLES = flags.DEFINE_integer(
    "samples", 4, help="Number of images of each map.", lower_bound=1
)
_SEED = flags.DEFINE_integer(
    "seed", 0, help="Seed of the noise codes.", lower_bound=0
)
_SIDE = flags.DEFINE_integer(
    "side", 256, help="Side of each image in pixels.", lower_bound=16
)
_OUTPUT = flags.DEFINE_string("output", "", "The figure, a PNG file.")


def vessel_maps(folder, count):
    """Returns `count` maps, (H,W) float in [0,1], of the folder or phantoms."""
    if not folder:
        seeds = range(FIRST_PHANTOM, FIRST_PHANTOM + count)
        return [phantom_retina(512, 512, s).vessel_map / 255 for s in seeds]
    found = image_files.list_by_stem("vessel_maps", folder)
    return [
        map_values.read_vessel_map(found[stem]) for stem in list(found)[:count]
    ]


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    command_line.required(output=_OUTPUT.value)
    folder = model_folder.find("synthesis", model=_MODEL.value)
    generator = load.load_generator(folder)
    rows = []
    for index, vessel_map in enumerate(vessel_maps(_MAPS.value, _ROWS.value)):
        row = []
        for sample in range(_SAMPLES.value):
            painting = generator(vessel_map, [_SEED.value, index, sample])
            row.append(painting.fundus)
        levels = np.round(painting.vessel_map * 255).astype(np.uint8)
        planes = [np.dstack([levels] * 3), *row]
        size = (_SIDE.value, _SIDE.value)
        rows.append(
            np.hstack(
                [
                    cv2.resize(p, size, interpolation=cv2.INTER_AREA)
                    for p in planes
                ]
            )
        )
    files.write_image(_OUTPUT.value, np.vstack(rows))


if __name__ == "__main__":
    command_line.run(main)
