"""Shares of terms whose gradients are known."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.training.validation import gradient_shares


class LinearTerms:
    weights = {"a": 2.0, "b": 0.5, "adversarial_loss": 1.0}

    def terms(self, batch, output):
        # Gradients of norm 3 and 4 in two directions.
        return {"a": 3.0 * output[0], "b": 4.0 * output[1]}

    def fake_pair(self, batch, output):
        return [output]


def test_shares_are_those_of_the_weighted_norms():
    shares = gradient_shares(
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
    shares = gradient_shares(
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

    shares = gradient_shares(
        Nothing(), None, batch={}, output=tf.constant([1.0, 1.0])
    )
    assert all(float(share) == 0 for share in shares.values())
