"""Figures of small images that are drawn and counted by hand."""

import dataclasses
import json

import numpy as np
import pytest

from migan_tf.data.style_photograph import StylePhotograph
from migan_tf.evaluation import generator_scores
from migan_tf.metrics import segmentation
from tests.evaluation.fundus_images import SIDE, make_images

STYLE = StylePhotograph(
    "x_s",
    np.full((SIDE, SIDE, 3), 130 / 127.5 - 1, np.float32),
    fov_mask=np.ones((SIDE, SIDE, 1), np.float32),
    vessel_map=np.zeros((SIDE, SIDE, 1), np.float32),
)
STYLE.vessel_map[50:54, 10:50] = 1


def test_the_threshold_is_otsus_of_all_images_together():
    images = make_images("a")
    images.levels[1] //= 2
    threshold, found = generator_scores.decide(images.levels, images.fov_mask)
    probability = images.levels / 255
    expected = segmentation.otsu_threshold(probability[images.fov_mask])
    assert threshold == pytest.approx(expected)
    np.testing.assert_array_equal(
        found, (probability >= expected) & images.fov_mask
    )
    assert not found[:, :4].any()  # Outside the FOV.


@pytest.mark.parametrize(
    "size, width", [(512, 3), (1024, 6), (320, 2), (64, 2), (448, 3)]
)
def test_thick_is_three_pixels_at_512(size, width):
    assert generator_scores.thick_width(size) == width


def test_diversity_is_in_grey_levels_inside_the_fov():
    images = np.zeros((2, 4, 4, 3), np.uint8)
    images[1, :, :2] = 2  # Squares of 1 and 1 over 2 - 1: a variance of 2.
    fov_mask = np.zeros((4, 4), bool)
    fov_mask[:2] = True
    images[1, 2:] = 255
    # In half of the FOV, nothing in the other.
    assert generator_scores.diversity(images, fov_mask) == pytest.approx(1)


def test_the_noise_is_the_mean_over_images():
    """By hand: one white pixel in a FOV of 54 × 54 inner pixels answers 16."""
    images = make_images("a", count=2, level=100)
    images.fundus[0, 30, 30] += 9
    figures = generator_scores.score(images, make_images("b")).figures
    answer = 9 * 16 / 54**2
    expected = np.sqrt(np.pi / 2) / 6 * answer / 2
    assert figures["pixel_noise"] == pytest.approx(expected)


def test_colour_is_compared_with_training_and_style():
    images, training = make_images("a", 3, 100), make_images("t", 3, 110)
    colour = generator_scores.colour(images, training, STYLE)
    assert colour["means"] == [101] * 3 and colour["stddevs"] == [0] * 3
    # Three of six statistics differ, by 10 and by 29.
    assert colour["distance_to_training"] == pytest.approx(10 / np.sqrt(2))
    assert colour["distance_to_style"] == pytest.approx(29 / np.sqrt(2))
    colour = generator_scores.colour(images, training, None)
    assert colour["distance_to_style"] is None


def test_style_leak_is_the_mean_of_images_that_have_one():
    images = make_images("a", 3)
    found = np.zeros_like(images.vessel_map)
    found[0, 50:54, 10:50] = True
    images.vessel_map[2] = True  # Nothing is far from its vessels.
    figures = generator_scores.style_leak(images, found, STYLE)
    assert figures == {"leak": 0.5, "chance": 0.0, "images": 2}
    images.vessel_map[:] = True
    figures = generator_scores.style_leak(images, found, STYLE)
    assert figures == {"leak": None, "chance": None, "images": 0}


def test_score_has_every_figure_and_no_self_comparison():
    training = make_images("t", 4, 104)
    found = generator_scores.score(make_images("a"), training, STYLE)
    figures = found.figures
    assert figures["images"] == 3 and found.decisions.shape == (3, SIDE, SIDE)
    assert figures["vessel_consistency"]["dice"] == 1
    # Levels 100, 101 and 102 against 104 … 107.
    assert figures["nearest_training_distance"] == pytest.approx(3)
    # They are grey all over, which is light.
    assert figures["nearest_training_ground"] == pytest.approx(0, abs=1e-9)
    assert figures["ground_diversity"] == pytest.approx(1)
    assert figures["structure_diversity"] == pytest.approx(0, abs=1e-9)
    # One of four training photographs, since half of three images is one: the
    # median, 101, is from 104 … 107 by 4.5 on average.
    fair = figures["nearest_of_some"]["distance"]
    assert fair == pytest.approx(4.5, abs=0.4)
    assert figures["kid_to_training"] is not None
    assert set(figures["kid"]) == {"random_filters", "colour_field"}
    assert figures["rim"]["faults"] == 3  # Nothing is black outside.
    low, high = figures["patch_accuracy_interval"]
    assert 0 <= low <= figures["patch_accuracy"] <= high <= 1
    json.dumps(figures, allow_nan=False)
    same = generator_scores.score(training, training).figures
    assert same["kid_to_training"] is None and same["style_leak"] is None
    assert set(same["kid"].values()) == {None}
    assert same["patch_accuracy"] is same["patch_accuracy_interval"] is None
    assert same["nearest_training_distance"] == pytest.approx(1)
    assert same["nearest_of_some"] == {"distance": None, "ground": None}


def test_patches_are_told_from_the_photographs_that_are_given():
    images, others = make_images("a", 4), make_images("b", 4)
    for patches in images.patches:
        patches += 9
    for given, expected in ((others, 1.0), (images, None)):
        figures = generator_scores.score(
            images, make_images("t", 4), photographs=given
        ).figures
        if expected is None:  # The very same: nothing can be told.
            assert figures["patch_accuracy"] <= 0.5
        else:
            assert figures["patch_accuracy"] == expected


def test_one_image_has_no_kid():
    one = make_images("a", 1)
    figures = generator_scores.score(one, make_images("t", 4)).figures
    assert figures["kid_to_training"] is None
    assert figures["ground_diversity"] is None
    figures = generator_scores.score(one, one).figures
    assert figures["nearest_training_distance"] is None
    assert figures["nearest_training_ground"] is None


def test_fovs_that_never_meet_have_no_distance():
    images, training = make_images("a"), make_images("t")
    left, right = images.fov_mask.copy(), images.fov_mask.copy()
    left[..., 32:], right[..., :32] = False, False
    figures = generator_scores.score(
        dataclasses.replace(images, fov_mask=left),
        dataclasses.replace(training, fov_mask=right),
    ).figures
    assert figures["nearest_training_distance"] is None
    assert figures["nearest_training_ground"] is None
