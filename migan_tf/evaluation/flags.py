"""The settings of `evaluate.py`, by the task to which they mean something."""

import dataclasses
import functools

from migan_tf.base import settings
from migan_tf.base.config import TASKS
from migan_tf.base.errors import UserError
from migan_tf.evaluation.scored_image import PROTOCOLS

field = functools.partial(settings.field, task=None)


def of_segmentation(*, help, **more):
    """A field that means something to --task=segmentation alone."""
    help = f"--task=segmentation: {help}"
    return settings.field(help=help, task="segmentation", **more)


def of_synthesis(*, help, **more):
    """A field that means something to --task=synthesis alone."""
    help = f"--task=synthesis: {help}"
    return settings.field(help=help, task="synthesis", **more)


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of `evaluate.py`; each field's help says what it is."""

    task: str = field(
        topic="What is scored, on what, and where it goes",
        default="segmentation",
        help="What to score.",
        choices=TASKS,
    )
    workdir: str = field(default="", help="A run to score.", place=True)
    model: str = field(
        default="",
        help=(
            "A SavedModel to score by its served signature, and not a run; "
            "needs --output."
        ),
        place=True,
    )
    dataset: str = field(
        default="",
        help=(
            "Dataset to score on, or whose vessel maps are painted; default: "
            "the run's or the model's own."
        ),
    )
    data_dir: str = field(
        default="",
        help="Folder of the prepared datasets, if it is not the run's.",
        place=True,
    )
    manual_dir: str = field(
        default="",
        help="Folder of the archives of a dataset that is not prepared yet.",
        place=True,
    )
    split: str = field(
        default="test", help="Photographs to score: test, validation or train."
    )
    output: str = field(
        default="",
        help=(
            "Folder of the report; default RUN/evaluation/SPLIT, or "
            "synthesis_SPLIT."
        ),
        place=True,
    )

    predictions: str = of_segmentation(
        topic="Maps of any method, and how segmentations are scored",
        default="",
        help=(
            "Folder of any method's probability maps (png, tif, npy, …) to "
            "score, and not a run."
        ),
        place=True,
    )
    ground_truth: str = of_segmentation(
        default="",
        help="Folder of the first annotator's vessel maps.",
        place=True,
    )
    fov_masks: str = of_segmentation(
        default="",
        help="Folder of the field-of-view masks; full_frame needs none.",
        place=True,
    )
    find_fov_masks: bool = of_segmentation(
        default=False,
        help="Finds the field-of-view masks in the photographs of --fundus.",
    )
    second_annotator: str = of_segmentation(
        default="",
        help="Folder of the second annotator's vessel maps.",
        place=True,
    )
    fundus: str = of_segmentation(
        default="",
        help="Folder of the photographs that overlays are drawn on.",
        place=True,
    )
    subset: bool = of_segmentation(
        default=False, help="Score only those images that are predicted."
    )
    protocol: str = of_segmentation(
        default="paper",
        help="Pixels that count: "
        + "; ".join(f"{name}: {text}" for name, text in PROTOCOLS.items()),
        choices=tuple(PROTOCOLS),
    )
    validation_threshold: float | None = of_segmentation(
        default=None,
        help="Threshold of the second column; default: the run's own.",
        minimum=0.0,
        maximum=1.0,
    )
    bootstrap_samples: int = of_segmentation(
        default=1000,
        help="Draws of images that the intervals are estimated from.",
        minimum=0,
    )

    samples: int = of_synthesis(
        topic="How painted images are scored, --task=synthesis",
        default=4,
        help="Images painted of each vessel map.",
        minimum=0,
    )
    seed: int = of_synthesis(default=0, help="Seed of the noise.", minimum=0)
    segmenter_model: str = of_synthesis(
        default="",
        help=(
            "Segmenter that reads the painted vessels, a folder "
            "RUN/segmentation or a SavedModel; default: that of --workdir, "
            "else the newest in export/models."
        ),
        place=True,
    )
    reference_workdir: str = of_synthesis(
        default="",
        help="A run whose generator is scored beside this one.",
        place=True,
    )
    style_image: str = of_synthesis(
        default="",
        help=(
            "Style photograph, a file or an image_id; default: the run's, of "
            "--model none."
        ),
        place=True,
    )
    features: str = of_synthesis(
        default="auto",
        help=(
            "Features that the first KID compares; auto: vgg19 where its "
            "weights are at hand."
        ),
        choices=("auto", "segmenter", "vgg19"),
    )
    vgg19_weights: str = of_synthesis(
        default="",
        help="Weights of VGG-19, imagenet or a file; default: the run's.",
        place=True,
    )


def read() -> Settings:
    """The settings of the parsed flags.

    Raises:
      UserError: a value is at fault, or a flag of the other task was given.
    """
    found = settings.read(Settings)
    check(found)
    return found


def check(found) -> None:
    """Refuses what means nothing to the task.

    Raises:
      UserError: a flag of the other task was given.
    """
    task = found.task
    other = TASKS[1 - TASKS.index(task)]
    strange = [
        one.name
        for one in dataclasses.fields(found)
        if one.metadata["task"] == other
        and getattr(found, one.name) != one.default
    ]
    if strange:
        received = " ".join(f"--{n}={getattr(found, n)}" for n in strange)
        raise UserError(
            f"--task={task} takes no {', '.join(f'--{n}' for n in strange)}, "
            f"which {'is' if len(strange) == 1 else 'are'} for --task={other}. "
            f"Received: --task={task} {received}. Leave out the one or give "
            f"the other: python -m migan_tf.evaluate --task={other} …"
        )
