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
_PER_CENT = 100
# A soft map is vessel from here on.
VESSEL = 0.5
# Soft maps have fewer pixels between their two values, also those of 64 pixels
# that were made of large ones; photographs in grey have more.
GREY = 0.45
# But of a soft map whose ground is not quite 0 half of the pixels and more are
# that ground, within a tenth.
GROUND_SHARE = 0.5
# Maps of several classes number them: 1 for arteries, 2 for veins.
_MOST_CLASSES = 16
_ONE_LEVEL = (
    "if its levels number classes, such as arteries and veins, give one in "
    "which all vessels have one level"
)
LOST = 0.1  # share of what is marked, from which it is told that it is lost
# Annotators mark 4 to 15 % of the frame. Of inverted maps at least 58 % are
# bright, also where the ground is so inside the field of view alone.
INVERTED = 0.5


def to_unit(planes) -> dict[str, np.ndarray]:
    """Probability planes of a method to float32 in [0,1].

    Integers are divided by 1, 255 or 65535, the least that covers the whole
    set and not each file, so that one faint map is not stretched.

    Args:
      planes: {file name: (H,W)}.

    Raises:
      UserError: float planes that are not in [0,1], negative integers, or
        integers of a type that does not tell their scale, up to 100, say.
    """
    integers = {n: p for n, p in planes.items() if p.dtype.kind in "bui"}
    top = max((int(plane.max()) for plane in integers.values()), default=0)
    for name, plane in integers.items():
        # Of other types than those of images none tells its highest level.
        of_images = plane.dtype.kind != "i" and plane.dtype.itemsize <= 2
        if not of_images and 1 < top <= _PER_CENT:
            raise UserError(
                f"{name} must hold probabilities: floats in [0,1] or 8-bit or "
                f"16-bit integers. Received: {plane.dtype} up to {top}, which "
                "may be per cent. Next: give floats in [0,1], or uint8 with "
                "255 for 1"
            )
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
    """A vessel map, which may be soft, as `read_map` reads it.

    Args:
      file: an `image_files.ImageFile`.

    Raises:
      UserError: it is not readable, holds no such map, marks nothing, is
        inverted, or a photograph in grey.
    """
    vessel_map = read_map(file)
    check_vessel_map(vessel_map, file.name)
    return vessel_map


def read_map(file) -> np.ndarray:
    """Any map as (H,W) float32 in [0,1].

    Where there are two values, whatever they are, the higher one is 1; else
    integers are divided by 1, 255 or 65535, the least that covers them.

    Args:
      file: an `image_files.ImageFile`.

    Raises:
      UserError: it is not readable, or holds no such map.
    """
    plane = image_files.read_plane(file)
    low, high = plane.min(), plane.max()
    if low < high and ((plane == low) | (plane == high)).all():
        return (plane > low).astype(np.float32)
    unit = to_unit({file.name: plane})[file.name]
    _tell_lost_level(unit, file.name)
    return unit


def _tell_lost_level(unit, name):
    """Says which of a few levels is no vessel: it may be a class of them.

    Arteries may be 127 and veins 254. But two annotators' mean is like that.
    """
    # A few rows of a soft map have more levels already, and are soon sorted.
    if np.unique(unit[:: 1 + len(unit) // 32]).size > _MOST_CLASSES:
        return
    levels, counts = np.unique(unit, return_counts=True)
    if not 2 < levels.size <= _MOST_CLASSES:
        return
    marked = counts[levels > 0].sum()
    for level, count in zip(levels, counts, strict=True):
        if 0.1 < level < VESSEL and count > LOST * marked:
            logging.warning(
                "%s",
                f"{name}: {count / marked:.0%} of what is marked has "
                f"{level:.2f} of the full level, which is not vessel where a "
                f"map is cut at {VESSEL}. Classes, such as arteries and veins, "
                "must have one level",
            )


def check_vessel_map(vessel_map, name) -> None:
    """Refuses a vessel map that cannot be meant.

    Args:
      vessel_map: (H,W) bool or float in [0,1], `VESSEL` and more is vessel.
      name: of the file, for messages.

    Raises:
      UserError: nothing is vessel, or so much that it must be inverted, or it
        has the levels of a photograph.
    """
    if is_grey(vessel_map):
        raise UserError(
            f"{name} must have bright vessels on a dark ground. Received: a "
            "picture of many levels of grey, as a photograph has. Next: give "
            "its vessel map, which migan_tf.segment writes"
        )
    share = np.mean(vessel_map >= VESSEL)
    if not share:
        top = vessel_map.max()
        advice = "leave it out, or give another"
        if 0 < top <= _MOST_CLASSES / 255:
            advice = _ONE_LEVEL
        raise UserError(
            f"{name} must mark vessels, by the higher of two values or by "
            "levels up to 1, 255 or 65535. Received: an empty map, whose "
            f"highest level is {top:.1%} of that. Next: {advice}"
        )
    if share > INVERTED:
        raise UserError(
            f"{name} must have bright vessels on a dark ground. Received: "
            f"{share:.0%} of the frame is bright, so it is inverted. Next: "
            "invert it (255 less each of its levels)"
        )


def is_grey(plane) -> bool:
    """Whether a plane (H,W) in [0,1] has the levels of a photograph in grey."""
    if _share_between(plane) <= GREY:
        return False
    counts, _ = np.histogram(plane, bins=20, range=(0.0, 1.0))
    return max(counts[:-1] + counts[1:]) < GROUND_SHARE * plane.size


def _share_between(plane, full=1.0):
    """The share of pixels that are neither dark nor bright."""
    return np.mean((plane > 0.1 * full) & (plane < 0.9 * full))


def to_vessel_map(plane, name) -> np.ndarray:
    """A vessel map as `to_binary` reads it, (H,W) bool.

    Raises:
      UserError: the plane is no map of two values, marks nothing, or is
        inverted.
    """
    vessel_map = to_binary(plane, name)
    check_vessel_map(vessel_map, name)
    return vessel_map


def to_fov_mask(plane, name) -> np.ndarray:
    """A FOV mask as `to_binary` reads it, (H,W) bool.

    Raises:
      UserError: it is no map of two values, or marks all four corners and not
        the middle, as an inverted one does.
    """
    fov_mask = to_binary(plane, name)
    height, width = fov_mask.shape
    corners = fov_mask[:: max(height - 1, 1), :: max(width - 1, 1)]
    if corners.all() and not fov_mask[height // 2, width // 2]:
        raise UserError(
            f"{name} must be bright where the photograph shows the retina. "
            "Received: one that is bright in all corners and dark in the "
            "middle. Next: invert it and its like (255 less each of their "
            "levels)"
        )
    return fov_mask


def to_binary(plane, name) -> np.ndarray:
    """A vessel map or FOV mask to (H,W) bool.

    Two values of any kind are background and foreground; where there are more
    (JPEG, resampled maps), those above half of the full scale are foreground.

    Raises:
      UserError: nothing is foreground, or the plane is no map of two values.
    """
    low, top = plane.min(), plane.max()
    if not np.isfinite([low, top]).all():
        raise UserError(
            f"{name} must hold numbers. Received: {low} to {top}. Next: give 0 "
            "and 1 in place of what is none"
        )
    if low == top and not top > 0:
        raise UserError(
            f"{name} must mark vessels or the field of view. Received: all "
            f"{top:g}. Next: leave it out, or give another"
        )
    if np.count_nonzero((plane == low) | (plane == top)) == plane.size:
        return plane > (low if low < top else 0)
    full = next((scale for scale in FULL_SCALES if top <= scale), top)
    between = _share_between(plane, full)
    if between > REFUSED or top <= full / 2:
        advice = "look whether --predictions and --ground_truth are exchanged"
        if plane.dtype.kind in "iu" and top <= _MOST_CLASSES:
            advice = _ONE_LEVEL
        raise UserError(
            f"{name} must hold two values, such as 0 and 255. Received: "
            f"{low} to {top}, {between:.0%} of the pixels between. Next: "
            f"{advice}"
        )
    _tell_lost_level(plane / full, name)
    if between > DOUBTED:
        logging.warning("%s is cut at half of %g: it is soft", name, full)
    return plane > full / 2
