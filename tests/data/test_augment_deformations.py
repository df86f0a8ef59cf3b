"""Scaling and elastic shifts, which the paper does not have."""

import cv2
import numpy as np
import pytest

from migan_tf.base.config import Config
from migan_tf.data import augment, batches
from tests.data.test_augment import SIDE, Fixed, draw, make_example


def test_scales_cover_their_range_evenly_in_logarithm():
    rng = np.random.default_rng(0)
    scales = [
        np.sqrt(abs(np.linalg.det(m[:, :2])))
        for m in (
            augment.random_affine(
                rng,
                64,
                size=64,
                rotation_degrees=180.0,
                flip=True,
                scale_jitter=0.25,
            )
            for _ in range(2000)
        )
    ]
    assert 0.8 <= min(scales) < 0.803 and 1.245 < max(scales) <= 1.25
    assert np.mean(np.log(scales)) == pytest.approx(0, abs=0.01)


def test_a_scaled_example_is_a_resized_one():
    class Larger(Fixed):
        def uniform(self, low, high, size=None):
            return high if high < 1 else 0.0 if size is None else np.zeros(size)

    example = make_example()
    drawn = augment.augment(
        example, Larger(0.0, 0.9), SIDE, scale_jitter=0.5, rotation_degrees=1e3
    )
    larger = cv2.resize(
        example["vessel_map"], (96, 96), interpolation=cv2.INTER_CUBIC
    )
    expected = larger[16:-16, 16:-16]
    np.testing.assert_allclose(drawn["vessel_map"][..., 0], expected, atol=0.03)


def test_crops_of_scaled_photographs_stay_inside():
    rng = np.random.default_rng(1)
    for _ in range(300):
        matrix = augment.random_affine(
            rng, 64, size=32, rotation_degrees=0.0, flip=False, scale_jitter=0.2
        )
        inverse = cv2.invertAffineTransform(matrix)
        corners = inverse @ np.array([[0, 31.0, 1], [31.0, 0, 1]]).T
        assert corners.min() >= -0.6 and corners.max() <= 63.6


def test_elastic_shifts_are_smooth_and_as_large_as_asked():
    rng = np.random.default_rng(2)
    drawn = np.stack([augment.elastic_shifts(rng, 256, 3.0) for _ in range(40)])
    assert drawn.shape[1:] == (256, 256, 2) and drawn.dtype == np.float32
    # At the nodes it is the drawn number; between them a mean of them.
    assert 2.0 < drawn.std() < 3.3
    slope = np.abs(np.diff(drawn, axis=1))
    assert slope.max() < 1.0  # below 1 no two pixels change places
    assert abs(drawn.mean()) < 0.1


def test_elastic_shifts_move_all_planes_together():
    drawn = draw(make_example(), 4, elastic=2.0)
    plain = draw(make_example(), 4)
    assert np.abs(drawn["vessel_map"] - plain["vessel_map"]).max() > 0.05
    unit = (drawn["fundus"] + 1) / 2
    for channel in range(3):
        np.testing.assert_allclose(
            unit[..., channel], drawn["vessel_map"][..., 0], atol=1e-5
        )


def test_the_flags_reach_the_augmentation(monkeypatch):
    asked = []

    def record(example, rng, size, *settings):
        names = ("rotation_degrees", "flip", "jitter", "scale_jitter")
        asked.append(
            dict(zip((*names, "elastic"), settings, strict=True), size=size)
        )
        return plain(example, rng, size)

    plain = augment.augment
    monkeypatch.setattr(augment, "augment", record)
    config = Config(
        rotation_degrees=30.0,
        flip=False,
        photometric_jitter=0.3,
        scale_jitter=0.2,
        elastic_deformation=4.0,
    )
    batches.draw_example([make_example()], config, size=SIDE, number=0)
    assert asked == [
        dict(
            rotation_degrees=30.0,
            flip=False,
            jitter=0.3,
            scale_jitter=0.2,
            elastic=4.0,
            size=SIDE,
        )
    ]
