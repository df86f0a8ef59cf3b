"""The flags of `evaluate.py`, by the task to which they mean something."""

from absl import flags

from migan_tf.base.config import TASKS
from migan_tf.base.errors import UserError
from migan_tf.evaluation import scored_image

# Name: kind, default, text; an enum's default comes first of its choices.
SHARED = {
    "task": ("enum", TASKS, "What to score."),
    "workdir": ("string", "", "A run."),
    "data_dir": ("string", "", "Its prepared datasets, if moved since."),
    "manual_dir": ("string", "", "Archives of a dataset not yet prepared."),
    "split": ("string", "test", "test, validation or train."),
    "output": (
        "string",
        "",
        "Folder of the report; default RUN/evaluation/SPLIT, or "
        "synthesis_SPLIT.",
    ),
}
OF_TASK = {
    "segmentation": {
        "model": (
            "string",
            "",
            "Instead of a run: a SavedModel, by its served signature.",
        ),
        "dataset": ("string", "", "On which to score; default its own."),
        "predictions": (
            "string",
            "",
            "Instead of both: probability maps (png, tif, npy, …).",
        ),
        "ground_truth": ("string", "", "Vessel maps of the first annotator."),
        "fov_masks": (
            "string",
            "",
            "Field-of-view masks; not needed by full_frame.",
        ),
        "second_annotator": ("string", "", "Vessel maps of the second."),
        "fundus": ("string", "", "Photographs to draw the overlays on."),
        "subset": ("bool", False, "Score what is predicted."),
        "protocol": (
            "enum",
            tuple(scored_image.PROTOCOLS),
            f"{scored_image.PROTOCOLS}",
        ),
        "validation_threshold": ("float", None, "Default: the run's own."),
        "bootstrap_samples": ("integer", 1000, "Of images."),
    },
    "synthesis": {
        "samples": ("integer", 4, "Images of each vessel map."),
        "seed": ("integer", 0, "Of the noise."),
        "segmenter_model": (
            "string",
            "",
            "What reads the painted vessels, a folder RUN/segmentation; "
            "default that of --workdir.",
        ),
        "reference_workdir": (
            "string",
            "",
            "A run to score the generator beside.",
        ),
        "style_image": (
            "string",
            "",
            "x_s, a file or an image_id; default the run's.",
        ),
        "features": (
            "enum",
            ("auto", "segmenter", "vgg19"),
            "What the KID compares; auto: vgg19 where its weights are here.",
        ),
        "vgg19_weights": (
            "string",
            "",
            "imagenet or a file; default the run's.",
        ),
    },
}


def define() -> dict:
    """Defines the absl flags.

    Returns:
      {name: `absl.flags.FlagHolder`}.
    """
    holders = {name: _define(name, *row) for name, row in SHARED.items()}
    for task, rows in OF_TASK.items():
        for name, (kind, default, text) in rows.items():
            text = f"--task={task}: {text}"
            holders[name] = _define(name, kind, default=default, text=text)
    return holders


def check(values, given) -> None:
    """Refuses what means nothing to the task.

    Args:
      values: {flag: value}.
      given: names of those that differ from their defaults.

    Raises:
      UserError: a flag of the other task was given.
    """
    task = values["task"]
    other = TASKS[1 - TASKS.index(task)]
    strange = [name for name in OF_TASK[other] if name in given]
    if strange:
        received = " ".join(f"--{name}={values[name]}" for name in strange)
        raise UserError(
            f"--task={task} takes no {', '.join(f'--{n}' for n in strange)}, "
            f"which {'is' if len(strange) == 1 else 'are'} for --task={other}. "
            f"Received: --task={task} {received}. Leave out the one or give "
            f"the other: python -m migan_tf.evaluate --task={other} …"
        )


def _define(name, kind, default, text):
    if kind == "enum":
        return flags.DEFINE_enum(
            name, default[0], enum_values=default, help=text
        )
    if kind == "integer":
        return flags.DEFINE_integer(name, default, help=text, lower_bound=0)
    if kind == "float":
        return flags.DEFINE_float(
            name, default, help=text, lower_bound=0.0, upper_bound=1.0
        )
    return getattr(flags, f"DEFINE_{kind}")(name, default, text)
