"""The flags of a job of many pairs, of `synthesize` and `synthesize_beam`."""

import os
import sys

from absl import flags

from migan_tf.base import command_line
from migan_tf.base.errors import UserError

# Of `sources`, which needs more than the flags do.
SOURCES = ("dataset", "deformed", "procedural", "folder")
# What means something only to a job of many pairs.
_OF_BULK = (
    "count format shard workers dataset data_dir manual_dir reader "
    "least_consistency least_distance colour_margin"
).split()
_PLACES = "workdir model vessel_maps output data_dir manual_dir reader".split()


def define() -> None:
    """Defines the flags; they are key flags of the program that calls."""
    found = [
        flags.DEFINE_string("workdir", "", "A run with a generator."),
        flags.DEFINE_string(
            "model",
            "",
            "Instead of it: a SavedModel or a folder RUN/synthesis. Without "
            "both: the newest in export/models.",
        ),
        flags.DEFINE_string("vessel_maps", "", "A map or a folder of maps."),
        flags.DEFINE_integer(
            "seed", 0, help="Seed of maps and noise codes.", lower_bound=0
        ),
        flags.DEFINE_float(
            "noise_stddev",
            None,
            help="σ of the noise; default: the run's.",
            lower_bound=0.0,
        ),
        flags.DEFINE_string("output", "fundi", "Folder of the results."),
        flags.DEFINE_enum(
            "vessel_source",
            None,
            enum_values=SOURCES,
            help="Makes annotated images in bulk, of new vessel maps: those of the "
            "training photographs, the same deformed, drawn ones, or files.",
        ),
        flags.DEFINE_integer(
            "count",
            100,
            help="Annotated images to make.",
            lower_bound=1,
            upper_bound=MOST,
        ),
        flags.DEFINE_enum(
            "format",
            "png",
            enum_values=FORMATS,
            help="Pictures in DRIVE's layout, or a dataset that --dataset and "
            "--extra_dataset of train take by the folder's name.",
        ),
        flags.DEFINE_string(
            "dataset",
            "",
            "Photographs whose maps are taken and that images are compared "
            "with; default: those the generator learned from.",
        ),
        flags.DEFINE_string(
            "data_dir", "", "Prepared datasets (default: TFDS's own folder)."
        ),
        flags.DEFINE_string(
            "manual_dir", "", "Folder of the downloaded archives or folders."
        ),
        flags.DEFINE_string(
            "reader",
            "",
            "Segmenter of the gate: a SavedModel or a folder "
            "RUN/segmentation. Default: the run's own, or the newest in "
            "export/models.",
        ),
        flags.DEFINE_float(
            "least_consistency",
            0.6,
            help="Gate: least Dice of the vessels painted and found again.",
            lower_bound=0.0,
            upper_bound=1.0,
        ),
        flags.DEFINE_float(
            "least_distance",
            5.0,
            help="Gate: least distance to a training photograph, grey levels.",
            lower_bound=0.0,
        ),
        flags.DEFINE_float(
            "colour_margin",
            25.0,
            help="Gate: how far means and spreads of the channels may lie beyond "
            "those of the training photographs, grey levels.",
            lower_bound=0.0,
        ),
    ]
    for holder in found:
        flags.FLAGS.register_key_flag_for_module(
            sys.argv[0], flags.FLAGS[holder.name]
        )


def checked(values, given=()) -> dict:
    """The flags of a job, with ~ in folders for the home.

    Args:
      values: {flag: value}, --vessel_source given.
      given: names of those that stand on the command line.

    Raises:
      UserError: flags that do not go together.
    """
    command_line.required(output=values["output"])
    source, maps = values["vessel_source"], values["vessel_maps"]
    if (source == "folder") != bool(maps):
        raise UserError(
            "--vessel_maps goes with --vessel_source=folder, and is needed "
            f"there. Received: --vessel_source={source} --vessel_maps={maps!r}"
        )
    if "samples" in given:
        raise UserError(
            "--samples goes without --vessel_source, which makes one image of "
            f"each map. Received: --samples={values['samples']}. Next: --count"
        )
    return _with_homes(values)


def checked_plain(values, given) -> dict:
    """The flags of `synthesize` without --vessel_source, as of `checked`.

    Args:
      values: {flag: value}.
      given: names of those that stand on the command line.

    Raises:
      UserError: one is missing, or means nothing without --vessel_source.
    """
    strange = [name for name in _OF_BULK if name in given]
    if strange:
        received = " ".join(f"--{name}={values[name]}" for name in strange)
        raise UserError(
            "--vessel_source must be given with "
            f"{', '.join(f'--{name}' for name in strange)}. Received: "
            f"{received} without it. Next: --vessel_source=deformed, say"
        )
    command_line.required(
        vessel_maps=values["vessel_maps"], output=values["output"]
    )
    return _with_homes(values)


def _with_homes(values):
    # A shell leaves the ~ of --flag=~/folder as it is.
    places = {name: os.path.expanduser(values[name] or "") for name in _PLACES}
    return {**values, **places}


FORMATS = ("png", "tfrecord")


MOST = 10**7  # numbers have seven digits in the files' names
