"""Images for the scores, of networks whose output is known."""

import dataclasses
import types

import numpy as np
import pytest

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data import batches, photographs
from migan_tf.evaluation import painted_images
from migan_tf.evaluation.generator_scores import FundusImages
from migan_tf.inference import run_networks
from migan_tf.inference.protocols import Painting
from migan_tf.metrics import image_features

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


def originals(count):
    maps = np.zeros((count, 64, 64), np.float32)
    maps[:, 10:20] = 1
    names = [f"eye{i}" for i in range(count)]
    fov_mask = np.ones((count, 64, 64), bool)
    fov_mask[1:, :, 60:] = False
    images = FundusImages(
        names,
        names,
        fundus=np.zeros((count, 64, 64, 3), np.uint8),
        fov_mask=fov_mask,
        vessel_map=maps > 0,
        levels=None,
        features={},
        patches=[],
    )
    return images, maps


class MadeGenerator:
    """Shows a noise code of three numbers where there are no vessels."""

    def __init__(self, **changes):
        self.config = dataclasses.replace(CONFIG, **changes)

    def __call__(self, vessel_map, seed, noise_stddev, fov_mask):
        noise = np.random.default_rng(seed).normal(0, noise_stddev, 3)
        shown = (1 - vessel_map[..., None]) * np.tanh(noise)
        fundus = np.round((shown + 1) * 127.5).astype(np.uint8)
        fundus[~fov_mask] = 0
        return Painting(fundus, vessel_map, fov_mask)


def painted(seed, **changes):
    images, maps = originals(2)
    generator = MadeGenerator(**changes)
    return painted_images.paint(generator, images, maps, samples=2, seed=seed)


def test_each_map_is_painted_with_its_own_codes():
    found = painted(7)
    codes = np.array(
        [
            np.random.default_rng([7, index, sample]).normal(0, 0.5, 3)
            for index in range(2)
            for sample in range(2)
        ]
    )
    expected = np.round((np.tanh(codes) + 1) * 127.5)
    fundus = np.stack(found.fundus)
    np.testing.assert_array_equal(fundus[:, 0, 0], expected)
    assert (fundus[:, 15, :60] == 128).all()
    # Each in the field of view of its own photograph.
    assert (fundus[:2, 0, 60] > 0).all() and not fundus[2:, :, 60:].any()

    assert list(found.diversity) == ["0.1", "1", "0.5"]
    # 54 of 64 rows change; two numbers have half their squared difference as
    # variance, of which each map has its root mean.
    pairs = 127.5 * np.tanh(codes.reshape(2, 2, 3))
    variances = (pairs[:, 0] - pairs[:, 1]) ** 2 / 2
    spread = np.sqrt(variances.mean(axis=1) * 54 / 64).mean()
    assert found.diversity["0.5"] == pytest.approx(spread, rel=0.02)
    assert 0 < found.diversity["0.1"] < found.diversity["1"]


def test_a_sigma_that_is_measured_anyway_is_painted_once():
    found = painted(7, evaluation_noise_stddev=1.0)
    assert list(found.diversity) == ["0.1", "1"] and len(found.fundus) == 4


def test_painted_images_are_read_beside_their_maps():
    images, _ = originals(2)
    found = painted_images.read(painted(7), images, ANALYSER)
    assert found.image_ids == ["eye0_000", "eye0_001", "eye1_000", "eye1_001"]
    assert found.photograph_ids == ["eye0", "eye0", "eye1", "eye1"]
    assert found.vessel_map.shape == (4, 64, 64)
    np.testing.assert_array_equal(found.fov_mask[2], images.fov_mask[1])
    assert found.levels.dtype == np.uint8
    pairs = zip(found.fundus, found.fov_mask, strict=True)
    network = np.stack([ANALYSER.features(*pair) for pair in pairs])
    np.testing.assert_array_equal(found.features["network"], network)
    assert found.features["colour_field"].shape == (4, 16 * 16 * 3)
    filters = image_features.random_filters(found.fundus[3], found.fov_mask[3])
    np.testing.assert_array_equal(found.features["random_filters"][3], filters)
    # One patch fits into the whole frame, none into what is narrower.
    assert [len(patches) for patches in found.patches] == [1, 1, 0, 0]


def test_a_split_at_the_networks_size(tiny_config):
    images, maps = painted_images.read_split(tiny_config, "test", ANALYSER)
    known = photographs.load(photographs.Source.of(tiny_config), "test")
    assert images.image_ids == [p.image_id for p in known]
    example = batches.network_example(known[1], 64, tiny_config.geometry)
    np.testing.assert_array_equal(maps[1], example["vessel_map"][..., 0])
    assert images.photograph_ids == images.image_ids
    back = images.fundus[1] / 127.5 - 1
    np.testing.assert_allclose(back, example["fundus"], atol=0.5 / 127.5 + 1e-6)
    np.testing.assert_array_equal(images.vessel_map[1], maps[1] >= 0.5)
    assert images.fov_mask.dtype == bool and images.levels.shape == (4, 64, 64)
    unread, _ = painted_images.read_split(
        tiny_config, "train", analyser=ANALYSER, vessels=False
    )
    assert unread.levels is None and len(unread.features["network"]) == 11


def test_photographs_without_vessel_maps_are_refused(monkeypatch):
    bare = types.SimpleNamespace(image_id="01_test", vessel_map=None)
    monkeypatch.setattr(photographs, "load", lambda config, split: [bare])
    with pytest.raises(UserError, match="--split=test: .*01_test.*--split=val"):
        painted_images.read_split(CONFIG, "test", ANALYSER)
