"""Saves and restores a run, complete and bit-exact.

A checkpoint holds the plain `tf.Variable` behind every Keras variable, in
ordered lists: the object graph of a Keras model leaves out seed states and
layers inside lists. What the order means is fixed by the run's flags, which
`run_record` compares before anything is restored.
"""

import json
import pathlib

import tensorflow as tf
from absl import logging

from migan_tf.base import files, run_record
from migan_tf.base.errors import UserError

# What TensorFlow raises for a damaged, truncated or incomplete checkpoint.
_DAMAGED = (tf.errors.OpError, IndexError, ValueError, AssertionError)


class Checkpoints:
    """The `checkpoints/` and `best/` of one task of a run."""

    def __init__(self, folder, state, keep):
        """Lists what is to be saved; nothing is read or written yet.

        Args:
          folder: the task's folder.
          state: `state.TrainState`.
          keep: how many checkpoints are kept.
        """
        self._folder = pathlib.Path(folder)
        self._state = state
        # The least validation loss so far, or the greatest figure's negative.
        self._best_loss = tf.Variable(
            float("inf"), dtype=tf.float32, trainable=False
        )
        lists = {
            name: [variable.value for variable in holder.variables]
            for name, holder in state.holders().items()
        }
        checkpoint = tf.train.Checkpoint(
            step=state.step, best_loss=self._best_loss, **lists
        )
        self._manager = tf.train.CheckpointManager(
            checkpoint, str(self._folder / "checkpoints"), max_to_keep=keep
        )

    def save(self) -> None:
        """Writes a checkpoint of the current step.

        Raises:
          UserError: the disk is full or not writable; older checkpoints are
            as they were.
        """
        step = int(self._state.step.numpy())
        try:
            self._manager.save(checkpoint_number=step)
        except (tf.errors.OpError, OSError) as error:
            raise UserError(
                f"checkpoint of step {step} could not be written to "
                f"{self._manager.directory}: {_first_line(error)}. The last "
                f"good one is {self._manager.latest_checkpoint}. Make room or "
                "make the folder writable, then give the same command again: "
                "the run goes on from there."
            ) from error

    def restore(self) -> int:
        """Goes back to the newest checkpoint that can be read.

        Returns:
          The step restored, 0 for a fresh run.

        Raises:
          UserError: there are checkpoints and none can be read.
        """
        paths = list(reversed(self._manager.checkpoints))
        for path in paths:
            try:
                self._manager.checkpoint.restore(path).assert_consumed()
            except _DAMAGED as error:
                logging.warning(
                    "checkpoint %s is damaged (%s); trying the one before",
                    path,
                    _first_line(error),
                )
            else:
                return int(self._state.step.numpy())
        if paths:
            raise UserError(
                f"none of the checkpoints in {self._manager.directory} can be "
                f"read: {', '.join(pathlib.Path(p).name for p in paths)}. "
                "Move the folder away to start anew with the same command."
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
        weights = self._folder / run_record.BEST_WEIGHTS
        with files.atomic_path(weights) as path:
            self._state.kept_network().save_weights(path)
        files.write_text(
            self._folder / run_record.BEST_SCORES,
            json.dumps(validation, indent=1),
        )
        return True


def _first_line(error):
    return str(error).strip().split("\n")[0][:200]
