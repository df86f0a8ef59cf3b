"""Reads image planes as other programs leave them, from folders and tars.

8-bit and 16-bit grey, palettes, grey stored as RGB, float TIFF, .npy, and all
of them gzipped. What is odd is an error or a warning that names the file.
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
from PIL import Image

from migan_tf.base.errors import UserError

SUFFIXES = r"\.(png|tiff?|gif|bmp|jpe?g|p[gbpn]m|npy|gz)$"
ODD = (cv2.error, tarfile.TarError, zlib.error)
# Channels of a grey picture stored as RGB: JPEG moves them a little apart.
CHANNEL_TOLERANCE = 16


@dataclasses.dataclass(frozen=True)
class MapFile:
    """A file of a folder or a member of a tar."""

    name: str
    stem: str
    content: Callable[[], bytes]


def list_files(flag, place) -> dict[str, MapFile]:
    """The image files directly in a folder, or in a tar, by stem.

    Args:
      flag: the flag or role that `place` came by, for messages.
      place: path of the folder or of the .tar, .tar.gz, .tgz.

    Returns:
      {stem: `MapFile`} sorted by file name; hidden files are passed over.

    Raises:
      UserError: missing, without images, or two files of one stem.
    """
    place = pathlib.Path(place).expanduser()
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
        stem = stem_of(name)
        if stem == name or name.startswith("."):
            continue
        if stem in files:
            raise UserError(
                f"--{flag}: {place} must hold one file for each image. "
                f"Received: {files[stem].name} and {name}"
            )
        files[stem] = MapFile(str(place / name), stem, found[name])
    if not files:
        raise UserError(
            f"--{flag} must hold images (png, tif, gif, bmp, jpg, ppm, npy, "
            f"also .gz). Received: {place} with {len(found)} other files"
        )
    return files


def stem_of(name) -> str:
    """`im0162.ah.ppm.gz` -> `im0162.ah`; other files keep their name."""
    while shorter := re.sub(SUFFIXES, "", name, flags=re.IGNORECASE):
        if shorter == name:
            break
        name = shorter
    return name


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


def read_plane(file) -> np.ndarray:
    """One image plane as it is stored: (H,W) of any integer or float type.

    Raises:
      UserError: unreadable, coloured, partly transparent, or not one image.
    """
    array = np.squeeze(_decoded(file))
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


def read_fundus(file) -> np.ndarray:
    """A photograph as (H,W,3) uint8 RGB."""
    array = _decoded(file, colour=True)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[-1] != 3:
        raise UserError(f"{file.name} is not an 8-bit photograph")
    return array


def _decoded(file, colour=False):
    try:
        content = file.content()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        if content[:6] == b"\x93NUMPY":
            return np.load(io.BytesIO(content), allow_pickle=False)
        if colour:
            with Image.open(io.BytesIO(content)) as image:
                return np.array(image.convert("RGB"))
        # OpenCV keeps 16-bit and float files as they are; PIL knows GIF, and
        # that a JPEG is cut short.
        if content[:2] not in (b"GI", b"\xff\xd8"):
            array = cv2.imdecode(
                np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED
            )
            if array is not None:
                return array
        with Image.open(io.BytesIO(content)) as image:
            palette = image.mode in ("P", "PA", "1")
            return np.array(image.convert("RGB") if palette else image)
    except (OSError, EOFError, ValueError, *ODD) as error:
        raise UserError(f"{file.name} is not readable: {error}") from error


IMAGE_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".tif",
    ".tiff",
    ".bmp",
    ".gif",
    ".ppm",
)


def list_images(paths, flag="") -> list[pathlib.Path]:
    """The images among `paths` and directly inside folders, sorted.

    Args:
      paths: files and folders.
      flag: what they were given by, for the error; empty: as arguments.

    Raises:
      UserError: a path is absent, or there is no image.
    """
    told = f"--{flag}: " if flag else ""
    found = []
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            inside = sorted(path.iterdir())
            found += [p for p in inside if p.suffix.lower() in IMAGE_SUFFIXES]
        elif path.exists():
            found.append(path)
        else:
            raise UserError(f"{told}no such file or folder: {path}")
    if not found:
        raise UserError(
            f"{told}no images ({', '.join(IMAGE_SUFFIXES)}) in "
            f"{', '.join(map(str, paths))}"
        )
    return found


def read_photograph(path, flag):
    """Decodes an image file; 16-bit becomes 8-bit, EXIF rotation applies.

    Args:
      path: the file.
      flag: `cv2.IMREAD_COLOR_RGB` or `cv2.IMREAD_GRAYSCALE`.

    Returns:
      (H,W,3) or (H,W) uint8.

    Raises:
      UserError: not readable as an image.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        image = cv2.imdecode(data, flag) if data.size else None
    except (OSError, cv2.error) as error:
        raise UserError(f"not readable: {error}") from error
    if image is None:
        raise UserError("not an image, or damaged")
    return image
