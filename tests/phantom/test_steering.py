import numpy as np
import pytest

from migan_tf.phantom.steering import Crowding

CELL = 2.2 / 200


def test_distance_to_a_straight_vessel():
    crowding = Crowding()
    crowding.add(np.array([[-0.5, 0.0], [0.5, 0.0]]))
    for y in (0.0, 0.1, -0.3, 0.7):
        assert crowding.distance(0.1, y) == pytest.approx(
            abs(y), abs=1.5 * CELL
        )


def test_a_vessel_entered_later_counts():
    crowding = Crowding()
    crowding.add(np.array([[-0.5, 0.0], [0.5, 0.0]]))
    assert crowding.distance(0.0, 0.5) > 0.45
    crowding.add(np.array([[0.0, 0.5], [0.0, 0.6]]))
    assert crowding.distance(0.0, 0.5) <= 1.5 * CELL


def test_there_is_room_outside_and_before_the_first_vessel():
    crowding = Crowding()
    assert crowding.distance(0.0, 0.0) > 1
    assert crowding.distance(5.0, 0.0) > 1
