"""Finds the files of DRIVE in a folder, as folders or inside zips.

The official archive has had several forms: `training/` and `test/`, the same
two inside `DRIVE/`, `DRIVE.zip`, `training.zip` with `test.zip`, and a
`datasets.zip` that holds those two zips. Whatever the form, a file is known
here by its official path, such as "training/images/21_training.tif". Nothing
is extracted to disk: a member of a zip is read where it lies.
"""

import dataclasses
import io
import pathlib
import zipfile
import zlib
from collections.abc import Callable

SPLITS = ("training", "test")
IMAGE_IDS = {"training": range(21, 41), "test": range(1, 21)}
FOLDERS = {  # folder -> name of the file of image `number`
    "images": "{number:02d}_{split}.tif",
    "mask": "{number:02d}_{split}_mask.gif",
    "1st_manual": "{number:02d}_manual1.gif",
    "2nd_manual": "{number:02d}_manual2.gif",
}
WRAPPERS = ("drive", "datasets")  # folders and zips that may hold the splits
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError,
              NotImplementedError, RuntimeError)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Item:
    """One file: `where` it lies, in words, and `read`, giving its bytes."""

    where: str
    read: Callable[[], bytes]


@dataclasses.dataclass(frozen=True)
class Found:
    """What a folder holds of DRIVE.

    Attributes:
      items: official path -> Item.
      origins: split -> the folder or zip that it is taken from.
      damaged: one sentence for each zip that cannot be opened.
    """

    items: dict[str, Item]
    origins: dict[str, str]
    damaged: list[str]


def official_path(split: str, folder: str, number: int) -> str:
    """The path of one file, e.g. "training/mask/21_training_mask.gif"."""
    name = FOLDERS[folder].format(number=number, split=split)
    return f"{split}/{folder}/{name}"


def find(manual_dir) -> Found:
    """Looks for both splits in `manual_dir`; reads no picture yet.

    A folder goes before a zip, the zip of one split before a zip of both.
    """
    items, origins, damaged = {}, {}, []
    for split in SPLITS:
        for origin in _candidates(pathlib.Path(manual_dir), split):
            try:
                there = _items_of(origin, split)
            except ZIP_ERRORS as error:
                damaged.append(
                    f"{origin} cannot be read as a zip ({error}); download "
                    "it again, or unpack it by hand."
                )
                continue
            if there:
                items.update(there)
                origins[split] = str(origin)
                break
    return Found(items, origins, list(dict.fromkeys(damaged)))


def _candidates(manual_dir: pathlib.Path, split: str):
    """Yields the folders and zips that may hold `split`, best first."""
    if not manual_dir.is_dir():
        return
    roots = [manual_dir] + [
        entry
        for entry in sorted(manual_dir.iterdir())
        if entry.is_dir() and entry.name.lower() in WRAPPERS
    ]
    for root in roots:
        if (root / split).is_dir():
            yield root / split
    for stems in ((split,), WRAPPERS):
        for root in roots:
            for entry in sorted(root.iterdir()):
                if entry.suffix.lower() == ".zip" and entry.is_file():
                    if entry.stem.lower() in stems:
                        yield entry


def _items_of(origin: pathlib.Path, split: str) -> dict[str, Item]:
    if origin.is_file():
        return _items_of_zip(origin, str(origin), split)
    paths = [p for f in FOLDERS for p in sorted((origin / f).glob("*"))]
    return {
        f"{split}/{path.parent.name}/{path.name}": Item(
            str(path), path.read_bytes
        )
        for path in paths
        if path.is_file() and not path.name.startswith(".")
    }


def _items_of_zip(source, where: str, split: str) -> dict[str, Item]:
    """The members of `split` in a zip, zips inside it included.

    Args:
      source: path or file object of the zip.
      where: its name in messages; its last part may name the split.
      split: the split that is wanted.
    """
    archive = zipfile.ZipFile(source)
    items = {}
    for name in archive.namelist():
        parts = pathlib.PurePosixPath(name).parts
        if not parts or parts[0] == "__MACOSX" or parts[-1].startswith("."):
            continue
        member = f"{where}: {name}"
        if parts[-1].lower() == f"{split}.zip":
            inner = io.BytesIO(archive.read(name))
            items.update(_items_of_zip(inner, member, split))
        elif len(parts) > 1 and parts[-2] in FOLDERS:
            named = [part for part in parts[:-2] if part in SPLITS]
            alone = where.lower().endswith(f"{split}.zip")
            if split == (named[-1] if named else split if alone else None):
                read = _member_reader(archive, name)
                items[f"{split}/{parts[-2]}/{parts[-1]}"] = Item(member, read)
    return items


def _member_reader(archive: zipfile.ZipFile, name: str):
    return lambda: archive.read(name)
