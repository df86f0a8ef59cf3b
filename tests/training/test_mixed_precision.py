"""Updates under float16 and bfloat16: near float32, safe at overflows."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models.layers import dtype_policy
from migan_tf.models.segmenter import build_segmenter
from migan_tf.models.vgg19 import Vgg19
from migan_tf.training.state import resolve_precision
from migan_tf.training.style import StyleObjective
from tests.small_training import make, make_batch, moved, weights_of

pytestmark = pytest.mark.slow


@functools.cache
def trained(name, precision):
    """Three iterations.

    Returns:
      (gradient norm of the first update, {name: float} of the last).
    """
    _, _, (network_step, discriminator_step) = make(
        name, mixed_precision=precision
    )
    norm = np.inf
    while not np.isfinite(norm):  # Overflows are skipped, the weights stay.
        row = network_step(make_batch())
        norm = float(row["gradient_norm"])
    row |= discriminator_step(make_batch())
    for _ in range(2):
        row = network_step(make_batch())
        row |= discriminator_step(make_batch())
    return norm, {k: float(v) for k, v in row.items()}


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", ["segmentation", "synthesis"])
def test_mixed_precision_trains_near_float32(name, policy):
    expected_norm, expected = trained(name, "float32")
    norm, row = trained(name, policy)
    if policy == "mixed_float16":  # The norm is free of the loss scale.
        assert norm == pytest.approx(expected_norm, rel=0.05)
    for key in ("loss", "d_loss"):
        assert row[key] == pytest.approx(expected[key], rel=0.05)


def test_float16_scales_both_losses_apart_and_skips_overflows():
    state, _, (network_step, _) = make(
        "synthesis", mixed_precision="mixed_float16"
    )
    before = weights_of(state.network)
    batch = make_batch()
    batch["fundus"] = batch["fundus"] * np.inf
    network_step(batch)
    assert max(moved(before, state.network)) == 0
    # Keras starts at 2^15 and halves at an overflow.
    assert float(state.network_optimizer.dynamic_scale) == 2.0**14
    assert float(state.discriminator_optimizer.dynamic_scale) == 2.0**15


def test_the_policy_of_others_is_left_alone():
    with dtype_policy("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_auto_is_float32_without_a_gpu():
    assert not tf.config.list_logical_devices("GPU")
    assert resolve_precision("auto") == "float32"
    assert resolve_precision("mixed_bfloat16") == "mixed_bfloat16"


def test_style_terms_in_float16_stay_near_float32_for_many_steps():
    style_fundus = make_batch(1)["fundus"][:1]
    names = [f"block{n}_conv1" for n in range(1, 6)]
    vgg19 = Vgg19("random", names, "block4_conv1")
    rows = {}
    for precision in ("float32", "mixed_float16"):
        keras.utils.set_random_seed(0)
        segmenter = build_segmenter("unet", None, base_filters=4, depth=2)
        objective = StyleObjective(
            vgg19,
            style_fundus,
            style_fov_mask=tf.ones((1, 64, 64, 1)),
            segmenter=segmenter,
        )
        _, _, (network_step, discriminator_step) = make(
            "synthesis",
            objective,
            mixed_precision=precision,
            deviation="style",
            style_image="x",
            # At the paper's 2e-4 the two runs part: their style losses come to
            # differ by other weights, and not by another precision.
            learning_rate=1e-5,
        )
        for step in range(10):
            batch = make_batch(step)
            row = network_step(batch)
            row |= discriminator_step(batch)
            assert all(np.isfinite(v) for k, v in row.items() if "loss" in k)
        rows[precision] = {k: float(v) for k, v in row.items() if "loss" in k}
    for key, value in rows["mixed_float16"].items():
        assert value == pytest.approx(rows["float32"][key], rel=0.02), key
