"""Every setting of a run: one frozen dataclass.

The command line's flags are derived from it (`config_flags`). Beside what
`settings.field` says of a field, its metadata says whether it may change when
a run is resumed (`resumable`: it does not alter the result).
"""

import dataclasses
import functools

from migan_tf.base import config_checks, settings

TASKS = ("segmentation", "synthesis")
STYLE_LAYERS = ",".join(f"block{n}_conv1" for n in range(1, 6))
# The discriminators of Table 1; `residual` besides sees what delta adds.
DISCRIMINATORS = ("none", "pixel", "patch10", "patch80", "image")


# Names of settings in runs and models that older releases have written.
FORMER_NAMES = {"centerline_dice_weight": "centreline_dice_weight"}

field = functools.partial(settings.field, resumable=False)


@dataclasses.dataclass(frozen=True)
class Config:
    """The settings of one run; each field's help says what it is."""

    task: str = field(
        topic="What is trained, on what, and where it goes",
        default="both",
        help=(
            "Networks to train: the segmenter, the generator, or both in this "
            "order."
        ),
        choices=(*TASKS, "both"),
        resumable=True,
    )
    workdir: str = field(
        default="",
        help="Folder of the run; made if it is missing.",
        resumable=True,
        place=True,
    )
    dataset: str = field(
        default="drive",
        help=(
            "Dataset to train on: drive, stare, chase_db1, hrf, phantom, "
            "folder (one's own photographs, also folder:DIR), one made by "
            "migan_tf.synthesize, or several with commas between them."
        ),
    )
    data_dir: str = field(
        default="",
        help=(
            "Folder of the prepared datasets; default: that of TensorFlow "
            "Datasets."
        ),
        resumable=True,
        place=True,
    )
    manual_dir: str = field(
        default="",
        help="Folder of the downloaded archives, or of what they hold.",
        resumable=True,
        place=True,
    )
    seed: int = field(
        default=0,
        help="Seed of the weights, the order of the data and the augmentation.",
        minimum=0,
    )
    dry_run: bool = field(
        default=False,
        help=(
            "Check everything and estimate the time, but train nothing and "
            "leave nothing behind."
        ),
        resumable=True,
    )

    image_size: int = field(
        topic="Data, split and augmentation",
        default=512,
        help="Side in pixels of the square that the networks see.",
        minimum=32,
    )
    geometry: str = field(
        default="center_square",
        help=(
            "How a photograph becomes a square: its centre is cropped (DRIVE) "
            "or all of it is stretched (STARE)."
        ),
        choices=("center_square", "stretch"),
    )
    crop_size: int = field(
        default=0,
        help=(
            "Side of the random crops that the segmenter and "
            "--discriminator=residual train on; 0: whole images."
        ),
        minimum=0,
    )
    validation_images: int = field(
        default=1,
        help="Number of photographs held out for validation.",
        minimum=1,
    )
    validation_split: str = field(
        default="by_image",
        help=(
            "What validates: whole photographs that are held out, or, as in "
            "the paper, rotated copies of the training photographs."
        ),
        choices=("by_image", "augmented"),
    )
    train_photographs: int = field(
        default=0,
        help="Number of photographs to train on, drawn by the seed; 0: all.",
        minimum=0,
    )
    extra_dataset: str = field(
        default="",
        help=(
            "A dataset that is trained on and never validates, such as one "
            "made by migan_tf.synthesize."
        ),
    )
    extra_share: float = field(
        default=0.5,
        help=(
            "Share of the training examples that is drawn from "
            "--extra_dataset; 1: all of them."
        ),
        minimum=0,
    )
    extra_until: float = field(
        default=1.0,
        help=(
            "Share of the iterations, from the first on, in which examples of "
            "--extra_dataset are drawn; then photographs alone are."
        ),
        minimum=0,
        maximum=1,
    )
    extra_count: int = field(
        default=0,
        help=(
            "Number of examples of --extra_dataset to use, from its first on; "
            "0: all."
        ),
        minimum=0,
    )
    rotation_degrees: float = field(
        default=180.0,
        help="Photographs are rotated by up to this many degrees either way.",
        minimum=0,
    )
    flip: bool = field(default=True, help="Flip photographs left to right.")
    photometric_jitter: float = field(
        default=0.0,
        help="Strength of random changes of brightness, contrast and gamma.",
        minimum=0,
    )
    scale_jitter: float = field(
        default=0.0,
        help="Photographs are scaled by up to 1 + this, or down by as much.",
        minimum=0,
    )
    elastic_deformation: float = field(
        default=0.0,
        help="Standard deviation in pixels of random elastic shifts.",
        minimum=0,
    )

    generator: str = field(
        topic="Networks",
        default="migan",
        help=(
            "Architecture of the generator: the paper's network, or delta, "
            "which adds vessels and texture to a ground."
        ),
        choices=("delta", "migan"),
    )
    segmenter: str = field(
        default="migan",
        help=(
            "Architecture of the segmenter: the paper's network, or a U-Net "
            "with max-pooling."
        ),
        choices=("migan", "unet"),
    )
    base_filters: int = field(
        default=64, help="Filters of the generator's first layer.", minimum=1
    )
    segmenter_filters: int = field(
        default=64, help="Filters of the segmenter's first layer.", minimum=1
    )
    unet_depth: int = field(
        default=4, help="Number of max-poolings of the U-Net.", minimum=1
    )
    unet_stride: int = field(
        default=1, help="Stride of the U-Net's first layer.", minimum=1
    )
    unet_cascade: int = field(
        default=1, help="Number of U-Nets in a row.", minimum=1
    )
    unet_normalization: str = field(
        default="batch",
        help="Normalization layers of the U-Net.",
        choices=("batch", "group"),
    )
    skip_connections: str = field(
        default="even",
        help=(
            "Levels of the generator that have a skip connection, counted from "
            "its centre."
        ),
        choices=("even", "all", "none"),
    )
    antialias: bool = field(
        default=False,
        help=(
            "Filter the generator's images, against the grid of its transposed "
            "convolutions."
        ),
    )
    noise_size: int = field(
        default=400, help="Length of the noise code.", minimum=1
    )
    discriminator: str = field(
        default="image",
        help=(
            "Discriminator: one of the paper's Table 1, or that of "
            "--generator=delta, which sees residuals to the ground."
        ),
        choices=("residual", *DISCRIMINATORS),
    )
    discriminator_filters: int = field(
        default=32,
        help="Filters of the discriminator's first layer.",
        minimum=1,
    )

    adversarial_weight: float = field(
        topic="Objective",
        default=1.0,
        help="Weight of the adversarial term.",
        minimum=0,
    )
    deviation_weight: float = field(
        default=10.0,
        help="Weight of the L1 deviation, λ of Eq. 1 and 3.",
        minimum=0,
    )
    feature_weight: float = field(
        default=0.5,
        help="Weight of feature matching with --discriminator=residual.",
        minimum=0,
    )
    ground_weight: float = field(
        default=2.0,
        help=(
            "Weight of the ground's square deviation with "
            "--discriminator=residual."
        ),
        minimum=0,
    )
    ground_adversarial_weight: float = field(
        default=0.2,
        help=(
            "Weight of the ground's adversarial term with "
            "--discriminator=residual."
        ),
        minimum=0,
    )
    gradient_penalty: float = field(
        default=0.02,
        help="Weight of R1, the slope of --discriminator=residual.",
        minimum=0,
    )
    segmentation_weight: float = field(
        default=10.0,
        help="Weight of the segmentation loss, λ of Eq. 6.",
        minimum=0,
    )
    focal_gamma: float = field(
        default=0.0,
        help="Exponent γ of the focal loss; 0: the cross-entropy of Eq. 5.",
        minimum=0,
    )
    soft_dice_weight: float = field(
        default=0.0, help="Weight of a soft Dice loss beside Eq. 5.", minimum=0
    )
    centreline_dice_weight: float = field(
        default=0.0,
        help="Weight of a soft centreline Dice loss (clDice) beside Eq. 5.",
        minimum=0,
    )
    noise_stddev: float = field(
        default=0.001,
        help="Standard deviation σ of the noise code in training.",
        minimum=0,
    )
    colour_code: bool = field(
        default=False,
        help=(
            "Let the noise code begin with the colours of the photograph in "
            "training."
        ),
    )
    evaluation_noise_stddev: float = field(
        default=1.0,
        help="Standard deviation σ of the noise code at evaluation.",
        minimum=0,
    )

    deviation: str = field(
        topic="The style variant, Eq. 7 to 12",
        default="l1",
        help=(
            "What holds the painted image to its photograph: the L1 deviation "
            "(Eq. 2) or the style objective (Eq. 11)."
        ),
        choices=("l1", "style"),
    )
    style_image: str = field(
        default="",
        help=(
            "Photograph x_s whose style is learned: a file, or an image_id of "
            "the dataset. Repeat the flag for more styles."
        ),
        place=True,
        repeated=True,
    )
    style_weight: float = field(
        default=10.0,
        help="Weight of the style loss, ω_sty of Eq. 11.",
        minimum=0,
    )
    content_weight: float = field(
        default=1.0,
        help="Weight of the content loss, ω_cont of Eq. 11.",
        minimum=0,
    )
    total_variation_weight: float = field(
        default=100.0,
        help="Weight of the total variation, ω_tv of Eq. 11.",
        minimum=0,
    )
    consistency_weight: float = field(
        default=1.0, help="Weight of L_SEG in Eq. 12.", minimum=0
    )
    style_block_weight: float = field(
        default=0.2, help="Weight ϖ of each layer in Eq. 8.", minimum=0
    )
    style_layers: str = field(
        default=STYLE_LAYERS,
        help="Layers of VGG-19 in the style loss, Eq. 8.",
    )
    content_layer: str = field(
        default="block4_conv1",
        help="Layer of VGG-19 in the content loss, Eq. 9.",
    )
    loss_reduction: str = field(
        default="mean",
        help=(
            "How the sums of Eq. 7 to 10 are reduced: to means, not at all (as "
            "printed), or to shares of their targets."
        ),
        choices=("mean", "paper", "relative"),
    )
    vgg19_weights: str = field(
        default="imagenet",
        help="Weights of VGG-19: imagenet, a file, or random (for tests).",
        place=True,
    )
    vgg19_size: int = field(
        default=256,
        help="Side in pixels of the images that VGG-19 sees; 0: their own.",
        minimum=0,
    )
    segmenter_model: str = field(
        default="",
        help="Folder of the segmenter in Eq. 12; default: the run's own.",
        place=True,
    )

    segmentation_steps: int = field(
        topic="Optimisation",
        default=20000,
        help="Number of iterations that train the segmenter.",
        minimum=1,
    )
    synthesis_steps: int = field(
        default=20000,
        help="Number of iterations that train the generator.",
        minimum=1,
    )
    batch_size: int = field(
        default=1,
        help="Number of images in a step, over all replicas together.",
        minimum=1,
    )
    generator_steps: int = field(
        default=2,
        help="Updates of the network for each update of the discriminator.",
        minimum=1,
    )
    learning_rate: float = field(
        default=2e-4, help="Learning rate of Adam.", minimum=0
    )
    discriminator_learning_rate: float = field(
        default=0.0,
        help="Learning rate of the discriminator; 0: --learning_rate.",
        minimum=0,
    )
    adam_beta_1: float = field(
        default=0.5, help="Decay β1 of Adam's first moment.", minimum=0
    )
    learning_rate_schedule: str = field(
        default="constant",
        help="Course of the learning rate over the run.",
        choices=("constant", "cosine"),
    )
    warmup_steps: int = field(
        default=0,
        help="Iterations of linear warm-up before the cosine.",
        minimum=0,
    )
    average_decay: float = field(
        default=0.0,
        help=(
            "Decay of the averaged weights that are kept; 0: the last weights "
            "are kept."
        ),
        minimum=0,
    )
    mixed_precision: str = field(
        default="auto",
        help=(
            "Precision of the computation; auto: float16 on a GPU, float32 on "
            "the CPU."
        ),
        choices=("auto", "float32", "mixed_float16", "mixed_bfloat16"),
    )
    distribute: str = field(
        default="none",
        help="Strategy of tf.distribute.",
        choices=("none", "mirrored", "multiworker"),
        resumable=True,
    )
    virtual_cpu_devices: int = field(
        default=0,
        help=(
            "Number of devices the CPU is split into, to try "
            "--distribute=mirrored."
        ),
        minimum=0,
        resumable=True,
    )
    deterministic: bool = field(
        default=True, help="Make repetitions bit-identical."
    )

    test_time_flips: bool = field(
        topic="Scoring and reporting",
        default=False,
        help="Average the segmenter over the four flips of an image.",
        resumable=True,
    )
    test_time_transposes: bool = field(
        default=False,
        help="Average the segmenter over transposed images, too.",
        resumable=True,
    )
    test_time_rotations: int = field(
        default=1,
        help="Average the segmenter over so many parts of a right angle, too.",
        minimum=1,
        resumable=True,
    )
    log_every: int = field(
        default=10,
        help="Iterations between rows of the log.",
        minimum=1,
        resumable=True,
    )
    best_by: str = field(
        default="loss",
        help=(
            "What decides which weights of the segmenter are the best on "
            "validation."
        ),
        choices=("loss", "auc_pr"),
    )
    validate_every: int = field(
        default=200, help="Iterations between validations.", minimum=1
    )
    checkpoint_every: int = field(
        default=100,
        help="Iterations between checkpoints.",
        minimum=1,
        resumable=True,
    )
    keep_checkpoints: int = field(
        default=2,
        help="Number of checkpoints that are kept.",
        minimum=1,
        resumable=True,
    )

    @classmethod
    def recorded(cls, values) -> "Config":
        """The settings that a run or a model card holds, of any release.

        Args:
          values: {name: value}.

        Raises:
          TypeError: there is a name that this release does not know.
        """
        known = {FORMER_NAMES.get(name, name): values[name] for name in values}
        return settings.with_homes(cls(**known))

    def validate(self) -> "Config":
        """Returns self, or raises `UserError` naming the flag at fault."""
        config_checks.check(self)
        return self

    def tasks(self) -> tuple[str, ...]:
        """The names of what --task asks for, in the order of training."""
        return TASKS if self.task == "both" else (self.task,)

    def network_size(self, task: str) -> int:
        """Side in pixels of the training images of `task`."""
        cropped = task == "segmentation" or self.discriminator == "residual"
        return (cropped and self.crop_size) or self.image_size

    def steps(self, task: str) -> int:
        """Iterations of `task`."""
        return getattr(self, f"{task}_steps")
