import math

import numpy as np
import pytest

from migan_tf.phantom import steering
from migan_tf.phantom.anatomy import INNER, NASAL, random_anatomy
from migan_tf.phantom.vessel_tree import ARTERY, VEIN

MIN_RADIUS = 0.002
CELL = 2.2 / 200


def make_steering():
    rng = np.random.default_rng(1)
    return steering.Steering(random_anatomy(rng), rng, MIN_RADIUS)


def tip_at(x, y, **fields):
    fields = {"course": NASAL, "radius": 0.005, "age": 0.5} | fields
    return steering.Tip(
        index=0,
        parent=-1,
        kind=VEIN,
        half=-1,
        x=x,
        y=y,
        heading=0.0,
        until_branch=1.0,
        **fields,
    )


def vessel_along(y, start=-0.6, end=-0.3):
    return np.array([[start, y], [end, y]])


def test_a_step_has_one_length_and_thins():
    tip = tip_at(0.2, -0.3)
    make_steering().advance(tip)
    moved = math.hypot(tip.x - 0.2, tip.y + 0.3)
    assert moved == pytest.approx(steering.STEP)
    assert 0.0049 < tip.radius < 0.005


def test_a_tip_turns_by_no_more_than_the_largest_bend():
    tip = tip_at(-0.5, -0.5, bend=1e3)
    make_steering().advance(tip)
    assert abs(tip.heading) <= steering.MAX_BEND * steering.STEP + 1e-12


@pytest.mark.parametrize(
    "fields",
    [
        {"radius": 0.9 * MIN_RADIUS},
        {"length": 0.0},
        {"astray": 20},
        {"beside": 20},
        {"x": 1.04, "y": 0.0},
        {"course": INNER, "target": (-0.5, -0.52)},
    ],
)
def test_a_tip_ends(fields):
    course = make_steering()
    assert not course.must_end(tip_at(-0.5, -0.5))
    assert course.must_end(tip_at(**{"x": -0.5, "y": -0.5} | fields))


def test_a_tip_ends_on_the_fovea():
    course = make_steering()
    assert course.must_end(tip_at(*course.eye.fovea))


def test_only_its_own_kind_stops_a_tip():
    course = make_steering()
    course.enter(ARTERY, vessel_along(-0.5))
    assert not course.must_end(tip_at(-0.5, -0.5))
    assert not course.is_free(tip_at(-0.5, -0.42), -math.pi / 2)
    course.enter(VEIN, vessel_along(-0.5))
    assert course.must_end(tip_at(-0.5, -0.5))
    # A young tip is still beside the vessel it came from.
    assert not course.must_end(tip_at(-0.5, -0.5, age=0.0))


def test_a_vessel_beside_it_turns_a_tip_away():
    def heading_beside(*vessels):
        course = make_steering()
        x, y = course.eye.disc
        for below in vessels:
            course.enter(VEIN, vessel_along(y + below, x, 1.0))
        tip = tip_at(x + 0.15, y)  # nasal of the disc, where its course leads
        course.advance(tip)
        return tip.heading

    # A vessel below is on the right hand; left turns are negative.
    assert heading_beside(0.04) < heading_beside() < heading_beside(-0.04)


def test_distance_to_a_straight_vessel():
    crowding = steering.Crowding()
    crowding.add(vessel_along(0.0, -0.5, 0.5))
    for y in (0.0, 0.1, -0.3, 0.7):
        assert crowding.distance(0.1, y) == pytest.approx(
            abs(y), abs=1.5 * CELL
        )


def test_a_vessel_entered_later_counts():
    crowding = steering.Crowding()
    crowding.add(vessel_along(0.0, -0.5, 0.5))
    assert crowding.distance(0.0, 0.5) > 0.45
    crowding.add(vessel_along(0.5, 0.0, 0.1))
    assert crowding.distance(0.0, 0.5) <= 1.5 * CELL


def test_there_is_room_outside_and_before_the_first_vessel():
    crowding = steering.Crowding()
    assert crowding.distance(0.0, 0.0) > 1
    assert crowding.distance(5.0, 0.0) > 1
