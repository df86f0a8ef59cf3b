"""Draws annotated photographs into a folder, for tests: phantoms, no eyes.

The pictures in dummy_data/ were made by `python -m folder.folder_dummy`, run in
`datasets/`.
"""

import pathlib

import numpy as np
from PIL import Image

from migan_tf.phantom import retina

FOLDERS = {
    "images": "fundus",
    "vessel_maps": "vessel_map",
    "fov_masks": "fov_mask",
    "second_annotator": "second_annotator",
}


def draw(number, height=96, width=88) -> dict:
    """The planes of one photograph, uint8, maps of 0 and 255."""
    drawn = retina.phantom_retina(height, width, 3_000 + number)
    return {
        "fundus": drawn.fundus,
        "vessel_map": drawn.vessel_map,
        "fov_mask": drawn.fov_mask,
        "second_annotator": retina.second_reading(drawn),
    }


def write(root, numbers, folders=None, name="{:02d}.png", **size) -> None:
    """Writes photographs and their maps.

    Args:
      root: a folder, made if absent.
      numbers: one photograph each.
      folders: {folder below `root`: plane of `draw`}; default: `FOLDERS`.
      name: of the files, the same in every folder.
      **size: height and width.
    """
    for number in numbers:
        planes = draw(number, **size)
        for folder, plane in (folders or FOLDERS).items():
            path = pathlib.Path(root, folder, name.format(number))
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(planes[plane], np.uint8)).save(path)


if __name__ == "__main__":
    dummy_data = pathlib.Path(__file__).parent / "dummy_data"
    for split, numbers in (("train", (1, 2)), ("test", (3,))):
        write(dummy_data / split, numbers)
