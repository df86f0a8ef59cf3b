"""What produced a run: flags, seed, versions, commit, command, device."""

import dataclasses
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

from absl import logging

from migan_tf import __version__
from migan_tf.base import files
from migan_tf.base.config import TASKS, Config
from migan_tf.base.errors import UserError, quoted

# Files of one task of a run, below its folder.
RECORD, FLAGFILE = "run.json", "run.flags"
BEST_WEIGHTS = pathlib.Path("best", "network.weights.h5")
BEST_SCORES = pathlib.Path("best", "validation.json")

# By module, since a package comes in several distributions (opencv-python,
# opencv-python-headless).
_MODULES = "tensorflow keras tensorflow_datasets numpy cv2 sklearn".split()


# Of Eq. 7 to 12: nothing of them reaches a segmenter.
_STYLE = frozenset(
    "deviation style_image style_weight content_weight total_variation_weight "
    "consistency_weight style_block_weight style_layers content_layer "
    "loss_reduction vgg19_weights vgg19_size segmenter_model".split()
)


def write(folder, config, devices, data=None, trained=False) -> None:
    """Writes `run.json` and the reloadable `run.flags`, or checks them.

    `run.json` holds the flags and one entry for each start: a run that was
    resumed may owe its weights to more than one version.

    Args:
      folder: the folder of one task of the run.
      config: the resolved `Config`.
      devices: names of the devices, for the record.
      data: {split: {image_id: SHA-256}} of the photographs, for the record.
      trained: whether the folder has checkpoints, so that a record without
        which they cannot be understood must be there.

    Raises:
      UserError: the folder holds a run of other flags or photographs, or one
        whose flags cannot be read any more.
    """
    folder = pathlib.Path(folder)
    recorded = _recorded(folder, trained)
    if recorded:
        _check_same(recorded["config"], config, folder)
        _check_same_data(recorded["data"], data, folder)
    start = {
        "time": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
        "versions": _versions(),
        "commit": _commit(),
        "command": sys.argv,
        "devices": devices,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
    }
    record = {
        "config": dataclasses.asdict(config),
        "data": data,
        "starts": [*recorded.get("starts", ()), start],
    }
    files.write_text(folder / RECORD, json.dumps(record, indent=1))
    files.write_text(folder / FLAGFILE, as_flagfile(config))


def _recorded(folder, trained):
    """What is recorded of a run: `config`, `data`, `starts`; {} of a new one.

    The flags stand in two files, so that one of them may be lost.
    """
    path = folder / RECORD
    try:
        values = _read(path)
        return {
            "config": Config.recorded(values["config"]),
            "data": values.get("data"),
            "starts": list(values["starts"]),
        }
    except FileNotFoundError:
        reason = "is gone"
        if not trained:
            return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"is damaged or of a newer version ({error!r:.100})"
    try:
        config = _of_flagfile(folder / FLAGFILE)
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} {reason}, and {FLAGFILE} beside it cannot be read, "
            "either: it cannot be told whether the run there has the flags of "
            f"this command. Next: put one of them back, or move {folder} away "
            "to start anew with the same command"
        ) from None
    told = f"{path} {reason}; it is written anew by {FLAGFILE}"
    logging.warning("%s; what it told of earlier starts is lost", told)
    return {"config": config, "data": None, "starts": []}


def _read(path):
    return json.loads(path.read_text("utf-8"))


def _of_flagfile(path):
    """The `Config` of a `run.flags`."""
    kinds = {one.name: one.type for one in dataclasses.fields(Config)}
    lines = path.read_text("utf-8").splitlines()
    pairs = [line.removeprefix("--").partition("=")[::2] for line in lines]
    if {name for name, _ in pairs} != kinds.keys():
        raise ValueError("not all flags are there")
    values = {
        name: value == "True" if kinds[name] is bool else kinds[name](value)
        for name, value in pairs
    }
    return Config.recorded(values)


def train_command(folder) -> str:
    """The command that goes on with the task in a folder of a run."""
    flagfile = pathlib.Path(folder, FLAGFILE)
    return f"python -m migan_tf.train --flagfile={quoted(flagfile)}"


def read_config(folder) -> Config:
    """The `Config` recorded in the folder of one task of a run.

    Raises:
      UserError: there is none, it is damaged, or a newer program wrote it.
    """
    path = pathlib.Path(folder) / RECORD
    try:
        return Config.recorded(_read(path)["config"])
    except FileNotFoundError:
        raise UserError(
            f"--workdir must hold a run with a folder `{path.parent.name}`. "
            f"Received: {path.parent.parent}, which has no {path.parent.name}/"
            "run.json. Train one: python -m migan_tf.train "
            f"--task={path.parent.name} "
            f"--workdir={quoted(path.parent.parent)} …"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is not a record of this program's version "
            f"({__version__}), or damaged: {error}. Next: train on, "
            f"which writes it anew: {train_command(path.parent)}"
        ) from None


def is_run(folder) -> bool:
    """Whether a folder is that of one task of a run."""
    return pathlib.Path(folder, RECORD).exists()


def best_weights(folder) -> pathlib.Path:
    """The file of the weights that were best on validation.

    Args:
      folder: the folder of one task of a run.

    Raises:
      UserError: the run has not been validated yet.
    """
    folder = pathlib.Path(folder)
    weights = folder / BEST_WEIGHTS
    if not weights.exists():
        raise UserError(
            f"{folder} has no best/{weights.name} yet; it is written at the "
            f"first validation. Train on: {train_command(folder)}"
        )
    return weights


def best_scores(folder) -> dict:
    """What `best/validation.json` holds: the figures of the best weights.

    Args:
      folder: the folder of one task of a run.

    Raises:
      UserError: it cannot be read.
    """
    path = pathlib.Path(folder, BEST_SCORES)
    try:
        scores = _read(path)
        scores.keys()
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path} cannot be read: {error!r:.100}. Next: train on, which "
            f"writes it anew: {train_command(folder)}"
        ) from None
    return scores


def tasks_of(workdir, wanted="all") -> list[str]:
    """The tasks that a run folder holds, of those that are wanted.

    Args:
      workdir: the run.
      wanted: a task, which must be there, or `all`.

    Raises:
      UserError: there is none.
    """
    if wanted != "all":
        read_config(pathlib.Path(workdir) / wanted)
        return [wanted]
    found = [t for t in TASKS if is_run(pathlib.Path(workdir) / t)]
    if not found:
        raise UserError(
            f"--workdir must be a run folder. Received: {workdir}, which holds "
            f"neither {' nor '.join(TASKS)}. Train one: python -m "
            f"migan_tf.train --workdir={quoted(workdir)} …"
        )
    return found


def as_flagfile(config) -> str:
    """The flags as a text that `--flagfile` reads back to the same config."""
    values = dataclasses.asdict(config)
    return "".join(f"--{name}={value}\n" for name, value in values.items())


def _check_same(recorded, config, folder) -> None:
    different = []
    for field in dataclasses.fields(Config):
        old, new = getattr(recorded, field.name), getattr(config, field.name)
        if old == new or field.metadata["resumable"]:
            continue
        if field.name in _STYLE and folder.name == "segmentation":
            continue
        lengths = ("segmentation_steps", "synthesis_steps")
        if field.name in lengths and _may_change(
            field, old, config=config, folder=folder
        ):
            continue
        different.append(f"--{field.name}={new} (the run has {old})")
    if different:
        raise UserError(
            f"--workdir={config.workdir} holds a run of other flags: "
            f"{', '.join(different)}. Give the flags it has "
            f"(--flagfile={quoted(folder / FLAGFILE)}) or another --workdir."
        )


def _check_same_data(recorded, data, folder) -> None:
    if recorded is None or recorded == data:
        return
    old, new = (
        {(s, name, row[name]) for s, row in x.items() for name in row}
        for x in (recorded, data)
    )
    names = sorted({f"{split}/{name}" for split, name, _ in old ^ new})
    raise UserError(
        f"{folder} holds a run on other photographs than --data_dir has now: "
        f"{', '.join(names)}. Give the one it had or another --workdir."
    )


def _may_change(field, old, config, folder):
    """Whether the new length of a run leaves what was trained as it is.

    A constant learning rate does not depend on the length; the length of the
    other task never matters to this one.
    """
    if field.name != f"{pathlib.Path(folder).name}_steps":
        return True
    longer = getattr(config, field.name) >= old
    return longer and config.learning_rate_schedule == "constant"


def _versions():
    """Versions of this program, Python and the libraries it has imported."""
    versions = {"migan_tf": __version__, "python": platform.python_version()}
    for name in _MODULES:
        versions[name] = getattr(sys.modules.get(name), "__version__", None)
    return versions


def _commit():
    """The checkout's commit, `+changes` if it differs, None if installed."""
    here = pathlib.Path(__file__).parent

    def git(*arguments):
        return subprocess.run(
            ["git", "-C", str(here), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}+changes" if changed else commit
