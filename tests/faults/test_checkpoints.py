"""Damage to the files of a run, and what training makes of it.

A run of two small layers has the checkpoints of steps 1, 2 and 3 and the best
weights of step 2; each test damages files and restores them into others.
"""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.training.checkpoint import Checkpoints
from tests.small_state import make_state, train

KEPT = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(folder, {step: weights}) of a run that was saved at three steps."""
    folder = tmp_path_factory.mktemp("run") / "segmentation"
    state = make_state(1)
    checkpoints = Checkpoints(folder, state, KEPT)
    weights = {}
    for step in (1, 2, 3):
        train(state, 1)
        if step == 2:
            result = {"step": step, "validation_loss": 0.5}
            assert checkpoints.keep_if_best(result)
        checkpoints.save()
        weights[step] = [v.numpy().copy() for v in state.network.variables]
    return folder, weights


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "segmentation")


def restored(folder):
    state = make_state(2)
    checkpoints = Checkpoints(folder, state, KEPT)
    return checkpoints, state, checkpoints.restore()


def assert_is_step(state, made, step):
    for found, expected in zip(
        state.network.variables, made[1][step], strict=True
    ):
        np.testing.assert_array_equal(found.numpy(), expected)


def gone(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


def zeroed(path):
    path.write_bytes(bytes(path.stat().st_size))


def cut(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def of_other_bytes(path):
    path.write_bytes(b"\xff\xfe" * (path.stat().st_size // 2))


def flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 255
    path.write_bytes(bytes(data))


def grown_short(path):
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES = (gone, empty, zeroed, cut, of_other_bytes, flipped, grown_short)


def of_an_older_step(path):
    path.write_text('model_checkpoint_path: "ckpt-1"\n')


def of_another_folder(path):
    path.write_text('model_checkpoint_path: "/nowhere/ckpt-3"\n')


@pytest.mark.parametrize(
    "damage", [*DAMAGES, of_an_older_step, of_another_folder]
)
def test_the_list_of_checkpoints_does_not_count(folder, made, damage, caplog):
    damage(folder / "checkpoints" / "checkpoint")
    with caplog.at_level("INFO", logger="absl"):
        _, state, step = restored(folder)
    assert step == 3
    assert_is_step(state, made, 3)
    assert "going on from ckpt-3" in caplog.text


def test_a_list_that_is_lost_is_said_and_written_anew(folder, caplog):
    (folder / "checkpoints" / "checkpoint").unlink()
    checkpoints, state, _ = restored(folder)
    assert "does not name ckpt-3, the newest whole" in caplog.text
    train(state, 1)
    checkpoints.save()
    newest = tf.train.latest_checkpoint(folder / "checkpoints")
    assert newest == str(folder / "checkpoints" / "ckpt-4")
    assert checkpoints.steps() == [2, 3, 4]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_the_newest_whole_one_is_taken(folder, made, part, damage, caplog):
    damage(folder / "checkpoints" / f"ckpt-3.{part}")
    checkpoints, state, step = restored(folder)
    assert step == 2
    assert_is_step(state, made, 2)
    assert "ckpt-3 is damaged" in caplog.text
    # The damaged one must not come back when the next is saved.
    train(state, 1)
    checkpoints.save()
    assert restored(folder)[2] == 3


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_nothing_whole_is_refused_and_left_alone(folder, part, damage):
    for path in (folder / "checkpoints").glob(f"ckpt-*.{part}"):
        damage(path)
    (folder / "checkpoints" / "checkpoint").unlink()
    before = sorted(path.name for path in folder.rglob("*"))
    with pytest.raises(UserError, match="can be read: ckpt-1.*Next: ") as told:
        restored(folder)
    assert str(folder / "checkpoints") in str(told.value)
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_a_kill_between_two_moves_loses_nothing(folder, made):
    """The data of step 3 are in place, its index is not yet."""
    place = folder / "checkpoints"
    (place / ".unfinished").mkdir()
    (place / "ckpt-3.index").rename(place / ".unfinished" / "ckpt-3.index")
    _, state, step = restored(folder)
    assert step == 3
    assert_is_step(state, made, 3)


def test_a_kill_while_it_is_written_leaves_the_ones_before(folder):
    place = folder / "checkpoints"
    temporary = place / ".unfinished" / "ckpt-4_temp"
    temporary.mkdir(parents=True)
    (temporary / "part-00000-of-00001.data-00000-of-00001").touch()
    checkpoints, state, step = restored(folder)
    assert step == 3
    train(state, 1)
    checkpoints.save()
    assert not (place / ".unfinished").exists()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["network.weights.h5", "validation.json"])
def test_lost_best_weights_are_said_and_found_anew(
    folder, made, name, damage, caplog
):
    damage(folder / "best" / name)
    checkpoints, state, step = restored(folder)
    assert step == 3
    assert_is_step(state, made, 3)
    if not checkpoints.best_is_lost:
        # A byte that carries no value of the file has changed.
        assert damage in (flipped, grown_short)
        return
    assert "best weights so far are lost" in caplog.text
    # 0.9 is worse than what was lost, and the best that there is.
    assert checkpoints.keep_if_best({"step": 3, "validation_loss": 0.9})
    best = json.loads((folder / "best" / "validation.json").read_text())
    assert best["step"] == 3
    assert not restored(folder)[0].best_is_lost


def test_weights_of_another_moment_are_no_best(folder, caplog):
    """The file was replaced, and the figures beside it were not."""
    other = make_state(3)
    other.network.save_weights(folder / "best" / "network.weights.h5")
    assert restored(folder)[0].best_is_lost
    assert "not those of validation.json" in caplog.text


def test_best_files_of_older_releases_are_whole(folder):
    scores = folder / "best" / "validation.json"
    scores.write_text(json.dumps({"step": 2, "validation_loss": 0.5}))
    checkpoints, _, _ = restored(folder)
    assert not checkpoints.best_is_lost
    assert not checkpoints.keep_if_best({"step": 4, "validation_loss": 0.6})


def test_best_that_was_never_there_is_not_missed(folder):
    state = make_state(1)
    fresh = folder.parent / "fresh"
    checkpoints = Checkpoints(fresh, state, KEPT)
    train(state, 1)
    checkpoints.save()
    assert not restored(fresh)[0].best_is_lost
