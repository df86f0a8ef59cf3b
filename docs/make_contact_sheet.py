"""Draws a sheet of painted images: a row for each vessel map.

  python docs/make_contact_sheet.py --output=docs/contact_sheet.png \
      [--model=SAVEDMODEL] [--vessel_maps=DIR] [--rows=9] [--samples=4]

Each row: the vessel map as painted, then images of it with different noise
codes. Without --vessel_maps the maps are those of phantoms, which may be passed
on by anybody.
"""

import cv2
import numpy as np
from absl import flags

from migan_tf.base import command_line, files, image_files, map_values
from migan_tf.inference import model_folder, saved_models
from migan_tf.phantom.retina import phantom_retina

FIRST_PHANTOM = 2018

_MODEL = flags.DEFINE_string("model", "", "A SavedModel of a synthesis.")
_MAPS = flags.DEFINE_string("vessel_maps", "", "A folder of vessel maps.")
_ROWS = flags.DEFINE_integer("rows", 9, help="Vessel maps.", lower_bound=1)
_SAMPLES = flags.DEFINE_integer(
    "samples", 4, help="Images of each map.", lower_bound=1
)
_SEED = flags.DEFINE_integer(
    "seed", 0, help="Seed of the noise codes.", lower_bound=0
)
_SIDE = flags.DEFINE_integer(
    "side", 256, help="Side of each image.", lower_bound=16
)
_OUTPUT = flags.DEFINE_string("output", "", "The figure.")


def vessel_maps(folder, count):
    """`count` maps, (H,W) float in [0,1]: the folder's first, or phantoms'."""
    if not folder:
        seeds = range(FIRST_PHANTOM, FIRST_PHANTOM + count)
        return [phantom_retina(512, 512, s).vessel_map / 255 for s in seeds]
    found = image_files.list_files("vessel_maps", folder)
    planes = {
        stem: image_files.read_plane(found[stem])
        for stem in list(found)[:count]
    }
    return list(map_values.to_unit(planes).values())


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    command_line.required(output=_OUTPUT.value)
    folder, _ = model_folder.find("synthesis", "", _MODEL.value)
    generator = saved_models.SavedGenerator(folder)
    rows = []
    for index, vessel_map in enumerate(vessel_maps(_MAPS.value, _ROWS.value)):
        row = []
        for sample in range(_SAMPLES.value):
            painted, fundus = generator(
                vessel_map, [_SEED.value, index, sample]
            )
            row.append(fundus)
        levels = np.round(painted * 255).astype(np.uint8)
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
