"""Reduces an image to histograms, from which every figure of a score comes.

A set of photographs is scored image by image: what is kept of each is a
histogram of its probabilities by class, one megabyte, whatever its size.
Histograms add up, and all figures are functions of the sums.

The bins are relative: of p below one half and of 1 - p above it, the leading
twelve binary digits count. So none is wider than 1.2e-4, and where networks are
sure of themselves, near 0 and 1, the bins are as much finer. Every value of an
8-bit map has a bin of its own. Values of both classes that share a bin are tied
there: that changes an area under a curve by at most half of the sum over the
bins of (share of background) · (share of vessels), and the best Dice by at most
the largest number of pixels in a bin over the number of vessels.
"""

import dataclasses

import numpy as np

from migan_tf.metrics import segmentation

_DROPPED = 12  # of the 23 binary digits after the leading one
# Below 2^-32, and as close to 1, all is one.
_LEAST = int(np.float32(2.0**-32).view(np.int32)) >> _DROPPED
_HALF = (int(np.float32(0.5).view(np.int32)) >> _DROPPED) - _LEAST + 1
BINS = 2 * _HALF + 2


@dataclasses.dataclass(frozen=True)
class Tally:
    """What is kept of the scored pixels of an image, or of many.

    Attributes:
      curve: (2,BINS) int64, background and vessels in each bin of `bins_of`.
      lowest: (BINS,) float32, the least probability in each bin; inf where it
        is empty.
      levels: (2,256) int64, the same at `segmentation.levels_of`.
      at_validation: `segmentation.Counts` at the threshold of best Dice on
        validation images; None without one.
    """

    curve: np.ndarray
    lowest: np.ndarray
    levels: np.ndarray
    at_validation: segmentation.Counts | None

    @property
    def sizes(self) -> dict:
        """{pixels, vessel_pixels}."""
        background, vessels = (int(n) for n in self.levels.sum(axis=1))
        return {"pixels": background + vessels, "vessel_pixels": vessels}

    def __add__(self, other) -> "Tally":
        """The tally of the pixels of both."""
        counts = self.at_validation
        if counts is not None:
            pairs = zip(
                dataclasses.astuple(counts),
                dataclasses.astuple(other.at_validation),
                strict=True,
            )
            counts = segmentation.Counts(*(a + b for a, b in pairs))
        return Tally(
            self.curve + other.curve,
            np.minimum(self.lowest, other.lowest),
            levels=self.levels + other.levels,
            at_validation=counts,
        )


def tally(truth, probability, validation_threshold=None) -> Tally:
    """Counts the scored pixels of an image.

    Args:
      truth: (N,) bool.
      probability: (N,) float in [0,1].
      validation_threshold: a probability, or None.

    Raises:
      ValueError: the shapes differ, truth is not bool, there are no pixels, or
        a probability is not in [0,1].
    """
    levels = segmentation.levels_of(probability)
    probability = np.asarray(probability, np.float32)
    counts = segmentation.count(truth, levels >= 0)  # checks both
    if validation_threshold is not None:
        counts = segmentation.count(truth, probability >= validation_threshold)
    bins = bins_of(probability)
    lowest = np.full(BINS, np.inf, np.float32)
    np.minimum.at(lowest, bins, probability)
    return Tally(
        _by_class(truth, bins, BINS),
        lowest,
        levels=_by_class(truth, levels, segmentation.LEVELS),
        at_validation=None if validation_threshold is None else counts,
    )


def bins_of(probability):
    """The bin of each probability; the larger the probability, the later.

    Args:
      probability: (N,) float32 in [0,1].

    Returns:
      (N,) int32 in [0,BINS).
    """
    low = probability < 0.5
    near = np.where(low, probability, np.float32(1.0) - probability)
    digits = near.view(np.int32)
    # Above one half a bin ends at its last value as below it begins at its
    # first: pixels at and above a threshold are those of whole bins.
    digits = np.where(low, digits, digits - 1) >> _DROPPED
    digits = np.maximum(digits - (_LEAST - 1), 0)
    return np.where(low, digits, BINS - 1 - digits).astype(np.int32)


def _by_class(truth, bins, size):
    """(2,size) int64: background and vessels in each bin."""
    both = np.bincount(bins, minlength=size)
    vessels = np.bincount(bins[truth], minlength=size)
    return np.stack([both - vessels, vessels])
