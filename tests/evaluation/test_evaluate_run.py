"""What `evaluate` makes of its flags."""

import json
import pathlib
from types import SimpleNamespace

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.evaluation import evaluate_run
from migan_tf.evaluation.flags import Settings


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
    for name in ("auc_roc", "dice_otsu"):
        assert report["pooled"][name] == pytest.approx(
            own["pooled"][name], abs=0.03
        )


@pytest.mark.slow
def test_a_run_is_scored_on_another_dataset(tiny_run, monkeypatch):
    asked = []

    def load(source, split):
        asked.append((source.dataset, source.manual_dir, split))
        raise UserError("enough")

    monkeypatch.setattr(photographs, "load", load)
    given = {"workdir": str(tiny_run), "dataset": "stare", "manual_dir": "m"}
    assert refused(**given) == "enough"
    assert asked == [("stare", "m", "test")]


def test_what_cannot_be_scored_is_said_before_the_work(
    tmp_path, tiny_config, monkeypatch
):
    """There is no network in this run at all: none is asked for."""
    bare = photographs.Photograph(
        "01_test",
        np.zeros((4, 4, 3), np.uint8),
        fov_mask=np.ones((4, 4), bool),
        vessel_map=None,
        second_annotator=None,
    )
    monkeypatch.setattr(photographs, "load", lambda *_: [bare])
    folder = SimpleNamespace(config=tiny_config)
    settings = Settings(workdir="runs/a", split="test")
    with pytest.raises(UserError, match="1 of 1 photographs .*01_test"):
        evaluate_run._segmented_images(settings, folder)


def test_the_report_of_a_folder_has_a_name_without_its_path(tiny_config):
    settings = Settings(workdir="runs/a", dataset="drive,folder:/my photos/1")
    place = evaluate_run._place(settings, tiny_config)
    assert place == "runs/a/evaluation/drive,folder_my_photos_1_test"
