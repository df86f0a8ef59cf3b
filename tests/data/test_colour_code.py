"""Noise codes that say the colours of a fundus."""

import dataclasses

import numpy as np
import pytest

from migan_tf.base.config import Config
from migan_tf.data import augment, batches
from migan_tf.data.colour_code import ColourCode

SIDE = 32


def make_example(seed):
    rng = np.random.default_rng(seed)
    level = rng.uniform(-0.5, 0.5, 3) + rng.normal(0, 0.1, (SIDE, SIDE, 3))
    fov_mask = np.ones((SIDE, SIDE, 1), np.float32)
    fov_mask[:4] = 0
    vessel_map = rng.integers(0, 2, (SIDE, SIDE, 1)).astype(np.float32)
    return {
        "fundus": np.where(fov_mask > 0, level, -1.0).astype(np.float32),
        "fov_mask": fov_mask,
        "vessel_map": vessel_map,
    }


EXAMPLES = [make_example(seed) for seed in range(30)]


@pytest.mark.parametrize("jitter", [0.0, 0.1])
def test_codes_are_white_over_what_they_were_learned_from(jitter):
    colour_code = ColourCode(EXAMPLES, jitter, 1)
    rng = np.random.default_rng(2)
    codes = []
    for example in EXAMPLES:
        for _ in range(1 if not jitter else 40):
            fundus = example["fundus"]
            if jitter:
                fundus = augment.photometric(fundus, rng, jitter)
            codes.append(colour_code(fundus, example["fov_mask"]))
    codes = np.array(codes)
    assert codes.shape[1] == 6 and np.abs(codes).max() <= 3
    np.testing.assert_allclose(codes.mean(0), 0, atol=0.1)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(6), atol=0.3)


def test_codes_tell_colours_apart_and_nothing_else():
    colour_code = ColourCode(EXAMPLES)
    example = EXAMPLES[3]
    fundus, fov_mask = example["fundus"], example["fov_mask"]
    # Neither the place of a pixel matters nor what lies outside the FOV.
    shuffled = np.random.default_rng(0).permutation(fundus[4:].reshape(-1, 3))
    other = np.concatenate([fundus[:4] * 0.5, shuffled.reshape(28, SIDE, 3)])
    expected = colour_code(fundus, fov_mask)
    np.testing.assert_allclose(
        colour_code(other, fov_mask), expected, atol=1e-3
    )
    redder = fundus + np.float32([0.2, 0, 0])
    assert np.abs(colour_code(redder, fov_mask) - expected).max() > 0.3


def test_photographs_of_one_colour_have_no_code():
    colour_code = ColourCode(EXAMPLES[:1] * 3)
    found = colour_code(EXAMPLES[1]["fundus"], EXAMPLES[1]["fov_mask"])
    np.testing.assert_array_equal(found, 0)


def test_training_noise_begins_with_the_colours():
    config = Config(
        image_size=SIDE,
        noise_size=9,
        noise_stddev=1.0,
        colour_code=True,
        photometric_jitter=0.1,
    )
    colour_code = batches.make_colour_code(EXAMPLES, config)
    drawn = batches.draw_example(
        EXAMPLES, config, size=SIDE, number=7, colour_code=colour_code
    )
    expected = colour_code(drawn["fundus"], drawn["fov_mask"])
    np.testing.assert_allclose(drawn["noise"][:6], expected, rtol=1e-5)
    without = dataclasses.replace(config, colour_code=False)
    assert batches.make_colour_code(EXAMPLES, without) is None
    plain = batches.draw_example(EXAMPLES, without, size=SIDE, number=7)
    np.testing.assert_array_equal(drawn["noise"][6:], plain["noise"][6:])
    assert (drawn["noise"][:6] != plain["noise"][:6]).all()
