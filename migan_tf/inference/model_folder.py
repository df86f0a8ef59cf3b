"""Which trained network a command applies: a run's, or a SavedModel's.

`open_folder` alone looks whether a folder is the one or the other; the rest
of the program holds a `ModelFolder` and need not know. Nothing here imports
TensorFlow, whose kernels are chosen by what is found.
"""

import dataclasses
import hashlib
import json
import pathlib
import sys

from migan_tf import __version__
from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.inference import saved_files
from migan_tf.inference.saved_files import CARD, FILE_NAME

# The segmenters that come with the program by their names: trained on DRIVE and
# STARE together, or on one of them.
NAMED = {
    "general": "migan_segmentation",
    "drive": "migan_segmentation_drive",
    "stare": "migan_segmentation_stare",
}
# Where the export writes by default; beside the package, in a checkout; inside
# it, where it was installed.
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
MODELS = [
    parent / "export" / "models"
    for parent in (pathlib.Path(), _PACKAGE.parent, _PACKAGE)
]


@dataclasses.dataclass(frozen=True)
class ModelFolder:
    """A folder with a trained network, and what is written beside it."""

    path: pathlib.Path
    task: str  # segmentation or synthesis
    config: Config  # of the run that the network comes from
    card: dict | None = None  # the model card of a SavedModel; None of a run

    @property
    def is_saved_model(self) -> bool:
        """Whether it is a SavedModel and not a task's folder of a run."""
        return self.card is not None

    def whole(self) -> "ModelFolder":
        """Returns itself, before any work for it is done.

        Raises:
          UserError: files of a SavedModel are missing or damaged.
        """
        if self.is_saved_model and (reason := saved_files.fault(self.path)):
            raise UserError(saved_files.damaged(self.path, reason))
        return self

    @property
    def validation_threshold(self) -> float | None:
        """The threshold of best Dice on validation, where it is known."""
        if self.is_saved_model:
            return self.card["training"].get("best_threshold")
        if not (self.path / run_record.BEST_SCORES).exists():
            return None
        return run_record.best_scores(self.path).get("best_threshold")

    def identity(self) -> dict[str, str]:
        """Which network it is: `model`, `version` and `weights_sha256`.

        Raises:
          UserError: a run has no weights yet, or they cannot be read.
        """
        if self.is_saved_model:
            try:
                digest = self.card["network"]["weights_sha256"]
                name, version = self.card["model"], self.card["version"]
            except (KeyError, TypeError) as error:
                raise UserError(
                    f"{self.path / CARD} must say which network it is of. "
                    f"Received: a card without {error}. "
                    f"{saved_files.next_step('')}"
                ) from None
        else:
            weights = run_record.best_weights(self.path)
            try:
                digest = hashlib.sha256(weights.read_bytes()).hexdigest()
            except OSError as error:
                raise UserError(f"{weights} cannot be read: {error}") from error
            name, version = f"a run's {self.task}", __version__
        return {"model": name, "version": version, "weights_sha256": digest}


def find(task, workdir="", model="", flag="model") -> ModelFolder:
    """The network meant by --workdir (a run), --model or neither.

    Args:
      task: `segmentation` or `synthesis`.
      workdir: a run folder, or empty.
      model: a task's folder of a run, a SavedModel of `export.saved_model` or
        a folder of its versions, of a segmentation a key of `NAMED`, or empty.
        With both empty it is the newest version in export/models/.
      flag: what `model` was given by.

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
        return open_folder(pathlib.Path(workdir, task), task)
    if not model:
        return open_folder(_shipped(f"migan_{task}", task), task)
    if task == "segmentation" and model in NAMED:
        return open_folder(_shipped(NAMED[model], task), task)
    folder = _newest_version(pathlib.Path(model))
    if not _holds_saved_model(folder) and not run_record.is_run(folder):
        reason = saved_files.fault(folder)
        received = f"{model}, where {reason}" if folder.is_dir() else model
        raise UserError(
            f"--{flag} must be a SavedModel (with {FILE_NAME}), a folder of "
            f"its versions or a task's folder of a run (RUN/{task}). Received: "
            f"{received}. {saved_files.next_step(reason)}"
        )
    return open_folder(folder, task, flag)


def open_folder(path, task, flag="model") -> ModelFolder:
    """Reads what is written beside a network.

    Args:
      path: a SavedModel, or a task's folder of a run.
      task: what the network must be for.
      flag: what it was given by, for messages.

    Raises:
      UserError: there is no such network, or one of another program version.
    """
    path = pathlib.Path(path)
    if not _holds_saved_model(path):
        return ModelFolder(path, task, run_record.read_config(path))
    card = _read_card(path, task, flag)
    try:
        config = Config.recorded(card["training"]["flags"])
    except TypeError as error:
        raise UserError(
            f"--{flag}={path} has flags that this version does not know: "
            f"{error}. Use the version that exported it"
        ) from None
    for one in dataclasses.fields(config):
        _check_type(path / CARD, one, getattr(config, one.name))
    return ModelFolder(path, task, config, card=card)


def _check_type(card, one, value):
    kinds = (int, float) if one.type is float else one.type
    if not isinstance(value, kinds) or (type(value) is bool) != (
        one.type is bool
    ):
        raise UserError(
            f"{card} must have for {one.name} a value of type "
            f"{one.type.__name__}. Received: {value!r}. "
            f"{saved_files.next_step('')}"
        )


def versions(model_dir) -> list[int]:
    """The versions in a model's folder, rising."""
    model_dir = pathlib.Path(model_dir)
    if not model_dir.is_dir():
        return []
    names = [path.name for path in model_dir.iterdir()]
    numbers = [int(name) for name in names if name.isdecimal()]
    return sorted(n for n in numbers if str(n) in names)  # not 007


def _holds_saved_model(folder) -> bool:
    return pathlib.Path(folder, FILE_NAME).is_file()


def _read_card(folder, task, flag):
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        name = card["model"]
        flags = card["training"]["flags"]
        if not flags["segmenter"] or not hasattr(flags, "items"):
            raise ValueError("its flags are none")
    except (
        OSError, ValueError, LookupError, TypeError, RecursionError
    ) as error:  # fmt: skip
        reason = saved_files.fault(folder) or str(error)
        raise UserError(
            f"--{flag} must be a SavedModel of this program, with {CARD}. "
            f"Received: {folder} ({reason}). {saved_files.next_step(reason)}"
        ) from None
    if not f"{name}_".startswith(f"migan_{task}_"):
        raise UserError(
            f"--{flag} must be a SavedModel migan_{task}. Received: {folder}, "
            f"which is {name}. Next: give such a one, or leave --{flag} out"
        )
    return card


def _newest_version(folder):
    """The newest version of a model that is whole; says what it passes by."""
    found = versions(folder)
    if not found:
        return folder
    newest = folder / str(found[-1])
    faults = {}
    for version in reversed(found):
        place = folder / str(version)
        faults[place] = saved_files.fault(place)
        if faults[place]:
            continue
        if place != newest:
            print(
                f"{newest} is not whole, so that {place} is taken: "
                f"{faults[newest]}",
                file=sys.stderr,
            )
        return place
    return newest  # Whoever loads it says what is wrong.


def _shipped(name, task):
    for models in MODELS:
        if versions(models / name):
            return _newest_version(models / name)
    raise UserError(
        f"give either --workdir (a run folder) or --model (its folder {task}, "
        "or a SavedModel). Received: neither, and there is no "
        f"export/models/{name} to take in its place. Export one: python "
        "-m migan_tf export --workdir=RUN"
    )
