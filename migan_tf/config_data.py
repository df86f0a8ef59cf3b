"""The settings of a run that say what is trained, on what, where it goes."""

import dataclasses

from migan_tf.config_checks import setting as _flag

TASKS = ("segmentation", "synthesis")


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """The first part of `config.Config`; see each field's help."""

    # What is trained, on what, and where it goes.
    task: str = _flag(
        "both", "What to train.", (*TASKS, "both"), resumable=True
    )
    workdir: str = _flag("", "Run folder; made if missing.", resumable=True)
    dataset: str = _flag(
        "drive", "drive, stare, phantom, a made one, or several: a,b."
    )
    data_dir: str = _flag(
        "", "Prepared datasets (default: TFDS's own folder).", resumable=True
    )
    manual_dir: str = _flag(
        "", "Folder of the downloaded archives or folders.", resumable=True
    )
    seed: int = _flag(0, "Seed of weights, data order, augmentation.", None, 0)
    dry_run: bool = _flag(
        False, "Check and print everything, train nothing.", resumable=True
    )

    # Data: the paper's geometry, split and augmentation.
    image_size: int = _flag(512, "Side of the networks' square.", None, 32)
    geometry: str = _flag(
        "center_square",
        "Photograph to square: centred crop (DRIVE) or stretched (STARE).",
        ("center_square", "stretch"),
    )
    crop_size: int = _flag(
        0, "Segmentation only: side of random crops; 0 = whole image.", None, 0
    )
    validation_images: int = _flag(1, "Images held out.", None, 1)
    validation_split: str = _flag(
        "by_image",
        "Hold out images, or (as the paper) rotated copies of training images.",
        ("by_image", "augmented"),
    )
    train_photographs: int = _flag(
        0, "Train on so many, drawn by the seed; 0 = all.", None, 0
    )
    extra_dataset: str = _flag(
        "", "A dataset, such as one of migan_tf.synthesize, that only trains."
    )
    extra_share: float = _flag(
        0.5, "Share of the training examples drawn from it; 1 = all.", None, 0
    )
    extra_count: int = _flag(
        0, "Its first so many examples are used; 0 = all.", None, 0
    )
    rotation_degrees: float = _flag(180.0, "Rotation in ± this.", None, 0)
    flip: bool = _flag(True, "Left-right flips.")
    photometric_jitter: float = _flag(
        0.0, "Strength of brightness, contrast, gamma changes.", None, 0
    )
    scale_jitter: float = _flag(0.0, "Sizes change by 1 + this.", None, 0)
    elastic_deformation: float = _flag(
        0.0, "Elastic shifts, standard deviation in pixels.", None, 0
    )
