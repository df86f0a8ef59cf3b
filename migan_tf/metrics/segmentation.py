"""Scores a segmentation by counts, thresholds and curves.

In all functions `truth` is a vessel map as (N,) bool and `probability` a vessel
probability as (N,) float in [0,1], one value for each scored pixel: pick the
pixels inside the field of view first, `vessel_map[fov_mask]`. A pixel is called
a vessel where `probability >= threshold`.

0/0 is 0 everywhere, so that no figure is raised by there being nothing to find:
two empty maps have Dice 0, and an image that is all vessel has specificity 0. A
curve over a single class is an error, because any number would be an invention.

Otsu's method works on the 256 levels round(255 p), so that a float map and its
8-bit file have one threshold. It cuts above the last level of the lower class,
as OpenCV does: `probability >= (level + 0.5) / 255`.
"""

import dataclasses

import numpy as np
from sklearn import metrics as sk

LEVELS = 256


@dataclasses.dataclass(frozen=True)
class Counts:
    """Numbers of pixels by truth and decision, or arrays of one shape."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    true_negatives: np.ndarray

    @property
    def dice(self):
        """2 TP / (2 TP + FP + FN), the same as F1."""
        agreed = 2 * self.true_positives
        return ratio(
            agreed, agreed + self.false_positives + self.false_negatives
        )

    @property
    def sensitivity(self):
        """TP / (TP + FN), also called recall."""
        return ratio(
            self.true_positives, self.true_positives + self.false_negatives
        )

    @property
    def precision(self):
        """TP / (TP + FP)."""
        return ratio(
            self.true_positives, self.true_positives + self.false_positives
        )

    @property
    def specificity(self):
        """TN / (TN + FP)."""
        return ratio(
            self.true_negatives, self.true_negatives + self.false_positives
        )

    @property
    def accuracy(self):
        """(TP + TN) / (TP + FP + FN + TN)."""
        right = self.true_positives + self.true_negatives
        return ratio(right, right + self.false_positives + self.false_negatives)


def ratio(numerator, denominator):
    """Divides elementwise, with 0/0 = 0.

    Args:
      numerator: a number or an array.
      denominator: the same, of a shape that broadcasts.

    Returns:
      float64 of the broadcast shape.
    """
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    result = np.zeros(numerator.shape)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result[()]


def count(truth, decision) -> Counts:
    """Counts decisions against the truth.

    Args:
      truth: (N,) bool.
      decision: (N,) bool, what was called a vessel.

    Raises:
      ValueError: one is not bool, or the shapes differ.
    """
    truth, decision = np.asarray(truth), np.asarray(decision)
    if truth.dtype != bool or decision.dtype != bool:
        raise ValueError(
            "truth and decision must be bool. "
            f"Received: {truth.dtype} and {decision.dtype}"
        )
    _check_same_shape(truth, decision)
    both = int(np.count_nonzero(truth & decision))
    found = int(np.count_nonzero(decision))
    vessels = int(np.count_nonzero(truth))
    return Counts(
        true_positives=both,
        false_positives=found - both,
        false_negatives=vessels - both,
        true_negatives=truth.size - found - vessels + both,
    )


def dice(truth, decision) -> float:
    """Returns 2 |truth ∧ decision| / (|truth| + |decision|); 0/0 = 0.

    Args:
      truth: (N,) bool.
      decision: (N,) bool.

    Raises:
      ValueError: one is not bool, or the shapes differ.
    """
    return float(count(truth, decision).dice)


def levels_of(probability):
    """Returns the levels round(255 p), where halves are rounded up.

    Args:
      probability: array of any shape, in [0,1].

    Returns:
      uint8 of the same shape.

    Raises:
      ValueError: it is empty, not finite or not in [0,1].
    """
    probability = np.asarray(probability)
    if not probability.size:
        raise ValueError("probability must hold pixels. Received: none")
    low, high = probability.min(), probability.max()
    if not (low >= 0 and high <= 1):  # NaN fails both.
        raise ValueError(
            f"probability must be in [0,1]. Received: {low} to {high}"
        )
    return np.floor(probability * (LEVELS - 1) + 0.5).astype(np.uint8)


def otsu_level(histogram):
    """Returns the last level of the lower class of one or many histograms.

    It is the level that maximises the variance between the classes (Otsu 1979),
    the first one among equals. Where one level holds all pixels there are no
    classes to part; it is then that level, so that nothing lies above it.

    Args:
      histogram: (…,256) pixels at each level.

    Returns:
      (…) int.
    """
    histogram = np.asarray(histogram, np.float64)
    below = histogram.cumsum(axis=-1)
    sums = (histogram * np.arange(LEVELS)).cumsum(axis=-1)
    pixels, total = below[..., -1:], sums[..., -1:]
    between = ratio(
        (total * below - sums * pixels) ** 2, below * (pixels - below)
    )
    level = between.argmax(axis=-1)
    flat = between.max(axis=-1) == 0
    return np.where(flat, histogram.argmax(axis=-1), level)[()]


def otsu_threshold(probability) -> float:
    """Returns Otsu's threshold; vessels are where `probability` reaches it.

    Args:
      probability: array of any shape, in [0,1].

    Raises:
      ValueError: it is empty, not finite or not in [0,1].
    """
    histogram = np.bincount(levels_of(probability).ravel(), minlength=LEVELS)
    return threshold_above(otsu_level(histogram))


def threshold_above(level) -> float:
    """The probability from which on pixels lie above a level of 256."""
    return float((level + 0.5) / (LEVELS - 1))


def auc_roc(truth, probability) -> float:
    """Returns the exact area under the ROC curve.

    Args:
      truth: (N,) bool.
      probability: (N,) float.

    Raises:
      ValueError: `truth` holds a single class, or an argument is invalid.
    """
    return float(sk.roc_auc_score(*_two_classes(truth, probability)))


def auc_pr(truth, probability) -> float:
    """Returns the area under the precision-recall curve by the trapezoid rule.

    Args:
      truth: (N,) bool.
      probability: (N,) float.

    Raises:
      ValueError: `truth` holds a single class, or an argument is invalid.
    """
    precision, recall, _ = sk.precision_recall_curve(
        *_two_classes(truth, probability)
    )
    return float(sk.auc(recall, precision))


def average_precision(truth, probability) -> float:
    """Returns Σ (R_k − R_{k−1}) P_k of recall and precision, p falling.

    Args:
      truth: (N,) bool.
      probability: (N,) float.

    Raises:
      ValueError: `truth` holds a single class, or an argument is invalid.
    """
    return float(sk.average_precision_score(*_two_classes(truth, probability)))


def best_threshold(truth, probability) -> tuple[float, float]:
    """Finds the threshold of the highest Dice, the lowest one among equals.

    It is chosen with the labels. On a test set nobody can have it, and a figure
    at this threshold must be labelled so.

    Args:
      truth: (N,) bool.
      probability: (N,) float.

    Returns:
      (threshold, Dice at this threshold).

    Raises:
      ValueError: `truth` holds a single class, or an argument is invalid.
    """
    precision, recall, thresholds = sk.precision_recall_curve(
        *_two_classes(truth, probability)
    )
    scores = ratio(2 * precision * recall, precision + recall)[:-1]
    best = int(scores.argmax())
    return float(thresholds[best]), float(scores[best])


def _two_classes(truth, probability):
    """Both as arrays, after checking that a curve can be drawn of them."""
    truth, probability = np.asarray(truth), np.asarray(probability)
    _check_same_shape(truth, probability)
    if truth.dtype != bool or truth.all() or not truth.any():
        raise ValueError(
            "truth must be bool and hold vessels and background, without both "
            f"there is no curve. Received: {truth.dtype}, "
            f"{np.count_nonzero(truth)} of {truth.size} set"
        )
    if not np.isfinite(probability).all():
        raise ValueError("probability must be finite. Received: NaN or inf")
    return truth, probability


def _check_same_shape(truth, other):
    """Raises ValueError unless both are (N,)."""
    if truth.shape != other.shape or truth.ndim != 1:
        raise ValueError(
            "truth and what is compared with it must be of one shape (N,). "
            f"Received: {truth.shape} and {other.shape}"
        )
