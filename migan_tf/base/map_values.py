"""What the stored values of a map mean: probabilities, or one of two.

All maps are read by these rules: probability maps of a method, vessel maps,
masks of the field of view (FOV).
"""

import numpy as np
from absl import logging

from migan_tf.base import image_files
from migan_tf.base.errors import UserError

FULL_SCALES = (1, 255, 65535)
# Bicubic resampling leaves [0,1] by this much at most.
OVERSHOOT = 0.05
# Share of pixels between the two values of a vessel map or FOV mask: more than
# JPEG leaves is told, more than resampling leaves is refused.
DOUBTED, REFUSED = 0.01, 0.1


def to_unit(planes) -> dict[str, np.ndarray]:
    """Probability planes of a method to float32 in [0,1].

    Integers are divided by 1, 255 or 65535, the least that covers the whole
    set and not each file, so that one faint map is not stretched.

    Args:
      planes: {file name: (H,W)}.

    Raises:
      UserError: float planes that are not in [0,1], or negative integers.
    """
    integers = [p for p in planes.values() if p.dtype.kind in "bui"]
    top = max((int(plane.max()) for plane in integers), default=0)
    full = next((scale for scale in FULL_SCALES if top <= scale), None)
    unit = {}
    for name, plane in planes.items():
        low, high = plane.min(), plane.max()
        real = plane.dtype.kind == "f"
        slack = OVERSHOOT if real else 0
        limit = 1 if real else full
        # NaN fails the comparisons.
        if not (limit and low >= -slack and high <= limit + slack):
            raise UserError(
                f"{name} must hold probabilities: floats in [0,1] or 8-bit or "
                f"16-bit integers. Received: {plane.dtype}, {low} to {high}"
            )
        unit[name] = np.clip(plane / np.float32(limit), 0, 1, dtype=np.float32)
    return unit


def read_vessel_map(file) -> np.ndarray:
    """A vessel map, which may be soft, as (H,W) float32 in [0,1].

    Where there are two values, whatever they are, the higher one is vessel;
    else integers are divided by 1, 255 or 65535, the least that covers them.

    Args:
      file: an `image_files.ImageFile`.

    Raises:
      UserError: it is not readable, or holds no such map.
    """
    plane = image_files.read_plane(file)
    low, high = plane.min(), plane.max()
    if low == 0 < high and ((plane == 0) | (plane == high)).all():
        return (plane > 0).astype(np.float32)
    return to_unit({file.name: plane})[file.name]


def to_binary(plane, name) -> np.ndarray:
    """A vessel map or FOV mask to (H,W) bool.

    Two values of any kind are background and foreground; where there are more
    (JPEG, resampled maps), those above half of the full scale are foreground.

    Raises:
      UserError: nothing is foreground, or the plane is no map of two values.
    """
    top = plane.max()
    if not top > 0:
        raise UserError(
            f"{name} must mark vessels or the field of view. Received: all 0"
        )
    low = plane.min()
    if np.count_nonzero((plane == low) | (plane == top)) == plane.size:
        return plane > (low if low < top else 0)
    full = next((scale for scale in FULL_SCALES if top <= scale), top)
    between = np.mean((plane > 0.1 * full) & (plane < 0.9 * full))
    if between > REFUSED or top <= full / 2:
        raise UserError(
            f"{name} must hold two values, such as 0 and 255. Received: "
            f"{low} to {top}, {between:.0%} of the pixels between. Next: look "
            "whether --predictions and --ground_truth are exchanged"
        )
    if between > DOUBTED:
        logging.warning("%s is cut at half of %g: it is soft", name, full)
    return plane > full / 2
