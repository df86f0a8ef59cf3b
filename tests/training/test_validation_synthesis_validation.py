"""What is measured of a generator while it trains."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.data import batches, photographs
from migan_tf.training import validation
from migan_tf.training.tasks import make_task


def make(tiny_config, style=None, **settings):
    config = dataclasses.replace(tiny_config, **settings)
    examples = [
        batches.network_example(p, config.image_size, config.geometry)
        for p in photographs.load(config, "validation")
    ]
    task = make_task("synthesis", config, style)
    return validation.SynthesisValidation(config, task, examples)


def grey(inputs, training):
    return tf.zeros((1, 64, 64, 3))


def test_synthesis_of_a_copy_of_the_map_and_ignored_noise(tiny_config):
    validate = make(tiny_config)

    scalars, pictures = validate(grey)
    assert scalars["noise_effect"] == 0 and scalars["output_stddev"] == 0
    fundus = validate._examples[0]["fundus"]
    expected = np.abs(fundus).mean()
    assert scalars["deviation_loss"] == pytest.approx(expected, rel=1e-5)
    # One row of map, photograph and three fakes.
    assert pictures["samples"].shape == (64, 5 * 64, 3)
    assert (pictures["samples"][:, 128:] == 128).all()


def test_noise_effect_is_the_spread_over_codes(tiny_config):
    validate = make(tiny_config, evaluation_noise_stddev=2.0)

    def first_entry(inputs, training):
        return tf.zeros((1, 64, 64, 3)) + inputs[1][0, 0]

    scalars, _ = validate(first_entry)
    rng = np.random.default_rng(validation.SAMPLE_SEED)
    size = (validation.SAMPLE_CODES, 400)
    expected = (2.0 * rng.normal(size=size))[:, 0].std()
    assert scalars["noise_effect"] == pytest.approx(expected, rel=1e-5)


def test_the_only_term_has_the_whole_gradient(tiny_config):
    scalars, _ = make(tiny_config)(grey)
    assert scalars["gradient_share/deviation_loss"] == pytest.approx(1)


class PaintsOwnVessels:
    """A style whose segmenter calls dark pixels vessels."""

    random_features = True

    def __init__(self, style_map):
        self.style_map = style_map
        self.style_fundus = tf.constant(1.0 - 2.0 * style_map)[None] * tf.ones(
            (1, 1, 1, 3)
        )
        self.style_fov_mask = tf.ones((1, 64, 64, 1))

    def vessel_logits(self, painted, fov_mask):
        return -8.0 * painted[..., :1]

    def terms(self, batch, painted):
        level = tf.reduce_mean(painted**2)
        names = "segmentation", "style", "content", "total_variation"
        return {f"{name}_loss": level for name in names}


@pytest.mark.parametrize("leaking, leak", [(True, 1.0), (False, 0.0)])
def test_vessels_of_the_style_are_found_where_they_leak(
    tiny_config, leaking, leak
):
    style_map = np.zeros((64, 64, 1), np.float32)
    style_map[30:33] = 1
    style = PaintsOwnVessels(style_map)
    validate = make(tiny_config, style, deviation="style", style_image="x")

    def paint(inputs, training):
        vessels = tf.cast(inputs[0] >= 0.5, tf.float32)
        if leaking:
            vessels = tf.maximum(vessels, style_map[None])
        return (1.0 - 2.0 * vessels) * tf.ones((1, 1, 1, 3))

    scalars, pictures = validate(paint)
    assert scalars["style_leak"] == leak
    assert scalars["style_leak_chance"] == 0
    # x_s, map, photograph, three fakes.
    assert set(pictures) == {"samples_random_vgg19_weights"}
    (picture,) = pictures.values()
    assert picture.shape == (64, 6 * 64, 3)
    assert (picture[30:33, :64] == 0).all() and (picture[:30, :64] == 255).all()
    shares = {k: v for k, v in scalars.items() if "gradient_share" in k}
    # The four terms are equal, so their shares are as their weights.
    assert shares["gradient_share/style_loss"] == pytest.approx(10 / 112)
    total = shares["gradient_share/total_variation_loss"]
    assert total == pytest.approx(100 / 112)
