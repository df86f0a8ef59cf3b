"""Reads the arguments of calls: arrays, or paths of files that hold them.

An array is read as the same array in a file would be, by the one reader that
all commands share, so that nothing has two meanings.
"""

import io
import math
import numbers
import os
import pathlib

import numpy as np

from migan_tf.base import files, image_files, map_kinds, map_values
from migan_tf.base.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotFoundError,
)
from migan_tf.base.pictures import LEAST_SIDE


def photograph(fundus, name="fundus") -> np.ndarray:
    """A photograph as (H,W,3) uint8 RGB.

    Args:
      fundus: such an array, or a path. Grey and 16-bit ones are read as the
        files of such photographs are.
      name: the argument, for messages.
    """
    found = map_kinds.read_photograph(photograph_file(fundus, name))
    if min(found.shape[:2]) < LEAST_SIDE:
        raise ArgumentError(
            f"`{name}` must be at least {LEAST_SIDE} pixels high and wide. "
            f"Received: {found.shape[0]} × {found.shape[1]} (height × width)"
        )
    return found


def photograph_file(fundus, name) -> image_files.ImageFile:
    """The same before it is read: whether it can be one is checked at once."""
    file = _file(fundus, name, "a photograph, (H,W,3) uint8")
    if not is_path(fundus) and np.asarray(fundus).dtype.kind == "f":
        raise ArgumentTypeError(
            f"`{name}` must be uint8, levels from 0 to 255. Received: "
            f"{np.asarray(fundus).dtype}. Next: give the photograph as it was "
            "read, or (fundus * 255).round().astype('uint8') for one in [0,1]"
        )
    return file


def vessel_map(given, name="vessel_map") -> np.ndarray:
    """A vessel map, which may be soft, as (H,W) float32 in [0,1]."""
    return map_values.read_vessel_map(_file(given, name, "a vessel map, (H,W)"))


def vessels(given, name) -> np.ndarray:
    """A vessel map of two values as (H,W) bool."""
    return map_values.to_vessel_map(plane(given, name), f"`{name}`")


def plane(given, name) -> np.ndarray:
    """One image plane (H,W) as it is stored."""
    return image_files.read_plane(_file(given, name, "an image plane, (H,W)"))


def fov_mask(given, shape, name="fov_mask"):
    """A mask of the field of view as (H,W) bool, or None where none is given.

    Args:
      given: array, path or None.
      shape: (H,W) that it must have.
      name: the argument, for messages.
    """
    if given is None:
        return None
    found = map_values.to_fov_mask(plane(given, name), f"`{name}`")
    check_size(found, shape, name)
    return found


def check_size(found, shape, name) -> None:
    """Raises `ArgumentError` unless a plane has the image's shape (H,W)."""
    if found.shape != shape:
        raise ArgumentError(
            f"`{name}` must have the size of the image, {shape[0]} × "
            f"{shape[1]} (height × width). Received: {found.shape[0]} × "
            f"{found.shape[1]}"
        )


def whole_number(value, name, least) -> int:
    """A whole number of at least `least`; NumPy's are such, True is none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ArgumentTypeError(
            f"`{name}` must be a whole number. Received: {value!r}"
        )
    if value < least:
        raise ArgumentError(
            f"`{name}` must be at least {least}. Received: {value}"
        )
    return int(value)


def number(value, name, least=0.0, most=math.inf) -> float:
    """A finite number from `least` to `most`; True is none."""
    try:
        if isinstance(value, bool | np.bool_ | str):
            raise TypeError
        found = float(value)
    except OverflowError:  # of a whole number that no float holds
        found = math.inf
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"`{name}` must be a number. Received: {value!r}"
        ) from None
    # NaN is in no order.
    if not (least <= found <= most and math.isfinite(found)):
        limits = (
            f"lie between {least:g} and {most:g}"
            if math.isfinite(most)
            else f"be at least {least:g} and finite"
        )
        raise ArgumentError(f"`{name}` must {limits}. Received: {value!r}")
    return found


def listed(given, name) -> list:
    """Several arrays or paths as a list; one alone is a list of it."""
    if is_path(given) or getattr(given, "ndim", 0) == 2:
        return [given]
    try:
        return list(given)
    except TypeError:
        raise ArgumentTypeError(
            f"`{name}` must be a list, one for each image. Received: "
            f"{type(given).__name__}"
        ) from None


def existing(path, name) -> pathlib.Path:
    """A path of a file or folder that is there; ~ is the home."""
    found = files.at_home(path)
    if not os.fspath(path) or not found.exists():
        raise NotFoundError(
            f"`{name}` must name a file or folder that is there. Received: "
            f"{os.fspath(path)!r}"
        )
    return found


def is_path(given) -> bool:
    """Whether an argument is a path and not an array."""
    return isinstance(given, str | os.PathLike)


def _file(given, name, what) -> image_files.ImageFile:
    """The file that an argument names, or one that holds its array."""
    if is_path(given):
        path = existing(given, name)
        if path.is_dir():
            raise ArgumentError(
                f"`{name}` must be a file. Received the folder {path}. Next: "
                f"give a list of its files, sorted(Path({str(path)!r}).glob("
                "'*.png')), say"
            )
        return image_files.image_file(path)
    if not hasattr(given, "__array__"):
        raise ArgumentTypeError(
            f"`{name}` must be {what}, or a path. Received: "
            f"{type(given).__name__}"
        )

    def content():
        stored = io.BytesIO()
        np.save(stored, np.asarray(given), allow_pickle=False)
        return stored.getvalue()

    return image_files.ImageFile(f"`{name}`", name, content)
