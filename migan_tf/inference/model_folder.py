"""Which trained network a command applies: a run's, or a SavedModel's."""

import json
import pathlib

from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError

FILE_NAME = "saved_model.pb"
WEIGHTS = pathlib.Path("best", "network.weights.h5")
CARD = pathlib.Path("assets.extra", "model_card.json")
# Where the export writes by default; beside the package, in a checkout; inside
# it, where it was installed.
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
MODELS = [
    parent / "export" / "models"
    for parent in (pathlib.Path(), _PACKAGE.parent, _PACKAGE)
]


def find(task, workdir, model, flag="model"):
    """The folder meant by --workdir (a run), --model or neither.

    Args:
      task: `segmentation` or `synthesis`.
      workdir: a run folder, or empty.
      model: a task's folder of a run, a SavedModel of `export.saved_model` or
        a folder of its versions, or empty. With both empty it is the newest
        version in export/models/.
      flag: what `model` was given by.

    Returns:
      (folder, segmenter): of the network, and the --segmenter of its run,
      which `command_line.choose_kernels` takes.

    Raises:
      UserError: both were given, or there is no such network.
    """
    if workdir and model:
        raise UserError(
            "give either --workdir (a run folder) or --model (its folder "
            f"{task}, or a SavedModel). Received: --workdir={workdir!r} "
            f"--model={model!r}"
        )
    if workdir:
        folder = pathlib.Path(workdir, task)
    else:
        folder = _given(model, flag, task) if model else _shipped(task)
    if not is_saved_model(folder):
        return folder, run_record.read_config(folder).segmenter
    flags = read_card(folder, task, flag)["training"]["flags"]
    return folder, flags["segmenter"]


def is_saved_model(folder) -> bool:
    """Whether a folder holds a SavedModel, and not a task of a run."""
    return pathlib.Path(folder, FILE_NAME).is_file()


def weights_of(folder) -> pathlib.Path:
    """The file of the best weights of a task's folder of a run.

    Raises:
      UserError: the run has not been validated yet.
    """
    weights = pathlib.Path(folder, WEIGHTS)
    if not weights.exists():
        raise UserError(
            f"{folder} has no best/{weights.name} yet; it is written at the "
            "first validation. Train on: python -m migan_tf.train "
            f"--flagfile={folder}/run.flags"
        )
    return weights


def read_card(folder, task, flag="model") -> dict:
    """The model card of a SavedModel.

    Args:
      folder: of the SavedModel.
      task: what it must be for.
      flag: what it was given by.

    Raises:
      UserError: there is none, or the model is for something else.
    """
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        name, _ = card["model"], card["training"]["flags"]["segmenter"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"--{flag} must be a SavedModel of this program, with {CARD}. "
            f"Received: {folder} ({error}). Export one: python -m "
            "export.saved_model --workdir=RUN"
        ) from None
    if not f"{name}_".startswith(f"migan_{task}_"):
        raise UserError(
            f"--{flag} must be a SavedModel migan_{task}. Received: {folder}, "
            f"which is {name}"
        )
    return card


def config_of(folder, task) -> Config:
    """The `Config` of the run that a network comes from.

    Args:
      folder: a task's folder of a run, or a SavedModel.
      task: what it must be for.

    Raises:
      UserError: no such network, or another version's.
    """
    if not is_saved_model(folder):
        return run_record.read_config(folder)
    try:
        return Config(**read_card(folder, task)["training"]["flags"])
    except TypeError as error:
        raise UserError(
            f"--model={folder} has flags that this version does not know: "
            f"{error}. Use the version that exported it"
        ) from None


def versions(model_dir) -> list[int]:
    """The versions in a model's folder, rising."""
    model_dir = pathlib.Path(model_dir)
    if not model_dir.is_dir():
        return []
    names = [path.name for path in model_dir.iterdir()]
    numbers = [int(name) for name in names if name.isdecimal()]
    return sorted(n for n in numbers if str(n) in names)  # not 007


def _given(model, flag, task):
    folder = pathlib.Path(model).expanduser()
    if found := versions(folder):
        folder = folder / str(found[-1])
    if not is_saved_model(folder) and not (folder / "run.json").exists():
        raise UserError(
            f"--{flag} must be a SavedModel (with {FILE_NAME}), a folder of "
            f"its versions or a task's folder of a run (RUN/{task}). Received: "
            f"{model}. Export one: python -m export.saved_model --workdir=RUN"
        )
    return folder


def _shipped(task):
    for models in MODELS:
        folder = models / f"migan_{task}"
        if found := versions(folder):
            return folder / str(found[-1])
    raise UserError(
        f"give either --workdir (a run folder) or --model (its folder {task}, "
        "or a SavedModel). Received: neither, and there is no "
        f"export/models/migan_{task} to take by default. Export one: python "
        "-m export.saved_model --workdir=RUN"
    )
