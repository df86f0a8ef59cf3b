"""Which network is meant, without one."""

import hashlib
import json

import pytest

from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder


def make_model(folder, name="migan_segmentation", segmenter="unet"):
    card = folder / model_folder.CARD
    card.parent.mkdir(parents=True)
    flags = {"segmenter": segmenter}
    card.write_text(json.dumps({"model": name, "training": {"flags": flags}}))
    (folder / model_folder.FILE_NAME).write_bytes(b"")
    return folder


def find(workdir="", model="", task="segmentation"):
    found = model_folder.find(task, str(workdir), str(model))
    assert found.task == task
    return found.path, found.config.segmenter


@pytest.fixture(autouse=True)
def no_shipped_models(monkeypatch, tmp_path):
    monkeypatch.setattr(model_folder, "MODELS", [tmp_path / "shipped"])


def test_a_run_and_its_folder(tiny_run):
    expected = tiny_run / "segmentation", "unet"
    assert find(workdir=tiny_run) == expected
    assert find(model=tiny_run / "segmentation") == expected


def test_a_saved_model_or_the_newest_of_its_versions(tmp_path):
    for version in ("2", "10"):
        make_model(tmp_path / "m" / version, segmenter=f"of {version}")
    (tmp_path / "m" / "notes").mkdir()
    newest = tmp_path / "m" / "10", "of 10"
    assert find(model=tmp_path / "m") == newest
    assert find(model=tmp_path / "m" / "2") == (tmp_path / "m" / "2", "of 2")


def test_without_either_the_newest_shipped_one(tmp_path):
    folder = tmp_path / "shipped" / "migan_segmentation"
    make_model(folder / "1")
    newest = make_model(folder / "3")
    assert find() == (newest, "unet")
    with pytest.raises(UserError, match="no export/models/migan_synthesis"):
        find(task="synthesis")


def test_the_validation_threshold_is_the_recorded_one(tiny_run, tmp_path):
    best = tiny_run / "segmentation" / "best" / "validation.json"
    expected = json.loads(best.read_text())["best_threshold"]
    folder = model_folder.find("segmentation", str(tiny_run))
    assert folder.validation_threshold == expected is not None
    make_model(tmp_path / "m" / "1")
    served = model_folder.find("segmentation", model=str(tmp_path / "m"))
    assert served.is_saved_model and served.validation_threshold is None


def test_a_runs_network_is_known_by_the_hash_of_its_weights(tiny_run):
    weights = tiny_run / "segmentation" / "best" / "network.weights.h5"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    identity = model_folder.find("segmentation", str(tiny_run)).identity()
    assert identity["weights_sha256"] == digest
    assert identity["model"] == "a run's segmentation"


def test_what_is_no_such_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="give either --workdir"):
        find()
    with pytest.raises(UserError, match="give either --workdir"):
        find(workdir="a", model="b")
    with pytest.raises(UserError, match="segmentation/run.json"):
        find(workdir=tmp_path / "none")
    for wrong in (tmp_path / "none" / "9", tmp_path):
        with pytest.raises(UserError, match="--model must be a SavedModel"):
            find(model=wrong)
    other = make_model(tmp_path / "other", "migan_synthesis")
    with pytest.raises(UserError, match="which is migan_synthesis"):
        find(model=other)
    (other / model_folder.CARD).unlink()
    with pytest.raises(UserError, match="SavedModel of this program"):
        find(model=other)
