"""Writes what a run measures: metrics.jsonl, TensorBoard, sample pictures."""

import json
import math
import pathlib

import tensorflow as tf

from migan_tf.base import files


class RunLog:
    """The log of one task of a run."""

    def __init__(self, folder, first_step):
        """Opens the log for the steps after `first_step`.

        Rows of later steps, written by a run that was stopped between two
        checkpoints, are dropped: they are about to be written again.

        Args:
          folder: the task's folder.
          first_step: iterations done.
        """
        self._folder = pathlib.Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        rows = self._folder / "metrics.jsonl"
        if rows.exists():
            lines = _rows_until(rows.read_text(), first_step)
            files.write_text(rows, "".join(lines))
        self._rows = rows.open("a", encoding="utf-8")
        self._writer = tf.summary.create_file_writer(
            str(self._folder / "tensorboard")
        )

    def text(self, name, text):
        """A text of the run, such as its flags, at step 0."""
        with self._writer.as_default(step=0):
            tf.summary.text(name, f"```\n{text}\n```")

    def scalars(self, step, scalars):
        """One row {name: float}."""
        # JSON knows no infinity: a gradient norm may overflow under float16.
        finite = {
            name: value if math.isfinite(value) else None
            for name, value in scalars.items()
        }
        self._rows.write(json.dumps({"step": step, **finite}) + "\n")
        self._rows.flush()
        with self._writer.as_default(step=step):
            for name, value in scalars.items():
                tf.summary.scalar(name, value)

    def images(self, step, images):
        """Pictures {name: (H,W,3) uint8}, as PNG files and in TensorBoard."""
        with self._writer.as_default(step=step):
            for name, image in images.items():
                path = self._folder / "pictures" / f"{name}_{step:07d}.png"
                files.write_image(path, image)
                tf.summary.image(name, image[None])

    def health(self, step, messages):
        """Warnings of `health`, where TensorBoard shows texts."""
        with self._writer.as_default(step=step):
            for message in messages:
                tf.summary.text("health", message)

    def close(self):
        """Flushes everything to disk."""
        self._rows.close()
        self._writer.close()


class NoLog:
    """What a worker that is not the chief writes: nothing."""

    def _nothing(self, *arguments):
        pass

    text = scalars = images = health = close = _nothing


def _rows_until(text, last_step):
    """The whole rows of `text` up to `last_step`."""
    kept = []
    for line in text.splitlines(keepends=True):
        # The row that a kill cut in two ends without its newline.
        if not line.endswith("\n") or json.loads(line)["step"] > last_step:
            break
        kept.append(line)
    return kept
