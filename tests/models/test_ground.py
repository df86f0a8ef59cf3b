"""Grounds: what is left of a photograph without its vessels."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import ground

SIDE = 512


@pytest.fixture(scope="module")
def fov_mask():
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return (np.hypot(y, x) < 240).astype(np.float32)[..., None]


@pytest.fixture(scope="module")
def vessel_map():
    plane = np.zeros((SIDE, SIDE, 1), np.float32)
    plane[:, 250:260] = 1.0
    plane[100:103] = 1.0
    return plane


def test_vessels_and_rim_leave_nothing_behind(fov_mask, vessel_map):
    colour = np.array([0.3, -0.2, -0.6], np.float32)
    fundus = np.where(fov_mask > 0, colour, -1.0) - 0.4 * vessel_map
    field = ground.ground_of(fundus.astype(np.float32), vessel_map, fov_mask)
    assert field.shape == (64, 64, 3)
    np.testing.assert_allclose(
        field, np.broadcast_to(colour, field.shape), atol=1e-4
    )


def test_a_smooth_fundus_is_its_own_ground(fov_mask, vessel_map):
    ramp = np.linspace(-0.5, 0.5, SIDE, dtype=np.float32)
    fundus = np.repeat(
        np.broadcast_to(ramp[:, None], (SIDE, SIDE))[..., None], 3, -1
    )
    field = ground.ground_of(fundus, vessel_map, fov_mask)
    whole = ground.at_full_size(field[None], (SIDE, SIDE))[0].numpy()
    inner = np.s_[100:412, 100:412]
    # The vessels' own cells are filled from beside them, where the ramp is the
    # same or, along a vessel, from both of its sides.
    np.testing.assert_allclose(whole[inner], fundus[inner], atol=0.01)


def test_a_disc_stays_sharp(fov_mask):
    y, x = np.mgrid[:SIDE, :SIDE]
    disc = np.hypot(y - 256, x - 256) < 40
    fundus = np.repeat(disc.astype(np.float32)[..., None], 3, -1)
    field = ground.ground_of(fundus, np.zeros_like(fov_mask), fov_mask)
    whole = ground.at_full_size(field[None], (SIDE, SIDE))[0].numpy()
    # Two cells, 16 pixels, inside and outside of the edge.
    assert whole[256, 256 + 24].min() > 0.95
    assert whole[256, 256 + 56].max() < 0.05


def test_vessels_everywhere_leave_the_fovs_own_colour(fov_mask):
    full = np.ones_like(fov_mask)
    fundus = np.full((SIDE, SIDE, 3), 0.25, np.float32)
    field = ground.ground_of(fundus, full, fov_mask)
    np.testing.assert_allclose(field, 0.25, atol=1e-4)


def test_density_is_the_share_of_vessels(vessel_map):
    density = ground.vessel_density(tf.constant(vessel_map[None]))[0].numpy()
    np.testing.assert_allclose(
        density[..., 0].mean(), vessel_map.mean(), rtol=1e-5
    )
    # Three pixels wide leave one, ten leave eight: 8 of 512 and 1 of 512,
    # less where they cross.
    thick = (8 * 512 + 512 - 8) / 512**2
    np.testing.assert_allclose(density[..., 1].mean(), thick, rtol=0.02)


@pytest.mark.parametrize("side", [256, 1024])
def test_density_does_not_depend_on_the_maps_size(side):
    plane = np.zeros((SIDE, SIDE, 1), np.float32)
    plane[:, 200:216] = 1.0
    resized = tf.image.resize(plane[None], (side, side), "area")
    at_512 = ground.vessel_density(tf.constant(plane[None])).numpy()
    other = ground.vessel_density(resized).numpy()
    np.testing.assert_allclose(other, at_512, atol=0.02)
