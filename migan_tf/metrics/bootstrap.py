"""95 % intervals over images, from histograms instead of pixels.

Images, not pixels, are drawn with replacement: the pixels of one photograph
are not independent. Sorting millions of pixels for each of a thousand draws
would take an hour; here every image is reduced once to two histograms, a draw
adds histograms, and all draws are computed together.

`level` histograms (256 levels, see `segmentation.levels_of`) give Otsu's
threshold of each draw exactly. `curve` histograms have a bin for each distinct value
while these are few, so that 8-bit maps are exact, else bins of about equally
many pixels. Truth and background pixels within a bin are tied, which changes
AUC-ROC by at most half the largest share of background pixels in a bin, about
1.5e-4 and in practice below 1e-6 (tests/test_bootstrap.py).
"""

import numpy as np

from migan_tf.metrics import segmentation

BINS = 4096
CHUNK = 100
PERCENTILES = (2.5, 97.5)


def curve_edges(probability):
    """Lower edges of the bins of a curve: (K,) rising, K <= `BINS`.

    Args:
      probability: (N,) pixels of all images.
    """
    values = np.unique(probability)
    if len(values) <= BINS:
        return values
    ranks = np.linspace(0, probability.size - 1, BINS).astype(np.int64)
    return np.unique(np.partition(probability, np.unique(ranks))[ranks])


def histogram(truth, bins, size):
    """Pixels of one image by class and bin.

    Args:
      truth: (N,) bool.
      bins: (N,) int in [0, size).
      size: number of bins K.

    Returns:
      (2,K) float64: background, vessels.
    """
    return np.stack(
        [np.bincount(bins[truth == side], minlength=size) for side in (0, 1)]
    ).astype(np.float64)


def exact_histogram(truth, probability):
    """`histogram` with a bin for each distinct probability.

    With it `curve_figures` gives what scikit-learn does, to the last digits,
    from one sort instead of one for each figure.

    Returns:
      (values, histogram): (K,) rising and (2,K).
    """
    order = np.argsort(probability)
    ordered, truth = probability[order], truth[order].astype(np.float64)
    starts = np.flatnonzero(np.diff(ordered, prepend=-1.0))
    vessels = np.add.reduceat(truth, starts)
    background = np.diff(starts, append=len(order)) - vessels
    return ordered[starts], np.stack([background, vessels])


def best_value(values, histogram) -> float:
    """The threshold of best Dice, of an `exact_histogram`; cf. `metrics`."""
    false, true = histogram[:, ::-1].cumsum(axis=-1)[:, ::-1]
    scores = 2 * true / (true + false + true[0])
    return float(values[scores.argmax()])


def curve_histogram(truth, probability, edges):
    """`histogram` of one image in the bins of `curve_edges`."""
    bins = np.searchsorted(edges, probability, side="right") - 1
    return histogram(truth, bins, len(edges))


def level_histogram(truth, probability):
    """`histogram` of one image in the 256 levels of Otsu."""
    return histogram(
        truth, segmentation.levels_of(probability), segmentation.LEVELS
    )


def curve_figures(histograms):
    """What needs all thresholds, of many sets at once.

    Args:
      histograms: (…,2,K) background and vessels by rising probability.

    Returns:
      {`auc_roc`, `auc_pr`, `average_precision`, `dice_best_on_test`: (…)}.
    """
    # Pixels at or above each threshold, from none to all.
    above = histograms[..., ::-1].cumsum(axis=-1)
    above = np.concatenate([np.zeros_like(above[..., :1]), above], axis=-1)
    false, true = above[..., 0, :], above[..., 1, :]
    background, vessels = false[..., -1:], true[..., -1:]
    recall = segmentation.ratio(true, vessels)
    precision = segmentation.ratio(true, true + false)
    # Nothing called a vessel: precision 1, where the curve begins.
    precision[true + false == 0] = 1.0
    step = np.diff(recall)
    false_rate = segmentation.ratio(false, background)
    middle = (precision[..., 1:] + precision[..., :-1]) / 2
    heights = (recall[..., 1:] + recall[..., :-1]) / 2
    return {
        "auc_roc": (np.diff(false_rate) * heights).sum(axis=-1),
        "auc_pr": (step * middle).sum(axis=-1),
        "average_precision": (step * precision[..., 1:]).sum(axis=-1),
        "dice_best_on_test": segmentation.ratio(
            2 * true, true + false + vessels
        ).max(axis=-1),
    }


def otsu_counts(histograms):
    """`Counts` at Otsu's threshold of each set; histograms (…,2,256)."""
    level = np.asarray(segmentation.otsu_level(histograms.sum(axis=-2)))
    below = np.take_along_axis(
        histograms.cumsum(axis=-1), level[..., None, None], axis=-1
    )[..., 0]
    negatives, misses = below[..., 0], below[..., 1]
    background, vessels = np.moveaxis(histograms.sum(axis=-1), -1, 0)
    return segmentation.Counts(
        vessels - misses,
        background - negatives,
        false_negatives=misses,
        true_negatives=negatives,
    )


def draws(images, samples, seed):
    """How often each image is in each draw: (samples, images) float64."""
    rng = np.random.default_rng(seed)
    shares = np.full(images, 1 / images)
    return rng.multinomial(images, shares, size=samples).astype(np.float64)


def over_draws(weights, values, function):
    """Applies `function` to the sums over the images of each draw.

    Args:
      weights: (R,N), from `draws`.
      values: (N,…) additive in images.
      function: of (r,…) sums; returns {name: (r,)}.

    Returns:
      {name: (R,)}; a hundred draws at a time, to bound the memory.
    """
    parts = [
        function(np.tensordot(weights[i : i + CHUNK], values, axes=1))
        for i in range(0, len(weights), CHUNK)
    ]
    return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}


def interval(values):
    """[2.5th, 97.5th percentile] of the figure's (R,) values over draws."""
    return [float(edge) for edge in np.percentile(values, PERCENTILES)]
