import cv2
import numpy as np
import pytest

from migan_tf.phantom import photograph, retina
from migan_tf.phantom.raster import Frame

FRAME = Frame(120, 160)


def test_noise_has_unit_variance_and_the_asked_scale():
    rng = np.random.default_rng(0)
    coarse = photograph.smooth_noise(rng, FRAME, 0.5)
    fine = photograph.smooth_noise(rng, FRAME, 0.05)
    for noise in (coarse, fine):
        assert noise.shape == (120, 160)
        assert noise.std() == pytest.approx(1.0, abs=1e-3)
    steps = [np.abs(np.diff(noise)).mean() for noise in (coarse, fine)]
    assert steps[1] > 4 * steps[0]


def test_fall_is_a_soft_step():
    values = np.array([-1e6, 0.8, 1.0, 1.2, 1e6])
    step = photograph.fall(values, 1.0, 0.1)
    # The logistic function of -2, 0, 2.
    expected = [1.0, 0.880797, 0.5, 0.119203, 0.0]
    np.testing.assert_allclose(step, expected, atol=1e-6)


def test_colour_and_light_differ_between_eyes():
    inside = FRAME.fov_mask()
    means = np.array(
        [
            retina.phantom_retina(120, 160, seed).fundus[inside].mean(0)
            for seed in range(5)
        ]
    )
    # Orange: red over green over blue, by as much as in DRIVE's photographs.
    assert (means[:, 0] > 1.5 * means[:, 1]).all()
    assert (means[:, 1] > 1.2 * means[:, 2]).all()
    assert means[:, 0].std() > 8 and means[:, 1].std() > 5


def test_the_camera_leaves_noise_and_a_soft_edge():
    drawn = retina.phantom_retina(292, 283, 2)
    fundus = drawn.fundus.astype(float)
    green = fundus[..., 1]
    grain = green - (np.roll(green, 1, 0) + np.roll(green, -1, 0)) / 2
    vessels = cv2.dilate(drawn.vessel_map, np.ones((7, 7)))
    inside = cv2.erode(drawn.fov_mask, np.ones((15, 15)))
    assert 0.3 < grain[(vessels == 0) & (inside > 0)].std() < 10
    # Along the middle row the light falls within a few pixels of the edge.
    row = fundus[146, :, 0]
    edge = round(141 - Frame(292, 283).radius)
    assert row[edge - 5] < 20 < 60 < row[edge + 5]
