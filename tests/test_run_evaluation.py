"""Which flags go together, without a network."""

import pathlib

import pytest

from migan_tf import evaluation_flags, run_evaluation
from migan_tf.errors import UserError

DEFAULTS = {
    name: default[0] if kind == "enum" else default
    for rows in (evaluation_flags.SHARED, *evaluation_flags.OF_TASK.values())
    for name, (kind, default, _) in rows.items()
}


def refused(**given):
    with pytest.raises(UserError) as error:
        run_evaluation.evaluate({**DEFAULTS, **given}, set(given))
    return str(error.value)


def test_a_generator_is_not_scored_without_a_run():
    assert "--workdir is required" in refused(task="synthesis")


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


def test_a_run_without_a_generator_is_named(tmp_path):
    run = make_run(tmp_path, "segmentation")
    text = refused(task="synthesis", workdir=run)
    assert "must hold a run with a folder `synthesis`" in text
    assert not (tmp_path / "evaluation").exists()
