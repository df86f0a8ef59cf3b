"""Figures from histograms against scikit-learn's from the pixels."""

import numpy as np
import pytest

from migan_tf.metrics import assessment, segmentation
from migan_tf.metrics.tally import BINS, bins_of, tally
from tests.metrics.test_bootstrap import make_pixels, sklearn_figures


def figures_of(*pixels):
    found = assessment.assess({"0": tally(*pixels)}, None, 0, 0)
    return found["pooled"], found["thresholds"]["best_on_test"]


@pytest.mark.parametrize("saturated", [False, True])
def test_float_maps_lose_next_to_nothing_in_bins(saturated):
    pixels = make_pixels(2, 200000, saturated)
    pooled, best = figures_of(*pixels)
    exact = sklearn_figures(*pixels)
    for name in ("auc_roc", "auc_pr", "average_precision"):
        assert pooled[name] == pytest.approx(exact[name], abs=1e-4)
    assert pooled["dice_best_on_test"] == pytest.approx(
        exact["dice_best_on_test"], abs=1e-4
    )
    # The figure is that of the threshold which is told.
    assert pooled["dice_best_on_test"] == pytest.approx(
        segmentation.dice(pixels[0], pixels[1] >= best), abs=1e-12
    )


@pytest.mark.parametrize("levels", [255, 65535])
def test_maps_of_integers_lose_nothing_or_next_to_it(levels):
    truth, probability = make_pixels(1)
    probability = np.round(probability * levels).astype(np.float32) / levels
    pooled, best = figures_of(truth, probability)
    exact = sklearn_figures(truth, probability)
    found = {name: pooled[name] for name in exact}
    assert found == pytest.approx(exact, abs=1e-12 if levels == 255 else 5e-5)
    if levels == 255:
        assert best == segmentation.best_threshold(truth, probability)[0]


def test_bins_rise_with_the_probability_and_are_narrow():
    rng = np.random.default_rng(0)
    near = 10.0 ** rng.uniform(-7, -1, 50000)
    p = np.concatenate([rng.random(100000), near, 1 - near, [0, 0.5, 1]])
    p = np.sort(p.astype(np.float32))
    bins = bins_of(p)
    step, rise = np.diff(p.astype(np.float64)), np.diff(bins)
    assert rise.min() >= 0 and bins[0] == 0 and bins[-1] == BINS - 1
    within = rise == 0
    assert step[within].max() < 2**-13
    small = within & (p[1:] < 0.001)
    assert (step[small] <= p[1:][small] / 2**11).all()
    eight_bits = np.arange(256, dtype=np.float32) / 255
    assert len(np.unique(bins_of(eight_bits))) == 256


def test_tallies_add_up():
    images = [make_pixels(seed, 5000) for seed in range(2)]
    both = [np.concatenate(part) for part in zip(*images, strict=True)]
    one, other = (tally(*image, 0.4) for image in images)
    whole, expected = one + other, tally(*both, 0.4)
    np.testing.assert_array_equal(whole.curve, expected.curve)
    np.testing.assert_array_equal(whole.lowest, expected.lowest)
    np.testing.assert_array_equal(whole.levels, expected.levels)
    assert whole.at_validation == expected.at_validation
    assert whole.sizes == {
        "pixels": 10000,
        "vessel_pixels": int(both[0].sum()),
    }


@pytest.mark.parametrize(
    "truth, probability",
    [
        (np.zeros(2, bool), np.array([0.5, np.nan])),
        (np.zeros(2, bool), np.array([0.5, 1.5])),
        (np.zeros(3, bool), np.array([0.5, 0.5])),
        (np.zeros(2), np.array([0.5, 0.5])),
        (np.zeros(0, bool), np.zeros(0)),
    ],
)
def test_what_is_no_map_is_refused(truth, probability):
    with pytest.raises(ValueError, match="Received"):
        tally(truth, probability)
