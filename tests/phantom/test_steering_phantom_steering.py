import math

import numpy as np
import pytest

from migan_tf.phantom import steering as phantom_steering
from migan_tf.phantom.anatomy import INNER, NASAL, random_anatomy
from migan_tf.phantom.vessel_tree import ARTERY, VEIN

MIN_RADIUS = 0.002


@pytest.fixture
def steering():
    rng = np.random.default_rng(1)
    return phantom_steering.Steering(random_anatomy(rng), rng, MIN_RADIUS)


def tip_at(x, y, **fields):
    fields = {"course": NASAL, "radius": 0.005, "age": 0.5} | fields
    return phantom_steering.Tip(
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


def test_a_step_has_one_length_and_thins(steering):
    tip = tip_at(0.2, -0.3)
    steering.advance(tip)
    moved = math.hypot(tip.x - 0.2, tip.y + 0.3)
    assert moved == pytest.approx(phantom_steering.STEP)
    assert 0.0049 < tip.radius < 0.005


def test_a_tip_turns_by_no_more_than_the_largest_bend(steering):
    tip = tip_at(-0.5, -0.5, bend=1e3)
    steering.advance(tip)
    limit = phantom_steering.MAX_BEND * phantom_steering.STEP
    assert abs(tip.heading) <= limit + 1e-12


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
def test_a_tip_ends(steering, fields):
    assert not steering.must_end(tip_at(-0.5, -0.5))
    assert steering.must_end(tip_at(**{"x": -0.5, "y": -0.5} | fields))


def test_a_tip_ends_on_the_fovea(steering):
    assert steering.must_end(tip_at(*steering.anatomy.fovea))


def test_only_its_own_kind_stops_a_tip(steering):
    steering.crowding[ARTERY].add(np.array([[-0.6, -0.5], [-0.4, -0.5]]))
    assert not steering.must_end(tip_at(-0.5, -0.5))
    assert not steering.is_free(tip_at(-0.5, -0.42), -math.pi / 2)
    steering.crowding[VEIN].add(np.array([[-0.6, -0.5], [-0.4, -0.5]]))
    assert steering.must_end(tip_at(-0.5, -0.5))
    # A young tip is still beside the vessel it came from.
    assert not steering.must_end(tip_at(-0.5, -0.5, age=0.0))


def test_vessels_push_a_tip_away(steering):
    # A vessel on the right hand, below: turn left, that is negative.
    steering.crowding[VEIN].add(np.array([[-0.6, -0.46], [-0.3, -0.46]]))
    assert steering.repulsion(tip_at(-0.5, -0.5)) < 0
    assert steering.repulsion(tip_at(-0.5, -0.42)) > 0
