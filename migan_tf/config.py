"""Every setting of a run: one frozen dataclass.

The command line's flags are derived from it (`config_flags`).

A field's metadata holds its help text, its choices or bounds, and whether it
may change when a run is resumed (`resumable`: it does not alter the result).
"""

import dataclasses

from migan_tf import config_checks
from migan_tf.config_checks import setting as _flag
from migan_tf.config_data import TASKS, DataConfig

DISCRIMINATORS = ("none", "pixel", "patch10", "patch80", "image")


@dataclasses.dataclass(frozen=True)
class Config(DataConfig):
    """The resolved flags of one run; see each field's help."""

    # Networks.
    segmenter: str = _flag(
        "migan", "The paper's network or a max-pool U-Net.", ("migan", "unet")
    )
    base_filters: int = _flag(64, "Filters of G's first layer.", None, 1)
    segmenter_filters: int = _flag(64, "Filters of S's first layer.", None, 1)
    unet_depth: int = _flag(4, "Max-poolings of the U-Net.", None, 1)
    unet_stride: int = _flag(1, "Of the U-Net's first layer.", None, 1)
    unet_cascade: int = _flag(1, "Number of U-Nets in a row.", None, 1)
    unet_normalization: str = _flag(
        "batch", "Normalization in the U-Net.", ("batch", "group")
    )
    skip_connections: str = _flag(
        "even",
        "Skipped levels counted from G's centre.",
        ("even", "all", "none"),
    )
    antialias: bool = _flag(
        False, "Filter G's images: no grid of its transposed convolutions."
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
    focal_gamma: float = _flag(0.0, "γ of the focal loss; 0: Eq. 5.", None, 0)
    soft_dice_weight: float = _flag(0.0, "Soft Dice beside Eq. 5.", None, 0)
    centerline_dice_weight: float = _flag(
        0.0, "Soft centreline Dice (clDice) beside Eq. 5.", None, 0
    )
    noise_stddev: float = _flag(0.001, "σ of z in training.", None, 0)
    colour_code: bool = _flag(
        False, "In training z begins with the colours of the fundus."
    )
    evaluation_noise_stddev: float = _flag(1.0, "σ at evaluation.", None, 0)

    # The style variant, Eq. 7 to 12.
    deviation: str = _flag(
        "l1",
        "What holds the painted image to its photograph: Eq. 2 or 11.",
        ("l1", "style"),
    )
    style_image: str = _flag(
        "", "x_s: a photograph's file or image_id. Repeat it for more styles."
    )
    style_weight: float = _flag(10.0, "ω_sty of Eq. 11.", None, 0)
    content_weight: float = _flag(1.0, "ω_cont of Eq. 11.", None, 0)
    total_variation_weight: float = _flag(100.0, "ω_tv of Eq. 11.", None, 0)
    consistency_weight: float = _flag(1.0, "L_SEG of Eq. 12.", None, 0)
    style_block_weight: float = _flag(0.2, "ϖ of Eq. 8.", None, 0)
    style_layers: str = _flag(
        "block1_conv1,block2_conv1,block3_conv1,block4_conv1,block5_conv1",
        "Layers of VGG-19 for Eq. 8.",
    )
    content_layer: str = _flag("block4_conv1", "Layer for Eq. 9.")
    loss_reduction: str = _flag(
        "mean",
        "Eq. 7 to 10 as means, as printed, or in shares of their targets.",
        ("mean", "paper", "relative"),
    )
    vgg19_weights: str = _flag(
        "imagenet", "imagenet, a weights file, or random (for tests)."
    )
    vgg19_size: int = _flag(
        256, "VGG-19 sees images reduced to this side; 0 = whole.", None, 0
    )
    segmenter_model: str = _flag(
        "", "Segmenter of Eq. 12 (default: the run's own segmentation)."
    )

    # Optimisation.
    segmentation_steps: int = _flag(20000, "Iterations of S.", None, 1)
    synthesis_steps: int = _flag(20000, "Iterations of G.", None, 1)
    batch_size: int = _flag(1, "Images a step, over all replicas.", None, 1)
    generator_steps: int = _flag(2, "Network updates per D update.", None, 1)
    learning_rate: float = _flag(2e-4, "Adam's learning rate.", None, 0)
    discriminator_learning_rate: float = _flag(
        0.0, "Of D; 0: --learning_rate.", None, 0
    )
    adam_beta_1: float = _flag(0.5, "Adam's β1.", None, 0)
    learning_rate_schedule: str = _flag(
        "constant", "Course of the learning rate.", ("constant", "cosine")
    )
    warmup_steps: int = _flag(0, "Linear warm-up of cosine.", None, 0)
    average_decay: float = _flag(0.0, "Of kept weights; 0 = none.", None, 0)
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
    test_time_transposes: bool = _flag(
        False, "Average S over transposed images too.", resumable=True
    )
    test_time_rotations: int = _flag(
        1, "Average S over so many parts of a right angle too.", None, 1, True
    )
    log_every: int = _flag(10, "Iterations between rows.", None, 1, True)
    best_by: str = _flag("loss", "Judge of the best S.", ("loss", "auc_pr"))
    validate_every: int = _flag(200, "Iterations between validations.", None, 1)
    checkpoint_every: int = _flag(
        100, "Iterations between checkpoints.", None, 1, True
    )
    keep_checkpoints: int = _flag(2, "Checkpoints kept.", None, 1, True)

    def validate(self) -> "Config":
        """Returns self, or raises `UserError` naming the flag at fault."""
        config_checks.check(self)
        return self

    def tasks(self) -> tuple[str, ...]:
        """The names of what --task asks for, in the order of training."""
        return TASKS if self.task == "both" else (self.task,)

    def network_size(self, task: str) -> int:
        """Side in pixels of the training images of `task`."""
        if task == "segmentation" and self.crop_size:
            return self.crop_size
        return self.image_size

    def steps(self, task: str) -> int:
        """Iterations of `task`."""
        return getattr(self, f"{task}_steps")
