"""The settings of `measure.py`."""

import dataclasses

from migan_tf.base.settings import field
from migan_tf.vessel_maps.statistics import WIDE_FROM


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of `measure.py`; each field's help says what it is."""

    output: str = field(
        default="vessel_measures.csv",
        help="File of the results, a row for each photograph or map.",
        place=True,
    )
    workdir: str = field(
        default="",
        help="A run whose segmenter finds the vessels of photographs.",
        place=True,
    )
    model: str = field(
        default="",
        help=(
            "A segmenter for photographs: general, drive or stare, which come "
            "along, a SavedModel or a folder RUN/segmentation, and not a run. "
            "Without both: the newest in export/models."
        ),
        place=True,
    )
    fov_masks: str = field(
        default="",
        help=(
            "A mask of the field of view for all, or a folder of masks that "
            "are named like the photographs and maps. Without: that of a "
            "photograph is found, and of a map the whole frame is measured."
        ),
        place=True,
    )
    read_as: str = field(
        default="auto",
        help=(
            "What the files are; auto: pictures in colours are photographs, "
            "grey ones of two values are vessel maps."
        ),
        choices=("auto", "photograph", "map"),
    )
    force: bool = field(
        default=False,
        help="Measures also what does not look like a photograph of a fundus.",
    )
    recursive: bool = field(
        default=False, help="Search the sub-folders of folders, too."
    )
    pixel_size: float | None = field(
        default=None,
        help=(
            "Side of a pixel in micrometres, the same in all files; adds "
            "columns in micrometres."
        ),
        minimum=0.001,
    )
    wide_from: float = field(
        default=WIDE_FROM,
        help=(
            "From which width on a vessel is wide and not thin, in diameters "
            "of the field of view."
        ),
        minimum=0.0,
        maximum=1.0,
    )
