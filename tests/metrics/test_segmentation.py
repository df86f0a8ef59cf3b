"""Counts by hand, Otsu by brute force and OpenCV, areas by definition."""

import cv2
import numpy as np
import pytest
from scipy import stats

from migan_tf.metrics import segmentation

# Nine pixels: 3 TP, 1 FP, 2 FN, 3 TN.
TRUTH = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0], bool)
DECISION = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0], bool)


@pytest.fixture
def pixels():
    rng = np.random.default_rng(7)
    probability = rng.beta(0.4, 1.2, 4000).astype(np.float32)
    return rng.random(4000) < probability, probability


def levels_and_truth(pixels):
    truth, probability = pixels
    return truth, (np.round(probability * 255) / 255).astype(np.float32)


def test_counts_by_hand():
    counts = segmentation.count(TRUTH, DECISION)
    assert vars(counts) == dict(
        true_positives=3,
        false_positives=1,
        false_negatives=2,
        true_negatives=3,
    )
    assert counts.dice == pytest.approx(6 / 9)
    assert counts.sensitivity == pytest.approx(3 / 5)
    assert counts.precision == pytest.approx(3 / 4)
    assert counts.specificity == pytest.approx(3 / 4)
    assert counts.accuracy == pytest.approx(6 / 9)
    assert segmentation.dice(TRUTH, DECISION) == pytest.approx(6 / 9)


@pytest.mark.parametrize("name", ["dice", "sensitivity", "precision"])
def test_nothing_to_find_and_nothing_found_is_zero(name):
    nothing = np.zeros(5, bool)
    counts = segmentation.count(nothing, nothing)
    assert getattr(counts, name) == 0
    assert counts.specificity == counts.accuracy == 1


def test_all_vessel_has_specificity_zero():
    everything = np.ones(5, bool)
    counts = segmentation.count(everything, everything)
    assert counts.specificity == 0
    assert counts.dice == counts.accuracy == 1


def test_counts_of_no_pixels_are_zero():
    counts = segmentation.count(np.zeros(0, bool), np.zeros(0, bool))
    assert counts.accuracy == counts.dice == 0


def test_ratio_takes_arrays():
    np.testing.assert_array_equal(
        segmentation.ratio(np.array([1, 0, 3]), np.array([2, 0, 4])),
        [0.5, 0, 0.75],
    )


@pytest.mark.parametrize(
    "truth, decision",
    [
        (TRUTH, DECISION.astype(float)),
        (TRUTH.astype(np.uint8) * 255, DECISION),
        (TRUTH, DECISION[:-1]),
        (TRUTH.reshape(3, 3), DECISION.reshape(3, 3)),
    ],
)
def test_count_refuses_other_types_and_shapes(truth, decision):
    with pytest.raises(ValueError, match="Received"):
        segmentation.count(truth, decision)


def brute_force_otsu(levels):
    """The level that minimises the variance within the classes."""
    best, least = None, np.inf
    for level in range(255):
        low, high = levels[levels <= level], levels[levels > level]
        if len(low) and len(high):
            within = len(low) * low.var() + len(high) * high.var()
            if within < least - 1e-9:
                best, least = level, within
    return best


@pytest.mark.parametrize("seed", range(3))
def test_otsu_is_that_of_the_definition_and_of_opencv(seed):
    rng = np.random.default_rng(seed)
    shape = rng.uniform(0.3, 3, 2)
    levels = np.round(rng.beta(*shape, 3000) * 255).astype(np.uint8)
    histogram = np.bincount(levels, minlength=256)
    level = segmentation.otsu_level(histogram)
    assert level == brute_force_otsu(levels.astype(float))
    threshold, above = cv2.threshold(
        levels.reshape(30, 100),
        0,
        maxval=255,
        type=cv2.THRESH_BINARY | cv2.THRESH_OTSU,
    )
    assert level == threshold
    probability = (levels / 255).astype(np.float32)
    decision = probability >= segmentation.otsu_threshold(probability)
    np.testing.assert_array_equal(decision, above.ravel() > 0)


def test_a_float_map_and_its_file_have_one_threshold(pixels):
    _, probability = pixels
    _, stored = levels_and_truth(pixels)
    threshold = segmentation.otsu_threshold(probability)
    assert threshold == segmentation.otsu_threshold(stored)
    np.testing.assert_array_equal(probability >= threshold, stored >= threshold)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_constant_map_holds_no_vessel(value):
    probability = np.full(50, value, np.float32)
    assert not (probability >= segmentation.otsu_threshold(probability)).any()


def test_a_binary_map_is_cut_between_its_values():
    probability = np.array([0, 0, 0, 1], np.float32)
    assert 0 < segmentation.otsu_threshold(probability) < 1


def test_otsu_levels_of_many_histograms_at_once():
    rng = np.random.default_rng(1)
    histograms = rng.integers(0, 50, (4, 256))
    alone = [segmentation.otsu_level(row) for row in histograms]
    np.testing.assert_array_equal(segmentation.otsu_level(histograms), alone)


@pytest.mark.parametrize("bad", [[], [np.nan, 0.5], [-0.1], [1.5], [np.inf]])
def test_otsu_refuses_what_is_no_probability(bad):
    with pytest.raises(ValueError, match="Received"):
        segmentation.otsu_threshold(np.array(bad))


def test_auc_roc_is_the_mann_whitney_statistic(pixels):
    truth, probability = levels_and_truth(pixels)
    u = stats.mannwhitneyu(probability[truth], probability[~truth]).statistic
    expected = u / truth.sum() / (~truth).sum()
    assert segmentation.auc_roc(truth, probability) == pytest.approx(expected)


def test_auc_pr_by_hand():
    # From the highest: vessel, background, vessel. Points (recall, precision)
    # (0, 1), (1/2, 1), (1/2, 1/2), (1, 2/3).
    truth = np.array([True, False, True])
    probability = np.array([0.9, 0.8, 0.2])
    trapezoid = 0.5 * 1 + 0.5 * (1 / 2 + 2 / 3) / 2
    steps = 0.5 * 1 + 0.5 * 2 / 3
    assert segmentation.auc_pr(truth, probability) == pytest.approx(trapezoid)
    assert segmentation.average_precision(truth, probability) == pytest.approx(
        steps
    )


def test_best_threshold_is_the_best_of_all(pixels):
    truth, probability = levels_and_truth(pixels)
    scores = {
        value: segmentation.dice(truth, probability >= value)
        for value in np.unique(probability)
    }
    threshold, dice = segmentation.best_threshold(truth, probability)
    assert dice == pytest.approx(max(scores.values()))
    assert segmentation.dice(truth, probability >= threshold) == pytest.approx(
        dice
    )


@pytest.mark.parametrize(
    "figure",
    [
        segmentation.auc_roc,
        segmentation.auc_pr,
        segmentation.average_precision,
        segmentation.best_threshold,
    ],
)
def test_curves_refuse_a_single_class_and_nan(figure):
    half = np.full(4, 0.5)
    for truth in (np.zeros(4, bool), np.ones(4, bool), np.ones(4)):
        with pytest.raises(ValueError, match="truth must be bool and hold"):
            figure(truth, half)
    with pytest.raises(ValueError, match="finite"):
        figure(np.array([True, False]), np.array([0.5, np.nan]))
    with pytest.raises(ValueError, match="one shape"):
        figure(TRUTH, half)
