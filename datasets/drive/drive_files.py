"""Finds the files of DRIVE in a folder, as folders or inside zips.

The official archive has had several forms: `training/` and `test/`, the same
two inside `DRIVE/`, `DRIVE.zip`, `training.zip` with `test.zip`, and a
`datasets.zip` that holds those two zips; and downloads get names of their own,
such as `DRIVE (1).zip` or `archive.zip`. Whatever the form, a file is known
here by its official path, such as "training/images/21_training.tif", which its
own name and its folder's tell. Nothing is extracted to disk: a member of a zip
is read where it lies.
"""

import dataclasses
import re
from collections.abc import Callable

from migan_tf.base import downloads
from migan_tf.base.downloads import ZIP_ERRORS  # noqa: F401

SPLITS = ("training", "test")
IMAGE_IDS = {"training": range(21, 41), "test": range(1, 21)}
FOLDERS = {  # folder -> name of the file of image `number`
    "images": "{number:02d}_{split}.tif",
    "mask": "{number:02d}_{split}_mask.gif",
    "1st_manual": "{number:02d}_manual1.gif",
    "2nd_manual": "{number:02d}_manual2.gif",
}
NAME = re.compile(
    r"(\d\d)_(?:(training|test)(_mask)?|manual([12]))\.(?:tif|gif)"
)
MANUALS = {"1": "1st_manual", "2": "2nd_manual"}
# What the names of its zips begin with: a damaged one has no content to tell.
ZIP_NAMES = ("drive", "datasets", *SPLITS)


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

    A folder goes before a zip, and what lies less deep before the rest. A
    folder counts where a file in it has a name that DRIVE has.
    """
    listed = downloads.find_files(manual_dir)
    places = {split: {} for split in SPLITS}
    for file in listed.files:
        if placed := _place(file):
            split, folder, name = placed
            origin = file.folder
            if file.parts[-2:-1] and file.parts[-2].lower() == folder:
                origin = origin[: -len(folder)].rstrip("/: ")
            item = Item(file.where, file.read)
            there = places[split].setdefault(origin, {})
            there.setdefault(f"{split}/{folder}/{name}", item)
    items, origins = {}, {}
    for split, of_origin in places.items():
        official = {
            official_path(split, folder, number)
            for folder in FOLDERS
            for number in IMAGE_IDS[split]
        }
        for origin, there in of_origin.items():
            if official & there.keys():
                items.update(there)
                origins[split] = origin
                break
    damaged = [
        sentence
        for sentence in listed.damaged
        if _zip_name(sentence).startswith(ZIP_NAMES)
    ]
    return Found(items, origins, damaged)


def _zip_name(sentence):
    return sentence.partition(" cannot be read")[0].rpartition("/")[2].lower()


def _place(file):
    """(split, folder, name in small letters) of a file, or None."""
    name = file.name.lower().replace(".tiff", ".tif")
    parents = [part.lower() for part in file.parts[:-1]]
    named = NAME.fullmatch(name)
    folder, split = None, None
    if named:
        folder = "images"
        if named[3] or named[4]:
            folder = "mask" if named[3] else MANUALS[named[4]]
        training = int(named[1]) in IMAGE_IDS["training"]
        split = named[2] or ("training" if training else "test")
    elif parents and parents[-1] in FOLDERS:
        folder = parents[-1]
    for part in parents:  # the innermost one decides
        if told := re.match(r"(training|test)(?![a-z])", part):
            split = told[1]
    return (split, folder, name) if split and folder else None
