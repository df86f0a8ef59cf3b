"""The settings of the data: a part of `Config`, and its first."""

import dataclasses

from migan_tf.base.config import TASKS, Config, DataConfig


def names(settings):
    return [field.name for field in dataclasses.fields(settings)]


def test_help_lists_the_data_first():
    data = names(DataConfig)
    assert data == names(Config)[: len(data)]
    assert data[:3] == ["task", "workdir", "dataset"]
    assert "rotation_degrees" in data and "segmenter" not in data


def test_a_task_is_trained_alone_or_with_the_other():
    assert Config(task="both").tasks() == TASKS
    for task in TASKS:
        assert Config(task=task).tasks() == (task,)
