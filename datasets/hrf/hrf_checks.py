"""The files of HRF: their names, and what each must be."""

import re

from migan_tf.data import named_files
from migan_tf.data.annotated_files import Survey

SIZE = 2336, 3504
GROUPS = ("dr", "g", "h")
IMAGE_IDS = {
    split: [f"{number:02d}_{group}" for number in numbers for group in GROUPS]
    for split, numbers in (("train", range(1, 6)), ("test", range(6, 16)))
}
NAME = re.compile(
    r"(\d\d_(?:dr|g|h))(_mask)?\.(jpe?g|png|tiff?)", re.IGNORECASE
)


def place(file):
    """(image id, plane) of a file; see `named_files.NamedSet`."""
    named = NAME.fullmatch(file.name)
    if not named:
        return None
    image_id = named[1].lower()
    if named[2]:
        return image_id, "fov_mask"
    # As the folder manual1 and the zips *_manualsegm.zip.
    if any("manual" in part.lower() for part in file.parts[:-1]):
        return image_id, "vessel_map"
    if named[3].lower().startswith("jp") or file.parts[-2:-1] == ("images",):
        return image_id, "fundus"
    return None  # such as a prediction


def known() -> named_files.NamedSet:
    """What is looked for."""
    return named_files.NamedSet(
        "HRF",
        IMAGE_IDS,
        SIZE,
        place=place,
        zips=("hrf", "healthy", "glaucoma", "diabetic"),
    )


def survey(manual_dir) -> Survey:
    """Reads every file of HRF in `manual_dir` and says what is what."""
    return named_files.survey(known(), manual_dir)
