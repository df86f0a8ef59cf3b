"""Figures of small images that are drawn and counted by hand."""

import dataclasses

import numpy as np
import pytest

from migan_tf.data.style_photograph import StylePhotograph
from migan_tf.evaluation import generator_scores
from migan_tf.evaluation.generator_scores import FundusImages
from migan_tf.metrics import segmentation

SIDE = 64


def make_images(name, count=3, level=100):
    """Grey images; a vessel 4 pixels thick, one 1 pixel thick, a round FOV."""
    rng = np.random.default_rng(sum(map(ord, name)))
    vessel_map = np.zeros((count, SIDE, SIDE), bool)
    vessel_map[:, 20:24, 10:50] = vessel_map[:, 40, 10:50] = True
    fov_mask = np.zeros((count, SIDE, SIDE), bool)
    fov_mask[:, 4:-4, 4:-4] = True
    levels = rng.integers(0, 90, vessel_map.shape).astype(np.uint8)
    levels[vessel_map] += 150
    levels[:, :4] = 255
    return FundusImages(
        [f"{name}{i}" for i in range(count)],
        np.stack(
            [
                np.full((SIDE, SIDE, 3), level + i, np.uint8)
                for i in range(count)
            ]
        ),
        fov_mask=fov_mask,
        vessel_map=vessel_map,
        levels=levels,
        features=rng.normal(size=(count, 5)).astype(np.float32),
    )


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


def test_thin_and_thick_vessels_are_counted_apart():
    images = make_images("a", 2)
    found = images.vessel_map.copy()
    found[:, 40] = False  # The thin vessel, 40 pixels, …
    found[0, 40, 10:20] = True  # … of which 10 in one of two images;
    found[:, 23, 10:50] = False  # and a quarter of the thick one.
    figures = generator_scores.vessel_consistency(images, found)
    assert figures["sensitivity_thin"] == pytest.approx(10 / 80)
    assert figures["sensitivity_thick"] == pytest.approx(3 / 4)
    true, missed = 2 * 120 + 10, 2 * 40 + 70
    assert figures["dice"] == pytest.approx(2 * true / (2 * true + missed))
    whole = generator_scores.vessel_consistency(images, images.vessel_map)
    assert set(whole.values()) == {1.0}
    assert 0 < figures["centreline_dice"] < 1


def test_vessels_outside_the_fov_are_not_asked_for():
    images = make_images("a", 1)
    found = images.vessel_map.copy()
    images.vessel_map[:, :3] = True
    assert generator_scores.vessel_consistency(images, found)["dice"] == 1


def test_no_thin_vessel_has_no_sensitivity():
    images = make_images("a", 1)
    images.vessel_map[:, 40] = False
    figures = generator_scores.vessel_consistency(images, images.vessel_map)
    assert figures["sensitivity_thin"] is None
    assert figures["sensitivity_thick"] == 1


def test_diversity_is_in_grey_levels_inside_the_fov():
    images = np.zeros((2, 4, 4, 3), np.float32)
    images[1, :, :2] = 2 / 127.5  # Deviation of 0 and 2: one grey level.
    fov_mask = np.zeros((4, 4), bool)
    fov_mask[:2] = True
    images[1, 2:] = 1
    assert generator_scores.diversity(images, fov_mask) == pytest.approx(0.5)


def test_the_noise_is_the_mean_over_images():
    """By hand: one white pixel in a FOV of 54 × 54 inner pixels answers 16."""
    images = make_images("a", count=2, level=100)
    images.fundus[0, 30, 30] += 9
    figures, _ = generator_scores.score(images, make_images("b"))
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
    figures, found = generator_scores.score(make_images("a"), training, STYLE)
    assert figures["images"] == 3 and found.shape == (3, SIDE, SIDE)
    assert figures["vessel_consistency"]["dice"] == 1
    # Levels 100, 101 and 102 against 104 … 107.
    assert figures["nearest_training_distance"] == pytest.approx(3)
    assert figures["kid_to_training"] is not None
    same, _ = generator_scores.score(training, training)
    assert same["kid_to_training"] is None and same["style_leak"] is None
    assert same["nearest_training_distance"] == pytest.approx(1)


def test_one_image_has_no_kid():
    one = make_images("a", 1)
    figures, _ = generator_scores.score(one, make_images("t", 4))
    assert figures["kid_to_training"] is None
    figures, _ = generator_scores.score(one, one)
    assert figures["nearest_training_distance"] is None


def test_fovs_that_never_meet_have_no_distance():
    images, training = make_images("a"), make_images("t")
    left, right = images.fov_mask.copy(), images.fov_mask.copy()
    left[..., 32:], right[..., :32] = False, False
    figures, _ = generator_scores.score(
        dataclasses.replace(images, fov_mask=left),
        dataclasses.replace(training, fov_mask=right),
    )
    assert figures["nearest_training_distance"] is None
