"""Halves of photographs, counted and compared by hand."""

import itertools

import numpy as np
import pytest

from migan_tf.evaluation import generator_yardstick
from tests.evaluation.fundus_images import make_images


def test_halves_are_disjoint_and_drawn_alike_each_time():
    for count, half in ((6, 3), (7, 3), (2, 1)):
        cuts = generator_yardstick.halves(count)
        assert len(cuts) == 50
        for one, other in cuts:
            assert len(one) == len(other) == half
            assert len({*one, *other}) == 2 * half
    again = generator_yardstick.halves(7)
    first = generator_yardstick.halves(7)
    np.testing.assert_array_equal(first, again)
    assert len({tuple(one) for one, _ in first}) > 30


def rows_of(*values):
    return np.array([[value, 1.0] for value in values])


def test_the_spread_is_that_of_all_cuts():
    """By hand over the three cuts of four images, which are drawn evenly."""
    values = (1.0, 2.0, 4.0, 10.0)
    cuts = [
        abs(sum(pair) - sum(values) + sum(pair)) / 2
        for pair in itertools.combinations(values, 2)
    ]
    rows = {"a": rows_of(*values), "b": rows_of(3, 3, 3, 3)}
    found = generator_yardstick.spreads(rows)
    assert found["a"] == pytest.approx(np.mean(cuts), rel=0.15)
    assert found["b"] == 0


def test_what_halves_do_not_have_has_no_spread():
    unknown = np.zeros((4, 2))
    assert generator_yardstick.spreads({"a": unknown}) == {"a": None}
    one = {"a": rows_of(1.0)}
    assert generator_yardstick.spreads(one) == {"a": None}


def test_alike_is_within_five_quarters_of_the_spread():
    painted = {"a": 1.25, "b": 1.26, "c": 0.7, "d": None, "e": 1.0}
    photographs = {"a": 1.0, "b": 1.0, "c": 0.7, "d": 1.0, "e": 1.0}
    spread = {"a": 0.2, "b": 0.2, "c": 0.0, "d": 0.2, "e": None}
    found = generator_yardstick.alike(painted, photographs, spread)
    assert found == {"a": True, "b": False, "c": True, "d": None, "e": None}


def test_distances_are_from_half_to_half():
    photographs = make_images("a", 4, 100)
    found = generator_yardstick.distances(photographs)
    assert set(found) == {
        "colour/distance_to_training",
        "kid_to_training",
        "kid/random_filters",
        "kid/colour_field",
        "patch_accuracy",
        "nearest_training_distance",
        "nearest_training_ground",
    }
    # Means of two of 100 … 103 are 2, 1 or 0 apart; three of six numbers are.
    colour = found["colour/distance_to_training"] * np.sqrt(2)
    assert 0.6 < colour < 1.4
    assert 1 <= found["nearest_training_ground"] <= 2
    assert 0 <= found["patch_accuracy"] <= 1


def test_three_photographs_have_no_halves_to_compare():
    found = generator_yardstick.distances(make_images("a", 3))
    assert set(found.values()) == {None}


def test_a_part_is_a_part_of_everything():
    images = make_images("a", 4)
    part = generator_yardstick.part(images, np.array([3, 1]))
    assert part.image_ids == ["a3", "a1"] == part.photograph_ids
    np.testing.assert_array_equal(part.fundus, images.fundus[[3, 1]])
    rows = images.features["network"][[3, 1]]
    np.testing.assert_array_equal(part.features["network"], rows)
    assert part.patches[0] is images.patches[3]
