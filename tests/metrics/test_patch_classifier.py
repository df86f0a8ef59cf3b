"""Patches that can, or cannot, be told apart by construction."""

import cv2
import numpy as np
import pytest

from migan_tf.metrics import patch_classifier

SIDE = 160
WHOLE = np.ones((SIDE, SIDE), bool)


def textures(count, blur, first_seed=0):
    """Features of images of noise, of deviation 20 however it is blurred."""
    rows = []
    for seed in range(first_seed, first_seed + count):
        plane = np.random.default_rng(seed).normal(size=(SIDE, SIDE, 3))
        plane = cv2.GaussianBlur(plane, (0, 0), blur)
        fundus = np.clip(128 + 20 * plane / plane.std(), 0, 255)
        rows.append(
            patch_classifier.patch_features(
                np.round(fundus).astype(np.uint8), WHOLE, patches=8
            )
        )
    return rows


def test_what_is_alike_cannot_be_told_apart():
    found, (low, high) = patch_classifier.patch_accuracy(
        textures(4, 1), textures(4, 1, 50)
    )
    assert found == pytest.approx(0.5, abs=0.15)
    assert low < found < high and high - low < 0.5


def test_another_sharpness_is_told_at_once():
    one, other = textures(3, 1), textures(3, 1.5, 50)
    found = patch_classifier.patch_accuracy(one, other)
    assert found == (1, [1, 1])
    # Twice as many painted images: the accuracy is a balanced one.
    more = textures(6, 1.5, 50)
    assert patch_classifier.patch_accuracy(one, more)[0] == 1


def test_the_interval_is_that_of_drawn_images(monkeypatch):
    """By hand, of a classifier whose answers are made up.

    Of the photographs' patches 0 and 4 of 4 are right, of the painted ones all:
    a draw of two photographs has recalls of 0, ½ and 1 with probabilities ¼, ½
    and ¼, the balanced accuracy is half of that and one half.
    """
    answers = np.array([True] * 4 + [False] * 4 + [True] * 8)
    monkeypatch.setattr(
        patch_classifier, "_decisions", lambda *_, **__: answers
    )
    four = [np.zeros((4, 3))] * 2
    found = patch_classifier.patch_accuracy(four, four)
    assert found == (0.75, [0.5, 1.0])
    # Where one name holds both photographs, both are drawn or none is.
    found = patch_classifier.patch_accuracy(four, four, real_groups=["a", "a"])
    assert found == (0.75, [0.75, 0.75])


class Oracle:
    """Answers with a column of what it is asked, whatever it was shown."""

    def __init__(self, column):
        self.column = column

    def fit(self, rows, truth):
        return self

    def predict_proba(self, rows):
        painted = rows[:, self.column]
        return np.stack([1 - painted, painted], axis=-1)


def test_two_classifiers_decide_together(monkeypatch):
    """The first alone is always right, the second says what it likes."""
    monkeypatch.setattr(
        patch_classifier, "_classifiers", lambda _: map(Oracle, (0, 1))
    )
    real = [np.array([[0.4, 0.5], [0.4, 0.7]])] * 3  # Means 0.45 and 0.55.
    painted = [np.array([[0.6, 0.5], [0.6, 0.1]])] * 3  # 0.55 and 0.35.
    found, _ = patch_classifier.patch_accuracy(real, painted)
    assert found == 0.5
    painted = [np.array([[0.6, 0.5], [0.6, 0.5]])] * 3
    found, _ = patch_classifier.patch_accuracy(real, painted)
    assert found == 0.75


def test_copies_of_the_photographs_are_no_better_than_chance():
    """In another fold than its copy a photograph would be learned by heart."""
    images, names = textures(5, 1), [*"abcde"]
    found, _ = patch_classifier.patch_accuracy(
        images, images, real_groups=names, painted_groups=names
    )
    assert found <= 0.55


def test_the_same_seed_gives_the_same():
    one, other = textures(3, 1), textures(3, 1.05, 50)
    first, second = (
        patch_classifier.patch_accuracy(one, other, seed=3) for _ in range(2)
    )
    assert first == second


def test_one_group_cannot_be_divided():
    one = textures(1, 1)
    with pytest.raises(ValueError, match="at least two groups. Received: 1"):
        patch_classifier.patch_accuracy(
            one, one, real_groups=["a"], painted_groups=["a"]
        )


def test_mean_colour_is_not_seen():
    plane = np.random.default_rng(1).normal(0, 9, (SIDE, SIDE, 3))
    dark, light = (
        (np.round(plane) + level).astype(np.uint8)
        for level in (np.array([60, 60, 60]), np.array([180, 90, 70]))
    )
    found = [
        patch_classifier.patch_features(fundus, WHOLE)
        for fundus in (dark, light)
    ]
    assert found[0].shape[0] == patch_classifier.PATCHES
    assert np.isfinite(found[0]).all()
    np.testing.assert_allclose(*found, atol=1e-9)


def test_patches_lie_wholly_inside():
    rows, columns = np.indices((SIDE, SIDE)) - 79.5
    fov_mask = np.hypot(rows, columns) <= 70
    corners = patch_classifier.patch_corners(fov_mask, seed=0, patches=50)
    assert len(corners) == 50 and len(np.unique(corners, axis=0)) == 50
    side = patch_classifier.SIDE
    assert all(fov_mask[r : r + side, c : c + side].all() for r, c in corners)
    again = patch_classifier.patch_corners(fov_mask, seed=0, patches=50)
    np.testing.assert_array_equal(corners, again)
    other = patch_classifier.patch_corners(fov_mask, seed=1, patches=50)
    assert (corners != other).any()


def test_a_fov_that_is_too_small_has_no_patches():
    exact = np.zeros((SIDE, SIDE), bool)
    exact[10:74, 20:84] = True
    corners = patch_classifier.patch_corners(exact, seed=0)
    assert corners.tolist() == [[10, 20]]
    fundus = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert len(patch_classifier.patch_features(fundus, exact)) == 1
    exact[10] = False
    found = patch_classifier.patch_features(fundus, exact)
    assert found.shape[0] == 0 and found.shape[1] > 50


def test_a_flat_patch_has_figures():
    """By hand: nothing but a histogram that is all in its middle."""
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    found = patch_classifier.patch_features(flat, WHOLE, patches=1)[0]
    assert np.isfinite(found).all()
    shares = found[-14:-3]
    assert shares.tolist() == [0] * 5 + [1] + [0] * 5
    np.testing.assert_allclose(found[-3:], -2)
