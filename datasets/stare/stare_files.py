"""The three tars of STARE: their names, source, hashes and places."""

import hashlib
import pathlib

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
