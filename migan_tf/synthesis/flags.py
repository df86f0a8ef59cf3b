"""The settings of `synthesize.py` and `synthesize_beam.py`."""

import dataclasses
import functools

from migan_tf.base import command_line, settings
from migan_tf.base.config_checks import TOTAL_STRIDE
from migan_tf.base.errors import UserError
from migan_tf.inference.contrast import AS_PHOTOGRAPHED, read_contrast
from migan_tf.vessel_maps.sources import SOURCES

FORMATS = ("png", "tfrecord")
# σ of the noise beyond which nothing that is painted is a retina; trained with
# 0.001 or 1, looked at with 1.
MOST_STDDEV = 4.0
MOST = 10**7  # numbers have seven digits in the files' names

# `bulk`: it means something only to a job of many pairs.
field = functools.partial(settings.field, bulk=False)
bulk_field = functools.partial(settings.field, bulk=True)


@dataclasses.dataclass(frozen=True)
class JobSettings:
    """The flags of a job of many pairs; each field's help says what it is."""

    workdir: str = field(
        topic="What is painted, by which generator",
        default="",
        help="A run whose generator is applied.",
        place=True,
    )
    model: str = field(
        default="",
        help=(
            "A SavedModel or a folder RUN/synthesis, and not a run. Without "
            "both: the newest in export/models."
        ),
        place=True,
    )
    vessel_maps: str = field(
        default="", help="A vessel map, or a folder of maps.", place=True
    )
    recursive: bool = field(
        default=False,
        help="Takes the maps of --vessel_maps' sub-folders, too.",
    )
    seed: int = field(
        default=0, help="Seed of the maps and the noise codes.", minimum=0
    )
    noise_stddev: float | None = field(
        default=None,
        help="Standard deviation σ of the noise; default: the run's.",
        minimum=0.0,
    )
    contrast: str = field(
        default="1",
        help=(
            "Contrast of the vessels, from 0 to 4; 1 is as photographed. "
            "0.5:1.2 draws one for each image. Of --generator=delta."
        ),
    )
    style_fundus: str = field(
        default="",
        help=(
            "A photograph, of any camera, in whose style (colours, light, "
            "grain) to paint. Of --generator=delta."
        ),
        place=True,
    )
    image_size: int = field(
        default=0,
        help=(
            "Side of the images in pixels; 0: the generator's own. Another "
            f"one is a multiple of {TOTAL_STRIDE}, of --generator=delta."
        ),
        minimum=0,
    )
    output: str = field(
        default="fundi", help="Folder of the results.", place=True
    )
    vessel_source: str | None = field(
        topic="Annotated images in bulk",
        default=None,
        help=(
            "Makes annotated images in bulk, of new vessel maps: those of the "
            "training photographs, the same deformed, drawn ones, or files."
        ),
        choices=SOURCES,
    )
    count: int = bulk_field(
        default=100,
        help="Number of annotated images to make.",
        minimum=1,
        maximum=MOST,
    )
    format: str = bulk_field(
        default="png",
        help=(
            "Pictures in DRIVE's layout, or a dataset that --dataset and "
            "--extra_dataset of train take by the folder's name."
        ),
        choices=FORMATS,
    )
    dataset: str = bulk_field(
        default="",
        help=(
            "Photographs whose maps are taken and that images are compared "
            "with; default: those the generator learned from."
        ),
    )
    data_dir: str = bulk_field(
        default="",
        help=(
            "Folder of the prepared datasets; default: that of TensorFlow "
            "Datasets."
        ),
        place=True,
    )
    manual_dir: str = bulk_field(
        default="",
        help="Folder of the downloaded archives, or of what they hold.",
        place=True,
    )
    reader: str = bulk_field(
        default="",
        help=(
            "Segmenter of the gate: a SavedModel or a folder "
            "RUN/segmentation. Default: the run's own, or the newest in "
            "export/models."
        ),
        place=True,
    )
    least_consistency: float = bulk_field(
        topic="The gate of annotated images in bulk",
        default=0.6,
        help="Gate: least Dice of the vessels painted and found again.",
        minimum=0.0,
        maximum=1.0,
    )
    least_distance: float = bulk_field(
        default=5.0,
        help="Gate: least distance to a training photograph, grey levels.",
        minimum=0.0,
    )
    colour_margin: float = bulk_field(
        default=25.0,
        help=(
            "Gate: how far means and spreads of the channels may lie beyond "
            "those of the training photographs, grey levels."
        ),
        minimum=0.0,
    )


@dataclasses.dataclass(frozen=True)
class Settings(JobSettings):
    """The flags of `synthesize.py`."""

    samples: int = field(
        topic="Images of each map that is given",
        default=1,
        help="Images of each map, without --vessel_source.",
        minimum=1,
    )
    overwrite: bool = field(
        default=False,
        help=(
            "Makes images anew that are there already, whoever made them; "
            "without --vessel_source."
        ),
    )
    force: bool = field(
        default=False,
        help=(
            "Paints also with a --noise_stddev that paints no retinas, without "
            "--vessel_source."
        ),
    )
    shard: str = bulk_field(
        topic="How a job is shared",
        default="0/1",
        help=(
            "i/n: the i-th of n machines, from 0, that share a job of "
            "--vessel_source."
        ),
    )
    workers: int = bulk_field(
        default=0,
        help="Processes of --vessel_source; 0: one for each core.",
        minimum=0,
    )


def read(kind):
    """The settings of the parsed flags.

    Args:
      kind: `Settings` or `JobSettings`.

    Raises:
      UserError: a value is at fault, or flags do not go together.
    """
    found = settings.read(kind)
    check(found, settings.given(kind))
    return found


def check(found, given=()) -> None:
    """Checks what the settings must fulfil beyond their types.

    Args:
      found: `Settings` or `JobSettings`.
      given: names of those that stand on the command line.

    Raises:
      UserError: settings do not go together, or one is missing.
    """
    read_contrast(found.contrast)
    if found.vessel_source:
        _check_job(found, given)
    else:
        _check_plain(found, given)


def check_generator(found, folder) -> None:
    """Checks, before any work, that a generator can paint what is asked for.

    Args:
      found: `Settings` or `JobSettings`.
      folder: `model_folder.ModelFolder` of the generator.

    Raises:
      UserError: it knows no contrast, no style or no other size.
    """
    size, own = found.image_size, folder.config.image_size
    asked = {
        "contrast": read_contrast(found.contrast) != AS_PHOTOGRAPHED,
        "style_fundus": bool(found.style_fundus),
        "image_size": size not in (0, own),
    }
    names = [name for name in asked if asked[name]]
    if folder.config.generator != "delta" and names:
        received = " ".join(f"--{n}={getattr(found, n)}" for n in names)
        raise UserError(
            f"{', '.join(f'--{name}' for name in names)} must go with a "
            f"generator of --generator=delta. Received: {received} with "
            f"{folder.path}, of --generator={folder.config.generator} and "
            f"{own} pixels. Next: give the --workdir or --model of another; "
            "--flagfile=experiments/drive_delta.flags trains one"
        )
    if size % TOTAL_STRIDE:
        nearest = max(1, round(size / TOTAL_STRIDE)) * TOTAL_STRIDE
        raise UserError(
            f"--image_size must be a multiple of {TOTAL_STRIDE}. Received: "
            f"--image_size={size}. Next: --image_size={nearest}"
        )


def _check_job(found, given):
    command_line.required(output=found.output)
    source, maps = found.vessel_source, found.vessel_maps
    if (source == "folder") != bool(maps):
        raise UserError(
            "--vessel_maps goes with --vessel_source=folder, and is needed "
            f"there. Received: --vessel_source={source} --vessel_maps={maps!r}"
        )
    if found.recursive and source != "folder":
        raise UserError(
            "--recursive goes with --vessel_maps. Received: --recursive "
            f"--vessel_source={source}. Next: leave it out"
        )
    _check_without_job(found, given)
    if "samples" in given:
        raise UserError(
            "--samples goes without --vessel_source, which makes one image of "
            f"each map. Received: --samples={found.samples}. Next: --count"
        )


def _check_without_job(found, given):
    """Refuses flags of a few images; a job goes on and has its own gate."""
    strange = [name for name in ("overwrite", "force") if name in given]
    if strange:
        raise UserError(
            f"--{strange[0]} goes without --vessel_source, whose jobs go on "
            "where they were stopped and check each image. Received: "
            f"--{strange[0]} --vessel_source={found.vessel_source}. Next: "
            "leave it out, or give another --output"
        )


def _check_plain(found, given):
    strange = [
        one.name
        for one in dataclasses.fields(found)
        if one.metadata["bulk"] and one.name in given
    ]
    if strange:
        received = " ".join(f"--{n}={getattr(found, n)}" for n in strange)
        raise UserError(
            "--vessel_source must be given with "
            f"{', '.join(f'--{name}' for name in strange)}. Received: "
            f"{received} without it. Next: --vessel_source=deformed, say"
        )
    command_line.required(vessel_maps=found.vessel_maps, output=found.output)
    stddev = found.noise_stddev
    if stddev is not None and stddev > MOST_STDDEV and not found.force:
        raise UserError(
            f"--noise_stddev must be at most {MOST_STDDEV:g}: with more no "
            f"retina is painted. Received: --noise_stddev={stddev:g}. Next: "
            "--noise_stddev=1, or --force"
        )
