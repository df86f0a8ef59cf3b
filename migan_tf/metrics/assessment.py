"""Computes every figure of a score, pooled and per image, with its interval.

`CONVENTIONS` says what the figures mean; it is written beside them.
"""

import dataclasses

import numpy as np

from migan_tf.metrics import bootstrap, segmentation
from migan_tf.metrics.tally import aligned, total

CONVENTIONS = {
    "pooled": "all scored pixels of the set as one; Otsu's threshold is that "
    "of the set",
    "per_image": "mean over images; Otsu's threshold is each image's own, the "
    "other two thresholds are those of the set",
    "dice_otsu": "the headline: needs no labels; Otsu on the 256 levels "
    "round(255 p) of the scored pixels, vessels above the level",
    "dice_validation_threshold": "at the threshold of best Dice on validation "
    "images; null without one",
    "dice_best_on_test": "USES TEST LABELS: at the threshold of best pooled "
    "Dice on these images",
    "sensitivity, specificity, accuracy": "at Otsu's threshold",
    "auc_pr": "trapezoid on the precision-recall curve",
    "average_precision": "step-wise sum over the precision-recall curve; the "
    "ties of 8-bit maps lower it by some 0.002 against float maps",
    "interval_95": "bootstrap over images, percentiles 2.5 and 97.5; the "
    "thresholds of Otsu and of best Dice are found again in each pooled draw",
    "human": "the second annotator scored against the first",
    "second_annotator": "the same maps scored against the second annotator",
    "0/0": "0",
}
HUMAN = ("dice", "sensitivity", "specificity", "precision", "accuracy")
AREAS = ("auc_roc", "auc_pr", "average_precision")
AT_OTSU = ("sensitivity", "specificity", "accuracy")


def assess(tallies, validation_threshold, samples, seed) -> dict:
    """Scores probabilities against one annotator.

    Args:
      tallies: {image_id: `tally.Tally`} of the scored pixels of each image.
      validation_threshold: the threshold of best Dice on validation images, a
        probability, or None; the same for which the tallies were made.
      samples: the number of bootstrap draws; 0 for no intervals.
      seed: the seed of the draws.

    Returns:
      The parts `thresholds`, `pooled`, `per_image` and `interval_95` of
      metrics.json; see `CONVENTIONS`.
    """
    whole = total(list(tallies.values()))
    best = whole.lowest[_dice_from(whole.curve).argmax()]
    pooled, otsu = _figures(whole, best)
    rows = []
    for name, one in tallies.items():
        row, own = _figures(one, best)
        rows.append(
            {"image_id": name, **row, "otsu_threshold": own, **one.sizes}
        )
    per_image = {key: _mean(rows, key) for key in pooled}
    return {
        "thresholds": {
            "otsu": otsu,
            "validation": validation_threshold,
            "best_on_test": float(best),
        },
        "pooled": pooled,
        "per_image": {**per_image, "images": rows},
        "interval_95": _intervals(
            list(tallies.values()),
            whole,
            rows=rows,
            pooled=pooled,
            samples=samples,
            seed=seed,
        ),
    }


def assess_human(counts, samples, seed) -> dict:
    """Scores the second annotator against the first.

    Args:
      counts: list of `segmentation.Counts` of each image, the first annotator
        taken as the truth.
      samples: the number of bootstrap draws; 0 for no intervals.
      seed: the seed of the draws.

    Returns:
      The pooled figures of `HUMAN`, `per_image` with their means over images,
      `interval_95` of both, and the number of `images`.
    """
    counts = np.array([dataclasses.astuple(one) for one in counts], float)
    rows = _human_figures(counts)
    pooled = _human_figures(counts.sum(axis=0))
    return {
        **{key: float(value) for key, value in pooled.items()},
        "images": len(counts),
        "per_image": {key: float(rows[key].mean()) for key in HUMAN},
        "interval_95": _interval_pair(
            _draws(len(counts), samples, seed),
            additive=[(counts, _human_figures)],
            by_image=rows,
        ),
    }


def _figures(one, best):
    """Computes all figures of one set of pixels.

    Args:
      one: its `tally.Tally`.
      best: the set's threshold of best Dice on test labels.

    Returns:
      ({figure: float or None}, Otsu's threshold).
    """
    counts = bootstrap.otsu_counts(one.levels)
    level = segmentation.otsu_level(one.levels.sum(axis=0))
    at_validation = one.at_validation and float(one.at_validation.dice)
    curve = bootstrap.curve_figures(one.curve)
    # Nothing is called a vessel where the threshold lies above all.
    dice = np.append(_dice_from(one.curve), 0.0)
    figures = {
        **{key: float(curve[key]) for key in AREAS},
        "dice_otsu": float(counts.dice),
        "dice_validation_threshold": at_validation,
        "dice_best_on_test": float(dice[one.lowest.searchsorted(best)]),
        **{key: float(getattr(counts, key)) for key in AT_OTSU},
    }
    return figures, segmentation.threshold_above(level)


def _dice_from(curve):
    """(K,): Dice where the pixels of each bin and of those above are vessels.

    Args:
      curve: (2,K), background and vessels.
    """
    false, true = curve[:, ::-1].cumsum(axis=-1)[:, ::-1]
    return segmentation.ratio(2 * true, true + false + true[0])


def _mean(rows, key):
    """The mean of a figure over images, or None where it is None."""
    values = [row[key] for row in rows]
    return None if None in values else float(np.mean(values))


def _intervals(tallies, whole, rows, pooled, samples, seed):
    """Draws images and returns the intervals of all figures.

    Args:
      tallies: list of `tally.Tally`, of each image.
      whole: that of all of them.
      rows: list of {figure: float or None}, of each image.
      pooled: {figure: float or None}.
      samples: the number of draws.
      seed: the seed of the draws.

    Returns:
      {"pooled", "per_image": {figure: [low, high] or None}}.
    """
    curves = aligned(tallies, whole, bootstrap.BINS)
    levels = np.stack([one.levels for one in tallies])

    def at_otsu(sums):
        counts = bootstrap.otsu_counts(sums)
        figures = {key: getattr(counts, key) for key in AT_OTSU}
        return {"dice_otsu": counts.dice, **figures}

    additive = [(curves, bootstrap.curve_figures), (levels, at_otsu)]
    if pooled["dice_validation_threshold"] is not None:
        counts = [dataclasses.astuple(one.at_validation) for one in tallies]
        additive.append((np.array(counts, np.float64), _validation_dice))
    by_image = {
        key: np.array([row[key] for row in rows])
        for key in pooled
        if pooled[key] is not None
    }
    weights = _draws(len(tallies), samples, seed)
    found = _interval_pair(weights, additive, by_image)
    return {
        part: {key: found[part].get(key) for key in pooled} for part in found
    }


def _validation_dice(sums):
    return {"dice_validation_threshold": _human_figures(sums)["dice"]}


def _human_figures(counts):
    """{figure of `HUMAN`: (…)} from (…,4) TP, FP, FN, TN."""
    counts = segmentation.Counts(*np.moveaxis(counts, -1, 0))
    return {key: getattr(counts, key) for key in HUMAN}


def _draws(images, samples, seed):
    """The weights of the draws, or None where there can be no interval.

    One image says nothing about others.
    """
    if not samples or images < 2:
        return None
    return bootstrap.draws(images, samples, seed)


def _interval_pair(weights, additive, by_image):
    """Returns the intervals of pooled figures and of means over images.

    Args:
      weights: (R,N), from `_draws`, or None.
      additive: list of (values, function): (N,…), and what
        `bootstrap.over_draws` applies to their sums.
      by_image: {figure: (N,)}.

    Returns:
      {"pooled", "per_image": {figure: [low, high]}}, empty without weights.
    """
    found = {"pooled": {}, "per_image": {}}
    if weights is None:
        return found
    for values, function in additive:
        drawn = bootstrap.over_draws(weights, values, function)
        found["pooled"].update(
            {key: bootstrap.interval(values) for key, values in drawn.items()}
        )
    for key, values in by_image.items():
        means = weights @ values / weights.shape[1]
        found["per_image"][key] = bootstrap.interval(means)
    return found
