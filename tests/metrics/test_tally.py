"""Figures from histograms against scikit-learn's from the pixels."""

import numpy as np
import pytest

from migan_tf.metrics import assessment, segmentation
from migan_tf.metrics import tally as tallies
from migan_tf.metrics.tally import aligned, tally, total
from tests.metrics.test_bootstrap import make_pixels, sklearn_figures

# What the module promises of one image, and of several together.
OF_ONE, OF_MANY = 4e-5, 1e-4


def found_of(images):
    """(figures, threshold of best Dice) of a list of (truth, probability)."""
    named = {str(i): tally(*image) for i, image in enumerate(images)}
    found = assessment.assess(named, None, 0, 0)
    return found["pooled"], found["thresholds"]["best_on_test"]


def check(images, bound):
    """Holds all figures of the pixels against scikit-learn's."""
    pooled, best = found_of(images)
    truth, probability = map(np.concatenate, zip(*images, strict=True))
    exact = sklearn_figures(truth, probability)
    assert {name: pooled[name] for name in exact} == pytest.approx(
        exact, abs=bound, rel=0
    )
    # The figure is that of the threshold which is told.
    told = segmentation.dice(truth, probability >= np.float32(best))
    exactly = 1e-12 if len(images) == 1 else bound
    assert pooled["dice_best_on_test"] == pytest.approx(told, abs=exactly)


def unlucky(truth, probability):
    """The same pixels, in each run of 7 vessels come last: ties hide most."""
    order = np.lexsort((truth, np.argsort(np.argsort(probability)) // 7))
    return truth[order], np.sort(probability)


def squeezed(low, high):
    """Makes maps whose values all lie between two, in their own order."""

    def squeeze(probability):
        return (low + (high - low) * probability).astype(np.float32)

    return squeeze


def twice(probability):
    """Another sigmoid after the first, as some published programs have it."""
    return (1 / (1 + np.exp(-probability.astype(np.float64)))).astype("f4")


MAPS = {
    "as networks give them": lambda p: p,
    "saturated": lambda p: 1 / (1 + (1 / np.maximum(p, 1e-4) - 1) ** 9),
    "all near one half": squeezed(0.5, 0.5001),
    "all near 1": squeezed(0.9999, 1.0),
    "tiny, as of filters": squeezed(0.0, 1e-6),
    "below the normal floats": squeezed(0.0, 1e-39),
    "a sigmoid twice": twice,
    "two values": lambda p: np.where(p > 0.5, 0.7, 0.2).astype("f4"),
    "one value": lambda p: np.full_like(p, 0.3),
    "mostly 0": lambda p: np.where(p > 0.9, p, 0).astype("f4"),
    "mostly -0": lambda p: np.where(p > 0.9, p, -0.0).astype("f4"),
    "8 bits": lambda p: np.round(p * 255).astype("f4") / 255,
    "16 bits": lambda p: np.round(p * 65535).astype("f4") / 65535,
}


@pytest.fixture(params=[20, pytest.param(1, marks=pytest.mark.slow)])
def coarser(request, monkeypatch):
    """Times as wide bins, for as many fewer pixels, which are faster."""
    monkeypatch.setattr(tallies, "SHARE", tallies.SHARE * request.param)
    monkeypatch.setattr(tallies, "MOST", tallies.MOST / request.param)
    return request.param


@pytest.mark.parametrize("name", MAPS)
def test_all_figures_are_those_of_the_pixels(name, coarser):
    truth, probability = unlucky(*make_pixels(2, 1_000_000 // coarser))
    probability = MAPS[name](probability).astype(np.float32)
    check([(truth, probability)], OF_ONE * coarser)


@pytest.mark.parametrize("name", MAPS)
def test_the_figures_of_several_images_are_those_of_their_pixels(name, coarser):
    images = []
    for seed in range(3):
        truth, probability = unlucky(*make_pixels(seed, 600_000 // coarser))
        images.append((truth, MAPS[name](probability).astype(np.float32)))
    check(images, OF_MANY * coarser)


def test_images_that_lie_in_each_others_bins_are_told_apart(coarser):
    """One of a few values among those of another, which has very many."""
    many = make_pixels(0, 800_000 // coarser)
    truth, probability = make_pixels(1, 800_000 // coarser)
    check([many, (truth, np.round(probability, 2))], OF_MANY * coarser)


def test_with_few_vessels_there_are_no_more_bins(monkeypatch):
    """The bounds are as much wider: by the vessels that are too few."""
    monkeypatch.setattr(tallies, "MOST", tallies.MOST // 16)
    truth, probability = make_pixels(2, 500_000)
    fewer = truth & (np.arange(len(truth)) % 4 > 0)
    found = tally(fewer, probability)
    assert len(found.lowest) < 1.5 * tallies.MOST
    check([(fewer, probability)], 16 * OF_ONE)


def test_eight_bits_lose_nothing():
    truth, probability = make_pixels(1)
    probability = MAPS["8 bits"](probability)
    pooled, best = found_of([(truth, probability)])
    exact = sklearn_figures(truth, probability)
    assert {name: pooled[name] for name in exact} == pytest.approx(
        exact, abs=1e-12
    )
    assert best == segmentation.best_threshold(truth, probability)[0]


def test_bins_count_the_pixels_from_their_least_value_on():
    truth, probability = make_pixels(0, 2_000_000)
    found = tally(truth, probability)
    assert len(found.lowest) < 400_000 and (np.diff(found.lowest) > 0).all()
    rising = np.sort(probability[truth])
    above = found.curve[1, ::-1].cumsum()[::-1]
    expected = len(rising) - rising.searchsorted(found.lowest)
    np.testing.assert_array_equal(above, expected)
    # A bin holds 4e-5 of the vessels' number, and here none fills it alone.
    assert found.curve.sum(axis=0).max() <= 4e-5 * truth.sum()


def test_tallies_add_up():
    images = [make_pixels(seed, 5000) for seed in range(2)]
    both = [np.concatenate(part) for part in zip(*images, strict=True)]
    whole, expected = total([tally(*i, 0.4) for i in images]), tally(*both, 0.4)
    np.testing.assert_array_equal(whole.curve, expected.curve)
    np.testing.assert_array_equal(whole.lowest, expected.lowest)
    np.testing.assert_array_equal(whole.levels, expected.levels)
    assert whole.at_validation == expected.at_validation
    assert whole.sizes == {
        "pixels": 10000,
        "vessel_pixels": int(both[0].sum()),
    }


def test_aligned_bins_are_of_about_equally_many_pixels():
    images = [make_pixels(seed, 30000) for seed in range(3)]
    of_all = [tally(*image) for image in images]
    found = aligned(of_all, total(of_all), 1000)
    assert found.shape[:2] == (3, 2) and 900 < found.shape[2] <= 1000
    for row, (truth, _) in zip(found, images, strict=True):
        assert row.sum(-1).tolist() == [(~truth).sum(), truth.sum()]
    assert found.sum((0, 1)).max() <= 90000 / 1000 + 1
    # The same bins in all: of the pixels of all, those of the last bins.
    _, probability = map(np.concatenate, zip(*images, strict=True))
    last = np.sort(probability)[-int(found[..., -50:].sum()) :]
    of_each = [(p >= last[0]).sum() for _, p in images]
    assert found[..., -50:].sum((1, 2)).tolist() == of_each
    few = [tally(np.array([True, False]), np.array([p, 0.5])) for p in (0, 1)]
    expected = [[[0, 1, 0], [1, 0, 0]], [[0, 1, 0], [0, 0, 1]]]
    np.testing.assert_array_equal(aligned(few, total(few), 1000), expected)


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
