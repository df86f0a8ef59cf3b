"""The three tars of STARE: their names, source, hashes and places."""

import hashlib
import pathlib
import re
import tarfile
import zlib

from migan_tf.base import downloads

HEIGHT, WIDTH = 605, 700
TRAIN_NUMBERS = (1, 2, 3, 4, 5, 44, 77, 81, 82, 139)
TEST_NUMBERS = (162, 163, 235, 236, 239, 240, 255, 291, 319, 324)
URL = "https://cecas.clemson.edu/~ahoover/stare/probing/"
ENDINGS = {  # tar -> what follows the image's name in a member's name
    "stare-images.tar": "",
    "labels-ah.tar": ".ah",
    "labels-vk.tar": ".vk",
}
MEMBER = re.compile(r"im\d{4}(|\.ah|\.vk)\.ppm(?:\.gz)?", re.IGNORECASE)
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")
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


def image_ids(numbers=TRAIN_NUMBERS + TEST_NUMBERS) -> list[str]:
    """The names of images, e.g. ["im0001", ...]."""
    return [f"im{number:04d}" for number in numbers]


def find(manual_dir) -> dict:
    """Tar name -> path, found in `manual_dir` or anywhere below it.

    A tar of the official name is taken for what its name says, any other one,
    such as `labels-ah (1).tar`, for what the names of its members say.
    """
    if not manual_dir or not pathlib.Path(manual_dir).is_dir():
        return {}
    found = {}
    tars = [
        pathlib.Path(file.where)
        for file in downloads.find_files(manual_dir).files
        if not file.zips and file.name.lower().endswith(TAR_SUFFIXES)
    ]
    for path in tars:
        if path.name.lower() in ENDINGS:
            found.setdefault(path.name.lower(), path)
    for path in tars:
        if path not in found.values() and (name := _content_of(path)):
            found.setdefault(name, path)
    return found


def _content_of(path):
    """The official name of a tar by its first picture, None if there is none.

    One that is damaged is none, too: nothing says that it is of STARE.
    """
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                named = MEMBER.fullmatch(pathlib.PurePath(member.name).name)
                if named:
                    ending = named[1].lower()
                    return next(n for n, e in ENDINGS.items() if e == ending)
    except (tarfile.TarError, zlib.error, EOFError, OSError):
        return None
    return None


def sha256_of(path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
