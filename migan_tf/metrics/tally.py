"""Reduces an image to a histogram, from which every figure of a score comes.

A set of photographs is scored image by image: what is kept of each is how many
pixels of background and of vessels each of its values has, some megabytes at
most, whatever the image's size. All figures are functions of the sums.

Where an image has more values than can be kept, neighbours share a bin, and
count as tied. Each image chooses its bins by its own pixels, so that it does
not matter where its values lie: a bin of several values holds at most 4e-5
times as many pixels as there are vessels (or background, if that is less), and
as there are pixels above it. A value of many pixels, such as 0, 1 and each of
an 8-bit map, has a bin of its own.

What that can change, against the exact figures of the same pixels:

- of one image: the areas under both curves, the average precision and the
  best Dice by at most 4e-5. Ties change the area under the ROC curve by half of
  the sum of the products of the bins' shares of background and of vessels; a
  threshold inside a bin is missed by less than the bin's pixels, which changes
  the best Dice by that number over the vessels', and a precision by it over the
  pixels above.
- of several images together, whose bins overlap: by at most 2.5 times that,
  1e-4.
- what is told at Otsu's threshold or at the validation's: by nothing, since
  those pixels are counted.

With less than 8 % of vessels a large image would need more than `MOST` bins; it
has no more, and the bounds are as much wider: twice with 4 %.
"""

import dataclasses

import numpy as np

from migan_tf.metrics import segmentation

# Of a bin, in times the pixels of the smaller class or above, and the part of
# it from which on a value has one of its own: together 4e-5 at most.
SHARE, FULL = 3.2e-5, 0.25
MOST = 2**19  # bins of several values


@dataclasses.dataclass(frozen=True)
class Tally:
    """What is kept of the scored pixels of an image, or of many.

    Attributes:
      curve: (2,K) int, background and vessels in each bin, by rising
        probability; no bin is empty.
      lowest: (K,) float32, the least probability in each bin.
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
    counts = segmentation.count(truth, levels >= 0)  # checks both
    probability = np.asarray(probability, np.float32)
    if validation_threshold is not None:
        counts = segmentation.count(truth, probability >= validation_threshold)
    curve, lowest = _binned(*_values(truth, probability))
    of_vessels = np.bincount(levels[truth], minlength=segmentation.LEVELS)
    of_all = np.bincount(levels, minlength=segmentation.LEVELS)
    return Tally(
        curve.astype(np.int32),
        lowest,
        levels=np.stack([of_all - of_vessels, of_vessels]),
        at_validation=None if validation_threshold is None else counts,
    )


def total(tallies) -> Tally:
    """The tally of the pixels of several.

    Args:
      tallies: list of `Tally`s, all of one validation threshold.
    """
    if len(tallies) == 1:
        return tallies[0]
    lowest = np.concatenate([one.lowest for one in tallies])
    order = lowest.argsort()
    lowest = lowest[order]
    first = np.flatnonzero(np.diff(lowest, prepend=-1))
    curve = np.empty((2, len(first)), np.int64)
    for kind, summed in enumerate(curve):  # One after the other: they are long.
        counts = np.concatenate([one.curve[kind] for one in tallies])
        np.add.reduceat(counts[order], first, out=summed)
    curve, lowest = _binned(curve, lowest[first])
    at_validation = None
    if tallies[0].at_validation:
        rows = [dataclasses.astuple(one.at_validation) for one in tallies]
        at_validation = segmentation.Counts(*map(sum, zip(*rows, strict=True)))
    return Tally(
        curve,
        lowest,
        levels=sum(one.levels for one in tallies),
        at_validation=at_validation,
    )


def aligned(tallies, whole, most):
    """The curves of several tallies in bins that are the same for all.

    Args:
      tallies: list of N `Tally`s.
      whole: their `total`.
      most: bins at most, of about equally many pixels of all together.

    Returns:
      (N,2,k) float64, k <= `most`.
    """
    pixels = whole.curve.sum(axis=0)
    edges = whole.lowest
    if len(edges) > most:
        before = pixels.cumsum() - pixels
        group = before * most // pixels.sum()
        edges = edges[np.flatnonzero(np.diff(group, prepend=-1))]
    found = np.zeros((len(tallies), 2, len(edges)))
    for row, one in zip(found, tallies, strict=True):
        bins = edges.searchsorted(one.lowest, "right") - 1
        for counted, counts in zip(row, one.curve, strict=True):
            counted += np.bincount(bins, counts, minlength=len(edges))
    return found


def _values(truth, probability):
    """(counts, values): (2,K) int64 by class of the (K,) values, rising."""
    # As integers, floats from 0 on rise alike; those up to 1 leave a bit free.
    # What is added makes 0 of -0.
    code = (probability + np.float32(0)).view(np.int32) << 1 | truth
    code.sort()
    bits = code >> 1
    first = np.flatnonzero(np.diff(bits, prepend=-1))
    pixels = np.diff(first, append=len(code))
    vessels = np.add.reduceat(code & 1, first, dtype=np.int64)
    return np.stack([pixels - vessels, vessels]), bits[first].view(np.float32)


def _binned(counts, values):
    """Merges neighbours, as the module says.

    Args:
      counts: (2,K) of background and vessels.
      values: (K,) float32, rising.

    Returns:
      (counts, values): the same of the bins, values the least in each.
    """
    reached = counts.sum(axis=0)[::-1].cumsum()[::-1]
    smaller = counts.sum(axis=1).min() or reached[0]
    ends = _bins_above(reached, smaller)
    ends *= min(1.0, MOST / ends[0])
    begins = np.append(ends[1:], 0.0)
    full = ends - begins >= FULL
    starts = np.diff(np.floor(begins, out=begins), prepend=-1) != 0
    starts[1:] |= full[:-1]
    starts |= full
    first = np.flatnonzero(starts)
    return np.add.reduceat(counts, first, axis=1), values[first]


def _bins_above(pixels, smaller):
    """How many bins the uppermost pixels take up.

    With n pixels above it a bin holds `SHARE` · n, one pixel at least and
    `SHARE` · `smaller` at most; this is the sum of their reciprocals.

    Args:
      pixels: (K,) numbers of pixels.
      smaller: the number of pixels of the smaller class.

    Returns:
      (K,) float64.
    """
    single = 1 / SHARE
    if smaller <= single:
        return pixels.astype(np.float64)
    middle = np.clip(pixels, single, smaller)
    return (
        np.minimum(pixels, single)
        + single * np.log(middle / single)
        + single * np.maximum(pixels - smaller, 0) / smaller
    )
