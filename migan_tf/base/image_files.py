"""Reads image files as cameras and other programs leave them.

Every command reads its photographs and maps here: 8 and 16 bits, grey,
colours and palettes, PNM by the maximum in its header, turned as EXIF says,
float TIFF, .npy, and all of them gzipped or in a tar. A file that cannot be
read is an error that names it.
"""

import dataclasses
import gzip
import io
import pathlib
import re
import tarfile
import zlib
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from absl import logging
from PIL import Image, UnidentifiedImageError

from migan_tf.base.errors import UserError

PICTURES = "png jpg jpeg tif tiff bmp gif ppm pgm pbm pnm".split()
ARRAYS = ["npy"]
# Formats that PIL reads as they are meant and OpenCV does not: a JPEG that is
# cut short, a PNM whose maximum is not 255.
_OF_PIL = ("GIF", "JPEG", "MPO", "PPM")
# Modes of PIL in which the stored numbers are no levels of grey or of RGB.
_CONVERTED = ("1", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
_ODD = (
    cv2.error,
    tarfile.TarError,
    zlib.error,
    Image.DecompressionBombError,
)
# Channels of a grey picture stored as RGB: JPEG moves them a little apart.
CHANNEL_TOLERANCE = 16
# Cameras of 12 bits leave their levels in files of 16.
FULL_SCALES = (255, 4095, 65535)
# EXIF orientation -> how the stored array becomes an upright one.
_UPRIGHT = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}
_ORIENTATION = 0x0112  # the tag in EXIF


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """A file on the disk or a member of a tar."""

    name: str  # for messages
    stem: str  # without its suffixes
    content: Callable[[], bytes]


def image_file(path) -> ImageFile:
    """The file at `path`; it is read when its content is asked for."""
    path = pathlib.Path(path)
    return ImageFile(str(path), stem_of(path.name), path.read_bytes)


def list_images(paths, flag="") -> list[ImageFile]:
    """The images among some files and directly inside some folders.

    Args:
      paths: files and folders; of a folder those that have the suffix of a
        picture, by name; hidden ones are passed over.
      flag: the flag that they were given by, for the error; empty for
        arguments.

    Raises:
      UserError: a path is absent, or there is no image.
    """
    told = f"--{flag}: " if flag else ""
    found = []
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            inside = sorted(path.iterdir())
            found += [p for p in inside if _is_listed(p.name, PICTURES)]
        elif path.exists():
            found.append(path)
        else:
            raise UserError(f"{told}no such file or folder: {path}")
    if not found:
        raise UserError(
            f"{told}no images ({', '.join(PICTURES)}, also .gz) in "
            f"{', '.join(map(str, paths))}"
        )
    return [image_file(path) for path in found]


def list_by_stem(flag, place) -> dict[str, ImageFile]:
    """The image files directly in a folder, or in a tar, by stem.

    Args:
      flag: the flag or role that `place` came by, for messages.
      place: path of the folder or of the .tar, .tar.gz, .tgz.

    Returns:
      {stem: `ImageFile`} sorted by file name; hidden files are passed over.

    Raises:
      UserError: it is missing, holds no image, or two files of one stem.
    """
    place = pathlib.Path(place)
    if place.is_dir():
        paths = [path for path in place.iterdir() if path.is_file()]
        found = {path.name: path.read_bytes for path in paths}
    elif place.is_file() and tarfile.is_tarfile(place):
        found = _tar_members(place)
    else:
        raise UserError(
            f"--{flag} must be a folder of images or a tar. Received: {place}"
        )
    files = {}
    for name in sorted(found):
        if not _is_listed(name, PICTURES + ARRAYS):
            continue
        stem = stem_of(name)
        if stem in files:
            raise UserError(
                f"--{flag}: {place} must hold one file for each image. "
                f"Received: {files[stem].name} and {name}"
            )
        files[stem] = ImageFile(str(place / name), stem, found[name])
    if not files:
        raise UserError(
            f"--{flag} must hold images ({', '.join(PICTURES + ARRAYS)}, also "
            f".gz). Received: {place} with {len(found)} other files"
        )
    return files


def stem_of(name) -> str:
    """`im0162.ah.ppm.gz` -> `im0162.ah`; other files keep their name."""
    suffixes = "|".join(PICTURES + ARRAYS + ["gz"])
    pattern = re.compile(rf"(?<=.)\.({suffixes})$", re.IGNORECASE)
    while (shorter := pattern.sub("", name)) != name:
        name = shorter
    return name


def read_photograph(file) -> np.ndarray:
    """A photograph as (H,W,3) uint8 RGB, upright.

    Sixteen bits become eight by the range that the file uses: up to 255,
    4095 or 65535, which is said. Transparency is left out.

    Args:
      file: an `ImageFile`.

    Raises:
      UserError: it is not readable, or holds no photograph.
    """
    array = _pixels(file)
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array = array[..., :-1]
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=-1)
    fits = array.ndim == 3 and array.shape[-1] == 3 and array.size
    if not fits or array.dtype not in (bool, np.uint8, np.uint16):
        raise UserError(
            f"{file.name} must be a photograph of 8 or 16 bits. Received: "
            f"shape {array.shape}, {array.dtype}"
        )
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    if array.dtype == np.uint16:
        full = next(scale for scale in FULL_SCALES if array.max() <= scale)
        logging.info("%s: 16 bits, read as levels up to %d", file.name, full)
        array = np.round(array * (255 / full)).astype(np.uint8)
    return np.ascontiguousarray(array)


def read_plane(file) -> np.ndarray:
    """One image plane as it is stored: (H,W) of any integer or float type.

    Args:
      file: an `ImageFile`.

    Raises:
      UserError: it is not readable, coloured, partly transparent, or holds
        not one image.
    """
    array = _pixels(file)
    if array.ndim > 2:
        array = np.squeeze(array)
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array, alpha = array[..., :-1], array[..., -1]
        if alpha.min() != alpha.max():
            raise UserError(f"{file.name} is partly transparent")
        array = array[..., 0] if array.shape[-1] == 1 else array
    if array.ndim == 3 and array.shape[-1] == 3:
        spread = float(np.ptp(array.astype(np.float64), axis=-1).max())
        if spread > (CHANNEL_TOLERANCE if array.max() > 1 else 0.01):
            raise UserError(
                f"{file.name} must be grey. Received: a coloured picture, "
                f"whose channels differ by up to {spread:g}"
            )
        array = array[..., 1]
    if array.ndim != 2 or not array.size or array.dtype.kind not in "buif":
        raise UserError(
            f"{file.name} must hold one image plane (height, width). "
            f"Received: shape {array.shape}, {array.dtype}"
        )
    return array


def _is_listed(name, suffixes):
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    return not name.startswith(".") and suffix in suffixes


def _tar_members(place):
    """{file name: function that returns its content} of a tar."""

    def content(member):
        with tarfile.open(place) as tar:
            return tar.extractfile(member).read()

    with tarfile.open(place) as tar:
        return {
            pathlib.PurePosixPath(member.name).name: partial(content, member)
            for member in tar
            if member.isfile()
        }


def _pixels(file):
    """The stored values, (H,W) or (H,W,C) with C in RGB's order, upright."""
    try:
        content = file.content()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        if content[:6] == b"\x93NUMPY":
            return np.load(io.BytesIO(content), allow_pickle=False)
        if not content:
            raise OSError("the file is empty")
        return _decoded(content)
    except (OSError, EOFError, ValueError, SyntaxError, *_ODD) as error:
        raise UserError(f"{file.name} is not readable: {error}") from error


def _decoded(content):
    array, orientation = None, 1
    try:
        with Image.open(io.BytesIO(content)) as image:
            # Both libraries turn a TIFF themselves; and PIL would decode a
            # whole PNG to look for what few have.
            if image.format != "TIFF" and (
                image.format != "PNG" or b"eXIf" in content
            ):
                orientation = image.getexif().get(_ORIENTATION, 1)
            if image.format in _OF_PIL or image.mode in _CONVERTED:
                array = _of_pil(image)
    except UnidentifiedImageError:
        pass  # OpenCV knows formats that PIL does not: float TIFF, for one.
    if array is None:
        array = _of_opencv(content)
    return _UPRIGHT.get(orientation, lambda stored: stored)(array)


def _of_pil(image):
    if image.mode in _CONVERTED:
        image = image.convert("RGB")
    array = np.array(image)
    # PIL has PNM of 16 bits in 32.
    return array.astype(np.uint16) if image.mode == "I" else array


def _of_opencv(content):
    array = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None:
        raise OSError("not an image, or damaged")
    if array.ndim == 3 and array.shape[-1] >= 3:
        return array[..., [2, 1, 0, *range(3, array.shape[-1])]]
    return array
