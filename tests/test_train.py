"""The command lines, as processes: help, refusals, one whole run."""

import json
import subprocess
import sys

import cv2
import pytest

from migan_tf.phantom.retina import phantom_retina


def call(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"migan_tf.{module}", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--workdir is required"),
        (["--workdir=x", "--task=draw"], "--task must be one of"),
        (["--workdir=x", "--image_size=100"], "multiple of 64"),
        (["--workdir=x", "stray"], "only --flags are taken. Received: stray"),
        (["--workdir=x", "--learning_rate=nan"], "--learning_rate must"),
    ],
)
def test_wrong_flags_are_refused_in_words(arguments, words):
    result = call("train", *arguments)
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr


@pytest.mark.slow
def test_data_that_are_not_there_are_said_in_a_few_lines(tmp_path):
    result = call(
        "train",
        f"--workdir={tmp_path}/run",
        f"--data_dir={tmp_path}/data",
        f"--manual_dir={tmp_path}",
    )
    assert result.returncode == 2 and "Traceback" not in result.stderr
    message = result.stderr[result.stderr.index("\nerror: ") + 1 :]
    assert len(message.splitlines()) <= 10
    assert "drive" in message.lower() and "--manual_dir" in message
    assert not (tmp_path / "run").exists()


def test_kernels_are_chosen_before_tensorflow_is_imported():
    program = """
import importlib
import sys
from unittest import mock
train = importlib.import_module("migan_tf.train")  # not the function
from migan_tf.base import command_line, config_flags
config_flags.define_flags()
chosen = []
def choose(segmenter, generator):
    chosen.append((segmenter, generator))
    assert "tensorflow" not in sys.modules
    raise command_line.UserError("stopped here")
with mock.patch.object(command_line, "choose_kernels", choose):
    try:
        command_line.run(train.main)
    finally:
        print(chosen)
"""
    result = subprocess.run(
        [sys.executable, "-c", program, "--workdir=x", "--segmenter=unet"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout == "[('unet', 'migan')]\n"
    assert result.stderr == "error: stopped here\n"


@pytest.mark.slow
def test_from_a_run_to_pictures_by_the_command_line(tiny_run, tmp_path):
    place = f"--workdir={tiny_run}"
    again = call(
        "train", f"--flagfile={tiny_run}/segmentation/run.flags", place
    )
    assert again.returncode == 0 and "are done" in again.stderr

    result = call("evaluate", place, f"--output={tmp_path / 'scores'}")
    assert result.returncode == 0, result.stderr
    scores = json.loads((tmp_path / "scores" / "metrics.json").read_text())
    assert 0 <= scores["pooled"]["dice_otsu"] <= 1

    retina = phantom_retina(100, 90, 1)
    photograph, vessel_map = tmp_path / "eye.png", tmp_path / "map.png"
    cv2.imwrite(str(photograph), retina.fundus[..., ::-1])
    cv2.imwrite(str(vessel_map), retina.vessel_map)
    results = tmp_path / "results"
    places = (place, f"--output={results}")
    result = call("segment", photograph, *places)
    assert result.returncode == 0, result.stderr
    result = call("synthesize", f"--vessel_maps={vessel_map}", *places)
    assert result.returncode == 0, result.stderr
    assert len(list(results.glob("*.png"))) == 5
