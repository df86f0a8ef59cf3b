"""How far photographs are from photographs: the yardstick of every figure.

A figure of painted images is never that of the photographs to the last digit,
and neither is that of other photographs. The photographs are cut into two
halves, many times: as far as one half is from the other, painted images may be
from all of them.
"""

import functools

import numpy as np

from migan_tf.evaluation import generator_distances, generator_figures
from migan_tf.metrics import realism

SPLITS = 50  # into halves, of which the mean is taken
SLOW_SPLITS = 4  # of those, how many train a classifier
SEED = 0
# A painted figure is alike where it is not farther from the photographs' than
# so many times as far as one half is from the other, …
ALLOWED = 1.25
# … or than this, which nobody would see, by place or by group of places:
# halves may agree to the last pixel.
FLOORS = {
    "vessel_consistency": 0.001,  # of a share
    "centred_contrast": 0.01,  # deviations of the ground
    "centred_contrast/invisible_thin": 0.001,  # of a share
    "full_width": 0.01,  # pixels
    "power": 0.01,  # log10
    "noise": 0.001,  # of a correlation
    "pixel_noise": 0.01,  # grey levels
    "rim": 0.001,  # of the level inside, or a share
}
LEAST_FLOOR = 1e-12  # Rounding is no difference.
# Of these more is better: a segmenter may well find more of a painted vessel.
ONE_SIDED = ("vessel_consistency",)
# Read at the annotated pixel, where a photograph's vessel need not lie and a
# painted one does.
WITHOUT_VERDICT = ("vessel_contrast",)
# Where the KID of a set of features stands in a report.
KID_PLACES = {
    "network": "kid_to_training",
    "random_filters": "kid/random_filters",
    "colour_field": "kid/colour_field",
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
      {place: whether |painted - photographs| is no more than `ALLOWED` · spread
      or the place's floor; what is `ONE_SIDED` may be as much greater as it
      likes. None where one of the three is not known, or for a figure
      `WITHOUT_VERDICT`}.
    """
    found = {}
    for place, value in painted.items():
        known = (value, photographs.get(place), spread.get(place))
        group = place.partition("/")[0]
        found[place] = None
        if None not in known and group not in WITHOUT_VERDICT:
            floor = FLOORS.get(place, FLOORS.get(group, LEAST_FLOOR))
            allowed = max(ALLOWED * known[2], floor)
            above = known[0] - known[1]
            more_is_better = group in ONE_SIDED
            found[place] = above >= -allowed and (
                more_is_better or above <= allowed
            )
    return found


def alike_by_chance(rows, spread):
    """How often one half of the photographs is alike the other.

    Args:
      rows: from `generator_figures.collect`, of the photographs.
      spread: from `spreads`.

    Returns:
      {place: the share of cuts in which `alike` holds of one half, as if it
      were painted, beside the other; None where it is never known}.
    """
    count = len(next(iter(rows.values())))
    verdicts = [
        alike(*(generator_figures.means(rows, half) for half in pair), spread)
        for pair in (halves(count) if count > 1 else [])
    ]
    return {
        place: generator_distances.mean_of_known([v[place] for v in verdicts])
        for place in rows
    }


def distances(photographs, references=None):
    """The distances of `generator_distances` from one half to the other.

    Args:
      photographs: `generator_scores.FundusImages`.
      references: of how many photographs of the other half the nearest is
        sought, `generator_distances.fair_count`. Default: of all.

    Returns:
      {place: float, the mean over cuts, None of fewer than four photographs}.
      KIDs are taken without their sign: of halves of one set they are 0 on
      average, whatever the set.
    """
    count = len(photographs.image_ids)
    cuts = halves(count) if count > 3 else []
    found = {}
    for place, compare in _comparisons(photographs, references).items():
        found[place] = generator_distances.mean_of_known(
            [compare(*pair) for pair in cuts]
        )
    found["patch_accuracy"] = generator_distances.mean_of_known(
        [
            generator_distances.patch_accuracy(
                *(generator_distances.part(photographs, half) for half in pair)
            )[0]
            for pair in cuts[:SLOW_SPLITS]
        ]
    )
    return found


def _comparisons(photographs, references):
    """{place: function of the indices of two halves}, the fast ones."""
    colours = generator_distances.colours_of(photographs)

    def colour(one, other):
        pair = (tuple(colours[half].mean(axis=0)) for half in (one, other))
        return realism.colour_distance(*pair)

    found = {"colour/distance_to_training": colour}
    for name, rows in photographs.features.items():
        found[KID_PLACES[name]] = functools.partial(_kid_of_halves, rows)
    tables = generator_distances.distance_tables(photographs, photographs)
    for name, table in tables.items():
        found[f"nearest_of_some/{name}"] = functools.partial(
            _nearest_of_halves, table, references=references
        )
    return found


def _kid_of_halves(rows, one, other):
    value = generator_distances.kid(rows[one], rows[other])
    return None if value is None else abs(value)


def _nearest_of_halves(table, one, other, references):
    return generator_distances.nearest(table[np.ix_(one, other[:references])])
