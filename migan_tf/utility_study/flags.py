"""The settings of `utility.py`: which cells, which arms, trained how."""

import dataclasses
import pathlib
import shlex

from migan_tf.base import command_line, flagfiles, run_record, settings
from migan_tf.base.errors import UserError
from migan_tf.base.settings import field

ALL = "all"  # of --multiples: every pair, half of the examples
FLAGFILES = ("segmenter_flagfile", "generator_flagfile")


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of `utility.py`; each field's help says what it is.

    `read` gives numbers for the texts of --real, --seeds and --multiples, and
    lists of flags for the three texts of further flags.
    """

    dataset: str = field(
        topic="The data, and where the results go",
        default="drive",
        help="Dataset of the real photographs.",
    )
    data_dir: str = field(
        default="",
        help=(
            "Folder of the prepared datasets, the synthetic ones too. "
            "Default: OUTPUT/data."
        ),
        place=True,
    )
    manual_dir: str = field(
        default="",
        help="Folder of the archives of a dataset that is not prepared yet.",
        place=True,
    )
    output: str = field(
        default="",
        help="Folder of the experiment; made if it is missing.",
        place=True,
    )
    real: tuple[str, ...] = field(
        topic="The experiment",
        default=("2", "5", "10", "20"),
        help="Numbers of real training photographs; more than there are: all.",
    )
    seeds: tuple[str, ...] = field(
        default=("0", "1"),
        help="Seeds; the whole experiment is repeated for each.",
    )
    multiples: tuple[str, ...] = field(
        default=("1", "4"),
        help="Arms of k synthetic pairs for each photograph, or `all` pairs.",
    )
    tstr: bool = field(
        default=False,
        help=(
            "TSTR, train on synthetic, test on real: the segmenter on painted "
            "pairs alone beside the one on photographs alone, without the arms "
            "of --multiples."
        ),
    )
    pairs_until: float = field(
        default=1.0,
        help=(
            "Share of the steps, from the first on, in which the arms of "
            "photographs and pairs see pairs; then photographs alone."
        ),
        minimum=0,
        maximum=1,
    )
    pairs: int = field(
        default=500, help="Synthetic pairs made in each cell.", minimum=1
    )
    validation_images: int = field(
        default=1,
        help=(
            "Photographs held out to choose the weights, in all arms the same."
        ),
        minimum=1,
    )
    generator_model: str = field(
        default="",
        help=(
            "A generator that exists already paints the pairs of every cell, "
            "and none is trained: a run, its folder RUN/synthesis, or a "
            "SavedModel."
        ),
        place=True,
    )
    segmenter_flagfile: str = field(
        topic="How its networks are trained and its pairs are made",
        default="experiments/utility/segmenter.flags",
        help="Flagfile that the segmenter of every arm is trained by.",
        place=True,
    )
    generator_flagfile: str = field(
        default="experiments/utility/generator.flags",
        help="Flagfile that the generator of every cell is trained by.",
        place=True,
    )
    segmenter_flags: str = field(
        default="", help="Further flags of the segmenters, in one text."
    )
    generator_flags: str = field(
        default="", help="Further flags of the generators, in one text."
    )
    synthesize_flags: str = field(
        default="", help="Further flags of synthesize, in one text."
    )
    jobs: int = field(
        topic="How it runs",
        default=1,
        help="Cells that run at the same time, each on its cores.",
        minimum=1,
    )
    dry_run: bool = field(
        default=False,
        help=(
            "Print the plan and its commands; builds the dataset where need be."
        ),
    )


def read() -> Settings:
    """The settings of the parsed flags.

    Raises:
      UserError: a flag is at fault.
    """
    return parsed(settings.read(Settings), settings.given(Settings))


def parsed(given, named=()) -> Settings:
    """Settings as texts to settings whose texts are read.

    Args:
      given: `Settings` as the command line has them.
      named: names of those that stand on the command line.

    Returns:
      The same with `output` as a path, `data_dir` filled in, numbers in
      `real`, `seeds` and `multiples`, none of the last for `tstr`, the folder
      of a run's generator in `generator_model`, and tuples of flags in
      `…_flags`.

    Raises:
      UserError: a flag is at fault.
    """
    command_line.required(output=given.output, dataset=given.dataset)
    output = pathlib.Path(given.output)
    counts = {
        name: _numbers(name, getattr(given, name), least)
        for name, least in (("real", 1), ("seeds", 0))
    }
    for name, numbers in counts.items():
        if not numbers:
            raise UserError(f"--{name} must name at least one. Received: none")
    _check_together(given, named)
    texts = () if given.tstr else given.multiples
    multiples = _numbers("multiples", [t for t in texts if t != ALL], 1)
    commands = {
        name: _split(name, getattr(given, name))
        for name in ("segmenter_flags", "generator_flags", "synthesize_flags")
    }
    for name in FLAGFILES:
        if name != "generator_flagfile" or not given.generator_model:
            _check_flagfile(name, getattr(given, name))
    return dataclasses.replace(
        given,
        output=output,
        data_dir=given.data_dir or str(output / "data"),
        multiples=multiples + ((ALL,) if ALL in texts else ()),
        generator_model=_task_folder(given.generator_model),
        **counts,
        **commands,
    )


def _check_together(given, named):
    """Raises `UserError` where one flag would make nothing of another."""
    if given.tstr and given.multiples and "multiples" in named:
        raise UserError(
            "--tstr has no arms of photographs and pairs, and goes without "
            f"--multiples. Received: --multiples={','.join(given.multiples)}. "
            "Next: leave out one of the two"
        )
    trained_by = [
        name
        for name in ("generator_flagfile", "generator_flags")
        if given.generator_model and name in named and getattr(given, name)
    ]
    if trained_by:
        received = " ".join(f"--{n}={getattr(given, n)}" for n in trained_by)
        raise UserError(
            "--generator_model is a generator that is not trained here, and "
            f"goes without flags of its training. Received: {received}. Next: "
            "leave out the one or the others"
        )


def _task_folder(model):
    """The folder `synthesis` of a run; any other folder as it is given."""
    own = pathlib.Path(model, "synthesis")
    return str(own) if model and run_record.is_run(own) else model


def _check_flagfile(name, path):
    """Reads it and what it names, before anything is trained by them."""
    try:
        flagfiles.read(path)
    except UserError as error:
        raise UserError(
            f"--{name} must be a file of train's flags, and what it names such "
            f"files, too. Received: {path!r}: {error}"
        ) from error


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
