"""Holds the tars of STARE against what they must be: by hash, by content."""

import dataclasses
import gzip
import io
import pathlib
import tarfile
import zlib

import numpy as np
from PIL import Image

from . import stare_files as files

SIZE = f"{files.HEIGHT} x {files.WIDTH}"
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
      pixel_arrays: "<tar name>/<image id>" -> uint8 array.
    """

    paths: dict = dataclasses.field(default_factory=dict)
    complete: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    pixel_arrays: dict = dataclasses.field(default_factory=dict)

    @property
    def places(self) -> list[str]:
        """Where the files were found; empty: no STARE here."""
        return [str(path) for path in self.paths.values()]


def survey(manual_dir) -> Survey:
    """Reads the tars in `manual_dir` and says what state they are in."""
    return survey_tars(files.find(manual_dir))


def survey_tars(paths: dict) -> Survey:
    """Reads every member of the tars at `paths` (tar name -> path)."""
    report = Survey(paths)
    for name in files.ENDINGS:
        if name not in paths:
            report.missing.append(f"{name} (from {files.URL}{name})")
            continue
        problems = _survey_tar(report, name, paths[name])
        report.errors += problems
        if not problems:
            official = files.sha256_of(paths[name]) == files.SHA256[name]
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
    wanted = {f"{i}{files.ENDINGS[name]}.ppm": i for i in files.image_ids()}
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
                    report.pixel_arrays[f"{name}/{image_id}"] = read_pixels(
                        tar.extractfile(member).read(), where, name
                    )
                except StareFileError as error:
                    problems.append(str(error))
    except READ_ERRORS as error:
        return problems + [
            f"{path} is damaged or cut short ({error}). Delete it and "
            f"download it again from {files.URL}{name}"
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
            f"{where} cannot be read: expected a gzipped PPM of {SIZE} "
            f"pixels. Received: {error}"
        ) from error
    if pixels.shape[:2] != (files.HEIGHT, files.WIDTH):
        raise StareFileError(
            f"{where}: STARE pictures are {SIZE} (height x width). "
            f"Received: {pixels.shape[0]} x {pixels.shape[1]}"
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
