"""Files that are either whole or not there."""

import contextlib
import errno
import os
import pathlib
import shutil
import tempfile

import cv2
import numpy as np

from migan_tf.base.errors import UserError

# The files in which one command finds what another has made.
METRICS, SUMMARY = "metrics.json", "summary.json"
# What the system says of a file that the user must make room for, or let write.
UNWRITABLE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
)
PATTERN_SIGNS = "*?[]"
_KEPT = 100  # characters of a name that its temporary file keeps


def at_home(path) -> pathlib.Path:
    """A path with the home for ~; as it is where there is no home."""
    return pathlib.Path(os.path.expanduser(path))


def make_output(output) -> pathlib.Path:
    """Makes the folder of results; before the work that ends in it.

    Args:
      output: value of --output; ~ is the home.

    Raises:
      UserError: it cannot be made, or nothing can be written into it.
    """
    folder = at_home(output)
    with _explained("a folder", output):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    return folder


def check_output(output, a_file=False) -> None:
    """Looks whether results can be written; before TensorFlow is loaded.

    Nothing is made, so that a command which fails for another reason leaves
    nothing behind.

    Args:
      output: value of --output: a folder, or the file that is to be written.
      a_file: whether it is a file.

    Raises:
      UserError: it cannot.
    """
    path = at_home(output)
    kind = "a file" if a_file else "a folder"
    with _explained(kind, output):
        if a_file and path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if path.exists() and not a_file and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file", str(path))
        place = path.parent if a_file else path
        tempfile.TemporaryFile(dir=_nearest_there(place)).close()


def _nearest_there(path):
    """A path, or the nearest folder above it that is there."""
    place = pathlib.Path(path).absolute()
    while not place.exists():
        place = place.parent
    return place


@contextlib.contextmanager
def plainly_named(folder):
    """A name of a folder that TensorFlow takes for no pattern, as it reads.

    Yields:
      The folder, or where its path has the signs of a pattern a link to it.
    """
    folder = pathlib.Path(folder).absolute()
    if not set(str(folder)) & set(PATTERN_SIGNS):
        yield folder
        return
    with tempfile.TemporaryDirectory() as place:
        link = pathlib.Path(place, "folder")
        link.symlink_to(folder)
        yield link


def refuse_patterns(path, flag) -> None:
    """Refuses a folder in which TensorFlow would not find its own files.

    It takes the names of files for patterns.

    Args:
      path: the folder.
      flag: that it was given by.

    Raises:
      UserError: its path, to the root, has one of the signs of a pattern.
    """
    place = os.path.abspath(at_home(path))
    found = sorted(set(place) & set(PATTERN_SIGNS))
    if found:
        raise UserError(
            f"--{flag} must have none of {' '.join(PATTERN_SIGNS)} in its "
            f"path, which TensorFlow takes for patterns. Received: {place}. "
            f"Next: give another --{flag}, or rename the folder"
        )


@contextlib.contextmanager
def _explained(kind, output):
    try:
        yield
    except OSError as error:
        raise UserError(
            f"--output must be {kind} that can be written: {error}. Received: "
            f"--output={output}. Next: give another --output"
        ) from error


@contextlib.contextmanager
def atomic_path(path, folder=None):
    """Yields a temporary path that replaces `path` on success.

    The temporary file keeps the suffixes of `path` (`.weights.h5`), since
    libraries choose the format by them. After an exception nothing is left
    behind and an older `path` stays as it was.

    Args:
      path: the file to write; its folder is made.
      folder: where the temporary file lies, on the same file system; made.
        Default: beside `path`.

    Yields:
      `pathlib.Path` to write to.
    """
    path = pathlib.Path(path)
    folder = path.parent if folder is None else pathlib.Path(folder)
    with _named(path):
        for place in (path.parent, folder):
            place.mkdir(parents=True, exist_ok=True)
        stem, dot, suffixes = path.name.partition(".")
        # A name may be as long as the file system lets it be already.
        handle, name = tempfile.mkstemp(
            prefix=f".{stem[:_KEPT]}-",
            suffix=(dot + suffixes)[-_KEPT:],
            dir=folder,
        )
        os.close(handle)
        temporary = pathlib.Path(name)
        try:
            yield temporary
            # mkstemp makes files private; results are for others to read.
            temporary.chmod(0o644)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())  # Whole after a power cut, too.
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _named(path):
    """Makes an `OSError` name the file that was to be written.

    The system tells the temporary file's name, or none.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def room(path) -> str:
    """Says in words how much room there is on the disk of a path."""
    try:
        free = shutil.disk_usage(_nearest_there(path)).free
    except OSError:
        return "the room that is left cannot be told"
    return f"{free / 1e6:,.1f} MB are free"


def write_text(path, text: str) -> None:
    """Writes `text` to `path` by `as_bytes`, whole or not at all."""
    write_bytes(path, as_bytes(text))


def write_bytes(path, data) -> None:
    """Writes `data` to `path`, whole or not at all.

    What libraries write themselves they may leave cut short on a full disk, or
    fall over it; what they write to memory is written here.

    Raises:
      OSError: the disk is full or not writable, with the name of `path`.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def as_bytes(text) -> bytes:
    r"""Text in UTF-8.

    What of a file's name is no character becomes what JSON reads as it, \udcff.
    """
    return text.encode("utf-8", "backslashreplace")


def write_image(path, image) -> None:
    """Writes an RGB (H,W,3) or grey (H,W) uint8 image as PNG, whole or not.

    Raises:
      OSError: it cannot be written, for example to a full disk.
    """
    # OpenCV gives up at a name that is not UTF-8, and says nothing of a disk.
    write_bytes(path, encode_png(image))


def encode_png(image) -> bytes:
    """An RGB (H,W,3) or grey (H,W) image, of bool or uint8, as a PNG file."""
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    fits, content = cv2.imencode(".png", image)
    if not fits:
        raise ValueError(f"not an image: {image.shape} {image.dtype}")
    return content.tobytes()
