"""Saving, restoring and choosing, on a state of two small networks."""

import json
import pathlib

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.models.weights import weights_sha256
from migan_tf.training.checkpoint import Checkpoints
from tests.small_state import make_state, train


def test_a_restored_run_goes_on_bit_for_bit(tmp_path):
    state = make_state(1)
    checkpoints = Checkpoints(tmp_path, state, 2)
    assert checkpoints.restore() == 0
    train(state, 3)
    checkpoints.save()
    expected = train(state, 4)
    other = make_state(2)
    assert Checkpoints(tmp_path, other, 2).restore() == 3
    assert train(other, 4) == expected


def test_only_the_newest_are_kept(tmp_path):
    state = make_state(1)
    checkpoints = Checkpoints(tmp_path, state, 2)
    for _ in range(4):
        train(state, 1)
        checkpoints.save()
    kept = {p.stem for p in (tmp_path / "checkpoints").glob("*.index")}
    assert kept == {"ckpt-3", "ckpt-4"}


def damage(path, how):
    data = path.read_bytes()
    if how == "truncated":
        path.write_bytes(data[:100])
    elif how == "flipped":
        middle = len(data) // 2
        flipped = bytes([data[middle] ^ 255])
        path.write_bytes(data[:middle] + flipped + data[middle + 1 :])
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["truncated", "flipped", "missing"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, how):
    state = make_state(1)
    checkpoints = Checkpoints(tmp_path, state, 2)
    train(state, 1)
    checkpoints.save()
    expected = [v.numpy().copy() for v in state.network.variables]
    train(state, 1)
    checkpoints.save()
    name = "ckpt-2.data-00000-of-00001"
    damage(tmp_path / "checkpoints" / name, how)
    other = make_state(2)
    assert Checkpoints(tmp_path, other, 2).restore() == 1
    for a, b in zip(expected, other.network.variables, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


def test_nothing_readable_is_an_error_not_a_fresh_start(tmp_path):
    state = make_state(1)
    checkpoints = Checkpoints(tmp_path, state, 2)
    train(state, 1)
    checkpoints.save()
    for path in pathlib.Path(tmp_path / "checkpoints").glob("ckpt-*.data*"):
        damage(path, "truncated")
    with pytest.raises(UserError, match="none of the checkpoints.*ckpt-1"):
        Checkpoints(tmp_path, make_state(2), 2).restore()


def test_best_is_the_least_loss_and_survives_a_restart(tmp_path):
    state = make_state(1)
    checkpoints = Checkpoints(tmp_path, state, 2)

    def offer(holder, step, loss):
        return holder.keep_if_best({"step": step, "validation_loss": loss})

    assert offer(checkpoints, 1, 0.5)
    assert not offer(checkpoints, 2, 0.7)
    assert not offer(checkpoints, 3, float("nan"))
    assert offer(checkpoints, 4, 0.3)
    checkpoints.save()
    again = Checkpoints(tmp_path, make_state(2), 2)
    again.restore()
    assert not offer(again, 5, 0.4)
    best = json.loads((tmp_path / "best" / "validation.json").read_text())
    digest = weights_sha256(state.network.weights)
    assert best == {
        "step": 4,
        "validation_loss": 0.3,
        "weights_sha256": digest,
    }
    saved = make_state(3).network
    saved.load_weights(tmp_path / "best" / "network.weights.h5")
    for a, b in zip(saved.weights, state.network.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_the_best_is_by_the_figure_asked_for(tmp_path):
    checkpoints = Checkpoints(tmp_path, make_state(1), 2)

    def offer(step, loss, auc_pr):
        validation = {"step": step, "validation_loss": loss, "auc_pr": auc_pr}
        return checkpoints.keep_if_best(validation, "auc_pr")

    assert offer(1, 0.3, 0.80)
    assert offer(2, 0.5, 0.81)
    assert not offer(3, 0.1, 0.81)
    assert not offer(4, 0.1, float("nan"))
    best = json.loads((tmp_path / "best" / "validation.json").read_text())
    assert best["step"] == 2


def test_an_unwritable_folder_is_said_in_words(tmp_path):
    state = make_state(1)
    checkpoints = Checkpoints(tmp_path, state, 2)
    # A file where the folder belongs: refused for root as well.
    folder = tmp_path / "checkpoints"
    if folder.exists():
        folder.rmdir()
    folder.write_text("")
    with pytest.raises(UserError, match="could not be written"):
        checkpoints.save()
