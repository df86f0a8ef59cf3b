"""Networks of a run applied to photographs and vessel maps."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.inference import run_networks
from migan_tf.metrics.segmentation import otsu_threshold

CONFIG = Config(image_size=64, evaluation_noise_stddev=0.5, noise_size=4)


def red_channel(image, training):
    """A segmenter whose logit is the standardized red channel."""
    assert not training
    return image[..., :1]


def disc(height, width, radius):
    y, x = np.mgrid[:height, :width]
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    return np.hypot(y, x) < radius


@pytest.mark.parametrize("geometry", ["center_square", "stretch"])
@pytest.mark.parametrize("height, width", [(80, 70), (64, 100), (1, 1)])
def test_the_answer_has_the_photographs_size_and_fov(geometry, height, width):
    config = dataclasses.replace(CONFIG, geometry=geometry)
    fov = disc(height, width, 30)
    fundus = np.random.default_rng(0).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    probability = run_networks.NetworkSegmenter(red_channel, config)(
        fundus, fov
    ).vessel_probability
    assert probability.shape == (height, width)
    assert probability.dtype == np.float32
    assert (probability[~fov] == 0).all()
    assert probability.min() >= 0 and probability.max() <= 1


def test_a_bright_half_is_found_where_it_is():
    fov = disc(90, 80, 38)
    fundus = np.full((90, 80, 3), 60, np.uint8)
    fundus[:, 50:] = 180
    probability = run_networks.NetworkSegmenter(red_channel, CONFIG)(
        fundus, fov
    ).vessel_probability
    bright = np.zeros_like(fov)
    bright[:, 50:] = True
    clear = np.abs(np.arange(80) - 49.5) > 3
    assert (probability > 0.5)[:, clear][fov[:, clear]].tolist() == (
        bright[:, clear][fov[:, clear]].tolist()
    )


def test_flips_average_an_uneven_network_to_an_even_one():
    def left_only(image, training):
        ramp = tf.linspace(-3.0, 3.0, tf.shape(image)[2])
        return tf.zeros_like(image[..., :1]) + ramp[None, None, :, None]

    config = dataclasses.replace(CONFIG, test_time_flips=True)
    image = tf.zeros((1, 64, 64, 3))
    probability = run_networks.NetworkSegmenter(left_only, config).probability(
        image
    )
    # sigmoid(x) + sigmoid(-x) = 1, so the mean over flips is 1/2 everywhere.
    np.testing.assert_allclose(probability.numpy(), 0.5, atol=1e-6)


def test_flips_are_undone():
    config = dataclasses.replace(CONFIG, test_time_flips=True)
    image = tf.random.stateless_normal((2, 64, 64, 3), (0, 1))
    one = run_networks.NetworkSegmenter(red_channel, CONFIG).probability(image)
    four = run_networks.NetworkSegmenter(red_channel, config).probability(image)
    np.testing.assert_allclose(one.numpy(), four.numpy(), atol=1e-6)


def test_a_generators_noise_is_a_function_of_the_seed():
    def paint(inputs, training):
        vessel_map, noise = inputs
        level = tf.tanh(noise[:, :3])[:, None, None, :]
        return tf.zeros_like(vessel_map) + level

    generator = run_networks.NetworkGenerator(paint, CONFIG)
    vessel_map = np.zeros((80, 70), np.float32)
    one = generator(vessel_map, 5).fundus
    same = generator(vessel_map, 5).fundus
    other = generator(vessel_map, 6).fundus
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    noise = np.random.default_rng(5).normal(0, 0.5, (1, 4))[0, :3]
    expected = np.round((np.tanh(noise) + 1) * 127.5)
    np.testing.assert_array_equal(one[0, 0], expected)
    grey = generator(vessel_map, 5, 0.0).fundus
    assert (grey == 128).all()  # tanh(0) = 0 is the middle of the range.


def test_the_vessel_map_is_otsus_and_no_fundus_is_no_vessel():
    rng = np.random.default_rng(1)
    fundus = rng.integers(0, 256, (90, 80, 3), dtype=np.uint8)
    fov = disc(90, 80, 38)
    segmenter = run_networks.NetworkSegmenter(red_channel, CONFIG)
    found = segmenter(fundus, fov)
    inside = found.vessel_probability[fov]
    threshold = otsu_threshold(inside)
    np.testing.assert_array_equal(found.vessel_map[fov], inside >= threshold)
    assert not found.vessel_map[~fov].any()
    # Without a mask the field of view is searched for: here there is none.
    nothing = segmenter(np.zeros((90, 80, 3), np.uint8))
    assert not nothing.fov_mask.any() and not nothing.vessel_map.any()
    assert not nothing.vessel_probability.any()


def test_no_run_is_said_in_words(tmp_path):
    with pytest.raises(UserError, match="Train one: python -m migan_tf.train"):
        run_networks.load_network(tmp_path / "segmentation", "segmentation")


def test_weights_of_another_network_are_refused(tiny_run, tmp_path):
    folder = tmp_path / "segmentation"
    (folder / "best").mkdir(parents=True)
    name = "best/network.weights.h5"
    source = tiny_run / "synthesis" / name
    (folder / name).write_bytes(source.read_bytes())
    record = tiny_run / "segmentation" / "run.json"
    (folder / "run.json").write_bytes(record.read_bytes())
    with pytest.raises(UserError, match="does not hold a segmentation"):
        run_networks.load_network(folder, "segmentation")


def test_transposes_double_the_views_and_are_undone():
    seen = []

    def watching(image, training):
        seen.append(image.numpy())
        return image[..., :1]

    config = dataclasses.replace(
        CONFIG, test_time_flips=True, test_time_transposes=True
    )
    image = tf.random.stateless_normal((1, 64, 64, 3), (0, 1))
    tf.config.run_functions_eagerly(True)
    try:
        eight = run_networks.NetworkSegmenter(watching, config).probability(
            image
        )
        np.testing.assert_allclose(
            eight.numpy(), tf.sigmoid(image[..., :1]), atol=1e-6
        )
    finally:
        tf.config.run_functions_eagerly(False)
    # The symmetries of the square: four quarter turns of it and its mirror.
    turned = [
        np.rot90(plane, quarter, (1, 2))
        for plane in (image.numpy(), image.numpy()[:, ::-1])
        for quarter in range(4)
    ]
    assert len(seen) == 8
    for expected in turned:
        assert sum(np.array_equal(expected, one) for one in seen) == 1


def test_a_style_does_not_depend_on_where_in_its_frame_the_fundus_lies():
    """In the middle of a tight frame, and in a corner of one twice as large."""
    config = Config(image_size=128)
    y, x = np.mgrid[:200, :200] / 100.0 - 1.0
    noise = np.random.default_rng(0).normal(0.0, 3.0, (200, 200, 3))
    colours = np.stack([180 - 60 * y**2, 110 + 30 * x, 60 + 0 * x], -1)
    fov_mask = disc(200, 200, 95)
    fundus = np.round((colours + noise) * fov_mask[..., None])
    fundus = fundus.astype(np.uint8)
    wide = np.zeros((400, 420, 3), np.uint8)
    wide_mask = np.zeros((400, 420), bool)
    wide[10:210, 200:400], wide_mask[10:210, 200:400] = fundus, fov_mask
    tight, loose = (
        run_networks.photograph_style(*photograph, config).numpy()
        for photograph in ((fundus, fov_mask), (wide, wide_mask))
    )
    np.testing.assert_array_equal(tight, loose)
    # The colours at the middle, in units of [-1,1].
    np.testing.assert_allclose(
        tight[:3] * 127.5 + 127.5, (180, 110, 60), atol=3
    )


def test_a_map_of_zeros_and_ones_is_softened_as_resampling_does():
    hard = np.zeros((8, 8, 1), np.float32)
    hard[:, 4] = 1.0  # one pixel wide
    soft = run_networks._softened(tf.constant(hard)).numpy()
    np.testing.assert_allclose(
        soft[4, :, 0], [0, 0, 0, 0.2, 0.6, 0.2, 0, 0], atol=1e-6
    )
    np.testing.assert_array_equal(
        run_networks._softened(tf.constant(soft)).numpy(), soft
    )


def test_the_papers_generator_ignores_a_field_of_view():
    def paint(inputs, training):
        return tf.repeat(inputs[0] * 2.0 - 1.0, 3, axis=-1)

    generator = run_networks.NetworkGenerator(paint, CONFIG)
    vessel_map = np.ones((64, 64), np.float32)
    painting = generator(vessel_map, 0, fov_mask=disc(64, 64, 20))
    np.testing.assert_array_equal(painting.vessel_map, vessel_map)
    np.testing.assert_array_equal(
        painting.fundus, generator(vessel_map, 0).fundus
    )


@pytest.mark.parametrize("contrast", [-0.1, 4.1, np.nan])
def test_a_contrast_out_of_bounds_is_refused(contrast):
    config = dataclasses.replace(CONFIG, generator="delta")
    generator = run_networks.NetworkGenerator(None, config)
    with pytest.raises(ValueError, match=f"from 0 to 4.*contrast={contrast}"):
        generator(np.ones((64, 64), np.float32), 0, contrast=contrast)
