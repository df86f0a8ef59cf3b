"""What is measured of a network while it trains."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.data import photographs
from migan_tf.metrics import segmentation
from migan_tf.training import validation
from migan_tf.training.tasks import make_task


def make(tiny_config, name, **settings):
    config = dataclasses.replace(tiny_config, **settings)
    held_out = photographs.load(config, "validation")
    return (
        validation.make_validation(
            config,
            make_task(name, config),
            photographs=held_out,
            training_examples=[],
        ),
        held_out,
    )


def constant_logit(value):
    def network(image, training):
        return tf.fill((*image.shape[:3], 1), value)

    return network


def test_segmentation_loss_of_a_constant_answer(tiny_config):
    validate, _ = make(tiny_config, "segmentation")
    scalars, _ = validate(constant_logit(0.0))
    # -y log 1/2 - (1-y) log 1/2 = ln 2 whatever y, and ten times that is the
    # weighted sum.
    assert scalars["segmentation_loss"] == pytest.approx(np.log(2), rel=1e-5)
    assert scalars["validation_loss"] == pytest.approx(10 * np.log(2), rel=1e-5)
    assert scalars["output_stddev"] == pytest.approx(0, abs=1e-6)
    # Ties everywhere but for the rounding of the resampling.
    assert scalars["auc_roc"] == pytest.approx(0.5, abs=0.05)


def test_segmentation_figures_are_those_of_the_native_map(tiny_config):
    validate, held_out = make(tiny_config, "segmentation", image_size=128)

    def dark_is_vessel(image, training):
        return -4.0 * image[..., 1:2]

    scalars, pictures = validate(dark_is_vessel)
    photograph = held_out[0]
    inside = photograph.fov_mask
    dark = 255.0 - photograph.fundus[..., 1][inside]
    expected = segmentation.auc_roc(photograph.vessel_map[inside], dark)
    # Resampled to the square and back, the ranking stays much the same.
    assert scalars["auc_roc"] == pytest.approx(expected, abs=0.05)
    assert scalars["auc_roc"] > 0.8
    assert pictures["overlay"].shape == photograph.fundus.shape
    assert pictures["precision_recall"].dtype == np.uint8
