"""What the flags of a run must fulfil, beyond their types."""

import dataclasses
import math

from migan_tf.errors import UserError

# One rule for all networks: six halvings, those of G and of patch10.
TOTAL_STRIDE = 64


def check(config) -> None:
    """Raises `UserError` naming the flag of a `Config` that is at fault."""
    for field in dataclasses.fields(config):
        _check_field(field, getattr(config, field.name))
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
    stride = config.unet_stride * 2**config.unet_depth
    if config.segmenter == "unet" and TOTAL_STRIDE % stride:
        raise UserError(
            f"--unet_depth: unet_stride × 2**unet_depth must divide "
            f"{TOTAL_STRIDE}, as --image_size does. Received: "
            f"{config.unet_stride} × 2**{config.unet_depth}"
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
