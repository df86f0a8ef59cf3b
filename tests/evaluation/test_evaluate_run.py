"""What `evaluate` makes of its flags."""

import json
import pathlib
import subprocess
import sys
from types import SimpleNamespace

import pytest

from benchmarks import memory
from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.evaluation import evaluate_run
from migan_tf.evaluation.flags import Settings
from migan_tf.inference import model_folder


def refused(**given):
    with pytest.raises(UserError) as error:
        evaluate_run.evaluate(Settings(**given))
    return str(error.value)


def make_run(folder, *tasks):
    for task in tasks:
        path = pathlib.Path(folder) / task / "run.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    return str(folder)


def test_a_run_without_a_segmenter_points_to_its_generator(tmp_path):
    text = refused(workdir=make_run(tmp_path, "synthesis"))
    assert f"evaluate --task=synthesis --workdir={tmp_path}" in text
    text = refused(workdir=str(tmp_path / "none"))
    assert "--task=synthesis" not in text and "folder `segmentation`" in text


def test_one_thing_is_scored_at_a_time():
    assert "one of --workdir, --model and --predictions" in refused()
    text = refused(workdir="a", model="b", output="o")
    assert "--workdir=a --model=b" in text
    assert "--output is required" in refused(model="b")
    text = refused(predictions="p", dataset="stare")
    assert "take no --dataset" in text and "--dataset=stare" in text


@pytest.mark.slow
def test_a_saved_model_is_scored_by_its_signature(served, tiny_run, tmp_path):
    folder = served["segmentation"]
    output = str(tmp_path / "report")
    given = {"model": str(folder), "output": output, "bootstrap_samples": 0}
    evaluate_run.evaluate(Settings(**given))
    report = json.loads(pathlib.Path(output, "metrics.json").read_text("utf-8"))
    assert report["images"] == 4
    assert report["source"] == {"model": str(folder), "split": "test"}
    # The run's own network on the FOVs that it is given: near, not equal.
    given = {"workdir": str(tiny_run), "output": output, "dataset": ""}
    evaluate_run.evaluate(Settings(**given))
    own = json.loads(pathlib.Path(output, "metrics.json").read_text("utf-8"))
    # Both say of which weights they are, and both of the same.
    card = json.loads((folder / model_folder.CARD).read_text("utf-8"))
    digest = card["network"]["weights_sha256"]
    assert report["weights_sha256"] == own["weights_sha256"] == digest
    for name in ("auc_roc", "dice_otsu"):
        assert report["pooled"][name] == pytest.approx(
            own["pooled"][name], abs=0.03
        )


@pytest.mark.slow
def test_a_run_is_scored_on_another_dataset(tiny_run, monkeypatch):
    asked = []

    def scan(source, split):
        asked.append((source.dataset, source.manual_dir, split))
        raise UserError("enough")

    monkeypatch.setattr(photographs, "scan", scan)
    given = {"workdir": str(tiny_run), "dataset": "stare", "manual_dir": "m"}
    assert refused(**given) == "enough"
    assert asked == [("stare", "m", "test")]


def test_what_cannot_be_scored_is_said_before_the_work(
    tmp_path, tiny_config, monkeypatch
):
    """There is no network in this run at all: none is asked for."""
    entries = [
        photographs.Entry("drive", name, image_id=name, has_vessel_map=known)
        for name, known in (("01_test", False), ("02_test", True))
    ]
    scan = photographs.Scan(entries, {}, split="test")
    monkeypatch.setattr(photographs, "scan", lambda *_: scan)
    folder = SimpleNamespace(config=tiny_config)
    settings, output = Settings(workdir="runs/a", split="test"), tmp_path / "o"
    with pytest.raises(UserError, match="1 of 2 photographs .*01_test"):
        with evaluate_run._segmented_images(settings, folder, output):
            pass
    assert not output.exists()


# Scores folders of photographs one after the other by a network that is none,
# and tells the most bytes that the process has held after each.
SCRIPT = """
import resource, sys
from types import SimpleNamespace

import numpy as np

from migan_tf.base.config import Config
from migan_tf.evaluation import evaluate_run
from migan_tf.evaluation.flags import Settings
from migan_tf.inference import load
from migan_tf.inference.protocols import Segmentation

def dark(fundus, fov_mask):
    probability = np.where(fov_mask, 255 - fundus[..., 1], 0)
    probability = probability.astype(np.float32) / np.float32(255)
    return Segmentation(probability, probability > 0.5, fov_mask)

load.load_segmenter = lambda folder: dark
for place in sys.argv[1:]:
    config = Config(
        dataset="folder", manual_dir=place, data_dir=f"{place}_prepared"
    )
    settings, output = Settings(), f"{place}_report"
    folder = SimpleNamespace(config=config)
    with evaluate_run._segmented_images(settings, folder, output) as images:
        evaluate_run._report(settings, images, output=output, threshold=None)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print("peak", usage.ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_the_memory_is_that_of_one_photograph(tmp_path):
    few, many, size = 2, 12, (1200, 1500)
    for name, number in (("few", few), ("many", many)):
        folder = tmp_path / name
        memory.write_photographs(folder, number, size, noisy_rows=400)
    places = [str(tmp_path / name) for name in ("few", "many")]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *places],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    peaks = [int(line[1]) for line in lines if line[:1] == ["peak"]]
    # Of each pixel three bytes of the photograph, four of the probability, one
    # of the vessels and one of the FOV.
    held = (many - few) * size[0] * size[1] * (3 + 4 + 1 + 1)
    assert peaks[1] - peaks[0] < held / 2
    reports = [pathlib.Path(f"{place}_report") for place in places]
    for report, number in zip(reports, (few, many), strict=True):
        assert len(list((report / "overlays").iterdir())) == number
        assert not list(report.glob(".*"))


def test_the_report_of_a_folder_has_a_name_without_its_path(tiny_config):
    settings = Settings(workdir="runs/a", dataset="drive,folder:/my photos/1")
    place = evaluate_run._place(settings, tiny_config)
    assert place == "runs/a/evaluation/drive,folder_my_photos_1_test"
