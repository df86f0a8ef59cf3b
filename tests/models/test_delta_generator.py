"""The generator `delta`: its parts, and what each of them may not touch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import delta_layers, light, style_code
from migan_tf.models.build import generator_inputs
from migan_tf.models.delta_generator import build_delta_generator
from migan_tf.models.delta_layers import Resampled, WithoutGrid

SIDE, NOISE = 64, 28


def randomized(network, seed=0):
    """Gives the last convolutions, which begin at zero, something to do."""
    rng = np.random.default_rng(seed)
    for name in ("ground", "vessels", "texture"):
        output = network.get_layer(name).get_layer("output")
        kernel, bias = output.get_weights()
        output.set_weights([rng.normal(0.0, 0.05, kernel.shape), bias])
    drawn = network.get_layer("drawn_style")
    codes = rng.normal(0.0, 0.1, (8, style_code.SIZE))
    share = drawn.get_weights()[3]
    drawn.set_weights([*style_code.statistics(codes), share])
    return network


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return randomized(build_delta_generator(NOISE, base_filters=3))


@pytest.fixture(scope="module")
def example():
    vessel_map = np.zeros((1, SIDE, SIDE, 1), np.float32)
    vessel_map[:, 30:33] = 1.0
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    fov_mask = (np.hypot(y, x) < 30).astype(np.float32)[None, ..., None]
    noise = np.random.default_rng(1).normal(size=(1, NOISE))
    return {
        "vessel_map": tf.constant(vessel_map),
        "noise": tf.constant(noise, tf.float32),
        "fov_mask": tf.constant(fov_mask),
    }


def paint(network, example, **changed):
    inputs = generator_inputs("delta", **{**example, **changed})
    return network(inputs, training=False).numpy()


def test_the_shipped_size_fits_its_budget():
    # Six megabytes of float32 are 1.5 million numbers.
    assert build_delta_generator(400, 24).count_params() < 1.2e6


def test_it_begins_at_a_ground_of_light_alone(example):
    fresh = build_delta_generator(NOISE, base_filters=2)
    style = np.zeros((1, style_code.SIZE), np.float32)
    style[0, :3] = [0.4, 0.1, -0.3]  # a colour, the same everywhere
    image = paint(fresh, example, style=tf.constant(style))
    inside = example["fov_mask"].numpy()[..., 0] > 0
    np.testing.assert_allclose(
        image[inside], np.tile([0.4, 0.1, -0.3], (inside.sum(), 1)), atol=1e-5
    )
    np.testing.assert_array_equal(image[~inside], -1.0)


def test_contrast_scales_what_vessels_take_and_nothing_else(network, example):
    images = [
        paint(network, example, contrast=tf.constant([[contrast]]))
        for contrast in (0.0, 0.5, 1.0)
    ]
    vessels = images[2] - images[0]
    np.testing.assert_allclose(images[1] - images[0], vessels / 2, atol=1e-6)
    rows = np.abs(vessels).max(axis=(0, 2, 3))
    assert rows[30:33].min() > 0
    # Eight pixels by the maximum and three by its softening, on both sides.
    np.testing.assert_array_equal(rows[: 30 - 11], 0.0)
    np.testing.assert_array_equal(rows[33 + 11 :], 0.0)


def test_texture_does_not_see_the_map(network, example):
    none = tf.zeros_like(example["vessel_map"])
    parts = network.get_layer("texture")
    assert len(parts.inputs) == 4  # FOV, ground, grain, noise
    with_map = paint(network, example)
    image = paint(network, example, vessel_map=none)
    # Beyond the vessels' reach only the ground differs, which is smooth.
    far = with_map[:, :10] - image[:, :10]
    inside = example["fov_mask"].numpy()[:, :10] > 0
    step = np.abs(np.diff(far, axis=2))[
        (inside[:, :, 1:] & inside[:, :, :-1])[..., 0]
    ]
    assert step.max() < 0.02


def test_the_scales_of_a_map_tell_where_in_a_vessel_a_pixel_lies():
    lines = np.zeros((1, 32, 32, 1), np.float32)
    lines[:, :, 16] = 1.0  # one pixel wide, from edge to edge
    found = delta_layers.Scales()(lines).numpy()[0, 16]
    np.testing.assert_array_equal(found[:, 0], lines[0, 16, :, 0])
    # The means over three columns: 1/3 on the line and beside it; of these
    # again: 1/3, 2/9, 1/9; and of these over five: 9/45, 8/45, 6/45, and so on.
    first = np.array([1 - 1 / 3, -1 / 3, 0, 0, 0])
    second = np.array([0, 1 / 3 - 2 / 9, -1 / 9, 0, 0])
    third = np.array([1 / 3 - 9 / 45, 2 / 9 - 8 / 45, 1 / 9 - 6 / 45])
    np.testing.assert_allclose(found[16:21, 1], 3 * first, atol=1e-6)
    np.testing.assert_allclose(found[16:21, 2], 3 * second, atol=1e-6)
    np.testing.assert_allclose(found[16:19, 3], 3 * third, atol=1e-6)


def test_texture_is_bounded_but_at_the_rim():
    y, x = np.mgrid[:96, :96] - 47.5
    fov_mask = (np.hypot(y, x) < 40).astype(np.float32)[None, ..., None]
    inside = np.hypot(y, x) < 25
    bound = delta_layers.Bounded()
    little, much = (
        bound([np.full((1, 96, 96, 3), level, np.float32), fov_mask]).numpy()
        for level in (-0.01, -0.5)
    )
    np.testing.assert_allclose(little, -0.01, rtol=0.01)
    np.testing.assert_allclose(much[0, inside], -0.08, rtol=1e-4)
    np.testing.assert_allclose(much[0, 47, 8], -0.5, rtol=1e-4)  # at the edge


def test_the_noise_code_draws_the_light(network, example):
    images = [
        paint(
            network,
            example,
            noise=tf.concat(
                [tf.fill((1, 18), shift), example["noise"][:, 18:]], axis=1
            ),
        )
        for shift in (-1.0, 1.0)
    ]
    inside = example["fov_mask"].numpy()[..., 0] > 0
    difference = (images[1] - images[0])[inside].mean(axis=0)
    components = network.get_layer("drawn_style").get_weights()[1]
    drawn = tf.reshape(2 * components.sum(axis=0), (1, 6, 3))
    field = light.light_field(drawn, SIDE).numpy()
    # The ground's network answers to the light, too, but less.
    assert np.corrcoef(difference, field[inside].mean(axis=0))[0, 1] > 0.9


def test_a_given_style_takes_the_place_of_the_drawn_one(network, example):
    drawn = network.get_layer("drawn_style")
    mean, components, known, _ = drawn.get_weights()
    style = tf.constant(
        np.concatenate([mean + 0.01, known[0, 18:]])[None], tf.float32
    )
    noise = example["noise"]
    np.testing.assert_allclose(drawn([noise, style, tf.ones((1, 1))])[0], style)
    z = np.clip(noise.numpy()[0, :18], -2, 2)
    found = drawn([noise, style, tf.zeros((1, 1))])[0][0]
    # What is drawn may be pulled towards the mean, but nowhere else.
    pulled = (found[:18].numpy() - mean) / (z @ components)
    np.testing.assert_allclose(pulled, pulled[0], rtol=1e-3)
    assert 0.3 < pulled[0] <= 1.0
    # Its grain is that of the photograph of the colour that is nearest.
    apart = ((known[:, :3] - found[:3].numpy()) ** 2).sum(axis=1)
    np.testing.assert_array_equal(found[18:], known[apart.argmin(), 18:])
    # Over the whole image, a light that is brighter by a tenth is just that.
    brighter = style.numpy().copy()
    brighter[0, :3] += 0.1
    images = [
        paint(network, example, style=tf.constant(code))
        for code in (style.numpy(), brighter)
    ]
    inside = example["fov_mask"].numpy()[..., 0] > 0
    difference = (images[1] - images[0])[inside].mean()
    assert difference == pytest.approx(0.1, abs=0.05)


def test_vessels_leave_red_light():
    compose = delta_layers.Composition()
    whole = np.full((1, 4, 4, 3), -0.5, np.float32)  # half of the range's half
    vessels = np.full((1, 4, 4, 3), -0.2, np.float32)
    none, fov_mask = np.zeros_like(whole), np.ones((1, 4, 4, 1), np.float32)
    for contrast, expected in ((0.5, [-0.6, -0.6]), (2, [-0.675, -0.9])):
        found = compose(
            [whole, vessels, none, fov_mask, np.full((1, 1), contrast, "f4")]
        ).numpy()
        # 0.65 · (-0.5 + 1) - 1 = -0.675
        np.testing.assert_allclose(found[0, 0, 0, :2], expected, atol=1e-6)
        np.testing.assert_allclose(found[0, 0, 0, 2], expected[1], atol=1e-6)


def test_structure_takes_the_ground_no_darker_than_any_light():
    whole = delta_layers.AtFullSize()
    field = np.full((1, 64, 64, 3), 0.2, np.float32)
    field[:, 32:] = -0.7  # a given light may be darker than those known
    structure = np.full((1, 64, 64, 3), -0.5, np.float32)
    structure[:, :, 32:] = -1.5
    darkest = np.full((1, 3), -0.6, np.float32)
    found = whole([field, structure, darkest, np.zeros((1, 64, 64, 1))]).numpy()
    np.testing.assert_allclose(found[0, 10, 10], -0.3, atol=1e-6)
    np.testing.assert_allclose(found[0, 10, 50], -0.6, atol=1e-6)
    np.testing.assert_allclose(found[0, 50, 50], -0.7, atol=1e-6)


def test_a_given_grain_stays_within_that_of_the_photographs(network):
    drawn = network.get_layer("drawn_style")
    known = drawn.get_weights()[2]
    for wild, bound in ((9.0, known.max(axis=0)), (-9.0, known.min(axis=0))):
        style = tf.fill((1, style_code.SIZE), wild)
        found = drawn([tf.zeros((1, NOISE)), style, tf.ones((1, 1))])
        found = found[0].numpy()[0]
        np.testing.assert_array_equal(found[:18], wild)
        np.testing.assert_array_equal(found[18:], bound[18:])


def test_vessels_outside_of_the_field_of_view_change_nothing(network, example):
    cut = example["vessel_map"] * example["fov_mask"]
    assert np.any(cut != example["vessel_map"])
    np.testing.assert_array_equal(
        paint(network, example), paint(network, example, vessel_map=cut)
    )


def test_every_number_of_the_code_has_a_say_in_the_ground():
    fresh = build_delta_generator(40, base_filters=3)
    model = fresh.get_layer("ground")
    kernel = model.get_layer("code").get_weights()[0]
    assert kernel.shape[0] == 40 and np.abs(kernel).min(axis=1).all()


def test_an_example_does_not_depend_on_its_batch(network, example):
    double = {
        name: tf.repeat(value, 2, axis=0) for name, value in example.items()
    }
    double["noise"] = tf.concat([example["noise"], -example["noise"]], axis=0)
    np.testing.assert_allclose(
        paint(network, double)[:1], paint(network, example), atol=2e-6
    )


@pytest.mark.parametrize("side", [80, 128])
def test_it_paints_sizes_that_it_was_not_trained_at(network, example, side):
    resized = {
        name: tf.image.resize(example[name], (side, side), "nearest")
        for name in ("vessel_map", "fov_mask")
    }
    image = paint(network, example, **resized)
    assert image.shape == (1, side, side, 3)
    outside = resized["fov_mask"].numpy()[..., 0] == 0
    np.testing.assert_array_equal(image[outside], -1.0)
    assert np.isfinite(image).all() and np.abs(image).max() <= 1


def test_a_grid_of_two_pixels_is_left_as_resampling_leaves_it():
    """The filter [1 3 1]/5 answers (3 - 2) / 5 to the Nyquist frequency."""
    stripes = np.tile([1.0, -1.0], 20).astype(np.float32)
    across = np.broadcast_to(stripes, (1, 40, 40))[..., None]
    filtered = Resampled()(tf.constant(across)).numpy()[:, 2:-2, 2:-2]
    np.testing.assert_allclose(filtered, across[:, 2:-2, 2:-2] / 5, atol=1e-6)
    checks = across * np.swapaxes(across, 1, 2)
    filtered = Resampled()(tf.constant(checks)).numpy()[:, 2:-2, 2:-2]
    np.testing.assert_allclose(filtered, checks[:, 2:-2, 2:-2] / 25, atol=1e-6)
    flat = tf.ones((1, 40, 40, 3))
    np.testing.assert_allclose(Resampled()(flat), flat, atol=1e-6)


def test_folded_pixels_of_other_means_leave_no_grid():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(1, 32, 32, 12)).astype(np.float32)
    biased = noise + np.repeat([0.0, 2.0, -1.0, 5.0], 3).astype(np.float32)
    cleaned = WithoutGrid()(tf.constant(biased)).numpy()
    apart = cleaned.reshape(-1, 4, 3).mean(axis=0)  # of the four pixels
    np.testing.assert_allclose(apart, apart[:1].repeat(4, 0), atol=0.02)
    # The image's own mean stays, and so does nearly all of the noise.
    assert cleaned.mean() == pytest.approx(biased.mean(), abs=1e-5)
    assert np.corrcoef(cleaned.ravel(), noise.ravel())[0, 1] > 0.97


def test_too_short_a_code_is_refused():
    with pytest.raises(ValueError, match="at least 18.*noise_size=17"):
        build_delta_generator(17)
