"""Computes 95 % intervals over images from histograms instead of pixels.

Images and not pixels are drawn with replacement, because the pixels of one
photograph are not independent. Sorting millions of pixels for each of a
thousand draws would take an hour. Instead every image is reduced once to two
histograms, a draw adds histograms, and all draws are computed together.

The first histogram has the 256 levels of `segmentation.levels_of` and gives
Otsu's threshold of each draw exactly. The second gives the curves. It has a bin
for each distinct probability while these are few, so that 8-bit maps are exact,
and else bins of about equally many pixels. The vessel and background pixels of
one bin are tied there, which changes AUC-ROC by at most half the largest share
of background pixels in a bin: about 1.5e-4, and in practice less than 1e-6.
"""

import numpy as np

from migan_tf.metrics import segmentation

BINS = 4096  # of a curve's histogram at most
CHUNK = 100  # draws that are computed at a time, to bound the memory
PERCENTILES = (2.5, 97.5)


def curve_edges(probability):
    """Chooses the bins of the curves' histograms.

    Args:
      probability: (N,) float, the pixels of all images.

    Returns:
      (K,) float, the bins' lower edges, rising, K <= `BINS`.
    """
    values = np.unique(probability)
    if len(values) <= BINS:
        return values
    ranks = np.linspace(0, probability.size - 1, BINS).astype(np.int64)
    return np.unique(np.partition(probability, np.unique(ranks))[ranks])


def exact_histogram(truth, probability):
    """Counts pixels by class with a bin for each distinct probability.

    From it `curve_figures` computes what scikit-learn would, with one sort
    instead of one for each figure.

    Args:
      truth: (N,) bool.
      probability: (N,) float.

    Returns:
      (values, histogram): the K distinct probabilities, rising, and (2,K)
      float64, background and vessels.
    """
    order = np.argsort(probability)
    ordered, truth = probability[order], truth[order].astype(np.float64)
    starts = np.flatnonzero(np.diff(ordered, prepend=-1.0))
    vessels = np.add.reduceat(truth, starts)
    background = np.diff(starts, append=len(order)) - vessels
    return ordered[starts], np.stack([background, vessels])


def best_value(values, histogram) -> float:
    """Returns the threshold of best Dice; see `segmentation.best_threshold`.

    Args:
      values: (K,) float, of `exact_histogram`.
      histogram: (2,K) float, of `exact_histogram`.
    """
    false, true = histogram[:, ::-1].cumsum(axis=-1)[:, ::-1]
    scores = 2 * true / (true + false + true[0])
    return float(values[scores.argmax()])


def curve_histogram(truth, probability, edges):
    """Counts the pixels of an image in the bins of `curve_edges`.

    Args:
      truth: (N,) bool.
      probability: (N,) float.
      edges: (K,) float.

    Returns:
      (2,K) float64: background, vessels.
    """
    bins = np.searchsorted(edges, probability, side="right") - 1
    return _by_class(truth, bins, len(edges))


def level_histogram(truth, probability):
    """Counts the pixels of an image in the 256 levels of Otsu's method.

    Args:
      truth: (N,) bool.
      probability: (N,) float in [0,1].

    Returns:
      (2,256) float64: background, vessels.
    """
    return _by_class(
        truth, segmentation.levels_of(probability), segmentation.LEVELS
    )


def curve_figures(histograms):
    """Computes the figures that need all thresholds, for one or many sets.

    Args:
      histograms: (…,2,K) background and vessels, by rising probability.

    Returns:
      {figure: (…)} for the areas `auc_roc` and `auc_pr` by the trapezoid rule,
      `average_precision` by steps, and `dice_best_on_test`, the highest Dice.
    """
    # Pixels at or above each threshold, from none to all.
    above = histograms[..., ::-1].cumsum(axis=-1)
    above = np.concatenate([np.zeros_like(above[..., :1]), above], axis=-1)
    false, true = above[..., 0, :], above[..., 1, :]
    background, vessels = false[..., -1:], true[..., -1:]
    recall = segmentation.ratio(true, vessels)
    precision = segmentation.ratio(true, true + false)
    # The curve begins at precision 1, where nothing is called a vessel.
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
    """Counts decisions at Otsu's threshold of each set.

    Args:
      histograms: (…,2,256) background and vessels at each level.

    Returns:
      `segmentation.Counts` of (…) arrays.
    """
    level = np.asarray(segmentation.otsu_level(histograms.sum(axis=-2)))
    below = np.take_along_axis(
        histograms.cumsum(axis=-1), level[..., None, None], axis=-1
    )[..., 0]
    negatives, misses = below[..., 0], below[..., 1]
    background, vessels = np.moveaxis(histograms.sum(axis=-1), -1, 0)
    return segmentation.Counts(
        true_positives=vessels - misses,
        false_positives=background - negatives,
        false_negatives=misses,
        true_negatives=negatives,
    )


def draws(images, samples, seed):
    """Draws as many images as there are, with replacement, again and again.

    Args:
      images: the number of images N.
      samples: the number of draws R.
      seed: the seed of the draws.

    Returns:
      (R,N) float64, how often each image is in each draw.
    """
    rng = np.random.default_rng(seed)
    shares = np.full(images, 1 / images)
    return rng.multinomial(images, shares, size=samples).astype(np.float64)


def over_draws(weights, values, function):
    """Applies a function to the sums over the images of each draw.

    Args:
      weights: (R,N), from `draws`.
      values: (N,…), what adds up over images, such as histograms.
      function: takes the sums of r draws, (r,…), and returns {name: (r,)}.

    Returns:
      {name: (R,)}.
    """
    parts = [
        function(np.tensordot(weights[i : i + CHUNK], values, axes=1))
        for i in range(0, len(weights), CHUNK)
    ]
    return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}


def interval(values):
    """Returns the [2.5th, 97.5th] percentile of a figure over draws, (R,)."""
    return [float(edge) for edge in np.percentile(values, PERCENTILES)]


def _by_class(truth, bins, size):
    """Counts the pixels of an image by class and bin.

    Args:
      truth: (N,) bool.
      bins: (N,) int in [0, size).
      size: the number of bins K.

    Returns:
      (2,K) float64: background, vessels.
    """
    return np.stack(
        [np.bincount(bins[truth == side], minlength=size) for side in (0, 1)]
    ).astype(np.float64)
