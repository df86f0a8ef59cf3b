"""Draws a stand-in for HRF: right names, small phantoms for photographs."""

import pathlib

import numpy as np
from PIL import Image

from migan_tf.phantom import retina

from . import hrf_checks as checks

SMALL = 96, 144  # as wide for its height as HRF


def draw(image_id, size=SMALL) -> dict:
    """{plane: uint8 array} of one photograph, maps of 0 and 255."""
    every = [i for ids in checks.IMAGE_IDS.values() for i in ids]
    drawn = retina.phantom_retina(*size, 6_000 + every.index(image_id))
    return {
        "fundus": drawn.fundus,
        "vessel_map": drawn.vessel_map,
        "fov_mask": drawn.fov_mask,
    }


def write(root, split, size=SMALL) -> None:
    """Writes a split as the official archive has it.

    Its photographs end in .jpg and, of group dr, in .JPG; its FOV masks have
    three equal channels.
    """
    for image_id in checks.IMAGE_IDS[split]:
        planes = draw(image_id, size)
        suffix = "JPG" if image_id.endswith("dr") else "jpg"
        fov_mask = np.repeat(planes["fov_mask"][..., None], 3, axis=-1)
        for name, plane in (
            (f"images/{image_id}.{suffix}", planes["fundus"]),
            (f"manual1/{image_id}.tif", planes["vessel_map"]),
            (f"mask/{image_id}_mask.tif", fov_mask),
        ):
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(plane).save(path)
