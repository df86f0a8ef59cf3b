"""Finds and checks the three tars of STARE, by hash or by content."""

import dataclasses
import gzip
import hashlib
import io
import pathlib
import tarfile
import zlib

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 605, 700
TRAIN_NUMBERS = (1, 2, 3, 4, 5, 44, 77, 81, 82, 139)
TEST_NUMBERS = (162, 163, 235, 236, 239, 240, 255, 291, 319, 324)
URL = "https://cecas.clemson.edu/~ahoover/stare/probing/"
ENDINGS = {  # tar -> what follows the image's name in a member's name
    "stare-images.tar": "",
    "labels-ah.tar": ".ah",
    "labels-vk.tar": ".vk",
}
SHA256 = {
    "stare-images.tar": (
        "5f7b509b6067cad4f1be84933145d783de9ec087b3eaaf4db0103dd0144dd433"
    ),
    "labels-ah.tar": (
        "ebf2f1e17ca955f24579d9edd990e2dae79a5c82def69f0985d8e24f826ddd2f"
    ),
    "labels-vk.tar": (
        "47474a701536b0cfdb369fdce012be36141e9f44d80387f0179446b5cb0f5576"
    ),
}
READ_ERRORS = (tarfile.TarError, zlib.error, EOFError, OSError, SyntaxError)


class StareFileError(ValueError):
    """A file of STARE is not what it must be; the text names it."""


@dataclasses.dataclass
class Survey:
    """The state of STARE in one folder, in sentences.

    Attributes:
      paths: tar name -> path of the tar, for those that are there.
      complete: what is whole, and how that was found out.
      missing: tars that are not there (they can be downloaded).
      errors: what forbids a build; empty when it can go ahead.
      pixel_arrays: (tar name, image id) -> uint8 array.
    """

    paths: dict = dataclasses.field(default_factory=dict)
    complete: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    pixel_arrays: dict = dataclasses.field(default_factory=dict)


def image_ids(numbers=TRAIN_NUMBERS + TEST_NUMBERS) -> list[str]:
    """The names of images, e.g. ["im0001", ...]."""
    return [f"im{number:04d}" for number in numbers]


def find(manual_dir) -> dict:
    """Tar name -> path, in `manual_dir` or in a `STARE` folder inside it."""
    if not manual_dir or not pathlib.Path(manual_dir).is_dir():
        return {}
    inside = sorted(pathlib.Path(manual_dir).iterdir())
    roots = [pathlib.Path(manual_dir)] + [
        entry
        for entry in inside
        if entry.is_dir() and entry.name.lower() == "stare"
    ]
    return {
        name: root / name
        for name in ENDINGS
        for root in reversed(roots)
        if (root / name).is_file()
    }


def sha256_of(path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def survey(manual_dir) -> Survey:
    """Reads the tars in `manual_dir` and says what state they are in."""
    return survey_tars(find(manual_dir))


def survey_tars(paths: dict) -> Survey:
    """Reads every member of the tars at `paths` (tar name -> path)."""
    report = Survey(paths)
    for name in ENDINGS:
        if name not in paths:
            report.missing.append(f"{name} (from {URL}{name})")
            continue
        problems = _survey_tar(report, name, paths[name])
        report.errors += problems
        if not problems:
            official = sha256_of(paths[name]) == SHA256[name]
            report.complete.append(
                f"{paths[name]}: 20 files, "
                + (
                    "the official archive by its SHA-256"
                    if official
                    else "not the official archive (another SHA-256, as after "
                    "repacking), checked by its content instead"
                )
            )
    return report


def _survey_tar(report: Survey, name: str, path) -> list[str]:
    """Fills `report.pixel_arrays` from one tar and returns its problems."""
    wanted = {f"{i}{ENDINGS[name]}.ppm": i for i in image_ids()}
    problems, seen = [], set()
    try:
        with tarfile.open(path) as tar:
            for member in (m for m in tar if m.isfile()):
                base = pathlib.PurePosixPath(member.name).name
                if base.startswith(".") or ".ppm" not in base:
                    continue
                image_id = wanted.get(base.removesuffix(".gz"))
                if image_id is None:
                    problems.append(
                        f"{path}: {member.name} belongs to no image of STARE, "
                        "which has 20, im0001 to im0324"
                    )
                    continue
                seen.add(image_id)
                where = f"{path}: {member.name}"
                try:
                    report.pixel_arrays[name, image_id] = read_pixels(
                        tar.extractfile(member).read(), where, name
                    )
                except StareFileError as error:
                    problems.append(str(error))
    except READ_ERRORS as error:
        return problems + [
            f"{path} is damaged or cut short ({error}). Delete it and "
            f"download it again from {URL}{name}"
        ]
    return problems + [
        f"{path}: {base}.gz is missing; the archive must hold 20 files. "
        f"Received: {len(seen)}"
        for base, image_id in wanted.items()
        if image_id not in seen
    ]


def read_pixels(data: bytes, where: str, name: str) -> np.ndarray:
    """Decodes one member and checks it.

    Args:
      data: bytes of a .ppm, gzipped or not.
      where: its name in messages.
      name: the tar that it comes from.

    Returns:
      uint8 (605, 700, 3) from "stare-images.tar", else uint8 (605, 700) of
      0 and 255.

    Raises:
      StareFileError: names the file, the rule and what was received.
    """
    fundus = name == "stare-images.tar"
    try:
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        with Image.open(io.BytesIO(data)) as picture:
            pixels = np.array(picture.convert("RGB" if fundus else "L"))
    except (*READ_ERRORS, ValueError) as error:
        raise StareFileError(
            f"{where} cannot be read: expected a gzipped PPM of {HEIGHT} x "
            f"{WIDTH} pixels. Received: {error}"
        ) from error
    if pixels.shape[:2] != (HEIGHT, WIDTH):
        raise StareFileError(
            f"{where}: STARE pictures are {HEIGHT} x {WIDTH} (height x "
            f"width). Received: {pixels.shape[0]} x {pixels.shape[1]}"
        )
    values = np.unique(pixels)
    if not fundus and values.tolist() != [0, 255]:
        raise StareFileError(
            f"{where}: expected the values 0 and 255. Received: "
            f"{values.tolist()[:8]}"
            + (
                ", an annotation of 0/1: multiply it by 255"
                if values[-1] == 1
                else ""
            )
        )
    return pixels
