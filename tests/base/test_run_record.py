"""The record of a run, and which flags may change when it goes on."""

import dataclasses
import json

import pytest

from migan_tf import __version__
from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError

SETTINGS = Config(workdir="runs/a", dataset="stare", flip=False, seed=3)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "segmentation"
    run_record.write(path, SETTINGS, ["CPU:0"])
    return path


def resume(folder, **changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    run_record.write(folder, settings, ["CPU:0"])


def test_record_holds_what_produced_the_run(folder):
    record = json.loads((folder / "run.json").read_text())
    assert record["config"] == dataclasses.asdict(SETTINGS)
    assert record["config"]["seed"] == 3
    (start,) = record["starts"]
    assert start["versions"]["migan_tf"] == __version__
    assert {"python", "tensorflow", "keras", "numpy"} <= set(start["versions"])
    assert start["command"] and start["devices"] == ["CPU:0"]
    assert start["time"] and "commit" in start


def test_record_is_read_back(folder):
    assert run_record.read_config(folder) == SETTINGS


def test_flagfile_has_a_line_for_each_field(folder):
    lines = (folder / "run.flags").read_text().splitlines()
    names = [line.split("=")[0] for line in lines]
    assert names == [f"--{field.name}" for field in dataclasses.fields(Config)]
    assert "--dataset=stare" in lines and "--seed=3" in lines


def test_resuming_adds_a_start(folder):
    resume(folder)
    resume(folder, log_every=7)
    record = json.loads((folder / "run.json").read_text())
    assert len(record["starts"]) == 3
    assert run_record.read_config(folder).log_every == 7


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "segmentation"},
        {"workdir": "elsewhere", "data_dir": "d", "manual_dir": "m"},
        {"log_every": 1, "checkpoint_every": 1, "keep_checkpoints": 9},
        {"test_time_flips": True},
    ],
)
def test_what_does_not_alter_the_result_may_change(folder, changes):
    resume(folder, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 4},
        {"dataset": "drive"},
        {"geometry": "stretch"},
        {"learning_rate": 1e-3},
        {"batch_size": 2},
        {"generator_steps": 3},
        {"warmup_steps": 1},
        {"noise_stddev": 0.0},
        {"flip": True, "discriminator": "pixel"},
    ],
)
def test_other_flags_are_refused_in_words(folder, changes):
    before = (folder / "run.json").read_text()
    with pytest.raises(UserError) as caught:
        resume(folder, **changes)
    text = str(caught.value)
    for name, value in changes.items():
        was = getattr(SETTINGS, name)
        assert f"--{name}={value} (the run has {was})" in text
    assert text.count("the run has") == len(changes)
    assert f"--flagfile={folder}/run.flags" in text
    assert (folder / "run.json").read_text() == before


def test_a_style_does_not_reach_a_segmenter(tmp_path):
    style = dict(deviation="style", style_image="x.png", style_weight=1.0)
    changed = dataclasses.replace(SETTINGS, **style)
    for task in ("segmentation", "synthesis"):
        run_record.write(tmp_path / task, SETTINGS, [])
    run_record.write(tmp_path / "segmentation", changed, [])
    with pytest.raises(UserError, match="--style_image=x.png"):
        run_record.write(tmp_path / "synthesis", changed, [])


def test_what_may_change_is_not_listed_among_what_may_not(folder):
    with pytest.raises(UserError) as caught:
        resume(folder, seed=4, log_every=1)
    assert "log_every" not in str(caught.value)


def test_a_run_of_constant_rate_may_grow(folder):
    resume(folder, segmentation_steps=30000)
    # The length of the other task never matters.
    resume(folder, segmentation_steps=30000, synthesis_steps=5)


def test_a_run_of_falling_rate_may_not_grow(tmp_path):
    folder = tmp_path / "segmentation"
    cosine = dataclasses.replace(SETTINGS, learning_rate_schedule="cosine")
    run_record.write(folder, cosine, [])
    run_record.write(folder, dataclasses.replace(cosine, synthesis_steps=5), [])
    longer = dataclasses.replace(cosine, segmentation_steps=30000)
    with pytest.raises(UserError, match="--segmentation_steps=30000"):
        run_record.write(folder, longer, [])


def test_a_folder_without_a_run_says_how_to_train_one(tmp_path):
    with pytest.raises(UserError) as caught:
        run_record.read_config(tmp_path / "synthesis")
    text = str(caught.value)
    assert f"Received: {tmp_path}" in text
    assert "python -m migan_tf.train --task=synthesis" in text


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[]", '{"config": {"sigma": 1}}']
)
def test_another_programs_record_is_refused(folder, text):
    (folder / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run\.json is not a record"):
        run_record.read_config(folder)


def test_a_checkout_gives_its_commit_and_an_installation_none(monkeypatch):
    commit = run_record._commit()
    assert commit is None or len(commit.removesuffix("+changes")) == 40
    monkeypatch.setenv("PATH", "")
    assert run_record._commit() is None


def test_a_run_goes_on_with_its_photographs(tmp_path):
    data = {"train": {"01": "a", "02": "b"}, "validation": {"03": "c"}}
    run_record.write(tmp_path, SETTINGS, devices=[], data=data)
    run_record.write(tmp_path, SETTINGS, devices=[], data=data)
    other = {"train": {"01": "a", "02": "x"}, "validation": {"04": "c"}}
    with pytest.raises(
        UserError, match="train/02, validation/03, validation/04"
    ):
        run_record.write(tmp_path, SETTINGS, devices=[], data=other)
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["data"] == data and len(record["starts"]) == 2


DAMAGES = {
    "gone": None,
    "empty": b"",
    "zeroed": bytes(100),
    "cut": b'{"config": {"task": "bo',
    "no text": b"\xff\xfe\xfd",
    "other JSON": b"[1]",
    "no starts": b'{"config": {}}',
    "starts a number": b'{"config": {}, "starts": 5}',
}


def damage(path, data):
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


@pytest.mark.parametrize("data", DAMAGES.values(), ids=DAMAGES)
def test_a_lost_record_is_written_anew_by_the_flagfile(folder, data, caplog):
    damage(folder / "run.json", data)
    other = dataclasses.replace(
        SETTINGS, base_filters=SETTINGS.base_filters + 1
    )
    with pytest.raises(UserError, match="--base_filters=.*the run has"):
        run_record.write(folder, other, [], trained=True)
    run_record.write(folder, SETTINGS, [], trained=True)
    assert "run.json" in caplog.text and "lost" in caplog.text
    assert run_record.read_config(folder) == SETTINGS
    record = json.loads((folder / "run.json").read_text())
    assert len(record["starts"]) == 1


@pytest.mark.parametrize("data", DAMAGES.values(), ids=DAMAGES)
def test_a_run_whose_flags_are_lost_is_refused(folder, data):
    damage(folder / "run.json", data)
    (folder / "run.flags").write_text("--task=both\n--base_fil")
    with pytest.raises(UserError, match="run.json.*run.flags.*Next: "):
        run_record.write(folder, SETTINGS, [], trained=True)


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "\0\0"])
def test_damaged_figures_of_the_best_weights_are_told(folder, text):
    (folder / "best").mkdir()
    (folder / "best" / "validation.json").write_text(text)
    with pytest.raises(UserError, match="validation.json cannot.*Next: "):
        run_record.best_scores(folder)
