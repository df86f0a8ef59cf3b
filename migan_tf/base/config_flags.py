"""The absl flags of a run, derived from the fields of `Config`."""

import dataclasses
import pathlib

from absl import flags

from migan_tf.base import settings
from migan_tf.base.config import FORMER_NAMES, Config
from migan_tf.base.errors import UserError

# Given more than once it means as many runs; a `Config` holds one.
REPEATED = "style_image"


def define_flags() -> None:
    """Defines one absl flag for each field of `Config`."""
    settings.define(Config, aliases=FORMER_NAMES.items())


def from_flags() -> Config:
    """The `Config` of the parsed absl flags, validated.

    Raises:
      UserError: a flag is at fault, or several styles were given.
    """
    runs = runs_from_flags()
    if len(runs) > 1:
        raise UserError(
            f"one --{REPEATED} is taken here. Received: "
            f"{', '.join(flags.FLAGS[REPEATED].value)}"
        )
    return runs[0]


def runs_from_flags() -> list[Config]:
    """The `Config`s of the parsed absl flags, validated.

    One, or with several styles: the segmentation that they share, where it is
    asked for, and for each style the synthesis in a folder of --workdir that
    has the style's name.

    Raises:
      UserError: a flag is at fault, or two styles have one name.
    """
    parsed = settings.read(Config)
    styles = list(dict.fromkeys(filter(None, parsed.style_image)))
    config = dataclasses.replace(parsed, style_image="".join(styles[:1]))
    config.validate()
    if len(styles) < 2:
        return [config]
    return _one_run_a_style(config, styles)


def _one_run_a_style(config, styles):
    names = [pathlib.Path(style).stem for style in styles]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(
            f"--{REPEATED}: each style gets a folder of its name, so no two "
            f"may be called alike. Received twice: {', '.join(twice)}"
        )
    runs = []
    if config.task != "synthesis":
        runs.append(
            dataclasses.replace(config, task="segmentation", style_image="")
        )
    workdir = pathlib.Path(config.workdir)
    if config.task != "segmentation":
        segmenter = config.segmenter_model or str(workdir / "segmentation")
        runs += [
            dataclasses.replace(
                config,
                task="synthesis",
                workdir=str(workdir / name),
                style_image=style,
                segmenter_model=segmenter,
            )
            for name, style in zip(names, styles, strict=True)
        ]
    return [run.validate() for run in runs]
