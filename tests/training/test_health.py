"""Each symptom with the rows that show it, and with rows that do not."""

import math

import pytest

from migan_tf.base.errors import UserError
from migan_tf.training.health import WINDOW, HealthMonitor

STUCK = {"d_loss": 2 * math.log(2) + 0.005, "loss": 3.0}
SATURATED = {"d_loss": 0.004, "loss": 9.0}
# Under the hinge six heads at chance have 6 · 2; a penalty comes on top.
HINGE_STUCK = {
    "d_loss": 12.4,
    "d_hinge_loss": 12.0,
    "d_real_logit": 0.304,
    "d_fake_logit": 0.3,
}
HINGE_SATURATED = {
    "d_loss": 0.5,
    "d_hinge_loss": 0.001,
    "d_real_logit": 18.0,
    "d_fake_logit": -18.0,
}
HINGE = {
    "d_loss": 2 * math.log(2),  # of no meaning here
    "d_hinge_loss": 1.2,
    "d_real_logit": 6.0,
    "d_fake_logit": -5.0,
}
HEALTHY = {
    "d_loss": 0.9,
    "loss": 3.0,
    "gradient_norm": 1.0,
    "loss_scale": 2.0**15,
    "d_loss_scale": 2.0**15,
    "noise_effect": 0.05,
    "output_stddev": 0.3,
}


def watch(rows):
    monitor = HealthMonitor()
    messages = []
    for step, row in enumerate(rows, start=1):
        messages += monitor.check(step, row)
    return messages


def test_a_healthy_run_is_not_spoken_of():
    assert watch([HEALTHY] * 100) == []
    assert watch([HINGE] * 100) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "name", ["loss", "d_loss", "adversarial_loss", "validation/deviation_loss"]
)
def test_a_loss_that_is_not_finite_stops_the_run(name, value):
    monitor = HealthMonitor()
    monitor.check(1, HEALTHY)
    with pytest.raises(UserError) as caught:
        monitor.check(2, {**HEALTHY, name: value})
    text = str(caught.value)
    assert text.startswith(f"step 2: {name} is {value}")
    assert "checkpoint" in text and "--learning_rate" in text


def test_an_overflow_that_the_loss_scale_skips_does_not():
    # Gradients overflow now and then under float16; the update is skipped.
    assert watch([{**HEALTHY, "gradient_norm": math.inf}] * 3) == []


@pytest.mark.parametrize("name", ["gradient_norm", "d_gradient_norm"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_without_loss_scaling_it_does(name, value):
    # Nothing skips such an update: the weights are lost though the loss of
    # this step is finite, and its checkpoint must not be written.
    with pytest.raises(UserError, match=f"step 1: {name} is {value}"):
        watch([{"loss": 3.0, "d_loss": 0.9, name: value}])


@pytest.mark.parametrize("name", ["loss_scale", "d_loss_scale"])
def test_a_collapsed_loss_scale(name):
    messages = watch([HEALTHY] + [{**HEALTHY, name: 0.5}] * 50)
    assert len(messages) == 1
    assert messages[0].startswith("step 2: ") and "0.5" in messages[0]
    assert "--mixed_precision" in messages[0]


@pytest.mark.parametrize(
    ("sick", "words"),
    [
        (STUCK, "stuck at 2 ln 2"),
        (SATURATED, "saturated"),
        (HINGE_STUCK, "at equal logits"),
        (HINGE_SATURATED, "saturated"),
    ],
)
def test_a_discriminator_that_does_not_play(sick, words):
    messages = watch([sick] * 200)
    assert len(messages) == 1 and words in messages[0]
    assert messages[0].startswith(f"step {WINDOW}: ")


@pytest.mark.parametrize("sick", [STUCK, SATURATED])
def test_a_discriminator_may_pass_through_such_a_state(sick):
    rows = ([sick] * (WINDOW - 1) + [HEALTHY]) * 5
    assert watch(rows) == []


@pytest.mark.parametrize("every", [1, 5, 10, 19, 20, 30])
@pytest.mark.parametrize("sick", [STUCK, SATURATED])
def test_validation_rows_do_not_hide_the_discriminator(sick, every):
    # The trainer hands in a row of validation figures after some rows.
    rows = []
    for _ in range(0, 200, every):
        rows += [sick] * every + [{"validation/segmentation_loss": 0.2}]
    assert len(watch(rows)) == 1


def test_no_discriminator_is_no_symptom():
    assert watch([{"loss": 0.3}] * 100) == []


def test_ignored_noise():
    # A quarter of an 8-bit step on [-1,1] is 2 / 255 / 4 = 0.00196.
    assert watch([{"noise_effect": 0.0021}] * 3) == []
    messages = watch([{"noise_effect": 0.0019}] * 3)
    assert len(messages) == 1 and "noise is ignored" in messages[0]


def test_constant_output():
    assert watch([{"output_stddev": 0.0011}] * 3) == []
    messages = watch([{"output_stddev": 0.0009}] * 3)
    assert len(messages) == 1 and "constant" in messages[0]


def test_each_is_said_once_and_none_hides_another():
    row = {
        "d_loss": 0.001,
        "loss_scale": 0.25,
        "noise_effect": 0.0,
        "output_stddev": 0.0,
    }
    messages = watch([row] * (3 * WINDOW))
    assert len(messages) == len(set(messages)) == 4
