"""Every setting of a run: one frozen dataclass.

The command line's flags are derived from it (`config_flags`).

A field's metadata holds its help text, its choices or bounds, and whether it
may change when a run is resumed (`resumable`: it does not alter the result).
"""

import dataclasses
import math

from migan_tf.errors import UserError

TASKS = ("segmentation", "synthesis")
# One rule for all networks: six halvings, those of G and of patch10.
TOTAL_STRIDE = 64
DISCRIMINATORS = ("none", "pixel", "patch10", "patch80", "image")


def _flag(default, text, choices=None, at_least=None, resumable=False):
    return dataclasses.field(
        default=default,
        metadata=dict(
            help=text, choices=choices, at_least=at_least, resumable=resumable
        ),
    )


@dataclasses.dataclass(frozen=True)
class Config:
    """The resolved flags of one run; see each field's help."""

    # What is trained, on what, and where it goes.
    task: str = _flag(
        "both", "What to train.", (*TASKS, "both"), resumable=True
    )
    workdir: str = _flag("", "Run folder; made if missing.", resumable=True)
    dataset: str = _flag("drive", "TFDS name: drive, stare, phantom, …")
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
    rotation_degrees: float = _flag(180.0, "Rotation in ± this.", None, 0)
    flip: bool = _flag(True, "Left-right flips.")
    photometric_jitter: float = _flag(
        0.0, "Strength of brightness, contrast, gamma changes.", None, 0
    )

    # Networks.
    segmenter: str = _flag(
        "migan", "The paper's network or a max-pool U-Net.", ("migan", "unet")
    )
    base_filters: int = _flag(64, "Filters of G's first layer.", None, 1)
    segmenter_filters: int = _flag(64, "Filters of S's first layer.", None, 1)
    unet_depth: int = _flag(4, "Max-poolings of the U-Net.", None, 1)
    skip_connections: str = _flag(
        "even",
        "Skipped levels counted from G's centre.",
        ("even", "all", "none"),
    )
    noise_size: int = _flag(400, "Length of the noise code.", None, 1)
    discriminator: str = _flag(
        "image", "Discriminator of Table 1.", DISCRIMINATORS
    )
    discriminator_filters: int = _flag(32, "D's first filters.", None, 1)

    # Objective.
    adversarial_weight: float = _flag(1.0, "Adversarial term.", None, 0)
    deviation_weight: float = _flag(10.0, "λ of Eq. 1 and 3.", None, 0)
    segmentation_weight: float = _flag(10.0, "λ of Eq. 6.", None, 0)
    soft_dice_weight: float = _flag(0.0, "Soft Dice beside Eq. 5.", None, 0)
    noise_stddev: float = _flag(0.001, "σ of z in training.", None, 0)
    evaluation_noise_stddev: float = _flag(1.0, "σ at evaluation.", None, 0)

    # Optimisation.
    segmentation_steps: int = _flag(20000, "Iterations of S.", None, 1)
    synthesis_steps: int = _flag(20000, "Iterations of G.", None, 1)
    batch_size: int = _flag(1, "Images a step, over all replicas.", None, 1)
    generator_steps: int = _flag(2, "Network updates per D update.", None, 1)
    learning_rate: float = _flag(2e-4, "Adam's learning rate.", None, 0)
    adam_beta_1: float = _flag(0.5, "Adam's β1.", None, 0)
    learning_rate_schedule: str = _flag(
        "constant", "Course of the learning rate.", ("constant", "cosine")
    )
    warmup_steps: int = _flag(0, "Linear warm-up of cosine.", None, 0)
    mixed_precision: str = _flag(
        "auto",
        "auto: float16 on a GPU, float32 on the CPU.",
        ("auto", "float32", "mixed_float16", "mixed_bfloat16"),
    )
    distribute: str = _flag(
        "none",
        "tf.distribute strategy.",
        ("none", "mirrored", "multiworker"),
        resumable=True,
    )
    virtual_cpu_devices: int = _flag(
        0, "Split the CPU, to try --distribute=mirrored.", None, 0, True
    )
    deterministic: bool = _flag(True, "Bit-identical repetitions.")

    # Scoring and reporting.
    test_time_flips: bool = _flag(
        False, "Average S over the four flips.", resumable=True
    )
    log_every: int = _flag(10, "Iterations between rows.", None, 1, True)
    validate_every: int = _flag(200, "Iterations between validations.", None, 1)
    checkpoint_every: int = _flag(
        100, "Iterations between checkpoints.", None, 1, True
    )
    keep_checkpoints: int = _flag(2, "Checkpoints kept.", None, 1, True)

    def validate(self) -> "Config":
        """Returns self, or raises `UserError` naming the flag at fault."""
        for field in dataclasses.fields(self):
            _check_field(field, getattr(self, field.name))
        if not self.workdir:
            raise UserError(
                "--workdir is required: the folder that holds the run. "
                "Received: ''. Try --workdir=runs/my_run"
            )
        for name in ("image_size", "crop_size"):
            if getattr(self, name) % TOTAL_STRIDE:
                raise UserError(
                    f"--{name} must be a multiple of {TOTAL_STRIDE}: the "
                    "generator and the discriminators halve it up to six "
                    f"times. Received: {getattr(self, name)}"
                )
        if self.crop_size > self.image_size:
            raise UserError(
                "--crop_size must not exceed --image_size "
                f"({self.image_size}). Received: {self.crop_size}"
            )
        if self.segmenter == "unet" and self.unet_depth > 6:
            raise UserError(
                "--unet_depth must be at most 6, so that --image_size divides "
                f"by 2**depth. Received: {self.unet_depth}"
            )
        if self.adam_beta_1 >= 1:
            raise UserError(
                "--adam_beta_1 must be below 1, the share of the old gradient "
                f"that is kept. Received: {self.adam_beta_1}"
            )
        return self

    def network_size(self, task: str) -> int:
        """Side in pixels of the training images of `task`."""
        if task == "segmentation" and self.crop_size:
            return self.crop_size
        return self.image_size

    def steps(self, task: str) -> int:
        """Iterations of `task`."""
        return getattr(self, f"{task}_steps")


def _check_field(field, value) -> None:
    choices, at_least = field.metadata["choices"], field.metadata["at_least"]
    if choices and value not in choices:
        raise UserError(
            f"--{field.name} must be one of {', '.join(choices)}. "
            f"Received: {value!r}"
        )
    # `not <=` also refuses NaN.
    if at_least is not None and not at_least <= value < math.inf:
        raise UserError(
            f"--{field.name} must be at least {at_least} and finite. "
            f"Received: {value}"
        )
