r"""Draws a sheet of painted images with a row for each vessel map.

  python docs/make_contact_sheet.py --output=docs/contact_sheet.png \
      [--model=SAVEDMODEL | --workdir=RUN] [--vessel_maps=DIR] [--rows=9] \
      [--samples=4] [--side=256] [--image_size=1024]

A row holds the vessel map as it was painted and images of it with different
noise codes. Without --vessel_maps the maps are procedural: no patient's, which
anybody may pass on.
"""

import cv2
import numpy as np
from absl import flags

from migan_tf.base import command_line, files, image_files, map_values
from migan_tf.inference import load, model_folder
from migan_tf.vessel_maps import sources

_MODEL = flags.DEFINE_string(
    "model",
    "",
    "SavedModel of the generator; by default the one that is shipped.",
)
_WORKDIR = flags.DEFINE_string("workdir", "", "A run, in place of --model.")
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size", 0, help="Side of what is painted; 0: the generator's own."
)
_MAPS = flags.DEFINE_string(
    "vessel_maps", "", "Folder of vessel maps; by default some are drawn."
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


def vessel_maps(folder, count, size, seed):
    """The maps of a folder, or procedural ones.

    Args:
      folder: of the maps, or an empty text.
      count: how many.
      size: side in pixels of procedural ones.
      seed: of these.

    Returns:
      List of (vessel_map (H,W) float32 in [0,1], fov_mask (H,W) bool or None).
    """
    if not folder:
        source = sources.make_source("procedural", size=size)
        drawn = [source.draw(number, seed) for number in range(count)]
        return [(d.vessel_map.astype(np.float32), d.fov_mask) for d in drawn]
    found = image_files.list_by_stem("vessel_maps", folder)
    return [
        (map_values.read_vessel_map(found[stem]), None)
        for stem in list(found)[:count]
    ]


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    command_line.required(output=_OUTPUT.value)
    folder = model_folder.find(
        "synthesis", workdir=_WORKDIR.value, model=_MODEL.value
    )
    generator = load.load_generator(folder, _IMAGE_SIZE.value)
    maps = vessel_maps(
        _MAPS.value,
        _ROWS.value,
        size=generator.config.image_size,
        seed=_SEED.value,
    )
    rows = []
    for index, (vessel_map, fov_mask) in enumerate(maps):
        row = []
        for sample in range(_SAMPLES.value):
            seed = [_SEED.value, index, sample]
            painting = generator(vessel_map, seed, fov_mask=fov_mask)
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
