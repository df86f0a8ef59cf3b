"""Draws a stand-in for CHASE_DB1: right names, small phantoms for eyes."""

import io
import pathlib
import zipfile

import numpy as np
from PIL import Image

from migan_tf.phantom import retina

from . import chase_db1_checks as checks

SMALL = 96, 100  # as wide for its height as CHASE_DB1


def draw(image_id, size=SMALL) -> dict:
    """{plane: uint8 array} of one photograph, maps of 0 and 255."""
    every = [i for ids in checks.IMAGE_IDS.values() for i in ids]
    drawn = retina.phantom_retina(*size, 5_000 + every.index(image_id))
    return {
        "fundus": drawn.fundus,
        "vessel_map": drawn.vessel_map,
        "second_annotator": retina.second_reading(drawn),
        "fov_mask": drawn.fov_mask,
    }


def write_official(path, split=None, size=SMALL) -> None:
    """Writes the official archive, flat and without FOV masks, to a zip.

    Args:
      path: of the zip.
      split: "train" or "test"; None: both.
      size: height and width.
    """
    with zipfile.ZipFile(path, "w") as zipped:
        for name in [split] if split else checks.IMAGE_IDS:
            for image_id in checks.IMAGE_IDS[name]:
                for ending, data in encoded(image_id, size).items():
                    zipped.writestr(f"Image_{image_id}{ending}", data)


def encoded(image_id, size=SMALL) -> dict:
    """{what follows Image_<id>: bytes} of the three files of a photograph."""
    planes = draw(image_id, size)
    return {
        ".jpg": _bytes(planes["fundus"], "JPEG"),
        "_1stHO.png": _bytes(planes["vessel_map"] > 0, "PNG"),
        "_2ndHO.png": _bytes(planes["second_annotator"] > 0, "PNG"),
    }


def write_folders(root, split, size=SMALL) -> None:
    """Writes a split as folders, with FOV masks."""
    for image_id in checks.IMAGE_IDS[split]:
        files = encoded(image_id, size)
        fov_mask = _bytes(draw(image_id, size)["fov_mask"], "PNG")
        for name, data in (
            (f"images/Image_{image_id}.jpg", files[".jpg"]),
            (f"1stHO/Image_{image_id}_1stHO.png", files["_1stHO.png"]),
            (f"2ndHO/Image_{image_id}_2ndHO.png", files["_2ndHO.png"]),
            (f"fov_masks/Image_{image_id}.png", fov_mask),
        ):
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _bytes(plane, form):
    file = io.BytesIO()
    Image.fromarray(np.asarray(plane)).save(file, form, quality=95)
    return file.getvalue()
