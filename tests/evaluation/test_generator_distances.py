"""Distances between small sets of images, by hand."""

import dataclasses

import numpy as np
import pytest

from migan_tf.evaluation import generator_distances
from migan_tf.metrics import realism
from tests.evaluation.fundus_images import make_images


def test_the_nearest_ground_does_not_see_vessels():
    images, others = make_images("a", 2, 100), make_images("b", 2, 107)
    images.fundus[images.vessel_map] = 0
    # Levels 100 and 101 against 107 and 108.
    assert generator_distances.nearest_ground(images, others) == 6.5
    # Whole images differ by their vessels, too.
    assert generator_distances.nearest(images, others) > 20
    assert generator_distances.nearest_ground(others, others, True) == 1
    one = make_images("c", 1)
    assert generator_distances.nearest_ground(one, one, True) is None


def test_the_ground_of_a_map_is_compared_with_that_map_alone():
    images = make_images("a", 4, samples=2)
    # 100 and 101, 102 and 103: a deviation of one half in each.
    assert generator_distances.ground_spread(images) == 0.5
    # Of photographs, each of its own map, over all four.
    photographs = make_images("a", 4)
    spread = generator_distances.ground_spread(photographs)
    assert spread == pytest.approx(np.std([100, 101, 102, 103]))


def test_kids_are_of_each_set_of_features():
    images, others = make_images("a", 4), make_images("b", 5)
    found = generator_distances.kids(images, others)
    assert set(found) == {"network", "random_filters", "colour_field"}
    expected = realism.kernel_inception_distance(
        images.features["colour_field"], others.features["colour_field"]
    )
    assert found["colour_field"] == expected
    assert generator_distances.kids(images, make_images("b", 1)) == (
        dict.fromkeys(found)
    )


def test_colours_are_rows_of_means_and_deviations():
    images = make_images("a", 2)
    images.fundus[1, 4:-4, 4:32] = 0  # Half of its FOV.
    found = generator_distances.colours_of(images)
    assert found.shape == (2, 2, 3)
    assert found[0].tolist() == [[100] * 3, [0] * 3]
    np.testing.assert_allclose(found[1], [[50.5] * 3, [50.5] * 3])


def test_patches_need_photographs_and_a_place():
    images, others = make_images("a", 4), make_images("b", 4)
    for patches in others.patches:
        patches += 9
    assert generator_distances.patch_accuracy(images, others) == 1
    one = make_images("b", 1)
    assert generator_distances.patch_accuracy(images, one) is None
    bare = dataclasses.replace(others, patches=[p[:0] for p in others.patches])
    assert generator_distances.patch_accuracy(images, bare) is None
