"""Pairs as PNG files in the layout of DRIVE's training set.

Maps are of two values there, and programs that read DRIVE take whatever is not
black for vessel: the soft edges of a painted map are cut at one half.
"""

import cv2
import numpy as np

# Folder, and what a file's name ends in, as DRIVE has them; it has neither
# arteries nor veins.
PLACES = {
    "fundus": ("images", ""),
    "vessel_map": ("1st_manual", "_manual1"),
    "fov_mask": ("mask", "_mask"),
    "artery_map": ("artery", "_artery"),
    "vein_map": ("vein", "_vein"),
}


def files_of(pair):
    """Yields (name, content) of a `synthetic_pairs.Pair`'s files."""
    for plane in PLACES:
        image = getattr(pair, plane)
        if plane == "vessel_map":
            image = image > 127
        if image is not None:
            yield name_of(pair.image_id, plane), encode(image)


def name_of(image_id, plane) -> str:
    """The file of one plane: 0000021_training's map is 0000021_manual1.png."""
    folder, ending = PLACES[plane]
    stem = image_id
    if plane not in ("fundus", "fov_mask"):
        stem = image_id.removesuffix("_training")
    return f"training/{folder}/{stem}{ending}.png"


def read(store, image_id):
    """(fundus (S,S,3), vessel_map (S,S)) uint8 of a pair that was written."""
    fundus, vessel_map = (
        cv2.imdecode(
            np.frombuffer(store.read(name_of(image_id, plane)), np.uint8),
            cv2.IMREAD_UNCHANGED,
        )
        for plane in ("fundus", "vessel_map")
    )
    return fundus[..., ::-1], vessel_map


def encode(image) -> bytes:
    """A PNG of (H,W,3) or (H,W) uint8, or of (H,W) bool as 0 and 255."""
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    fits, content = cv2.imencode(".png", image)
    if not fits:
        raise ValueError(f"not an image: {image.shape} {image.dtype}")
    return content.tobytes()


def resized(image, side):
    """(H,W,3) uint8 reduced to (side,side,3) by averaging."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
