"""The files of CHASE_DB1: their names, and what each must be."""

import re

from migan_tf.data import named_files
from migan_tf.data.annotated_files import Survey

SIZE = 960, 999
EYES = ("L", "R")
IMAGE_IDS = {
    split: [f"{child:02d}{eye}" for child in children for eye in EYES]
    for split, children in (("train", range(1, 11)), ("test", range(11, 15)))
}
ANNOTATORS = {"1st": "vessel_map", "2nd": "second_annotator"}
NAME = re.compile(
    r"image_?(\d\d)([lr])(?:_(1st|2nd)ho)?\.(jpe?g|png|tiff?)", re.IGNORECASE
)


def place(file):
    """(image id, plane) of a file; see `named_files.NamedSet`."""
    named = NAME.fullmatch(file.name)
    if not named:
        return None
    image_id = named[1] + named[2].upper()
    if named[3]:
        return image_id, ANNOTATORS[named[3].lower()]
    if any("mask" in part.lower() for part in file.parts[:-1]):
        return image_id, "fov_mask"
    if named[4].lower().startswith("jp") or file.parts[-2:-1] == ("images",):
        return image_id, "fundus"
    return None  # such as a prediction


def known() -> named_files.NamedSet:
    """What is looked for."""
    return named_files.NamedSet(
        "CHASE_DB1", IMAGE_IDS, SIZE, place=place, zips=("chase",)
    )


def survey(manual_dir) -> Survey:
    """Reads every file of CHASE_DB1 in `manual_dir` and says what is what."""
    return named_files.survey(known(), manual_dir)
