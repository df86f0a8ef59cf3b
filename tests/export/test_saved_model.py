"""`python -m export.saved_model`, in a process of its own."""

import subprocess
import sys

import pytest
import tensorflow as tf

from tests import small_delta


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "export.saved_model", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--workdir is required"),
        (["--workdir=no/such/run"], "neither segmentation nor synthesis"),
    ],
)
def test_wrong_calls_are_refused_in_words(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


def test_another_size_is_of_the_generator_alone(tmp_path):
    for task in ("segmentation", "synthesis"):
        small_delta.record(tmp_path / task)
    done = run(f"--workdir={tmp_path}", "--image_size=128")
    assert done.returncode == 2
    assert "Add --task=synthesis" in done.stderr


@pytest.mark.slow
def test_a_run_becomes_a_servable(tiny_run, tmp_path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")
    models = tmp_path / "models"
    done = run(
        f"--workdir={tiny_run}",
        f"--export_dir={models}",
        "--task=segmentation",
        "--variant=tiny",
    )
    assert done.returncode == 0, done.stderr
    folder = models / "migan_segmentation_tiny" / "1"
    assert done.stdout == f"{folder}\n"
    assert tf.saved_model.contains_saved_model(str(folder))
