"""Computes every figure of a score, pooled and per image, with its interval.

`CONVENTIONS` says what the figures mean; it is written beside them.
"""

import numpy as np

from migan_tf.metrics import bootstrap, segmentation

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


def assess(pixels, validation_threshold, samples, seed) -> dict:
    """Scores probabilities against one annotator.

    Args:
      pixels: {image_id: (truth, probability)}, (N,) bool and float, the scored
        pixels of each image, of which each may have another number N.
      validation_threshold: the threshold of best Dice on validation images, a
        probability, or None.
      samples: the number of bootstrap draws; 0 for no intervals.
      seed: the seed of the draws.

    Returns:
      The parts `thresholds`, `pooled`, `per_image` and `interval_95` of
      metrics.json; see `CONVENTIONS`.
    """
    truth, probability = (
        np.concatenate(parts) for parts in zip(*pixels.values(), strict=True)
    )
    values, histogram = bootstrap.exact_histogram(truth, probability)
    thresholds = {
        "validation_threshold": validation_threshold,
        "best": bootstrap.best_value(values, histogram),
    }
    pooled, otsu = _figures(truth, probability, histogram, **thresholds)
    rows = []
    for name, one in pixels.items():
        histogram = bootstrap.exact_histogram(*one)[1]
        row, own = _figures(*one, histogram, **thresholds)
        sizes = {"pixels": one[0].size, "vessel_pixels": int(one[0].sum())}
        rows.append({"image_id": name, **row, "otsu_threshold": own, **sizes})
    per_image = {key: _mean(rows, key) for key in pooled}
    return {
        "thresholds": {
            "otsu": otsu,
            "validation": validation_threshold,
            "best_on_test": thresholds["best"],
        },
        "pooled": pooled,
        "per_image": {**per_image, "images": rows},
        "interval_95": _intervals(
            pixels,
            rows,
            pooled=pooled,
            validation_threshold=validation_threshold,
            samples=samples,
            seed=seed,
        ),
    }


def assess_human(pixels, samples, seed) -> dict:
    """Scores the second annotator against the first.

    Args:
      pixels: {image_id: (first, second)}, (N,) bool each.
      samples: the number of bootstrap draws; 0 for no intervals.
      seed: the seed of the draws.

    Returns:
      The pooled figures of `HUMAN`, `per_image` with their means over images,
      `interval_95` of both, and the number of `images`.
    """
    counts = _counts_array(pixels.values())
    rows = _human_figures(counts)
    pooled = _human_figures(counts.sum(axis=0))
    return {
        **{key: float(value) for key, value in pooled.items()},
        "images": len(pixels),
        "per_image": {key: float(rows[key].mean()) for key in HUMAN},
        "interval_95": _interval_pair(
            _draws(len(counts), samples, seed),
            additive=[(counts, _human_figures)],
            by_image=rows,
        ),
    }


def _figures(truth, probability, histogram, validation_threshold, best):
    """Computes all figures of one set of pixels.

    Args:
      truth: (N,) bool.
      probability: (N,) float.
      histogram: (2,K), of `bootstrap.exact_histogram`.
      validation_threshold: probability, or None.
      best: the set's threshold of best Dice on test labels.

    Returns:
      ({figure: float or None}, Otsu's threshold).
    """
    otsu = segmentation.otsu_threshold(probability)
    counts = segmentation.count(truth, probability >= otsu)
    at_validation = None
    if validation_threshold is not None:
        decision = probability >= validation_threshold
        at_validation = segmentation.dice(truth, decision)
    curve = bootstrap.curve_figures(histogram)
    figures = {
        **{key: float(curve[key]) for key in AREAS},
        "dice_otsu": float(counts.dice),
        "dice_validation_threshold": at_validation,
        "dice_best_on_test": segmentation.dice(truth, probability >= best),
        **{key: float(getattr(counts, key)) for key in AT_OTSU},
    }
    return figures, otsu


def _mean(rows, key):
    """The mean of a figure over images, or None where it is None."""
    values = [row[key] for row in rows]
    return None if None in values else float(np.mean(values))


def _intervals(pixels, rows, pooled, validation_threshold, samples, seed):
    """Draws images and returns the intervals of all figures.

    Args:
      pixels: {image_id: (truth, probability)}.
      rows: list of {figure: float or None}, of each image.
      pooled: {figure: float or None}.
      validation_threshold: probability, or None.
      samples: the number of draws.
      seed: the seed of the draws.

    Returns:
      {"pooled", "per_image": {figure: [low, high] or None}}.
    """
    pairs = list(pixels.values())
    edges = bootstrap.curve_edges(np.concatenate([p for _, p in pairs]))
    curves = np.stack(
        [bootstrap.curve_histogram(*pair, edges) for pair in pairs]
    )
    levels = np.stack([bootstrap.level_histogram(*pair) for pair in pairs])

    def at_otsu(sums):
        counts = bootstrap.otsu_counts(sums)
        figures = {key: getattr(counts, key) for key in AT_OTSU}
        return {"dice_otsu": counts.dice, **figures}

    additive = [(curves, bootstrap.curve_figures), (levels, at_otsu)]
    if validation_threshold is not None:
        counts = _counts_array(
            [(truth, p >= validation_threshold) for truth, p in pairs]
        )
        additive.append((counts, _validation_dice))
    by_image = {
        key: np.array([row[key] for row in rows])
        for key in pooled
        if pooled[key] is not None
    }
    weights = _draws(len(pairs), samples, seed)
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


def _counts_array(pairs):
    """TP, FP, FN and TN of N pairs (truth, decision), (N,4) float64."""
    counts = [vars(segmentation.count(*pair)).values() for pair in pairs]
    return np.array([list(row) for row in counts], np.float64)
