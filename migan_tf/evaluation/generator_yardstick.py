"""How far photographs are from photographs: the yardstick of every figure.

A figure of painted images is never that of the photographs to the last digit,
and neither is that of other photographs. The photographs are cut into two
halves, many times: as far as one half is from the other, painted images may be
from all of them.
"""

import dataclasses
import functools

import numpy as np

from migan_tf.evaluation import generator_distances, generator_figures
from migan_tf.metrics import realism

SPLITS = 50  # into halves, of which the mean is taken
# Of those, how many train a classifier, and seek neighbours: both are slow.
SLOW_SPLITS = 4
SEED = 0
# A painted figure is alike where it is not farther from the photographs' than
# so many times as far as one half is from the other.
ALLOWED = 1.25
# Where the KID of a set of features stands in a report.
KID_PLACES = {
    "network": "kid_to_training",
    "random_filters": "kid/random_filters",
    "colour_field": "kid/colour_field",
}
SLOW = {
    "patch_accuracy": generator_distances.patch_accuracy,
    "nearest_training_distance": generator_distances.nearest,
    "nearest_training_ground": generator_distances.nearest_ground,
}


def halves(count, splits=SPLITS):
    """Random cuts of `count` images into two halves.

    Args:
      count: N; where it is odd, one image is left out of each cut.
      splits: how many.

    Returns:
      List of (indices, indices), each (N // 2,) int.
    """
    rng = np.random.default_rng(SEED)
    orders = [rng.permutation(count) for _ in range(splits)]
    half = count // 2
    return [(order[:half], order[half : 2 * half]) for order in orders]


def spreads(rows):
    """The mean difference of each figure between two halves of photographs.

    Args:
      rows: from `generator_figures.collect`, of the photographs.

    Returns:
      {place: float, or None where halves have no such figure}.
    """
    count = len(next(iter(rows.values())))
    if count < 2:
        return dict.fromkeys(rows)
    differences = {place: [] for place in rows}
    for pair in halves(count):
        one, other = (generator_figures.means(rows, half) for half in pair)
        for place, value in one.items():
            if value is not None and other[place] is not None:
                differences[place].append(abs(value - other[place]))
    return {
        place: float(np.mean(values)) if values else None
        for place, values in differences.items()
    }


def alike(painted, photographs, spread):
    """Which figures of painted images are within the photographs' own spread.

    Args:
      painted: {place: float or None}.
      photographs: the same.
      spread: from `spreads`.

    Returns:
      {place: |painted - photographs| <= `ALLOWED` · spread, None where one of
      the three is not known}.
    """
    found = {}
    for place, value in painted.items():
        known = (value, photographs.get(place), spread.get(place))
        found[place] = None
        if None not in known:
            allowed = ALLOWED * known[2] + 1e-12  # Rounding is no difference.
            found[place] = abs(known[0] - known[1]) <= allowed
    return found


def distances(photographs):
    """The distances of `generator_distances` from one half to the other.

    Args:
      photographs: `generator_scores.FundusImages`.

    Returns:
      {place: float, the mean over cuts, None of fewer than four photographs}.
    """
    count = len(photographs.image_ids)
    cuts = halves(count) if count > 3 else []
    found = {}
    for place, compare in _comparisons(photographs).items():
        values = [compare(*pair) for pair in cuts]
        found[place] = _mean(values)
    for place, compare in SLOW.items():
        values = [
            compare(*(part(photographs, half) for half in pair))
            for pair in cuts[:SLOW_SPLITS]
        ]
        found[place] = _mean(values)
    return found


def _comparisons(photographs):
    """{place: function of the indices of two halves}, the fast ones."""
    colours = generator_distances.colours_of(photographs)

    def colour(one, other):
        pair = (tuple(colours[half].mean(axis=0)) for half in (one, other))
        return realism.colour_distance(*pair)

    found = {"colour/distance_to_training": colour}
    for name, rows in photographs.features.items():
        found[KID_PLACES[name]] = functools.partial(_kid_of_halves, rows)
    return found


def _kid_of_halves(rows, one, other):
    return generator_distances.kid(rows[one], rows[other])


def part(images, chosen):
    """Some of the images, by their indices."""
    chosen = list(chosen)
    taken = {}
    for field in dataclasses.fields(images):
        value = getattr(images, field.name)
        if isinstance(value, dict):
            taken[field.name] = {k: v[chosen] for k, v in value.items()}
        elif isinstance(value, list):
            taken[field.name] = [value[i] for i in chosen]
        else:
            taken[field.name] = None if value is None else value[chosen]
    return dataclasses.replace(images, **taken)


def _mean(values):
    """The mean of those that are known, None without any."""
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None
