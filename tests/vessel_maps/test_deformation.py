"""Deformed maps are new, whole, inside the field of view and repeatable."""

import numpy as np
import pytest
from scipy import ndimage

from migan_tf.phantom.retina import phantom_retina
from migan_tf.vessel_maps import deformation, displacement, statistics

EVERY_WAY = np.ones((3, 3))


def deform(source, seed):
    rng = np.random.default_rng(seed)
    return deformation.deform(*source, rng)


def pieces(plane):
    return ndimage.label(plane, EVERY_WAY)[1]


@pytest.fixture(scope="module")
def source():
    retina = phantom_retina(584, 565, 3)
    return retina.vessel_map > 0, retina.fov_mask > 0


@pytest.mark.parametrize("seed", range(2))
def test_a_deformed_map_is_another_eyes(source, seed):
    vessel_map, fov_mask = source
    found = deform(source, seed)
    assert found.dtype == bool and found.shape == vessel_map.shape
    assert not (found & ~fov_mask).any()
    both = (found & vessel_map).sum() / (found | vessel_map).sum()
    assert both < 0.5
    before, after = (
        statistics.measure(plane, fov_mask).summary()
        for plane in (vessel_map, found)
    )
    assert after["density"] == pytest.approx(before["density"], rel=0.25)
    assert after["calibre"] == pytest.approx(before["calibre"], rel=0.2)


def test_one_seed_one_map_and_its_source_stays(source):
    kept = source[0].copy()
    found = deform(source, 7)
    np.testing.assert_array_equal(found, deform(source, 7))
    assert (found != deform(source, 8)).any()
    np.testing.assert_array_equal(source[0], kept)


def thin_cross():
    """Lines of one pixel, slanted ones too, well inside the field of view."""
    plane = np.zeros((200, 200), bool)
    plane[100, 60:140] = plane[60:140, 100] = True
    for step in range(30):
        plane[40 + step, 60 + step] = plane[150 - step // 2, 60 + step] = True
    return plane, np.ones_like(plane)


@pytest.mark.parametrize("seed", range(4))
def test_lines_of_one_pixel_are_not_torn(seed):
    plane, fov_mask = thin_cross()
    assert pieces(plane) == 3
    found = deform((plane, fov_mask), seed)
    assert pieces(found) == 3
    assert found.sum() > 0.8 * plane.sum()


def test_specks_are_dropped():
    plane, _ = thin_cross()
    alone = plane.copy()
    alone[20:22, 150:153] = True  # six pixels
    alone[180:183, 150:153] = True  # nine
    np.testing.assert_array_equal(
        deformation.without_specks(alone)[30:], alone[30:]
    )
    assert not deformation.without_specks(alone)[:30].any()


def test_what_whole_means():
    vessels = np.array([[1, 1, 0, 1, 1]], bool)

    def whole(components, number):
        return deformation.is_whole(vessels, np.array([components]), number)

    assert whole([1, 1, 0, 2, 2], 2)
    assert not whole([1, 1, 0, 1, 1], 1)  # torn
    assert not whole([1, 1, 0, 2, 2], 3)  # lost
    assert whole([1, 2, 0, 3, 3], 3)  # grown together


def test_torn_draws_are_drawn_again_and_weaker(source, monkeypatch):
    strengths = []
    draw = displacement.draw

    def spy(field, flips, strength, rng):
        strengths.append(strength)
        return draw(field, flips, strength=strength, rng=rng)

    monkeypatch.setattr(displacement, "draw", spy)
    monkeypatch.setattr(deformation, "is_whole", lambda *_: False)
    found = deform(source, 0)
    assert strengths == [1, 0.5, 0.25, 0.125]
    mirrored = [
        (source[0] & source[1])[::down, ::along] & source[1]
        for down in (1, -1)
        for along in (1, -1)
    ]
    assert any((found == plane).all() for plane in mirrored)


def test_without_vessels_there_are_none():
    empty = np.zeros((40, 50), bool)
    assert not deform((empty, ~empty), 0).any()


def test_a_wrong_call_is_told():
    with pytest.raises(ValueError, match=r"Received: \(4, 4\) and \(5, 5\)"):
        deform((np.ones((4, 4), bool), np.ones((5, 5), bool)), 0)
    with pytest.raises(ValueError, match="0 pixels inside"):
        deform((np.ones((4, 4), bool), np.zeros((4, 4), bool)), 0)
