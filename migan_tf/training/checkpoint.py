"""Saves and restores a run, complete and bit-exact.

A checkpoint holds the plain `tf.Variable` behind every Keras variable, in
ordered lists: the object graph of a Keras model leaves out seed states and
layers inside lists. What the order means is fixed by the run's flags, which
`run_record` compares before anything is restored.

Which checkpoints there are is found by looking at the folder. The small file
`checkpoint`, in which TensorFlow keeps their list, is written for its tools
and never believed: where it was lost, a run would begin anew on top of them.
"""

import contextlib
import io
import json
import math
import os
import pathlib
import re
import shutil

import tensorflow as tf
from absl import logging

from migan_tf.base import files, run_record
from migan_tf.base.errors import UserError
from migan_tf.inference import run_networks
from migan_tf.models.weights import weights_sha256

# What TensorFlow raises for a damaged, truncated or incomplete checkpoint.
_DAMAGED = (tf.errors.OpError, OSError, IndexError, ValueError, AssertionError)
_FILE = re.compile(r"ckpt-(\d+)\.(index|data-\d{5}-of-\d{5})")
_LIST = "checkpoint"  # the name that TensorFlow gives it
# Where a checkpoint is written; its files are moved out when they are whole.
_UNFINISHED = ".unfinished"


class Checkpoints:
    """The `checkpoints/` and `best/` of one task of a run.

    Attributes:
      best_is_lost: whether `best/` is not what the restored run had kept, so
        that the next validation is the best.
    """

    best_is_lost = False

    def __init__(self, folder, state, keep):
        """Lists what is to be saved; nothing is read or written yet.

        Args:
          folder: the task's folder.
          state: `state.TrainState`.
          keep: how many checkpoints are kept.
        """
        self._folder = pathlib.Path(folder)
        self._place = self._folder / "checkpoints"
        self._state, self._keep = state, keep
        # The least validation loss so far, or the greatest figure's negative.
        self._best_loss = tf.Variable(
            float("inf"), dtype=tf.float32, trainable=False
        )
        lists = {
            name: [variable.value for variable in holder.variables]
            for name, holder in state.holders().items()
        }
        self._checkpoint = tf.train.Checkpoint(
            step=state.step, best_loss=self._best_loss, **lists
        )
        # Older releases have saved this number, too: it is made here.
        self._checkpoint.save_counter.assign(0)

    def save(self) -> None:
        """Writes a checkpoint of the current step.

        Raises:
          UserError: the disk is full or not writable; older checkpoints are
            as they were.
        """
        step = int(self._state.step.numpy())
        try:
            self._write(step)
            self._remove_others(step)
        except (tf.errors.OpError, OSError) as error:
            kept = self.steps()
            good = f"ckpt-{kept[-1]}" if kept else "none yet"
            raise UserError(
                f"checkpoint of step {step} could not be written to "
                f"{self._place}: {_first_line(error)}; "
                f"{files.room(self._place)}. The last good one: {good}. Make "
                "room or make the folder writable, then give the same command "
                "again: the run goes on from there."
            ) from error

    def steps(self) -> list[int]:
        """The steps of which checkpoint files are there, rising."""
        if not self._place.is_dir():
            return []
        names = [_FILE.fullmatch(path.name) for path in self._place.iterdir()]
        return sorted({int(name[1]) for name in names if name})

    def restore(self) -> int:
        """Goes back to the newest checkpoint that is whole.

        Returns:
          The step restored, 0 for a fresh run.

        Raises:
          UserError: there are checkpoints and none is whole.
        """
        self._finish_a_move()
        steps = self.steps()
        best_is_whole = bool(steps) and self._best_is_whole()
        for step in reversed(steps):
            path = self._path(step)
            try:
                with files.plainly_named(self._place) as place:
                    found = self._checkpoint.restore(
                        str(place / f"ckpt-{step}")
                    )
                    found.assert_consumed()
            except _DAMAGED as error:
                logging.warning(
                    "checkpoint %s is damaged (%s); trying the one before",
                    path,
                    _first_line(error),
                )
            else:
                self._say_restored(step)
                self._check_best(best_is_whole)
                return int(self._state.step.numpy())
        if steps:
            names = ", ".join(f"ckpt-{step}" for step in steps)
            raise UserError(
                f"none of the checkpoints in {self._place} can be read: "
                f"{names}. Next: put whole ones back there, or move "
                f"{self._folder} away to start anew with the same command."
            )
        return 0

    def keep_if_best(self, validation, best_by="loss") -> bool:
        """Writes `best/` if this validation is the best so far.

        Args:
          validation: {name: value} with `step`, `validation_loss` and the
            figure that is judged by.
          best_by: `loss`, or a figure of which more is better, such as
            `auc_pr`, or `step` for the last one; a NaN is never the best.

        Returns:
          Whether it was the best.
        """
        if best_by == "loss":
            loss = validation["validation_loss"]
        else:
            loss = -validation[best_by]
        if not loss < self._best_loss.numpy():
            return False
        self._best_loss.assign(loss)
        self.best_is_lost = False
        network = self._state.kept_network()
        weights = _MemoryFile()
        network.save_weights(weights)
        files.write_bytes(
            self._folder / run_record.BEST_WEIGHTS, weights.getbuffer()
        )
        scores = {
            **validation,
            "weights_sha256": weights_sha256(network.weights),
        }
        files.write_text(
            self._folder / run_record.BEST_SCORES, json.dumps(scores, indent=1)
        )
        return True

    def _path(self, step):
        return str(self._place / f"ckpt-{step}")

    def _write(self, step):
        """Writes a checkpoint beside the others, and moves it when whole."""
        unfinished = self._place / _UNFINISHED
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            self._place.mkdir(parents=True, exist_ok=True)
            self._checkpoint.write(str(unfinished / f"ckpt-{step}"))
            written = [p for p in unfinished.iterdir() if p.is_file()]
            for path in written:
                with path.open("rb") as file:
                    os.fsync(file.fileno())  # Whole after a power cut, too.
            # The index comes last: without it nothing is a checkpoint.
            self._index(step).unlink(missing_ok=True)
            for path in sorted(written):  # .data-… before .index
                path.rename(self._place / path.name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _index(self, step):
        return pathlib.Path(f"{self._path(step)}.index")

    def _finish_a_move(self):
        """Moves the index that a kill in the middle of `_write` left over."""
        unfinished = self._place / _UNFINISHED
        for index in unfinished.glob("ckpt-*.index"):
            data = list(unfinished.glob(f"{index.stem}.data-*"))
            moved = list(self._place.glob(f"{index.stem}.data-*"))
            if moved and not data:
                # Another worker may do the same on a common disk.
                with contextlib.suppress(FileNotFoundError):
                    index.rename(self._place / index.name)

    def _remove_others(self, step):
        """Removes the oldest, and the damaged ones that lie after `step`."""
        steps = self.steps()
        kept = [one for one in steps if one <= step][-self._keep :]
        for one in set(steps) - set(kept):
            self._index(one).unlink(missing_ok=True)
            for path in self._place.glob(f"ckpt-{one}.data-*"):
                path.unlink()
        lines = [f'model_checkpoint_path: "ckpt-{step}"']
        lines += [f'all_model_checkpoint_paths: "ckpt-{s}"' for s in kept]
        files.write_text(self._place / _LIST, "\n".join(lines) + "\n")

    def _say_restored(self, step):
        logging.info("%s: going on from ckpt-%d", self._folder.name, step)
        listed = self._place / _LIST
        try:
            known = f'"ckpt-{step}"' in listed.read_text("utf-8")
        except (OSError, ValueError):
            known = False
        if not known:
            logging.warning(
                "%s does not name ckpt-%d, the newest whole checkpoint that "
                "lies there; it is written anew with the next one",
                listed,
                step,
            )

    def _best_is_whole(self):
        """Whether the two files of `best/` are there and belong together.

        The weights are loaded into the network, which is restored thereafter.
        """
        network = self._state.kept_network()
        try:
            recorded = run_record.best_scores(self._folder)
            run_networks.load_weights(
                network, run_record.best_weights(self._folder)
            )
        except UserError as error:
            self._best_fault = _first_line(error)
            return False
        found = weights_sha256(network.weights)
        self._best_fault = "the weights are not those of validation.json"
        return recorded.get("weights_sha256", found) == found

    def _check_best(self, whole):
        """Forgets the best validation where its weights are lost."""
        if whole or not math.isfinite(self._best_loss.numpy()):
            return
        self.best_is_lost = True
        self._best_loss.assign(float("inf"))
        logging.warning(
            "%s is damaged (%s): the best weights so far are lost, and best/ "
            "is written anew from those of the restored step on",
            self._folder / run_record.BEST_WEIGHTS.parent,
            self._best_fault,
        )


class _MemoryFile(io.BytesIO):
    """Takes what Keras writes: h5py falls over a disk that becomes full."""

    def __str__(self):
        return run_record.BEST_WEIGHTS.name  # Keras looks at its suffixes.


def _first_line(error):
    text = str(error).strip().split("\n")[0]
    # TensorFlow names the operation first, in braces.
    with contextlib.suppress(ValueError):
        text = text[text.index("}} ") + 3 :]
    return text[:200]
