"""Draws of histograms against the repetition of pixels."""

import numpy as np
import pytest
from sklearn import metrics as sk

from migan_tf.metrics import bootstrap, segmentation
from migan_tf.metrics.tally import aligned, tally, total


def make_pixels(seed, size=20000, saturated=False):
    """(truth, probability) of one image; saturated: most are near 0 or 1."""
    rng = np.random.default_rng(seed)
    truth = rng.random(size) < 0.15
    logits = rng.normal(np.where(truth, 2.0, -2.0), 2.0)
    scale = 6 if saturated else 1
    return truth, (1 / (1 + np.exp(-scale * logits))).astype(np.float32)


def sklearn_figures(truth, probability):
    precision, recall, _ = sk.precision_recall_curve(truth, probability)
    scores = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {
        "auc_roc": sk.roc_auc_score(truth, probability),
        "auc_pr": sk.auc(recall, precision),
        "average_precision": sk.average_precision_score(truth, probability),
        "dice_best_on_test": scores.max(),
    }


def test_a_draw_is_the_same_as_repeating_the_pixels():
    images = [
        (truth, np.round(probability, 2))
        for truth, probability in (make_pixels(s, 3000) for s in range(3))
    ]
    weights = np.array([[2.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    tallies = [tally(*image) for image in images]
    curves = aligned(tallies, total(tallies), bootstrap.BINS)
    drawn = bootstrap.over_draws(weights, curves, bootstrap.curve_figures)
    for row, repeats in enumerate(weights.astype(int)):
        truth, probability = (
            np.concatenate(
                [np.tile(i[k], n) for i, n in zip(images, repeats, strict=True)]
            )
            for k in (0, 1)
        )
        expected = sklearn_figures(truth, probability)
        found = {key: values[row] for key, values in drawn.items()}
        assert found == pytest.approx(expected, abs=1e-12)


def test_otsu_of_a_histogram_is_that_of_its_pixels():
    images = [make_pixels(seed, 3000) for seed in range(3)]
    levels = np.stack([tally(*i).levels for i in images])
    counts = bootstrap.otsu_counts(levels)
    for row, (truth, probability) in enumerate(images):
        decision = probability >= segmentation.otsu_threshold(probability)
        expected = vars(segmentation.count(truth, decision))
        found = {key: value[row] for key, value in vars(counts).items()}
        assert found == expected


def test_draws_are_seeded_and_hold_as_many_images_as_there_are():
    weights = bootstrap.draws(7, 300, seed=3)
    assert weights.shape == (300, 7)
    np.testing.assert_array_equal(weights.sum(axis=1), 7)
    np.testing.assert_array_equal(weights, bootstrap.draws(7, 300, seed=3))
    assert (weights != bootstrap.draws(7, 300, seed=4)).any()
    # A binomial of 7 and 1/7 has mean 1 and variance 6/7.
    assert weights.mean() == pytest.approx(1)
    assert weights.var() == pytest.approx(6 / 7, abs=0.08)


def test_the_interval_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(0).normal(size=100)
    means = bootstrap.draws(100, 4000, 0) @ values / 100
    low, high = bootstrap.interval(means)
    half = 1.96 * values.std() / 10
    assert low == pytest.approx(values.mean() - half, abs=0.015)
    assert high == pytest.approx(values.mean() + half, abs=0.015)
