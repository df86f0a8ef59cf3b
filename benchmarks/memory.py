r"""Measures the memory that scoring and segmenting large photographs take.

  python -m benchmarks.memory [--photographs=45] [--size=2336x3504] \
      [--large=4000x6000] [--model=SAVEDMODEL] [--json=FILE]

It draws phantoms at those sizes (height × width), runs `migan_tf.evaluate` on a
folder of them and on maps of them, and `migan_tf.segment` on a larger one, each
in a process of its own, and prints the most that each process has held.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import cv2
import numpy as np
from absl import flags

from migan_tf.base import command_line, files
from migan_tf.base.errors import UserError
from migan_tf.phantom.retina import phantom_retina

ROOT = pathlib.Path(__file__).resolve().parents[1]
DRAWN = 584  # rows of the phantom that is enlarged
NOISE = 3  # grey levels that tell one photograph from the others

_PHOTOGRAPHS = flags.DEFINE_integer(
    "photographs", 45, help="Number that are scored.", lower_bound=2
)
_SIZE = flags.DEFINE_string("size", "2336x3504", "Height x width of these.")
_LARGE = flags.DEFINE_string(
    "large", "4000x6000", "Height x width of the one that is segmented."
)
_MODEL = flags.DEFINE_string(
    "model",
    str(ROOT / "export/models/migan_segmentation_drive"),
    "A SavedModel that segments.",
)
_FOLDER = flags.DEFINE_string(
    "folder", "", "Folder on a disk with room; default: the system's own."
)
_JSON = flags.DEFINE_string(
    "json", "", "JSON file of the figures; by default none is written."
)


def main(argv):
    """Checks the flags, measures, prints."""
    command_line.no_arguments(argv)
    size, large = (_parsed(flag) for flag in (_SIZE, _LARGE))
    with tempfile.TemporaryDirectory(dir=_FOLDER.value or None) as folder:
        made = pathlib.Path(folder)
        write_photographs(made / "eyes", _PHOTOGRAPHS.value, size)
        write_photographs(made / "large", 1, large)
        commands = commands_on(made, _MODEL.value)
        rows = {name: measured(*words) for name, words in commands.items()}
    print(f"{_PHOTOGRAPHS.value} of {_SIZE.value}, one of {_LARGE.value}")
    for name, row in rows.items():
        print(f"{name:<34}{row['gigabytes']:8.2f} GB{row['seconds']:9.0f} s")
    if _JSON.value:
        files.write_text(_JSON.value, json.dumps(rows, indent=1))


def commands_on(made, model):
    """{what is measured: arguments of Python}; the second reads what lies.

    Args:
      made: folder that holds `eyes` and `large` of `write_photographs`.
      model: a SavedModel that segments.
    """
    eyes = made / "eyes/test"
    score = (
        *("-m", "migan_tf.evaluate", f"--model={model}", "--dataset=folder"),
        *(f"--manual_dir={made}/eyes", f"--data_dir={made}/prepared"),
        f"--output={made}/report",
    )
    return {
        "evaluate, dataset built first": score,
        "evaluate": score,
        "evaluate --predictions": (
            *("-m", "migan_tf.evaluate", f"--output={made}/report"),
            f"--predictions={made}/eyes_probabilities",
            *(f"--ground_truth={eyes}/vessel_maps", f"--fundus={eyes}/images"),
            f"--fov_masks={eyes}/fov_masks",
        ),
        "segment": (
            *("-m", "migan_tf.segment", f"--model={model}"),
            *(f"--output={made}/found", f"{made}/large/test/images"),
        ),
    }


def write_photographs(folder, number, size, noisy_rows=None):
    """Writes phantoms, all of one retina, each with a noise of its own.

    Args:
      folder: gets `test/images`, `test/vessel_maps`, `test/fov_masks`, the
        layout of --dataset=folder; <folder>_probabilities gets maps of them.
      number: of photographs.
      size: (height, width) of each.
      noisy_rows: how many have that noise, by default all; noise is what takes
        a PNG its time.
    """
    height, width = size
    retina = phantom_retina(DRAWN, round(DRAWN * width / height), 1)
    planes = {
        "images": retina.fundus[..., ::-1],  # as OpenCV writes colours
        "vessel_maps": np.uint8(retina.vessel_map > 0) * 255,
        "fov_masks": np.uint8(retina.fov_mask) * 255,
    }
    shape = (width, height)
    planes = {
        folder / "test" / kind: cv2.resize(
            plane, shape, interpolation=cv2.INTER_NEAREST
        )
        for kind, plane in planes.items()
    }
    probabilities = folder.with_name(f"{folder.name}_probabilities")
    planes[probabilities] = cv2.GaussianBlur(
        planes[folder / "test/vessel_maps"], (0, 0), height / DRAWN
    )
    rng = np.random.default_rng(0)
    for place, plane in planes.items():
        place.mkdir(parents=True)
        for eye in range(number):
            written = plane.copy()
            if place.name not in ("vessel_maps", "fov_masks"):
                rows = written[:noisy_rows]
                noise = rng.integers(
                    -NOISE, NOISE + 1, size=rows.shape, dtype=np.int8
                )
                cv2.add(rows, noise, dst=rows, dtype=cv2.CV_8U)
            path = str(place / f"eye{eye:02d}.png")
            cv2.imwrite(path, written, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def measured(*arguments) -> dict:
    """Runs Python; {gigabytes: the most that it held, seconds}.

    Raises:
      UserError: the command failed.
    """
    begin = time.monotonic()
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdout=told, stderr=told
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            told.seek(0)
            text = told.read().decode(errors="replace")
            raise UserError(f"{' '.join(arguments)} failed:\n{text[-2000:]}")
    return {
        "gigabytes": usage.ru_maxrss * 1024 / 1e9,  # Linux counts kibibytes
        "seconds": time.monotonic() - begin,
    }


def _parsed(flag):
    height, _, width = flag.value.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise UserError(
            f"--{flag.name} must be HEIGHTxWIDTH in pixels. Received: "
            f"--{flag.name}={flag.value}"
        )
    return int(height), int(width)


if __name__ == "__main__":
    command_line.run(main)
