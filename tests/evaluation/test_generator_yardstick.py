"""Halves of photographs, counted and compared by hand."""

import dataclasses
import itertools

import numpy as np
import pytest

from migan_tf.evaluation import generator_figures, generator_yardstick
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


@pytest.mark.parametrize(
    "place, painted, expected",
    [
        # Photographs at 0.5, halves of them the same: the floors alone.
        ("rim/dark", 0.5009, True),
        ("rim/dark", 0.5011, False),
        ("power/4-8", 0.5099, True),
        ("power/4-8", 0.4899, False),
        ("centred_contrast/thin", 0.5099, True),
        ("centred_contrast/invisible_thin", 0.5099, False),
        # As good as wanted, but no worse.
        ("vessel_consistency/dice", 0.9, True),
        ("vessel_consistency/sensitivity_thin", 0.4991, True),
        ("vessel_consistency/sensitivity_thin", 0.4989, False),
        # At the annotated pixel nothing is judged.
        ("vessel_contrast/thin", 0.5, None),
    ],
)
def test_floors_sides_and_what_has_no_verdict(place, painted, expected):
    found = generator_yardstick.alike(
        {place: painted}, {place: 0.5}, {place: 0}
    )
    assert found == {place: expected}


def test_every_mean_figure_has_a_floor():
    rows, _ = generator_figures.collect(
        make_images("a", 1), make_images("a", 1).vessel_map, thick_width=2
    )
    known = {*generator_yardstick.FLOORS, *generator_yardstick.WITHOUT_VERDICT}
    assert {place.partition("/")[0] for place in rows} <= known


def test_halves_are_judged_by_the_same_rule():
    """By hand: half of 0, 0, 3 and 3 is 3 from the other in one cut of three.

    The mean distance is 1, of which five quarters are allowed: two of three
    cuts are alike, and of a Dice half of the third also, since either half may
    stand for what is painted.
    """
    values = rows_of(0.0, 0.0, 3.0, 3.0)
    dice = "vessel_consistency/dice"
    rows = {"a": values, dice: values, "vessel_contrast/thin": values}
    spread = dict.fromkeys(rows, 1.0)
    found = generator_yardstick.alike_by_chance(rows, spread)
    assert found["a"] == pytest.approx(2 / 3, abs=0.15)
    assert found[dice] == pytest.approx(5 / 6, abs=0.15)
    assert found["vessel_contrast/thin"] is None
    one = {"a": rows_of(1.0)}
    assert generator_yardstick.alike_by_chance(one, {"a": None}) == {"a": None}


def without_patches(images):
    """The same, of which no classifier is trained."""
    none = [patches[:0] for patches in images.patches]
    return dataclasses.replace(images, patches=none)


def test_distances_are_from_half_to_half():
    photographs = make_images("a", 4, 100)
    found = generator_yardstick.distances(photographs)
    assert set(found) == {
        "colour/distance_to_training",
        "kid_to_training",
        "kid/random_filters",
        "kid/colour_field",
        "patch_accuracy",
        "nearest_of_some/distance",
        "nearest_of_some/ground",
    }
    # Means of two of 100 … 103 are 2, 1 or 0 apart; three of six numbers are.
    colour = found["colour/distance_to_training"] * np.sqrt(2)
    assert 0.6 < colour < 1.4
    assert 1 <= found["nearest_of_some/distance"] <= 2
    # One reference instead of two is never nearer.
    photographs = without_patches(photographs)
    one = generator_yardstick.distances(photographs, references=1)
    assert one["patch_accuracy"] is None
    assert one["nearest_of_some/distance"] > found["nearest_of_some/distance"]
    assert found["nearest_of_some/ground"] == pytest.approx(0, abs=1e-9)
    assert 0 <= found["patch_accuracy"] <= 1


def test_kids_of_halves_do_not_cancel():
    """By hand over the three cuts of four images; with their signs they do."""
    rows = make_images("a", 4).features["network"]
    kids = []
    for one, other in (([0, 1], [2, 3]), ([0, 2], [1, 3]), ([0, 3], [1, 2])):
        a, b = rows[one], rows[other]
        kernel = [(x @ y / 5 + 1) ** 3 for x in a for y in b]
        within = [(pair[0] @ pair[1] / 5 + 1) ** 3 for pair in (a, b)]
        kids.append(sum(within) - 2 * np.mean(kernel))
    assert np.mean(kids) == pytest.approx(0, abs=1e-9)
    images = without_patches(make_images("a", 4))
    found = generator_yardstick.distances(images)
    expected = np.mean(np.abs(kids))
    assert found["kid_to_training"] == pytest.approx(expected, rel=0.3)
    assert found["kid_to_training"] > 0.1


def test_three_photographs_have_no_halves_to_compare():
    found = generator_yardstick.distances(make_images("a", 3))
    assert set(found.values()) == {None}
