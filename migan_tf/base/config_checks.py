"""What the settings of a run must fulfil beyond their types."""

import os

from migan_tf.base import settings
from migan_tf.base.errors import UserError

# One rule for all networks: six halvings, those of G and of patch10.
TOTAL_STRIDE = 64
# Means and standard deviations of three channels; see `colour_code`.
COLOUR_CODE_SIZE = 6
# The numbers of a light, which begin the noise code; see `models.style_code`.
LIGHT_SIZE = 18


def check(config) -> None:
    """Raises `UserError` naming the flag of a `Config` that is at fault."""
    settings.check(config)
    if not config.workdir:
        raise UserError(
            "--workdir is required: the folder that holds the run. "
            "Received: ''. Try --workdir=runs/my_run"
        )
    for name in ("image_size", "crop_size"):
        if getattr(config, name) % TOTAL_STRIDE:
            raise UserError(
                f"--{name} must be a multiple of {TOTAL_STRIDE}: the "
                "generator and the discriminators halve it up to six "
                f"times. Received: {getattr(config, name)}"
            )
    if config.crop_size > config.image_size:
        raise UserError(
            "--crop_size must not exceed --image_size "
            f"({config.image_size}). Received: {config.crop_size}"
        )
    _check_datasets(config.dataset)
    _check_extra(config)
    _check_segmenter(config)
    _check_generator(config)
    if config.colour_code and config.noise_size < COLOUR_CODE_SIZE:
        raise UserError(
            f"--noise_size must be at least {COLOUR_CODE_SIZE} with "
            f"--colour_code. Received: {config.noise_size}"
        )
    if config.colour_code and config.deviation == "style":
        raise UserError(
            "--colour_code says the colours that Eq. 2 asks for, and "
            "--deviation=style asks for those of x_s. Received: both"
        )
    for name, what in (
        ("adam_beta_1", "gradient"),
        ("average_decay", "average"),
    ):
        if getattr(config, name) >= 1:
            raise UserError(
                f"--{name} must be below 1, the share of the old {what} "
                f"that is kept. Received: {getattr(config, name)}"
            )
    _check_style(config)


def _check_datasets(text):
    names = text.split(",")
    _check_comma(names)
    # A folder's name may hold spaces, as in folder:my photographs.
    spaced = any(name != name.strip() for name in names)
    if not all(names) or spaced or len(set(names)) < len(names):
        raise UserError(
            "--dataset must be a name, or different names with commas and no "
            f"spaces between them, such as drive,stare. Received: {text!r}"
        )


def _check_comma(names):
    """Refuses `folder:DIR` where DIR itself has a comma, which parts names."""
    for first, name in enumerate(names):
        _, mark, place = name.partition(":")
        for last in range(first + 1, len(names) if mark else 0):
            whole = ",".join([place, *names[first + 1 : last + 1]])
            if os.path.isdir(os.path.expanduser(whole)):
                raise UserError(
                    "--dataset and --extra_dataset: folder:DIR takes no folder "
                    "whose name has a comma, which parts datasets. Received: "
                    f"{whole!r}. Next: rename it, or --dataset=folder "
                    "--manual_dir=DIR"
                )


def _check_extra(config):
    if config.extra_share > 1:
        raise UserError(
            "--extra_share must lie in [0,1], the share of the training "
            f"examples. Received: {config.extra_share}"
        )
    name = config.extra_dataset
    _check_comma(name.split(","))
    if config.extra_count and not name:
        raise UserError(
            "--extra_count is of --extra_dataset. Received: "
            f"--extra_count={config.extra_count} --extra_dataset="
        )
    if "," in name or name != name.strip() or name in config.dataset.split(","):
        raise UserError(
            "--extra_dataset must be one name, and none of --dataset: it only "
            f"trains, and never validates or tests. Received: {name!r} beside "
            f"--dataset={config.dataset}"
        )


def _check_segmenter(config):
    if config.segmenter == "unet":
        stride = config.unet_stride * 2**config.unet_depth
        if TOTAL_STRIDE % stride:
            raise UserError(
                "--unet_stride × 2**unet_depth must divide "
                f"{TOTAL_STRIDE}, as --image_size does. Received: "
                f"--unet_stride={config.unet_stride} "
                f"--unet_depth={config.unet_depth}"
            )
        return
    plain = {
        "unet_stride": 1,
        "unet_cascade": 1,
        "unet_normalization": "batch",
    }
    for name, value in plain.items():
        if getattr(config, name) != value:
            raise UserError(
                f"--{name} is of --segmenter=unet. Received: "
                f"--{name}={getattr(config, name)} "
                f"--segmenter={config.segmenter}"
            )


def _check_generator(config):
    if config.discriminator == "residual":
        needed = {
            "generator": "delta",
            "task": "synthesis",
            "deviation": "l1",
            "validation_split": "by_image",
            "generator_steps": 1,
        }
        for name, value in needed.items():
            if getattr(config, name) != value:
                raise UserError(
                    "--discriminator=residual sees what is added to a ground, "
                    f"and needs --{name}={value}. Received: "
                    f"--{name}={getattr(config, name)}"
                )
    if config.generator == "migan":
        return
    if config.noise_size < LIGHT_SIZE:
        raise UserError(
            f"--noise_size must be at least {LIGHT_SIZE} with "
            f"--generator=delta. Received: {config.noise_size}"
        )
    plain = {"skip_connections": "even", "antialias": False}
    for name, value in {**plain, "colour_code": False}.items():
        if getattr(config, name) != value:
            raise UserError(
                f"--{name} is of --generator=migan. Received: "
                f"--{name}={getattr(config, name)} --generator=delta"
            )


def _check_style(config):
    synthesis = config.task != "segmentation"
    if config.deviation == "style" and synthesis and not config.style_image:
        raise UserError(
            "--deviation=style needs --style_image: a photograph's file or an "
            "image_id of the dataset, in whose style to paint. Received: ''"
        )
    if config.deviation != "style" and config.style_image:
        raise UserError(
            "--style_image is used with --deviation=style only. Received: "
            f"--style_image={config.style_image} --deviation={config.deviation}"
        )
