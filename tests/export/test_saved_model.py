"""`python -m export.saved_model` and then one's own photograph by it."""

import subprocess
import sys

import cv2
import pytest

from migan_tf.phantom.retina import phantom_retina


def run(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--workdir is required"),
        (["x"], "only --flags are taken"),
        (["--workdir=no/such/run"], "neither segmentation nor synthesis"),
        (
            ["--workdir=no/such/run", "--task=synthesis"],
            "no synthesis/run.json",
        ),
    ],
)
def test_wrong_calls_are_refused_in_words(arguments, words):
    done = run("export.saved_model", *arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_from_a_run_to_a_vessel_map(tiny_run, tmp_path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")
    models = tmp_path / "models"
    flags = f"--workdir={tiny_run}", f"--export_dir={models}"
    done = run("export.saved_model", *flags, "--task=segmentation")
    assert done.returncode == 0, done.stderr
    folder = models / "migan_segmentation"
    assert done.stdout == f"{folder / '1'}\n"
    path = tmp_path / "eye.png"
    cv2.imwrite(str(path), phantom_retina(90, 110, 3).fundus[..., ::-1])
    output = tmp_path / "out"
    done = run(
        "migan_tf.segment", path, f"--model={folder}", f"--output={output}"
    )
    assert done.returncode == 0, done.stderr
    vessel_map = cv2.imread(str(output / "eye_vessel_map.png"), -1)
    assert vessel_map.shape == (90, 110) and vessel_map.any()
