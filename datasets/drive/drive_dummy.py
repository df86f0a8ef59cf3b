"""Draws a stand-in for DRIVE: right names and sizes, invented pictures.

The zips in dummy_data/ were made by `python -m drive.drive_dummy`, run in
`datasets/`. Each picture is a field with one vertical band whose column tells
the image's number, so that a test can say what it should read.
"""

import io
import pathlib
import zipfile

import numpy as np
from PIL import Image

from . import drive_checks as checks
from . import drive_files as files

FIELD = (slice(30, 550), slice(25, 540))
BAND_ROWS = slice(100, 480)
BAND_WIDTH = 60
SECOND_SHIFT = 2  # columns between the two annotators
SECOND_VALUES = (3, 253)  # black and white in the official 2nd_manual


def draw(folder: str, number: int) -> np.ndarray:
    """The pixels of one file.

    Args:
      folder: "images", "mask", "1st_manual" or "2nd_manual".
      number: 1 to 40.

    Returns:
      uint8, (584, 565, 3) for "images", else (584, 565) of 0 and 255.
    """
    field = np.zeros((checks.HEIGHT, checks.WIDTH), bool)
    band = field.copy()
    field[FIELD] = True
    start = 100 + 5 * number + SECOND_SHIFT * (folder == "2nd_manual")
    band[BAND_ROWS, start : start + BAND_WIDTH] = True
    if folder == "images":
        fundus = np.where(field[..., None], (200, 100, 40), 8)
        fundus[band] = (120, 40, number)
        return fundus.astype(np.uint8)
    return np.where(field if folder == "mask" else band, 255, 0).astype(
        np.uint8
    )


def encode(folder: str, number: int) -> bytes:
    """The same as the bytes of a TIFF or a GIF."""
    pixels = draw(folder, number)
    if folder == "2nd_manual":
        pixels = np.where(pixels > 0, *SECOND_VALUES[::-1]).astype(np.uint8)
    file = io.BytesIO()
    if folder == "images":
        Image.fromarray(pixels).save(file, "TIFF", compression="tiff_deflate")
    else:
        Image.fromarray(pixels).save(file, "GIF")
    return file.getvalue()


def write_folders(root, skip=()) -> None:
    """Writes `root`/training/ and `root`/test/, without the `skip` folders.

    Args:
      root: a folder, made if absent.
      skip: for example ("test/1st_manual",).
    """
    for split in files.SPLITS:
        for folder in checks.REQUIRED[split] + checks.OPTIONAL[split]:
            if f"{split}/{folder}" in skip:
                continue
            for number in files.IMAGE_IDS[split]:
                official = files.official_path(split, folder, number)
                path = pathlib.Path(root) / official
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode(folder, number))


def write_zips(source, target, names) -> None:
    """Zips the folders `names` of `source`, each to `target`/<name>.zip."""
    for name in names:
        archive = pathlib.Path(target) / f"{name}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path in sorted(pathlib.Path(source, name).rglob("*.*")):
                member = path.relative_to(source).as_posix()
                info = zipfile.ZipInfo(member)  # its date is always 1980
                info.compress_type = zipfile.ZIP_DEFLATED
                zipped.writestr(info, path.read_bytes())


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        write_folders(scratch)
        dummy_data = pathlib.Path(__file__).parent / "dummy_data"
        dummy_data.mkdir(exist_ok=True)
        write_zips(scratch, dummy_data, files.SPLITS)
