"""The settings of `segment.py`."""

import dataclasses

from migan_tf.base.settings import field


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of `segment.py`; each field's help says what it is."""

    workdir: str = field(
        default="", help="A run whose segmenter is applied.", place=True
    )
    model: str = field(
        default="",
        help=(
            "A SavedModel or a folder RUN/segmentation, and not a run. "
            "Without both: the newest in export/models."
        ),
        place=True,
    )
    recursive: bool = field(
        default=False, help="Takes the photographs of sub-folders, too."
    )
    overwrite: bool = field(
        default=False,
        help="Makes results anew that are there already, whoever made them.",
    )
    force: bool = field(
        default=False,
        help="Segments also what does not look like a photograph of a fundus.",
    )
    output: str = field(
        default="vessels", help="Folder of the results.", place=True
    )
