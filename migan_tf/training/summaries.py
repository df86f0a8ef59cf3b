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

        Rows of later steps are dropped: a run that was stopped between two
        checkpoints has written them, and they are about to be written again.

        Args:
          folder: the task's folder.
          first_step: the number of iterations done.
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
        """Writes a text of the run, such as its flags, at step 0."""
        with self._writer.as_default(step=0):
            tf.summary.text(name, f"```\n{text}\n```")

    def scalars(self, step, scalars):
        """Writes one row {name: float}."""
        # JSON knows no infinity, and a norm may overflow under float16.
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
        """Writes {name: (H,W,3) uint8} as PNG files and into TensorBoard."""
        with self._writer.as_default(step=step):
            for name, image in images.items():
                path = self._folder / "pictures" / f"{name}_{step:07d}.png"
                files.write_image(path, image)
                tf.summary.image(name, image[None])

    def health(self, step, messages):
        """Writes the warnings of `health` where TensorBoard shows texts."""
        with self._writer.as_default(step=step):
            for message in messages:
                tf.summary.text("health", message)

    def close(self):
        """Flushes everything to disk."""
        self._rows.close()
        self._writer.close()


class NoLog:
    """The log of a worker that is not the chief; it writes nothing."""

    def _nothing(self, *arguments):
        pass

    text = scalars = images = health = close = _nothing


def _rows_until(text, last_step):
    """Lists the whole rows of `text` up to `last_step`."""
    kept = []
    for line in text.splitlines(keepends=True):
        # A row that a kill cut in two ends without a newline.
        if not line.endswith("\n") or json.loads(line)["step"] > last_step:
            break
        kept.append(line)
    return kept
