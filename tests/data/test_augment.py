"""One change for all planes, and statistics of the whole photograph."""

import cv2
import numpy as np
import pytest

from migan_tf.base.config import Config
from migan_tf.data import augment, batches

SIDE = 64


def disc(side, radius):
    axis = np.arange(side) - (side - 1) / 2
    return axis[:, None] ** 2 + axis**2 <= radius**2


def make_example(seed=0, radius=30):
    """The same smooth pattern in each plane, in that plane's range."""
    noise = np.random.default_rng(seed).random((SIDE, SIDE))
    pattern = cv2.GaussianBlur(noise, (0, 0), 3)
    pattern = (pattern - pattern.min()) / np.ptp(pattern)
    fov_mask = disc(SIDE, radius)
    inside = (pattern * fov_mask)[..., None].astype(np.float32)
    return {
        "fundus": np.repeat(inside, 3, 2) * 2 - 1,
        "vessel_map": inside,
        "fov_mask": fov_mask[..., None].astype(np.float32),
    }


def draw(example, seed=1, size=SIDE, **settings):
    return augment.augment(
        example, np.random.default_rng(seed), size, **settings
    )


def test_no_change_is_no_change():
    example = make_example()
    drawn = draw(example, rotation_degrees=0.0, flip=False)
    for name, plane in example.items():
        np.testing.assert_allclose(drawn[name], plane, atol=1e-6)


@pytest.mark.parametrize("size", [SIDE, 40])
@pytest.mark.parametrize("seed", range(6))
def test_all_planes_move_together(seed, size):
    drawn = draw(make_example(), seed, size)
    for channel in range(3):
        unit = (drawn["fundus"][..., channel] + 1) / 2
        np.testing.assert_allclose(unit, drawn["vessel_map"][..., 0], atol=1e-5)
    # The pattern is 0 outside the FOV: bicubic reaches two pixels beyond.
    fov = (drawn["fov_mask"][..., 0] > 0).astype(np.uint8)
    beyond = cv2.dilate(fov, np.ones((5, 5), np.uint8)) == 0
    assert np.abs(drawn["vessel_map"][beyond]).max(initial=0) < 1e-3
    assert drawn["vessel_map"][fov > 0].mean() > 0.2


def test_shapes_and_ranges():
    drawn = draw(make_example(), 3, 40, jitter=0.5)
    shapes = {name: plane.shape for name, plane in drawn.items()}
    assert shapes == {
        "fundus": (40, 40, 3),
        "standardized_fundus": (40, 40, 3),
        "vessel_map": (40, 40, 1),
        "fov_mask": (40, 40, 1),
    }
    assert all(plane.dtype == np.float32 for plane in drawn.values())
    assert np.abs(drawn["fundus"]).max() <= 1
    assert 0 <= drawn["vessel_map"].min() and drawn["vessel_map"].max() <= 1
    assert set(np.unique(drawn["fov_mask"])) <= {0, 1}


class Fixed:
    """A generator whose angle and coin are given, and no crop."""

    def __init__(self, angle, coin):
        self.angle, self.coin = angle, coin

    def uniform(self, low, high, size=None):
        assert size is None
        return self.angle

    def random(self):
        return self.coin


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_are_rot90(quarters):
    example = make_example()
    drawn = augment.augment(example, Fixed(90.0 * quarters, 0.9), SIDE)
    # A positive angle goes from x to y, and y points down: clockwise.
    for name, plane in example.items():
        expected = np.rot90(plane, -quarters)
        np.testing.assert_allclose(drawn[name], expected, atol=1e-4)


def test_flip_is_left_right():
    example = make_example()
    drawn = augment.augment(example, Fixed(0.0, 0.1), SIDE)
    for name, plane in example.items():
        np.testing.assert_allclose(drawn[name], plane[:, ::-1], atol=1e-5)


def test_half_are_flipped_and_angles_cover_the_range():
    rng = np.random.default_rng(0)
    matrices = np.array(
        [
            augment.random_affine(
                rng, 64, size=64, rotation_degrees=30.0, flip=True
            )
            for _ in range(2000)
        ]
    )
    determinants = np.linalg.det(matrices[:, :, :2])
    np.testing.assert_allclose(np.abs(determinants), 1)
    assert (determinants < 0).mean() == pytest.approx(0.5, abs=0.04)
    angles = np.rad2deg(np.arcsin(-matrices[:, 0, 1]))
    assert -30 <= angles.min() < -29.5 and 29.5 < angles.max() <= 30
    center = matrices[:, :, :2] @ np.full(2, 31.5) + matrices[:, :, 2]
    np.testing.assert_allclose(center, 31.5)


def test_crops_cover_the_photograph_evenly():
    rng = np.random.default_rng(0)
    corners = np.array(
        [
            augment.random_affine(
                rng, 64, size=24, rotation_degrees=0.0, flip=False
            )
            for _ in range(2000)
        ]
    )[:, :, 2]
    # The crop's corner lies 0 to 40 pixels inside: shifts of 0 to -40.
    assert (corners <= 1e-9).all() and (corners >= -40 - 1e-9).all()
    counts, _ = np.histogram(-corners, bins=8, range=(0, 40))
    assert counts.min() > 400 and counts.max() < 600  # 500 each
    assert abs(np.corrcoef(corners.T)[0, 1]) < 0.08


def test_z_scores_are_of_the_whole_photograph():
    example = make_example()
    fov = example["fov_mask"][..., 0] > 0
    inside = example["fundus"][fov].astype(np.float64)
    drawn = draw(example, 2, 24)
    here = drawn["fov_mask"] > 0
    expected = (drawn["fundus"] - inside.mean(0)) / inside.std(0) * here
    np.testing.assert_allclose(
        drawn["standardized_fundus"], expected, atol=1e-4
    )
    # Not of the crop, whose own statistics differ.
    crop = drawn["standardized_fundus"][here[..., 0]]
    assert np.abs(crop.mean(0)).min() > 0.05


def test_statistics_of_flat_and_empty():
    example = make_example()
    flat = np.full((SIDE, SIDE, 3), 0.3, np.float32)
    mean, stddev = augment.fov_statistics(flat, example["fov_mask"])
    np.testing.assert_allclose(mean, 0.3, atol=1e-6)
    np.testing.assert_array_equal(stddev, 1)
    example["fov_mask"] *= 0
    drawn = draw(example)
    assert not drawn["standardized_fundus"].any()


def test_jitter_touches_the_colours_alone():
    example = make_example()
    still = dict(rotation_degrees=0.0, flip=False)
    plain, changed = draw(example, **still), draw(example, jitter=0.2, **still)
    for name in ("vessel_map", "fov_mask"):
        np.testing.assert_array_equal(plain[name], changed[name])
    difference = np.abs(changed["fundus"] - plain["fundus"])
    assert 0.01 < difference.max() < 1.0
    fov = example["fov_mask"][..., 0] > 0
    scores = changed["standardized_fundus"][fov]
    np.testing.assert_allclose(scores.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(scores.std(0), 1, atol=1e-4)
    none = augment.photometric(example["fundus"], np.random.default_rng(0), 0)
    np.testing.assert_allclose(none, example["fundus"], atol=1e-6)


def test_a_function_of_the_generator_that_leaves_its_input_alone():
    example = make_example()
    before = {name: plane.copy() for name, plane in example.items()}
    first = draw(example, 5, 40, jitter=0.2)
    again = draw(example, 5, 40, jitter=0.2)
    other = draw(example, 6, 40, jitter=0.2)
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["fundus"], other["fundus"])
    for name, plane in example.items():
        np.testing.assert_array_equal(plane, before[name])
        assert not np.shares_memory(plane, first[name])


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

    def record(example, rng, **settings):
        asked.append(settings)
        return plain(example, rng, settings["size"])

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
