"""Every figure against plain NumPy and scikit-learn on the same pixels."""

import numpy as np
import pytest
from sklearn import metrics as sk

from migan_tf.metrics import assessment, segmentation
from migan_tf.metrics.tally import tally

KEYS = {
    "auc_roc",
    "auc_pr",
    "average_precision",
    "dice_otsu",
    "dice_validation_threshold",
    "dice_best_on_test",
    "sensitivity",
    "specificity",
    "accuracy",
}


def make_pixels(images=4, size=3000, seed=0):
    """Images of which the later ones are harder."""
    rng = np.random.default_rng(seed)
    pixels = {}
    for number in range(images):
        truth = rng.random(size + 100 * number) < 0.15
        logits = rng.normal(np.where(truth, 2, -2), 1 + 0.5 * number)
        probability = 1 / (1 + np.exp(-logits))
        pixels[f"{number:02d}"] = truth, probability.astype(np.float32)
    return pixels


@pytest.fixture(scope="module")
def pixels():
    return make_pixels()


def assess(pixels, validation_threshold, samples, seed):
    tallies = {
        name: tally(*one, validation_threshold) for name, one in pixels.items()
    }
    return assessment.assess(
        tallies, validation_threshold, samples=samples, seed=seed
    )


@pytest.fixture(scope="module")
def found(pixels):
    return assess(pixels, 0.4, samples=40, seed=1)


def pooled_pixels(pixels):
    return tuple(np.concatenate(p) for p in zip(*pixels.values(), strict=True))


def test_pooled_figures(pixels, found):
    truth, probability = pooled_pixels(pixels)
    precision, recall, _ = sk.precision_recall_curve(truth, probability)
    otsu = probability >= found["thresholds"]["otsu"]
    best = (2 * precision * recall / (precision + recall + 1e-12)).max()
    assert found["pooled"] == pytest.approx(
        dict(
            auc_roc=sk.roc_auc_score(truth, probability),
            auc_pr=sk.auc(recall, precision),
            average_precision=sk.average_precision_score(truth, probability),
            dice_otsu=sk.f1_score(truth, otsu),
            dice_validation_threshold=sk.f1_score(truth, probability >= 0.4),
            dice_best_on_test=best,
            sensitivity=sk.recall_score(truth, otsu),
            specificity=sk.recall_score(~truth, ~otsu),
            accuracy=sk.accuracy_score(truth, otsu),
        ),
        abs=3e-4,  # of bins; among few pixels a tie counts most
    )
    assert found["thresholds"]["otsu"] == segmentation.otsu_threshold(
        probability
    )
    best_on_test = found["thresholds"]["best_on_test"]
    assert sk.f1_score(truth, probability >= best_on_test) == (
        pytest.approx(best, abs=3e-4)
    )


def test_rows_have_their_own_otsu_and_the_sets_other_thresholds(pixels, found):
    rows = found["per_image"]["images"]
    assert [row["image_id"] for row in rows] == list(pixels)
    best = found["thresholds"]["best_on_test"]
    for row, (truth, p) in zip(rows, pixels.values(), strict=True):
        own = p >= segmentation.otsu_threshold(p)
        assert row["dice_otsu"] == pytest.approx(sk.f1_score(truth, own))
        assert row["dice_best_on_test"] == pytest.approx(
            sk.f1_score(truth, p >= best)
        )
        assert row["auc_roc"] == pytest.approx(
            sk.roc_auc_score(truth, p), abs=5e-5
        )
        assert row["pixels"] == truth.size
        assert row["vessel_pixels"] == truth.sum()
    for key in KEYS:
        mean = np.mean([row[key] for row in rows])
        assert found["per_image"][key] == pytest.approx(mean)


def test_intervals_hold_their_figures_and_have_their_keys(found):
    for part in ("pooled", "per_image"):
        assert found["interval_95"][part].keys() == KEYS
        assert found[part].keys() >= KEYS
        for key, (low, high) in found["interval_95"][part].items():
            assert low < found[part][key] < high, (part, key)


def test_pooled_intervals_are_those_of_scoring_each_draw(pixels, found):
    rng = np.random.default_rng(1)
    times = rng.multinomial(4, [0.25] * 4, size=40)
    figures = {"dice_otsu": [], "auc_roc": [], "dice_validation_threshold": []}
    for draw in times:
        truth, probability = (
            np.concatenate(p)
            for p in zip(
                *np.repeat(
                    np.array(list(pixels.values()), object), draw, axis=0
                ),
                strict=True,
            )
        )
        truth = truth.astype(bool)
        probability = probability.astype(np.float32)
        otsu = segmentation.otsu_threshold(probability)
        figures["dice_otsu"].append(sk.f1_score(truth, probability >= otsu))
        figures["auc_roc"].append(sk.roc_auc_score(truth, probability))
        figures["dice_validation_threshold"].append(
            sk.f1_score(truth, probability >= 0.4)
        )
    for key, values in figures.items():
        np.testing.assert_allclose(
            found["interval_95"]["pooled"][key],
            np.percentile(values, [2.5, 97.5]),
            atol=1e-5,
        )


def test_without_a_validation_threshold_its_figures_are_null(pixels):
    found = assess(pixels, None, samples=10, seed=0)
    for part in ("pooled", "per_image"):
        assert found[part]["dice_validation_threshold"] is None
        assert found["interval_95"][part]["dice_validation_threshold"] is None


@pytest.mark.parametrize("images, samples", [(1, 100), (3, 0)])
def test_one_image_or_no_draws_have_no_interval(images, samples):
    found = assess(make_pixels(images), None, samples=samples, seed=0)
    assert set(found["interval_95"]["pooled"].values()) == {None}
    assert set(found["interval_95"]["per_image"].values()) == {None}


def test_the_human_row(pixels):
    annotators = {
        name: (truth, probability > 0.5)
        for name, (truth, probability) in pixels.items()
    }
    counts = [segmentation.count(*pair) for pair in annotators.values()]
    human = assessment.assess_human(counts, 100, 0)
    first, second = pooled_pixels(annotators)
    assert human["dice"] == pytest.approx(sk.f1_score(first, second))
    assert human["precision"] == pytest.approx(
        sk.precision_score(first, second)
    )
    assert human["specificity"] == pytest.approx(
        sk.recall_score(~first, ~second)
    )
    means = [sk.f1_score(*pair) for pair in annotators.values()]
    assert human["per_image"]["dice"] == pytest.approx(np.mean(means))
    low, high = human["interval_95"]["pooled"]["dice"]
    assert low < human["dice"] < high
    assert human["images"] == 4
