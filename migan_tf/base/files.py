"""Files that are either whole or not there."""

import contextlib
import os
import pathlib
import shutil
import tempfile

import cv2

from migan_tf.base.errors import UserError

# The files in which one command finds what another has made.
METRICS, SUMMARY = "metrics.json", "summary.json"


def make_output(output) -> pathlib.Path:
    """Makes the folder of results; before the work that ends in it.

    Args:
      output: value of --output; ~ is the home.

    Raises:
      UserError: it cannot be made.
    """
    folder = pathlib.Path(output).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"--output must be a folder that can be written: {error}. Give "
            f"another. Received: --output={output}"
        ) from error
    return folder


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
    for place in (path.parent, folder):
        place.mkdir(parents=True, exist_ok=True)
    stem, dot, suffixes = path.name.partition(".")
    handle, name = tempfile.mkstemp(
        prefix=f".{stem}-", suffix=dot + suffixes, dir=folder
    )
    os.close(handle)
    temporary = pathlib.Path(name)
    try:
        yield temporary
        # mkstemp makes files private; results are meant to be read by others.
        temporary.chmod(0o644)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())  # Whole after a power cut, too.
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def room(path) -> str:
    """Says in words how much room there is on the disk of a path."""
    place = pathlib.Path(path).absolute()
    try:
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free
    except OSError:
        return "the room that is left cannot be told"
    return f"{free / 1e6:,.1f} MB are free"


def write_text(path, text: str) -> None:
    """Writes `text` to `path`, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path, data) -> None:
    """Writes `data` to `path`, whole or not at all.

    What libraries write themselves they may leave cut short on a full disk, or
    fall over it; what they write to memory is written here.

    Raises:
      OSError: the disk is full or not writable, with the name of `path`.
    """
    try:
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        # Of a write, Python does not say the file.
        error.filename = str(path)
        raise


def write_image(path, image) -> None:
    """Writes an RGB (H,W,3) or grey (H,W) uint8 image, whole or not at all.

    Raises:
      OSError: it could not be written, for example to a full disk.
    """
    path = pathlib.Path(path)
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    encoded, data = cv2.imencode(path.suffix, image)
    if not encoded:
        raise OSError(None, "the image could not be written", str(path))
    write_bytes(path, data.tobytes())
