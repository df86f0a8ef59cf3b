"""Holds each file of DRIVE against what it must be, before any build."""

import dataclasses
import io
import warnings

import numpy as np
from PIL import Image

from . import drive_files as files

HEIGHT, WIDTH = 584, 565
REQUIRED = {
    "training": ("images", "1st_manual", "mask"),
    "test": ("images", "mask"),
}
OPTIONAL = {"training": (), "test": ("1st_manual", "2nd_manual")}
NEARLY_BLACK, NEARLY_WHITE = 32, 223  # the palettes of 2nd_manual: 3 and 253


class DriveFileError(ValueError):
    """A file of DRIVE is not what it must be; the text names it."""


@dataclasses.dataclass
class Survey:
    """The state of DRIVE in one folder, in sentences.

    Attributes:
      found: files.Found, what was looked at.
      complete: what is whole.
      missing: what is not there, errors and normal gaps alike.
      errors: what forbids a build; empty when it can go ahead.
      pixel_arrays: official path -> uint8 array, for the checks of a caller.
    """

    found: files.Found
    complete: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    pixel_arrays: dict = dataclasses.field(default_factory=dict)

    @property
    def places(self) -> list[str]:
        """Where the files were found; empty: no DRIVE here."""
        return sorted(set(self.found.origins.values())) + self.found.damaged


def read_pixels(path: str, item: files.Item) -> np.ndarray:
    """Decodes one file and checks it.

    Args:
      path: its official path, which says what it must be.
      item: the file.

    Returns:
      uint8 (584, 565, 3) for a fundus, uint8 (584, 565) of 0 and 255 for
      every other folder.

    Raises:
      DriveFileError: names the file, the rule and what was received.
    """
    fundus = path.split("/")[1] == "images"
    try:
        data = item.read()
        if not fundus and not data.rstrip(b"\0").endswith(b";"):
            raise OSError("the GIF has no end mark, so it is cut short")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PIL warns before it raises
            with Image.open(io.BytesIO(data)) as picture:
                # np.array of a palette GIF would give the indices.
                pixels = np.array(picture.convert("RGB" if fundus else "L"))
    except (*files.ZIP_ERRORS, SyntaxError, ValueError) as error:
        raise DriveFileError(
            f"{item.where} cannot be read as a picture: expected "
            f"{'a TIFF' if fundus else 'a GIF'} of {HEIGHT} x {WIDTH} pixels. "
            f"Received: {len(data) if 'data' in locals() else 0} bytes, "
            f"{error}"
        ) from error
    if pixels.shape[:2] != (HEIGHT, WIDTH):
        raise DriveFileError(
            f"{item.where}: DRIVE pictures are {HEIGHT} x {WIDTH} (height x "
            f"width). Received: {pixels.shape[0]} x {pixels.shape[1]}"
        )
    return pixels if fundus else _two_valued(pixels, item.where)


def _two_valued(pixels: np.ndarray, where: str) -> np.ndarray:
    values = np.unique(pixels)
    if values[-1] <= 1:
        raise DriveFileError(
            f"{where}: expected the values 0 and 255. Received: "
            f"{values.tolist()}"
            + (
                ", an annotation of 0/1: multiply it by 255 and save it again"
                if values[-1] == 1
                else ", no marked pixel at all"
            )
        )
    grey = (pixels > NEARLY_BLACK) & (pixels < NEARLY_WHITE)
    if grey.any():
        raise DriveFileError(
            f"{where}: expected two values, 0 and 255. Received: "
            f"{int(grey.sum())} grey pixels, as after a resize or a JPEG"
        )
    return np.where(pixels >= NEARLY_WHITE, 255, 0).astype(np.uint8)


def survey(manual_dir) -> Survey:
    """Reads every file of DRIVE in `manual_dir` and says what is what."""
    report = Survey(files.find(manual_dir))
    report.errors += report.found.damaged
    for split in files.SPLITS:
        if split not in report.found.origins:
            text = f"{split}/ (or {split}.zip) is not in {manual_dir}"
            report.missing.append(text)
            report.errors.append(text)
            continue
        for folder in REQUIRED[split] + OPTIONAL[split]:
            _survey_folder(report, split, folder)
    if set(report.found.origins) == set(files.SPLITS):
        for sentence in report.found.damaged:  # both splits came from elsewhere
            report.errors.remove(sentence)
    return report


def _survey_folder(report: Survey, split: str, folder: str) -> None:
    items, origin = report.found.items, report.found.origins[split]
    prefix = f"{split}/{folder}/"
    there = {path for path in items if path.startswith(prefix)}
    expected = [
        files.official_path(split, folder, number)
        for number in files.IMAGE_IDS[split]
    ]
    if folder in OPTIONAL[split] and not there:
        report.missing.append(
            f"{prefix}: normal, today's official archive has none"
        )
        return
    problems = [
        f"{path} is missing: {prefix} must hold {len(expected)} files, "
        f"{expected[0].split('/')[-1]} to {expected[-1].split('/')[-1]}. "
        f"Received: {len(there)} in {origin}"
        for path in expected
        if path not in there
    ]
    report.missing += problems
    suffix = expected[0][-4:]
    problems += [
        f"{items[path].where} belongs to no image of DRIVE: {prefix} holds "
        f"{expected[0].split('/')[-1]} to {expected[-1].split('/')[-1]} only"
        for path in sorted(there - set(expected))
        if path.lower().endswith(suffix)
    ]
    for path in (path for path in expected if path in there):
        try:
            report.pixel_arrays[path] = read_pixels(path, items[path])
        except DriveFileError as error:
            problems.append(str(error))
    report.errors += problems
    if not problems:
        report.complete.append(f"{prefix}: {len(expected)} files")
