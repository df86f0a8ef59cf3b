"""The command line, each time in a process of its own."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.evaluation import predictions
from migan_tf.evaluation import report as evaluation_report

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHAPE = (40, 50)


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "migan_tf.evaluate", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def save(folder, name, plane):
    folder.mkdir(exist_ok=True)
    Image.fromarray(plane).save(folder / name)


@pytest.fixture
def flags(tmp_path):
    """Two images as DRIVE names them; one map of 8 bits, one of floats."""
    places = {
        name: tmp_path / name
        for name in ("predictions", "ground_truth", "fov_masks")
    }
    rng = np.random.default_rng(0)
    inside = np.zeros(SHAPE, np.uint8)
    inside[3:-3, 5:-5] = 255
    for number in (1, 2):
        vessels = rng.random(SHAPE) < 0.12
        scores = np.clip(rng.normal(0.25 + 0.5 * vessels, 0.2), 0, 1)
        levels = np.round(scores * 255).astype(np.uint8)
        save(places["predictions"], f"{number:02d}_test.png", levels)
        truth = vessels.astype(np.uint8) * 255
        save(places["ground_truth"], f"{number:02d}_manual1.gif", truth)
        save(places["fov_masks"], f"{number:02d}_test_mask.gif", inside)
    return {**places, "output": tmp_path / "output"}


def arguments(flags):
    return [f"--{name}={value}" for name, value in flags.items()]


@pytest.mark.slow
def test_scores_folders_without_tensorflow(flags):
    done = run(*arguments(flags), "--validation_threshold=0.5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("protocol paper: pixels inside the FOV")
    assert "uses test labels" in done.stdout
    output = flags["output"]
    assert done.stdout.endswith(f"report: {output}\n")
    scores = json.loads((output / "metrics.json").read_text("utf-8"))
    assert scores["pixels"] == 2 * 34 * 40
    assert 0 < scores["pooled"]["dice_validation_threshold"] < 1
    assert (output / "overlays" / "02_test.png").exists()
    table = (output / "table.txt").read_text("utf-8")
    assert done.stdout.startswith(table)
    quiet = "import sys; from migan_tf.evaluation import predictions, report; "
    quiet += "sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", quiet], cwd=ROOT, check=True)


def test_float_maps_score_like_their_files(flags, tmp_path):
    places = {k: v for k, v in flags.items() if k != "output"}
    images = predictions.read_scored(**places)
    expected = evaluation_report.score(images, bootstrap_samples=0)["pooled"]
    floats = tmp_path / "floats"
    floats.mkdir()
    for path in flags["predictions"].iterdir():
        levels = np.array(Image.open(path))
        np.save(floats / path.stem, levels.astype(np.float64) / 255)
    changed = {**flags, "predictions": floats}
    done = run(*arguments(changed), "--bootstrap_samples=0")
    assert done.returncode == 0, done.stderr
    text = (flags["output"] / "metrics.json").read_text("utf-8")
    assert json.loads(text)["pooled"] == expected


# A run as `inference` would give it, without a network.
WORKDIR_SCRIPT = """
import contextlib

from migan_tf import evaluate
from migan_tf.base import command_line, settings
from migan_tf.evaluation import evaluate_run, flags, predictions

@contextlib.contextmanager
def segmented(settings, folder, output):
    assert settings.split == "validation"
    yield predictions.read_scored({predictions!r}, {ground_truth!r})

evaluate_run._segmented_images = segmented
settings.define(flags.Settings)
command_line.run(evaluate.main)
"""


def test_a_run_is_scored_into_its_own_folder(flags, tmp_path):
    places = {k: str(v) for k, v in flags.items()}
    config = Config(workdir=str(tmp_path))
    run_record.write(tmp_path / "segmentation", config, [])
    best = tmp_path / "segmentation" / run_record.BEST_SCORES
    best.parent.mkdir()
    best.write_text('{"best_threshold": 0.45}')
    done = subprocess.run(
        [sys.executable, "-c", WORKDIR_SCRIPT.format(**places)]
        + [f"--workdir={tmp_path}", "--split=validation"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = tmp_path / "evaluation" / "validation" / "metrics.json"
    scores = json.loads(report.read_text("utf-8"))
    assert scores["thresholds"]["validation"] == 0.45


@pytest.mark.parametrize(
    "change, message",
    [
        ({"fov_masks": ""}, "--fov_masks is required"),
        ({"workdir": "run"}, "one of --workdir, --model and"),
        ({"predictions": "nowhere"}, "--predictions must be a folder"),
        ({"samples": "2"}, "--task=segmentation takes no --samples"),
        ({"task": "synthesis"}, "--task=synthesis takes no --predictions"),
    ],
)
def test_wrong_flags_are_refused_in_words(flags, change, message):
    done = run(*arguments({**flags, **change}))
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and message in done.stderr
    assert "Traceback" not in done.stderr
    assert not flags["output"].exists()


@pytest.mark.slow
def test_a_subset_of_the_full_frame_without_fov_masks(flags):
    del flags["fov_masks"]
    (flags["predictions"] / "02_test.png").unlink()
    done = run(*arguments(flags), "--subset", "--protocol=full_frame")
    assert done.returncode == 0, done.stderr
    assert "images: 1; pixels: 2,000, of them" in done.stdout


@pytest.mark.slow
def test_empty_vessel_maps_print_no_figures(flags):
    for path in flags["ground_truth"].iterdir():
        Image.fromarray(np.zeros(SHAPE, np.uint8)).save(path)
    done = run(*arguments(flags))
    assert done.returncode == 2 and "all 0" in done.stderr
    assert not done.stdout


@pytest.mark.slow
def test_a_generator_is_scored_into_a_folder_of_its_own(tiny_run):
    flags = {"workdir": tiny_run, "task": "synthesis", "samples": 2, "seed": 3}
    done = run(*arguments(flags))
    assert done.returncode == 0, done.stderr
    output = tiny_run / "evaluation" / "synthesis_test"
    assert done.stdout.endswith(f"report: {output}\n")
    result = json.loads((output / "metrics.json").read_text("utf-8"))
    assert (result["samples"], result["seed"], result["maps"]) == (2, 3, 4)
    table = (output / "table.txt").read_text("utf-8")
    assert done.stdout.startswith(table)
    # Row of the contact sheet: map, photograph, two images, overlay.
    sheet = np.array(Image.open(output / "contact_sheet.png"))
    assert sheet.shape == (4 * 64, 5 * 64, 3)


@pytest.mark.real_data
def test_published_maps_from_the_command_line(real_data, tmp_path):
    drive = real_data / "DRIVE" / "test"
    done = run(
        f"--predictions={real_data / 'published' / 'DRIVE' / 'DRIU'}",
        f"--ground_truth={drive / '1st_manual'}",
        f"--fov_masks={drive / 'mask'}",
        f"--second_annotator={drive / '2nd_manual'}",
        f"--fundus={drive / 'images'}",
        f"--output={tmp_path}",
    )
    assert done.returncode == 0, done.stderr
    for figure in ("0.9793", "0.9064", "0.7262", "0.8210", "0.7891"):
        assert figure in done.stdout
    assert len(list((tmp_path / "overlays").iterdir())) == 20
