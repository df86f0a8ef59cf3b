"""What is measured of a network while it trains."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.data import batches, photographs
from migan_tf.inference.run_networks import NetworkSegmenter
from migan_tf.metrics import segmentation
from migan_tf.training import validation
from migan_tf.training.tasks import make_task


def make(network, config, name, style=None, discriminator=None):
    """The validation of a task, and the held-out photographs."""
    held_out = photographs.load(photographs.Source.of(config), "validation")
    state = SimpleNamespace(
        kept_network=lambda: network, discriminator=discriminator
    )
    return validation.make_validation(
        config,
        make_task(name, config, style),
        state=state,
        photographs=held_out,
        training_examples=[],
    ), held_out


def constant_logit(value):
    def network(image, training):
        return tf.fill((*image.shape[:3], 1), value)

    return network


def test_segmentation_loss_of_a_constant_answer(tiny_config):
    validate, _ = make(constant_logit(0.0), tiny_config, "segmentation")
    scalars, _ = validate()
    # -y log 1/2 - (1-y) log 1/2 = ln 2 whatever y, and ten times that is the
    # weighted sum.
    assert scalars["segmentation_loss"] == pytest.approx(np.log(2), rel=1e-5)
    assert scalars["validation_loss"] == pytest.approx(10 * np.log(2), rel=1e-5)
    assert scalars["output_stddev"] == pytest.approx(0, abs=1e-6)
    # Ties everywhere but for the rounding of the resampling.
    assert scalars["auc_roc"] == pytest.approx(0.5, abs=0.05)


def test_segmentation_figures_are_those_of_the_native_map(tiny_config):
    def dark_is_vessel(image, training):
        return -4.0 * image[..., 1:2]

    config = dataclasses.replace(tiny_config, image_size=128)
    validate, held_out = make(dark_is_vessel, config, "segmentation")
    scalars, pictures = validate()
    photograph = held_out[0]
    inside = photograph.fov_mask
    dark = 255.0 - photograph.fundus[..., 1][inside]
    expected = segmentation.auc_roc(photograph.vessel_map[inside], dark)
    # Resampled to the square and back, the ranking stays much the same.
    assert scalars["auc_roc"] == pytest.approx(expected, abs=0.05)
    assert scalars["auc_roc"] > 0.8
    assert pictures["overlay"].shape == photograph.fundus.shape
    assert pictures["precision_recall"].dtype == np.uint8


def test_figures_are_of_the_pixels_of_all_that_is_held_out(tiny_config):
    def dark_is_vessel(image, training):
        return -4.0 * image[..., 1:2] - 1.0

    config = dataclasses.replace(tiny_config, validation_images=3)
    validate, held_out = make(dark_is_vessel, config, "segmentation")
    scalars, _ = validate()
    segmenter = NetworkSegmenter(dark_is_vessel, config)
    truth, probability = [], []
    for photograph in held_out:
        inside = photograph.fov_mask
        found = segmenter(photograph.fundus, inside)
        truth.append(photograph.vessel_map[inside])
        probability.append(found.vessel_probability[inside])
    truth, probability = np.concatenate(truth), np.concatenate(probability)
    otsu = segmentation.otsu_threshold(probability)
    best, dice = segmentation.best_threshold(truth, probability)
    expected = {
        "dice_otsu": segmentation.dice(truth, probability >= otsu),
        "dice_best": dice,
        "best_threshold": best,
        "auc_roc": segmentation.auc_roc(truth, probability),
        "auc_pr": segmentation.auc_pr(truth, probability),
        "output_stddev": probability.std(),
    }
    found = {name: scalars[name] for name in expected}
    assert len(held_out) == 3 and found == pytest.approx(expected, abs=1e-4)


def grey(inputs, training):
    return tf.zeros((1, 64, 64, 3))


def test_synthesis_of_a_grey_answer_that_ignores_its_noise(tiny_config):
    validate, (photograph,) = make(grey, tiny_config, "synthesis")
    scalars, pictures = validate()
    assert scalars["noise_effect"] == 0 and scalars["output_stddev"] == 0
    example = batches.network_example(photograph, 64, tiny_config.geometry)
    expected = np.abs(example["fundus"]).mean()
    assert scalars["deviation_loss"] == pytest.approx(expected, rel=1e-5)
    # The only term has the whole gradient.
    assert scalars["gradient_share/deviation_loss"] == pytest.approx(1)
    # One row of map, photograph and three fakes.
    assert pictures["samples"].shape == (64, 5 * 64, 3)
    assert (pictures["samples"][:, 128:] == 128).all()


def test_noise_effect_is_the_spread_over_codes(tiny_config):
    def first_entry(inputs, training):
        return tf.zeros((1, 64, 64, 3)) + inputs[1][0, 0]

    config = dataclasses.replace(tiny_config, evaluation_noise_stddev=2.0)
    validate, _ = make(first_entry, config, "synthesis")
    scalars, _ = validate()
    rng = np.random.default_rng(validation.SAMPLE_SEED)
    size = (validation.SAMPLE_CODES, 400)
    expected = (2.0 * rng.normal(size=size))[:, 0].std()
    assert scalars["noise_effect"] == pytest.approx(expected, rel=1e-5)


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

    def paint(inputs, training):
        vessels = tf.cast(inputs[0] >= 0.5, tf.float32)
        if leaking:
            vessels = tf.maximum(vessels, style_map[None])
        return (1.0 - 2.0 * vessels) * tf.ones((1, 1, 1, 3))

    config = dataclasses.replace(
        tiny_config, deviation="style", style_image="x"
    )
    style = PaintsOwnVessels(style_map)
    validate, _ = make(paint, config, "synthesis", style)
    scalars, pictures = validate()
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


class LinearTerms:
    weights = {"a": 2.0, "b": 0.5, "adversarial_loss": 1.0}

    def terms(self, batch, output):
        # Gradients of norm 3 and 4 in two directions.
        return {"a": 3.0 * output[0], "b": 4.0 * output[1]}

    def fake_pair(self, batch, output):
        return [output]


def test_shares_are_those_of_the_weighted_norms():
    shares = validation.gradient_shares(
        LinearTerms(), None, batch={}, output=tf.constant([1.0, 1.0])
    )
    # 2 × 3 and 0.5 × 4.
    assert float(shares["gradient_share/a"]) == pytest.approx(6 / 8)
    assert float(shares["gradient_share/b"]) == pytest.approx(2 / 8)


def test_the_discriminator_has_its_share():
    def discriminator(pair, training):
        assert not training
        return pair[0]

    output = tf.constant([0.0, 0.0])
    shares = validation.gradient_shares(
        LinearTerms(), discriminator, batch={}, output=output
    )
    # Mean of softplus(-x): each slope is -1/2 at 0, halved by the mean.
    adversarial = np.hypot(0.25, 0.25)
    assert float(shares["gradient_share/adversarial_loss"]) == pytest.approx(
        adversarial / (6 + 2 + adversarial)
    )


def test_no_gradient_at_all_is_no_share():
    class Nothing(LinearTerms):
        weights = {"a": 0.0, "b": 0.0}

    shares = validation.gradient_shares(
        Nothing(), None, batch={}, output=tf.constant([1.0, 1.0])
    )
    assert all(float(share) == 0 for share in shares.values())
