"""Finds and reads image files as cameras and other programs leave them.

Every command lists and reads its photographs and maps here, in whatever of the
usual formats they are, gzipped or in a tar too. A file that cannot be read is
an error that names it.
"""

import contextlib
import dataclasses
import gzip
import hashlib
import io
import math
import pathlib
import re
import stat
import sys
import tarfile
from collections.abc import Callable
from functools import partial

import numpy as np
from absl import logging

from migan_tf.base import dicom, pictures, tiff
from migan_tf.base.errors import UserError

# The suffixes of what is read, in any capitals; `.gz` may follow each.
SUFFIXES = (
    "png jpg jpeg jfif jpe jp2 webp bmp tif tiff gif ppm pgm pbm pnm "
    "dcm dicom npy"
).split()
# Of a picture of the largest sides, in colours of 16 bits, with some metadata.
MOST_BYTES = 6 * pictures.MOST_SIDE**2 + 2**24
MOST_STORED = 4 * MOST_BYTES  # of any kind of numbers
# What systems leave in folders unasked: it is passed over without a word.
_LITTER = ("__macosx", "thumbs.db", "desktop.ini", "dicomdir")
_GZIP, _NUMPY = b"\x1f\x8b", b"\x93NUMPY"
_DICOM = slice(dicom.MAGIC_PLACE, dicom.MAGIC_PLACE + len(dicom.MAGIC))
# Channels of a grey picture stored as RGB: JPEG moves them a little apart.
CHANNEL_TOLERANCE = 16
# Cameras of 12 bits leave their levels in files of 16.
FULL_SCALES = (255, 4095, 65535)


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """A file on the disk, a member of a tar, or what stands for one."""

    name: str  # for messages
    stem: str  # without its suffixes
    content: Callable[[], bytes]
    path: pathlib.Path | None = None  # of a file on the disk
    folder: str = ""  # the sub-folder that it was found in

    @property
    def below(self) -> str:
        """Its path below the folder that was searched."""
        name = pathlib.PurePath(self.name).name
        return str(pathlib.PurePosixPath(self.folder, name))

    @property
    def place(self) -> str:
        """The same without its suffixes: what its results are named by."""
        return str(pathlib.PurePosixPath(self.folder, self.stem))

    def stream(self):
        """Its bytes as an open binary file."""
        return opened(self.path) if self.path else io.BytesIO(self.content())


@dataclasses.dataclass(frozen=True)
class Listing:
    """What was found in some folders."""

    images: list[ImageFile]
    others: list[str]  # paths of files that are no images
    folders: list[str]  # paths of sub-folders that were not searched

    def skipped(self) -> list[str]:
        """A sentence for each file that is no image."""
        return [f"{path}: no image, by its suffix" for path in self.others]

    def tell_folders(self) -> None:
        """Says on stderr which sub-folders were not searched."""
        if self.folders:
            print(
                f"not searched: {', '.join(self.folders)}. --recursive takes "
                "sub-folders too",
                file=sys.stderr,
            )

    def passed_over(self) -> list[str]:
        """Sentences that name what is not among the images."""
        found = {
            "no images, passed over": self.others,
            "sub-folders, not searched": self.folders,
        }
        return [
            f"{what}: {', '.join(paths)}"
            for what, paths in found.items()
            if paths
        ]


def image_file(path, folder="") -> ImageFile:
    """The file at `path`; it is read when its content is asked for."""
    path = pathlib.Path(path)
    stem, content = stem_of(path.name), partial(_content, path)
    return ImageFile(str(path), stem, content, path=path, folder=folder)


def _content(path):
    with opened(path) as file:
        return file.read()


def opened(path):
    """Opens a file to read its bytes.

    Raises:
      OSError: it is not there, too large for a picture, or something that may
        have no end, such as a pipe.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError("it is no plain file")
    if found.st_size > MOST_STORED:
        raise OSError(f"it is larger than {MOST_STORED:,} bytes")
    return path.open("rb")


def find_images(paths, flag="", recursive=False, without="") -> Listing:
    """Finds the images among some files and inside some folders.

    Args:
      paths: files, which are taken whatever their names are, and folders, of
        which those files are taken that have the suffix of an image or begin
        as DICOM does. Dot files, `__MACOSX` and the like are passed over.
      flag: the flag that they were given by, for the error; empty for
        arguments.
      recursive: whether their sub-folders are searched too.
      without: a sub-folder that is not: that of the results.

    Returns:
      `Listing`, each folder by name.

    Raises:
      UserError: a path is absent, or there is no image.
    """
    told = f"--{flag}: " if flag else ""
    found = Listing([], [], [])
    searched = {pathlib.Path(without).resolve()} if without else set()
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            _search(path, found, recursive=recursive, searched=searched)
        elif path.exists():
            found.images.append(image_file(path))
        else:
            raise UserError(f"{told}no such file or folder: {path}")
    if not found.images:
        inside = "".join(f". {line}" for line in found.passed_over())
        advice = ". Next: --recursive" if found.folders else ""
        raise UserError(
            f"{told}no images ({', '.join(SUFFIXES)}, also .gz) in "
            f"{', '.join(map(str, paths))}{inside}{advice}"
        )
    return found


def list_images(paths, flag="", recursive=False) -> list[ImageFile]:
    """The images that `find_images` finds; what it passes over is told."""
    found = find_images(paths, flag, recursive)
    for line in found.passed_over():
        logging.warning("%s", line)
    return found.images


def list_by_stem(flag, place) -> dict[str, ImageFile]:
    """The image files directly in a folder, or in a tar, by stem.

    Args:
      flag: the flag or role that `place` came by, for messages.
      place: path of the folder or of the .tar, .tar.gz, .tgz.

    Returns:
      {stem: `ImageFile`} sorted by file name; what is passed over is told.

    Raises:
      UserError: it is missing, holds no image, or two files of one stem.
    """
    place = pathlib.Path(place)
    if place.is_dir():
        found = Listing([], [], [])
        _search(place, found, recursive=False, searched=set())
    elif place.is_file() and tarfile.is_tarfile(place):
        found = _tar_members(place)
    else:
        raise UserError(
            f"--{flag} must be a folder of images or a tar. Received: {place}"
        )
    if not found.images:
        inside = "".join(f". {line}" for line in found.passed_over())
        raise UserError(
            f"--{flag} must hold images ({', '.join(SUFFIXES)}, also .gz). "
            f"Received: {place}{inside}"
        )
    for line in found.passed_over():
        logging.warning("--%s: %s", flag, line)
    files = {}
    for file in sorted(found.images, key=lambda file: file.name):
        twin = files.setdefault(file.stem, file)
        if twin is not file:
            raise UserError(
                f"--{flag}: {place} must hold one file for each image. "
                f"Received: {twin.name} and {file.name}. Next: move one of "
                "them elsewhere"
            )
    return files


def stem_of(name) -> str:
    """`im0162.ah.ppm.gz` -> `im0162.ah`; other files keep their name."""
    suffixes = "|".join([*SUFFIXES, "gz"])
    pattern = re.compile(rf"(?<=.)\.({suffixes})$", re.IGNORECASE)
    while (shorter := pattern.sub("", name)) != name:
        name = shorter
    return name


def sha256(file) -> str:
    """The digest of a file, by which it is known again.

    Raises:
      UserError: it cannot be read.
    """
    with _named(file), file.stream() as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(file) -> None:
    """Reads the header of a file, which may be large, and no more of it.

    Args:
      file: an `ImageFile`.

    Raises:
      UserError: it cannot be read, as far as its header tells.
    """
    with _named(file), file.stream() as stream:
        stream, reader = _reader(stream)
        if reader:
            reader.check(stream)
        else:
            _check_numpy(stream)


def read_photograph(file) -> np.ndarray:
    """A photograph as (H,W,3) uint8 RGB, upright.

    Sixteen bits become eight by the white that the file tells (PNM, DICOM),
    or else by the range that it uses: up to 255, 4095 or 65535. Both are said.
    Transparency is left out.

    Args:
      file: an `ImageFile`.

    Raises:
      UserError: it is not readable, or holds no photograph.
    """
    array, full = _pixels(file)
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array = array[..., :-1]
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    fits = array.ndim == 2 or array.ndim == 3 and array.shape[-1] == 3
    if (
        not (fits and array.size)
        or array.dtype.kind not in "bu"
        or array.dtype.itemsize > 2
    ):
        raise UserError(
            f"{file.name} must be a photograph of 8 or 16 bits. Received: "
            f"shape {array.shape}, {array.dtype}{_advice(array)}"
        )
    if array.dtype == bool:
        array, full = array.astype(np.uint8), 1
    if array.dtype == np.uint16:
        full = full or next(s for s in FULL_SCALES if array.max() <= s)
        logging.info("%s: 16 bits, read as levels up to %d", file.name, full)
    if full not in (None, 255):
        array = _rescaled(array, full, 255)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=-1)
    return np.ascontiguousarray(array)


def read_plane(file) -> np.ndarray:
    """One image plane as it is stored: (H,W) of any integer or float type.

    Where the file tells a level of white that is none of its type (12 bits),
    the levels are brought to 16 bits.

    Args:
      file: an `ImageFile`.

    Raises:
      UserError: it is not readable, coloured, partly transparent, or holds
        not one image.
    """
    array, full = _pixels(file)
    if array.ndim > 2:
        array = np.squeeze(array)
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array, alpha = array[..., :-1], array[..., -1]
        if alpha.min() != alpha.max():
            raise UserError(
                f"{file.name} must not be transparent. Received: transparent "
                f"by {alpha.min()} to {alpha.max()}. Next: save it without an "
                "alpha channel"
            )
        array = array[..., 0] if array.shape[-1] == 1 else array
    if array.ndim == 3 and array.shape[-1] == 3:
        spread = _spread(array)
        if spread > (CHANNEL_TOLERANCE if array.max() > 1 else 0.01):
            raise UserError(
                f"{file.name} must be grey. Received: a coloured picture, "
                f"whose channels differ by up to {spread:g}"
            )
        array = array[..., 1]
    if array.ndim != 2 or not array.size or array.dtype.kind not in "buif":
        raise UserError(
            f"{file.name} must hold one image plane (height, width). "
            f"Received: shape {array.shape}, {array.dtype}{_advice(array)}"
        )
    if full not in (None, 1, 255, 65535):
        return _rescaled(array, full, 65535)
    return array


def channel_range(array):
    """The least and the greatest channel of each pixel.

    Args:
      array: (H,W,3).

    Returns:
      Two arrays (H,W). NumPy's own along so short an axis are 25 times slower.
    """
    red, green, blue = np.moveaxis(array, -1, 0)
    low = np.minimum(np.minimum(red, green), blue)
    return low, np.maximum(np.maximum(red, green), blue)


def _search(folder, found, recursive, searched, inside="") -> None:
    """Adds what lies in a folder to a `Listing`.

    Args:
      folder: its path.
      found: the `Listing`.
      recursive: whether sub-folders are searched.
      searched: real paths of those that are not; grows, as links may form a
        circle.
      inside: the path of `folder` below the one that was named.
    """
    searched.add(folder.resolve())
    for path in sorted(folder.iterdir()):
        if _is_litter(path.name):
            continue
        if path.is_dir():
            below = f"{inside}/{path.name}".lstrip("/")
            if not recursive:
                found.folders.append(str(path))
            elif path.resolve() not in searched:
                _search(
                    path,
                    found,
                    recursive=True,
                    searched=searched,
                    inside=below,
                )
        elif _is_image(path.name, partial(path.open, "rb")):
            found.images.append(image_file(path, inside))
        else:
            found.others.append(str(path))


def _is_litter(name):
    return name.startswith(".") or name.lower() in _LITTER


def _is_image(name, opened):
    """Whether a file is one by its suffix, or opened() begins as DICOM does.

    DICOM often has no suffix, or a number for one.
    """
    if name.lower().removesuffix(".gz").rpartition(".")[2] in SUFFIXES:
        return True
    try:
        with opened() as stream:
            return stream.read(_DICOM.stop)[_DICOM] == dicom.MAGIC
    except OSError:
        return False


def _tar_members(place):
    """The `Listing` of a tar, whose folders do not matter."""

    def content(member):
        if member.size > MOST_STORED:
            raise OSError(f"it is larger than {MOST_STORED:,} bytes")
        with tarfile.open(place) as tar:
            return tar.extractfile(member).read()

    found = Listing([], [], [])
    with tarfile.open(place) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar):
            # Some programs of Windows write paths in its way.
            parts = member.name.replace("\\", "/").split("/")
            if any(map(_is_litter, set(parts) - {".", ".."})):
                continue
            name, stem = str(place / parts[-1]), stem_of(parts[-1])
            if _is_image(parts[-1], partial(tar.extractfile, member)):
                file = ImageFile(name, stem, partial(content, member))
                found.images.append(file)
            else:
                found.others.append(name)
    return found


@contextlib.contextmanager
def _named(file):
    """Makes errors that name the file of whatever a reader raises."""
    try:
        yield
    # Of a damaged file decoders raise anything.
    except Exception as error:
        raise UserError(f"{file.name} is not readable: {error}") from error


def _pixels(file):
    """(array, full): the stored values, and the white that the file tells.

    The values are (H,W) or (H,W,C), C in RGB's order, upright.
    """
    with _named(file):
        # In memory: decoders go to and fro.
        stream, reader = _reader(io.BytesIO(file.content()))
        if reader is None:
            _check_numpy(stream)
            return _of_numpy(np.load(stream, allow_pickle=False)), None
        return reader.decode(stream)


def _check_numpy(stream):
    """Refuses an array that its header tells to be no picture, or too large."""
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise OSError(f"it is .npy of version {version}, which is not read")
    shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise OSError("it holds objects of Python, and must hold numbers")
    if max(shape, default=0) > pictures.MOST_SIDE:
        raise OSError(
            f"each side must have 1 to {pictures.MOST_SIDE} pixels. Received: "
            f"shape {shape}"
        )
    length = math.prod(shape) * dtype.itemsize
    start = stream.tell()
    if stream.seek(0, 2) - start < length:
        raise OSError(f"it is cut short: it tells of shape {shape}")
    stream.seek(0)


def _of_numpy(array):
    """An array; of two channels none is known to be transparency."""
    if array.ndim == 3 and array.shape[-1] == 2:
        raise OSError(
            f"it must have one channel, or three. Received: shape {array.shape}"
        )
    return array


def _advice(array):
    """What makes a picture of an array that is none."""
    shape = array.shape
    if array.ndim == 4:
        return ". Next: give its pictures one by one, such as array[0]"
    if array.ndim == 3 and shape[0] == 3:
        return (
            ". Next: put the channels last, as numpy.moveaxis(array, 0, -1) "
            "does"
        )
    planes = array.ndim == 2 or array.ndim == 3 and shape[-1] in (1, 3)
    if planes and array.dtype.kind in "iu":
        return ". Next: give levels from 0 to 255 as uint8"
    return ""


def _reader(stream):
    """(the stream unzipped, the module that reads it; None for .npy)."""
    if stream.read(len(_GZIP)) == _GZIP:
        stream.seek(0)
        with gzip.open(stream) as packed:
            content = packed.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise OSError(
                f"unpacked it is larger than {MOST_BYTES:,} bytes, the most "
                "that a picture takes"
            )
        stream = io.BytesIO(content)
    stream.seek(0)
    head = stream.read(_DICOM.stop)
    stream.seek(0)
    if not head:
        raise OSError("the file is empty")
    if head.startswith(_NUMPY):
        return stream, None
    if head[_DICOM] == dicom.MAGIC:
        return stream, dicom
    return stream, tiff if head[:4] in tiff.MAGICS else pictures


def _rescaled(array, full, top):
    """Levels up to `full` as levels up to `top`, rounded."""
    dtype = np.uint8 if top == 255 else np.uint16
    levels = np.round(np.arange(full + 1) * (top / full)).astype(dtype)
    return levels[array]


def _spread(array):
    """How far the channels of a pixel lie apart at most."""
    if array.dtype == bool:
        array = array.astype(np.uint8)
    low, high = channel_range(array)
    return float((high - low).max())
