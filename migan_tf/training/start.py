"""What is looked at before TensorFlow is loaded, and the folders' locks.

Whoever trains begins here: `train` refuses at once what would be refused half
a minute later or, as two trainings in one folder, not at all.
"""

import contextlib
import os
import pathlib

from migan_tf.base import locks
from migan_tf.base.errors import UserError
from migan_tf.training import tf_config

LOCK = ".training.lock"


def train(*configs) -> int:
    """Trains runs one after the other; see `trainer.train`.

    Args:
      *configs: validated `Config`s, which agree in --distribute and
        --deterministic.

    Raises:
      UserError: TF_CONFIG, a run folder, the data or a run is at fault.
    """
    worker = None
    if configs[0].distribute == "multiworker":
        worker = tf_config.read()
    with contextlib.ExitStack() as stack:
        for config in configs:
            _check_workdir(config)
            # Other workers write nothing, and may share the chief's disk.
            if not config.dry_run and (worker is None or worker.is_chief):
                for task in config.tasks():
                    stack.enter_context(_claimed(config, task))
        from migan_tf.training import trainer  # TensorFlow only now.

        return trainer.train(*configs)


def _check_workdir(config):
    """Refuses what can neither be a folder nor be made one."""
    try:
        config.workdir.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(
            "--workdir must be a name in UTF-8, as the files in it are. "
            f"Received: {config.workdir!r}. Next: give another --workdir"
        ) from None
    place = pathlib.Path(config.workdir).absolute()
    try:
        while not os.path.lexists(place):
            place = place.parent
        # A link to nothing is no folder, either.
        usable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
        reason = f"{place} is no folder that can be written"
    except OSError as error:
        usable, reason = False, error.strerror
    if not usable:
        raise _unwritable(config, reason)


@contextlib.contextmanager
def _claimed(config, task):
    """Holds the folder of a task; what stayed empty in it is removed."""
    folder = pathlib.Path(config.workdir, task)
    places = (folder, *folder.parents)
    made = [place for place in places if not os.path.lexists(place)]
    with contextlib.ExitStack() as stack:
        stack.callback(_remove_empty, made)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locks.hold(folder / LOCK, wait=False))
        except locks.HeldError as error:
            raise UserError(
                f"--workdir={config.workdir}: {task} is being trained there "
                f"already, by {error or 'another process'}. Two would undo "
                "each other's steps. Next: wait for it, stop it (kill -TERM: "
                "it saves first), or give another --workdir"
            ) from None
        except OSError as error:
            raise _unwritable(
                config, f"{error.filename or folder}: {error.strerror}"
            ) from error
        yield


def _remove_empty(folders):
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()  # Never what holds something.


def _unwritable(config, reason):
    return UserError(
        "--workdir must be a folder that can be written, or made: "
        f"{reason}. Received: --workdir={config.workdir}. Next: make room or "
        "make it writable, or give another --workdir"
    )
