"""Writes what a run measures: metrics.jsonl, TensorBoard, sample pictures."""

import contextlib
import json
import math
import os
import pathlib

import tensorflow as tf
from absl import logging

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
            # A damaged byte must not take the rest along.
            text = rows.read_text("utf-8", errors="replace")
            lines, damaged = _rows_until(text, first_step)
            if damaged:
                logging.warning("%s: %d damaged rows left out", rows, damaged)
            files.write_text(rows, "".join(lines))
        self._rows = rows.open("ab", buffering=0)
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
        self._write_row(json.dumps({"step": step, **finite}) + "\n")
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
        with contextlib.closing(self._rows):
            self._writer.close()

    def _write_row(self, row):
        """Writes a row, whole or not at all."""
        before = os.fstat(self._rows.fileno()).st_size
        data = row.encode("utf-8")
        try:
            while data:
                data = data[self._rows.write(data) :]
        except OSError as error:
            self._rows.truncate(before)
            error.filename = self._rows.name
            raise


class NoLog:
    """The log of a worker that is not the chief; it writes nothing."""

    def _nothing(self, *arguments):
        pass

    text = scalars = images = health = close = _nothing


def _rows_until(text, last_step):
    """(rows, damaged): the whole rows of `text` up to `last_step`.

    The last row may be one that a kill cut in two; any other that cannot be
    read was damaged, and is counted.
    """
    kept, damaged = [], 0
    lines = text.splitlines(keepends=True)
    for line in lines:
        try:
            step = json.loads(line)["step"]
            later = not line.endswith("\n") or step > last_step
        except (ValueError, KeyError, TypeError):
            damaged += line.endswith("\n")
            continue
        if later:
            break
        kept.append(line)
    return kept, damaged
