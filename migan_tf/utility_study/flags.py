"""The flags of `utility.py`: which cells, which arms, trained how."""

import dataclasses
import os
import pathlib
import shlex

from absl import flags

from migan_tf.base import command_line
from migan_tf.base.errors import UserError

ALL = "all"  # of --multiples: every pair, half of the examples

# Name: kind, default, text.
FLAGS = {
    "dataset": ("string", "drive", "The real photographs."),
    "data_dir": (
        "string",
        "",
        "Prepared datasets; the synthetic ones are put there too. Default: "
        "OUTPUT/data.",
    ),
    "manual_dir": ("string", "", "Archives of a dataset not yet prepared."),
    "output": ("string", "", "Folder of the experiment; made if missing."),
    "real": (
        "list",
        ["2", "5", "10", "20"],
        "Numbers of real training photographs; more than there are: all.",
    ),
    "seeds": ("list", ["0", "1"], "Seeds; each repeats all of it."),
    "multiples": (
        "list",
        ["1", "4"],
        "Arms of k synthetic pairs for each photograph, or `all` pairs.",
    ),
    "pairs": ("integer", 500, "Synthetic pairs made in each cell."),
    "validation_images": (
        "integer",
        1,
        "Photographs held out to choose the weights, in all arms the same.",
    ),
    "segmenter_flagfile": (
        "string",
        "experiments/utility/segmenter.flags",
        "How the segmenter of every arm is trained.",
    ),
    "generator_flagfile": (
        "string",
        "experiments/utility/generator.flags",
        "How the generator of every cell is trained.",
    ),
    "segmenter_flags": ("string", "", "Further flags for it, in one string."),
    "generator_flags": ("string", "", "Further flags for it, in one string."),
    "synthesize_flags": ("string", "", "Further flags of synthesize."),
    "jobs": ("integer", 1, "Cells at the same time, each on its cores."),
    "dry_run": (
        "bool",
        False,
        "Print the plan and its commands; builds the dataset where need be.",
    ),
}


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags as values; those of commands are lists."""

    dataset: str
    data_dir: str
    manual_dir: str
    output: pathlib.Path
    real: tuple[int, ...]
    seeds: tuple[int, ...]
    multiples: tuple[int | str, ...]
    pairs: int
    validation_images: int
    segmenter_flagfile: str
    generator_flagfile: str
    segmenter_flags: tuple[str, ...]
    generator_flags: tuple[str, ...]
    synthesize_flags: tuple[str, ...]
    jobs: int
    dry_run: bool


def define():
    """Defines the flags of `FLAGS`; returns {name: its holder}."""
    kinds = {
        "string": flags.DEFINE_string,
        "integer": flags.DEFINE_integer,
        "bool": flags.DEFINE_bool,
        "list": flags.DEFINE_list,
    }
    return {
        name: kinds[kind](name, default, text)
        for name, (kind, default, text) in FLAGS.items()
    }


def settings(values) -> Settings:
    """The `Settings` of {flag: value}.

    Raises:
      UserError: a flag is at fault.
    """
    command_line.required(output=values["output"], dataset=values["dataset"])
    for name in ("pairs", "validation_images", "jobs"):
        if values[name] < 1:
            raise UserError(
                f"--{name} must be at least 1. Received: {values[name]}"
            )
    # A shell leaves the ~ of --flag=~/folder as it is.
    places = ("output", "data_dir", "manual_dir")
    values = {
        **values,
        **{name: os.path.expanduser(values[name]) for name in places},
    }
    read = dict(values)
    read["output"] = pathlib.Path(values["output"])
    read["data_dir"] = values["data_dir"] or str(read["output"] / "data")
    for name, least in (("real", 1), ("seeds", 0)):
        read[name] = _numbers(name, values[name], least)
        if not read[name]:
            raise UserError(f"--{name} must name at least one. Received: none")
    texts = values["multiples"]
    read["multiples"] = _numbers(
        "multiples", [text for text in texts if text != ALL], 1
    ) + ((ALL,) if ALL in texts else ())
    for name in ("segmenter_flags", "generator_flags", "synthesize_flags"):
        read[name] = _split(name, values[name])
    for name in ("segmenter_flagfile", "generator_flagfile"):
        if not pathlib.Path(values[name]).is_file():
            raise UserError(
                f"--{name} must be a file of train's flags. Received: "
                f"{values[name]!r}. Those that come along are named from the "
                "top of the checkout: experiments/utility/"
            )
        try:  # What it names must be there, too, before anything is trained.
            flags.FLAGS.read_flags_from_files([f"--flagfile={values[name]}"])
        except flags.CantOpenFlagFileError as error:
            raise UserError(
                f"--{name} must name only flagfiles that can be read from "
                f"here. Received: {values[name]} ({error}). Next: call it from "
                "the top of the checkout"
            ) from error
    return Settings(**read)


def _numbers(name, texts, least):
    """Whole numbers in rising order, each once."""
    if not all(text.isdecimal() and int(text) >= least for text in texts):
        raise UserError(
            f"--{name} must be whole numbers of at least {least} with commas "
            f"between them. Received: {','.join(texts)}"
        )
    return tuple(sorted({int(text) for text in texts}))


def _split(name, text):
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UserError(
            f"--{name} must be flags as in a shell. Received: {text!r} "
            f"({error})"
        ) from None
