"""The experiment as steps: what is trained on what, and by which command.

A cell is a number n of real photographs and a seed. All that is trained in it
sees those n photographs and no others: the segmenter of the arm `real`, the
generator, whose deformed vessel maps are those of the n, and through its pairs
the other arms. A generator that exists already may stand in for those of the
cells; what it has seen is told by `given_generator`. The photographs held out
for validation choose the weights of each network, the same ones in every arm.
Each arm is trained by the same flags, seed and number of steps; only where its
examples come from differs.
"""

import dataclasses
import functools
import json
import pathlib
import re
import shlex
import sys
from collections.abc import Callable

from migan_tf.base import run_record
from migan_tf.base.errors import UserError
from migan_tf.base.files import METRICS, SUMMARY
from migan_tf.metrics.paired_test import MOST_PAIRS
from migan_tf.utility_study.flags import ALL

REAL, SYNTHETIC = "real", "synthetic"  # Names of the arms without a mixture.
GENERATOR = "generator"  # Folder of a cell's generator, beside those of arms.
SYNTHESIS = "synthesis"  # The kind of the step that makes a cell's pairs.
JOB = "job.json"  # what `synthesize` says that pairs are a function of
_METRICS = pathlib.Path("evaluation", "test", METRICS)


@dataclasses.dataclass(frozen=True)
class Step:
    """One command of the program, with the file that it must leave."""

    name: str  # such as n5_seed0/real/train
    kind: str  # Steps of one kind take about as long.
    command: tuple[str, ...]
    result: pathlib.Path  # the file without which it is not done
    check: Callable = lambda: None  # raises where the result does not suffice


@dataclasses.dataclass(frozen=True)
class Arm:
    """One way to train the segmenter of a cell."""

    name: str
    title: str
    share: float = 0.0  # of the training examples that are synthetic
    count: int = 0  # pairs that are used; 0 is all


@dataclasses.dataclass(frozen=True)
class Cell:
    """What is done with n photographs and one seed, in this order."""

    real: int  # photographs that are trained on, n
    seed: int
    folder: pathlib.Path
    pool: pathlib.Path  # folder of the pairs
    arms: tuple[Arm, ...]
    steps: tuple[Step, ...]

    def metrics(self, arm) -> pathlib.Path:
        """The file that the score of an arm is in."""
        return self.folder / arm.name / _METRICS


def make(settings, available, tested, generator=None) -> list[Cell]:
    """Plans all cells, by rising number of photographs.

    Args:
      settings: `flags.Settings`.
      available: number of photographs of the training split.
      tested: number of photographs of the test split.
      generator: `given_generator.GivenGenerator`, in place of one for each
        cell; or None.

    Raises:
      UserError: they do not suffice for what is asked for.
    """
    left = available - settings.validation_images
    if left < 1:
        raise UserError(
            "--validation_images must leave at least one of the "
            f"{available} training photographs of {settings.dataset}. "
            f"Received: {settings.validation_images}"
        )
    if not 1 <= tested <= MOST_PAIRS:
        raise UserError(
            f"--dataset must have 1 to {MOST_PAIRS} test photographs, for the "
            f"exact paired test. Received: {settings.dataset} with {tested}"
        )
    numbers = sorted({min(n, left) for n in settings.real})
    most = max((k for k in settings.multiples if k != ALL), default=0)
    if most * numbers[-1] > settings.pairs:
        raise UserError(
            f"--pairs must be at least {most * numbers[-1]}, the largest of "
            f"--multiples times the {numbers[-1]} photographs. Received: "
            f"{settings.pairs}"
        )
    return [
        _cell(settings, n, seed=seed, whole=n == left, generator=generator)
        for n in numbers
        for seed in settings.seeds
    ]


def describe(cells) -> str:
    """The plan with its commands, to be read or pasted into a shell."""
    steps = [step for cell in cells for step in cell.steps]
    lines = [
        f"{len(cells)} cells of {len(cells[0].arms)} arms, {len(steps)} steps"
    ]
    for number, step in enumerate(steps, start=1):
        lines += [f"# {number}: {step.name}", shlex.join(step.command)]
    return "\n".join(lines)


def read_summary(pool) -> dict:
    """What `synthesize` said of the pairs of a cell.

    Args:
      pool: folder of the pairs.

    Raises:
      UserError: there is no summary that can be read.
    """
    return _read(pool, SUMMARY)


def _read(pool, name):
    try:
        return json.loads((pool / name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{pool} must hold the {name} of its pairs: {error}. Remove that "
            "folder and run the same command again"
        ) from None


def _cell(settings, real, seed, whole, generator):
    """A cell of `real` photographs; `whole` where these are all there are."""
    name = f"n{real}_seed{seed}"
    folder = settings.output / name
    arms = _arms(settings.multiples, real)
    places = [
        f"--data_dir={settings.data_dir}",
        f"--manual_dir={settings.manual_dir}",
        f"--seed={seed}",
    ]
    seen = [
        f"--dataset={settings.dataset}",
        *places,
        f"--train_photographs={0 if whole else real}",
        f"--validation_images={settings.validation_images}",
    ]
    pool = pathlib.Path(
        settings.data_dir, _dataset_name(settings.dataset, name)
    )
    steps = _arm_steps(settings, folder / REAL, seen)
    if generator is None:
        workdir = folder / GENERATOR
        steps.append(
            _training(settings, "generator", workdir=workdir, further=seen)
        )
    steps.append(
        _synthesis(
            settings,
            folder,
            pool=pool,
            places=places,
            arms=arms,
            generator=generator,
        )
    )
    for arm in arms[1:]:
        extra = [
            f"--extra_dataset={pool.name}",
            f"--extra_share={arm.share!r}",
            f"--extra_count={arm.count}",
        ]
        if arm.name != SYNTHETIC:
            extra.append(f"--extra_until={settings.pairs_until!r}")
        steps += _arm_steps(settings, folder / arm.name, seen + extra)
    return Cell(
        real, seed, folder=folder, pool=pool, arms=arms, steps=tuple(steps)
    )


def _arms(multiples, real) -> tuple[Arm, ...]:
    """The arms of a cell of `real` photographs, that of them alone first."""
    arms = [
        Arm(REAL, "real only"),
        Arm(SYNTHETIC, "synthetic only", 1.0),
    ]
    for k in multiples:
        if k == ALL:
            arms.append(Arm("real_all", "real + all synthetic", 0.5))
            continue
        # A photograph and each of its k pairs are then drawn equally often.
        name, title = f"real_{k}x", f"real + {k}× synthetic"
        arms.append(Arm(name, title, share=k / (k + 1), count=k * real))
    return tuple(arms)


def _arm_steps(settings, workdir, further):
    """Trains the segmenter of an arm and scores it."""
    training = _training(
        settings, "segmenter", workdir=workdir, further=further
    )
    scoring = _step(
        workdir,
        "evaluate",
        kind="evaluation",
        arguments=(f"--workdir={workdir}",),
        result=workdir / _METRICS,
    )
    return [training, scoring]


def _training(settings, kind, workdir, further):
    task = {"segmenter": "segmentation", "generator": "synthesis"}[kind]
    return _step(
        workdir,
        "train",
        kind=f"training of a {kind}",
        arguments=(
            f"--flagfile={getattr(settings, f'{kind}_flagfile')}",
            f"--task={task}",
            *further,
            f"--workdir={workdir}",
            *getattr(settings, f"{kind}_flags"),
        ),
        result=workdir / task / run_record.BEST_WEIGHTS,
    )


def _synthesis(settings, folder, pool, places, arms, generator):
    """The pairs of a cell: maps deformed and painted.

    They are maps of the photographs that the generator learned from: of the
    cell's n, but for a generator that is given.
    """
    workdir = folder / GENERATOR
    painter = f"--workdir={workdir}"
    if generator is not None:
        painter = f"--model={generator.folder}"
    step = _step(
        workdir,
        "synthesize",
        kind=SYNTHESIS,
        arguments=(
            painter,
            "--vessel_source=deformed",
            f"--reader={folder / REAL / 'segmentation'}",
            f"--count={settings.pairs}",
            "--format=tfrecord",
            *places,
            f"--output={pool}",
            *settings.synthesize_flags,
        ),
        result=pool / SUMMARY,
    )
    check = functools.partial(_check_pool, pool, arms, generator=generator)
    return dataclasses.replace(step, check=check)


def _step(workdir, command, kind, arguments, result):
    name = f"{workdir.parent.name}/{workdir.name}/{command}"
    call = (sys.executable, "-m", f"migan_tf.{command}", *arguments)
    return Step(name, kind, command=call, result=result)


def _dataset_name(dataset, cell):
    """A name as TFDS allows it, of letters, digits and underscores."""
    return f"utility_{re.sub('[^a-z0-9]+', '_', dataset)}_{cell}"


def _check_pool(pool, arms, generator) -> None:
    """Raises `UserError` where pairs are too few, or not a given generator's.

    A gate may let through too few for an arm; a run that is trained on has
    other best weights than those that the experiment began with.
    """
    if generator is not None:
        painted_by = _read(pool, JOB)["model"]["weights_sha256"]
        if painted_by != generator.identity["weights_sha256"]:
            raise UserError(
                "--generator_model must stay as it was while the experiment "
                f"runs. Received: {generator.folder}, whose weights have "
                f"changed before {pool} was made. Next, with another --output "
                "(and --data_dir, if given): the same command when its "
                "training is over"
            )
    found = read_summary(pool)
    least = max(1, *(arm.count for arm in arms))
    if found["pairs"] < least:
        refused = {k: n for k, n in found["refused"].items() if n}
        raise UserError(
            f"--pairs must leave {least} that pass the gate, for the largest "
            f"of --multiples. Received: {found['pairs']} of "
            f"{found['images_made']} images, the others refused for {refused}. "
            "Next, with another --output (and --data_dir, if given): a larger "
            "--pairs, or --synthesize_flags=--least_consistency=0.4, say"
        )
