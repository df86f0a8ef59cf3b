import dataclasses

import numpy as np
import pytest

from migan_tf.phantom import retina
from migan_tf.phantom.raster import Frame, binary_map, draw_vessels
from migan_tf.phantom.vessel_tree import VEIN, Segment

FRAME = Frame(80, 100)  # the field's radius is 38.08, its middle 49.5, 39.5


@pytest.fixture(scope="module")
def tree():
    return retina.phantom_tree(1, 0.01)


def straight(start, end, radius):
    """A segment between pixels (x, y), `radius` in pixels."""
    points = (np.array([start, end]) - [49.5, 39.5]) / FRAME.radius
    radii = np.full(2, radius / FRAME.radius)
    return Segment(VEIN, points, radii=radii, parent=-1, terminal=False)


def draw(tree, segment, **arguments):
    return draw_vessels(tree, FRAME, (VEIN,), segments=[segment], **arguments)


@pytest.fixture
def right_eye(tree):
    eye = dataclasses.replace(tree.anatomy, left_eye=False)
    return dataclasses.replace(tree, anatomy=eye)


@pytest.mark.parametrize("radius", [1.0, 3.5])
def test_a_vessel_covers_its_width(right_eye, radius):
    coverage = draw(right_eye, straight((30, 40), (70, 40), radius))
    # Across its middle: the covered length is the diameter, to 1/4 pixel.
    assert coverage[:, 50].sum() == pytest.approx(2 * radius, abs=0.3)
    assert coverage[40, 50] == 1.0
    assert coverage[40, 30:71].min() > 0.9
    assert coverage[40, :25].max() == 0.0


def test_nothing_is_thinner_than_drawn(right_eye):
    coverage = draw(right_eye, straight((30, 40), (70, 40), 0.1))
    assert coverage[:, 50].sum() == pytest.approx(1.3, abs=0.3)
    assert binary_map(coverage, FRAME.fov_mask())[40, 50] == 255


def test_left_eyes_are_mirrored(tree, right_eye):
    eye = dataclasses.replace(tree.anatomy, left_eye=True)
    left_eye = dataclasses.replace(tree, anatomy=eye)
    segment = straight((60, 20), (80, 50), 2.0)
    right, left = draw(right_eye, segment), draw(left_eye, segment)
    np.testing.assert_allclose(left, right[:, ::-1], atol=0.35)
    x = FRAME.unit_grid(True)[0]
    np.testing.assert_array_equal(x, -FRAME.unit_grid(False)[0])


def test_half_of_a_pixel_makes_it_a_vessel():
    inside = np.array([[True, True, True, False]])
    coverage = np.array([[0.49, 0.5, 1.0, 1.0]], np.float32)
    np.testing.assert_array_equal(
        binary_map(coverage, inside), [[0, 255, 255, 0]]
    )


def test_field_of_view_is_a_circle():
    area = np.pi * (0.476 * 80) ** 2
    assert FRAME.fov_mask().sum() == pytest.approx(area, rel=0.01)
