"""The paper's crop, the bicubic resampling and the way back."""

import cv2
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from migan_tf.data import geometry

GEOMETRIES = ("center_square", "stretch")


def disc(height, width, radius, center=None):
    y, x = np.mgrid[:height, :width]
    cy, cx = center or ((height - 1) / 2, (width - 1) / 2)
    return (y - cy) ** 2 + (x - cx) ** 2 <= radius**2


def vessels(side, inside):
    """Lines of 2 to 9 pixels in all directions, like a vessel map."""
    rng = np.random.default_rng(4)
    canvas = np.zeros((side, side), np.uint8)
    for width in (2, 2, 3, 3, 4, 5, 7, 9) * 5:
        ends = rng.integers(0, side, (2, 2)).tolist()
        cv2.line(canvas, *ends, 1, width)
    return (canvas > 0) & inside


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_drive_is_cropped_to_rows_9_to_573():
    rows = np.broadcast_to(np.arange(584.0)[:, None, None] / 583, (584, 565, 1))
    fov_mask = disc(584, 565, 270)
    side = geometry.square_side(fov_mask)
    assert int(side) == 565
    rows = tf.constant(rows, tf.float32)
    square = geometry.to_network(rows, 565, geometry="center_square", side=side)
    found = square.numpy()[:, 0, 0] * 583
    np.testing.assert_allclose(found, np.arange(9, 574), atol=1e-3)


# FOVs that fit the frame's square, and that reach beyond it on either side.
@pytest.mark.parametrize(
    ("fov_box", "shape", "side"),
    [
        ((0, 584, 0, 565), (584, 565), 584),
        ((9, 574, 0, 565), (584, 565), 566),
        ((10, 574, 0, 565), (584, 565), 565),
        ((0, 605, 0, 700), (605, 700), 700),
        ((0, 605, 60, 640), (605, 700), 605),
        ((0, 605, 40, 640), (605, 700), 620),
        ((0, 605, 60, 660), (605, 700), 620),
        ((2, 3, 2, 3), (7, 5), 5),
        ((0, 0, 0, 0), (30, 40), 30),
    ],
)
def test_no_pixel_of_the_fov_is_cut(fov_box, shape, side):
    top, bottom, left, right = fov_box
    fov_mask = np.zeros(shape, bool)
    fov_mask[top:bottom, left:right] = True
    found = int(geometry.square_side(fov_mask))
    assert found == side
    square = geometry.network_fov_mask(fov_mask, found, "center_square")
    assert square.numpy().sum() == fov_mask.sum()
    # And each comes back to its own place.
    back = geometry.from_network(square, np.ones(shape), "center_square")
    if found >= max(shape):
        np.testing.assert_allclose(back[..., 0], fov_mask, atol=1e-6)


def test_padding_is_black():
    fov_mask = np.ones((40, 100), bool)
    side = geometry.square_side(fov_mask)
    white = tf.ones((40, 100, 3))
    square = geometry.to_network(
        white, 100, geometry="center_square", side=side
    ).numpy()
    assert int(side) == 100
    assert not square[:30].any() and not square[70:].any()
    np.testing.assert_allclose(square[30:70], 1, atol=1e-6)


# Pillow's BICUBIC is Keys's kernel with a = -1/2, widened where it shrinks.
@pytest.mark.parametrize(
    ("shape", "size"), [((565, 565), 512), ((605, 700), 512), ((50, 70), 90)]
)
def test_bicubic_agrees_with_pillow(shape, size):
    image = np.random.default_rng(0).random(shape).astype("float32")
    bicubic = PIL.Image.Resampling.BICUBIC
    pillow = PIL.Image.fromarray(image).resize((size, size), bicubic)
    expected = np.asarray(pillow).clip(0, 1)
    ours = geometry.to_network(tf.constant(image[..., None]), size, "stretch")
    np.testing.assert_allclose(ours[..., 0], expected, atol=1e-5)


@pytest.mark.parametrize("square_geometry", GEOMETRIES)
@pytest.mark.parametrize("shape", [(584, 565), (605, 700)])
def test_a_smooth_image_comes_back(square_geometry, shape):
    y, x = np.mgrid[: shape[0], : shape[1]] / 100
    image = (0.5 + 0.4 * np.sin(3 * x + 1) * np.cos(2 * y)).astype("float32")
    fov_mask = disc(*shape, 270)
    side = geometry.square_side(fov_mask)
    whole = tf.constant(image[..., None])
    square = geometry.to_network(
        whole, 512, geometry=square_geometry, side=side
    )
    assert square.shape == (512, 512, 1)
    back = geometry.from_network(square, fov_mask, square_geometry).numpy()
    assert back.shape == (*shape, 1) and back.dtype == np.float32
    assert (back[~fov_mask] == 0).all()
    assert np.abs(back[..., 0] - image)[fov_mask].max() < 2e-3


def round_trip(vessel_map, fov_mask, square_geometry, binary):
    side = geometry.square_side(fov_mask)
    soft = tf.constant(vessel_map[..., None], tf.float32)
    square = geometry.to_network(soft, 512, geometry=square_geometry, side=side)
    assert 0 <= square.numpy().min() and square.numpy().max() <= 1
    if binary:
        square = tf.cast(square > 0.5, tf.float32)
    back = geometry.from_network(square, fov_mask, square_geometry)
    return dice(back.numpy()[..., 0] > 0.5, vessel_map & fov_mask)


def test_a_soft_vessel_map_survives_and_a_binary_one_does_not():
    fov_mask = disc(565, 565, 270)
    lines = vessels(565, fov_mask)
    soft = round_trip(lines, fov_mask, "center_square", binary=False)
    hard = round_trip(lines, fov_mask, "center_square", binary=True)
    assert soft >= 0.995
    assert hard < soft - 0.01


def read_binary(path):
    with PIL.Image.open(path) as image:
        return np.asarray(image.convert("L")) > 127


@pytest.mark.real_data
@pytest.mark.parametrize("number", [21, 30, 40])
def test_the_vessel_maps_of_drive_survive(real_data, number):
    folder = real_data / "DRIVE" / "training"
    lines = read_binary(folder / "1st_manual" / f"{number}_manual1.gif")
    fov_mask = read_binary(folder / "mask" / f"{number}_training_mask.gif")
    assert round_trip(lines, fov_mask, "center_square", False) >= 0.995


def test_overshoot_is_clipped():
    steps = np.zeros((64, 64, 1), np.float32)
    steps[20:40] = 1
    square = geometry.to_network(tf.constant(steps), 128, "stretch").numpy()
    assert square.min() == 0 and square.max() == 1


def standard_example():
    rng = np.random.default_rng(1)
    fundus = rng.random((2, 30, 40, 3)).astype("float32") * [0.2, 0.5, 1.0]
    fov_mask = np.stack([disc(30, 40, 12), disc(30, 40, 9, (12, 15))])
    return fundus.astype("float32"), fov_mask[..., None].astype("float32")


def test_standardize_is_the_z_score_inside():
    fundus, fov_mask = standard_example()
    found = geometry.standardize(fundus, fov_mask).numpy()
    for image, fov, scores in zip(fundus, fov_mask > 0, found, strict=True):
        inside = image[fov[..., 0]].astype(np.float64)
        expected = (inside - inside.mean(0)) / inside.std(0)
        np.testing.assert_allclose(scores[fov[..., 0]], expected, atol=1e-5)
        assert (scores[~fov[..., 0]] == 0).all()


def test_standardize_forgets_the_scale():
    fundus, fov_mask = standard_example()
    found = geometry.standardize(fundus, fov_mask).numpy()
    signed = geometry.standardize(fundus * 2 - 1, fov_mask)
    np.testing.assert_allclose(found, signed, atol=1e-5)
    # What lies outside does not count, and a batch is not mixed.
    noisy = np.where(fov_mask > 0, fundus, 0.9)
    noisy = geometry.standardize(noisy, fov_mask)
    np.testing.assert_allclose(noisy, found, atol=1e-6)
    alone = geometry.standardize(fundus[1], fov_mask[1])
    np.testing.assert_allclose(alone, found[1], atol=1e-6)


def test_standardize_of_nothing_is_zero():
    fundus, fov_mask = standard_example()
    flat = np.full_like(fundus, 0.37)
    empty = np.zeros_like(fov_mask)
    assert not geometry.standardize(flat, fov_mask).numpy().any()
    assert not geometry.standardize(fundus, empty).numpy().any()


def test_unknown_geometry_is_refused():
    ones = tf.ones((4, 4, 1))
    for call in (
        lambda: geometry.to_network(ones, 4, "crop"),
        lambda: geometry.from_network(ones, ones[..., 0], "crop"),
        lambda: geometry.network_fov_mask(ones[..., 0], 4, "crop"),
    ):
        with pytest.raises(ValueError, match="'stretch'.*geometry='crop'"):
            call()
