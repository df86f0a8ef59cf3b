"""What is refused before TensorFlow is loaded, and one training at a time."""

import dataclasses
import sys
import types

import pytest

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.training import start


@pytest.fixture
def trainer(monkeypatch):
    """Stands for `trainer`, and notes what lies in the folder meanwhile."""
    stand_in = types.ModuleType("migan_tf.training.trainer")
    stand_in.seen = []

    def train(*configs):
        for config in configs:
            stand_in.inside(config)
        return 0

    stand_in.train, stand_in.inside = train, lambda config: None
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    import migan_tf.training

    monkeypatch.setattr(migan_tf.training, "trainer", stand_in, raising=False)
    return stand_in


def config(place, **settings):
    return Config(workdir=str(place), dataset="phantom/demo", **settings)


def test_a_second_training_in_the_folder_is_refused(trainer, tmp_path):
    run = config(tmp_path / "run")

    def inside(_):
        for task in ("both", "segmentation", "synthesis"):
            with pytest.raises(UserError, match=r"process \d+ on .*Next: "):
                start.train(dataclasses.replace(run, task=task))
        trainer.seen.append("refused")

    trainer.inside = inside
    assert start.train(run) == 0
    assert trainer.seen == ["refused"]
    trainer.inside = lambda _: None
    assert start.train(run) == 0


def test_two_tasks_of_one_run_may_be_trained_side_by_side(trainer, tmp_path):
    def inside(one):
        if one.task == "segmentation":
            other = dataclasses.replace(one, task="synthesis")
            trainer.seen.append(start.train(other))

    trainer.inside = inside
    assert start.train(config(tmp_path / "run", task="segmentation")) == 0
    assert trainer.seen == [0]


def test_what_was_refused_leaves_no_folder(trainer, tmp_path):
    def inside(_):
        raise UserError("the data are missing")

    trainer.inside = inside
    with pytest.raises(UserError, match="data are missing"):
        start.train(config(tmp_path / "a" / "run"))
    assert not list(tmp_path.iterdir())


def test_what_was_there_stays(trainer, tmp_path):
    (tmp_path / "run" / "segmentation").mkdir(parents=True)
    kept = tmp_path / "run" / "segmentation" / "run.json"
    kept.write_text("{}")
    assert start.train(config(tmp_path / "run")) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


def test_a_dry_run_claims_and_writes_nothing(trainer, tmp_path):
    run = config(tmp_path / "run")

    def inside(one):
        if not one.dry_run:
            dry = dataclasses.replace(one, dry_run=True)
            trainer.seen.append(start.train(dry))

    trainer.inside = inside
    assert start.train(run) == 0 and trainer.seen == [0]
    assert start.train(dataclasses.replace(run, dry_run=True)) == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("name", ["file", "file/run", "link", "link/run"])
def test_what_cannot_be_a_folder_is_refused(trainer, tmp_path, name, dry_run):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    trainer.inside = pytest.fail
    with pytest.raises(UserError, match="--workdir must be.*Received.*Next"):
        start.train(config(tmp_path / name, dry_run=dry_run))
    assert (tmp_path / "file").read_text() == "kept"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["x" * 300, "\udcff", "/proc/self/run"])
def test_a_name_that_no_folder_can_have_is_refused(trainer, tmp_path, name):
    trainer.inside = pytest.fail
    with pytest.raises(UserError, match="--workdir must be.*Received.*Next"):
        start.train(config(tmp_path / name))
    assert not list(tmp_path.iterdir())


def test_a_task_folder_that_is_a_file_is_refused(trainer, tmp_path):
    (tmp_path / "synthesis").write_text("kept")
    trainer.inside = pytest.fail
    with pytest.raises(UserError, match="synthesis"):
        start.train(config(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["synthesis"]
