"""Images for the scores, of networks whose output is known."""

import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data import batches, photographs
from migan_tf.evaluation import painted_images
from migan_tf.evaluation.generator_scores import FundusImages
from migan_tf.inference import run_networks

CONFIG = Config(image_size=64, noise_size=3, evaluation_noise_stddev=0.5)


def red_channel(image, training):
    """A segmenter whose logit is the standardized red channel."""
    assert not training
    return image[..., :1]


def mean_colour(fundus, fov_mask):
    assert fundus.shape == (1, 64, 64, 3) and fov_mask.shape == (1, 64, 64, 1)
    return fundus.mean(axis=(1, 2))


ANALYSER = painted_images.ImageAnalyser(
    run_networks.NetworkSegmenter(red_channel, CONFIG), mean_colour
)


def test_a_reader_standardizes_inside_the_fov():
    fundus = np.full((64, 64, 3), 50, np.uint8)
    fundus[:, 32:] = 150
    fundus[:8] = 255
    fov_mask = np.ones((64, 64), bool)
    fov_mask[:8] = False
    levels = ANALYSER.levels(fundus, fov_mask)
    assert levels.dtype == np.uint8
    # Halves of two values have z-scores of -1 and 1.
    low, high = (round(255 / (1 + np.exp(-z))) for z in (-1, 1))
    assert (levels[:8] == 0).all()
    assert (levels[8:, :32] == low).all() and (levels[8:, 32:] == high).all()


def test_a_reader_gives_features_of_the_range_that_extractors_take():
    fundus = np.zeros((64, 64, 3), np.uint8)
    fundus[..., 1] = 255
    found = ANALYSER.features(fundus, np.ones((64, 64), bool))
    np.testing.assert_allclose(found, [-1, 1, -1])


def test_noise_codes_differ_in_all_three_numbers():
    codes = [
        painted_images.noise_code(*key, 5)
        for key in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    ]
    assert len({code.tobytes() for code in codes}) == 4
    again = painted_images.noise_code(0, 1, sample=0, size=5)
    np.testing.assert_array_equal(again, codes[2])


def originals(count):
    maps = np.zeros((count, 64, 64, 1), np.float32)
    maps[:, 10:20] = 1
    images = FundusImages(
        [f"eye{i}" for i in range(count)],
        np.zeros((count, 64, 64, 3), np.uint8),
        fov_mask=np.ones((count, 64, 64), bool),
        vessel_map=maps[..., 0] > 0,
        levels=None,
        features=np.zeros((count, 3), np.float32),
    )
    return images, maps


def painted(seed, **changes):
    """Of a generator that shows the noise where there are no vessels."""

    def generate(inputs, training):
        assert not training
        vessel_map, noise = inputs
        return (1 - vessel_map) * tf.tanh(noise)[:, None, None]

    images, maps = originals(2)
    config = dataclasses.replace(CONFIG, **changes)
    return painted_images.paint(
        generate,
        config,
        originals=images,
        vessel_maps=maps,
        analyser=ANALYSER,
        samples=2,
        seed=seed,
    )


def test_each_map_is_painted_with_its_own_codes():
    images, diversity = painted(7)
    assert images.image_ids == ["eye0_000", "eye0_001", "eye1_000", "eye1_001"]
    codes = np.array(
        [
            np.random.default_rng([7, index, sample]).normal(0, 0.5, 3)
            for index in range(2)
            for sample in range(2)
        ]
    )
    expected = np.round((np.tanh(codes) + 1) * 127.5)
    np.testing.assert_array_equal(images.fundus[:, 0, 0], expected)
    assert (images.fundus[:, 15] == 128).all()
    assert images.vessel_map.shape == (4, 64, 64)
    assert images.levels.dtype == np.uint8 and images.features.shape == (4, 3)

    assert list(diversity) == ["0.001", "0.01", "0.1", "1", "0.5"]
    # 54 of 64 rows change; two numbers deviate by half their difference.
    pairs = np.tanh(codes.reshape(2, 2, 3))
    spread = np.abs(pairs[:, 0] - pairs[:, 1]).mean() / 2 * 127.5 * 54 / 64
    assert diversity["0.5"] == pytest.approx(spread, rel=1e-4)
    assert 0 < diversity["0.001"] < 1 < diversity["1"]


def test_a_sigma_that_is_measured_anyway_is_painted_once():
    _, diversity = painted(7, evaluation_noise_stddev=1.0)
    assert list(diversity) == ["0.001", "0.01", "0.1", "1"]


def test_a_split_at_the_networks_size(tiny_config):
    images, maps = painted_images.read_split(tiny_config, "test", ANALYSER)
    known = photographs.load(photographs.Source.of(tiny_config), "test")
    assert images.image_ids == [p.image_id for p in known]
    example = batches.network_example(known[1], 64, tiny_config.geometry)
    np.testing.assert_array_equal(maps[1], example["vessel_map"])
    back = images.fundus[1] / 127.5 - 1
    np.testing.assert_allclose(back, example["fundus"], atol=0.5 / 127.5 + 1e-6)
    np.testing.assert_array_equal(images.vessel_map[1], maps[1, ..., 0] >= 0.5)
    assert images.fov_mask.dtype == bool and images.levels.shape == (4, 64, 64)
    unread, _ = painted_images.read_split(
        tiny_config, "train", analyser=ANALYSER, vessels=False
    )
    assert unread.levels is None and len(unread.features) == 11


def test_photographs_without_vessel_maps_are_refused(monkeypatch):
    bare = types.SimpleNamespace(image_id="01_test", vessel_map=None)
    monkeypatch.setattr(photographs, "load", lambda config, split: [bare])
    with pytest.raises(UserError, match="--split=test: .*01_test.*--split=val"):
        painted_images.read_split(CONFIG, "test", ANALYSER)
