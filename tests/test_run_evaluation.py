"""Which flags go together, without a network."""

import pathlib

import pytest

from migan_tf import run_evaluation
from migan_tf.errors import UserError

DEFAULTS = {
    "task": "segmentation",
    "workdir": "",
    "data_dir": "",
    "split": "test",
    "output": "",
    "predictions": "",
    "ground_truth": "",
    "fov_masks": "",
    "second_annotator": "",
    "fundus": "",
    "subset": False,
    "protocol": "paper",
    "validation_threshold": None,
    "bootstrap_samples": 1000,
    "samples": 4,
    "seed": 0,
    "segmenter_model": "",
    "reference_workdir": "",
}


def refused(**given):
    with pytest.raises(UserError) as error:
        run_evaluation.evaluate({**DEFAULTS, **given}, set(given))
    return str(error.value)


def test_every_flag_of_a_task_is_one_of_the_command():
    names = sum(run_evaluation.FLAGS_OF.values(), [])
    assert set(names) < set(DEFAULTS) and len(set(names)) == len(names)


def test_flags_of_the_other_task_are_refused():
    text = refused(task="synthesis", workdir="r", predictions="p", subset=True)
    assert (
        "--task=synthesis takes no --predictions, --subset, which are" in text
    )
    assert "Received: --task=synthesis --predictions=p --subset=True" in text
    text = refused(workdir="r", samples=8)
    assert "--task=segmentation takes no --samples, which is" in text
    assert "python -m migan_tf.evaluate --task=synthesis" in text


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
