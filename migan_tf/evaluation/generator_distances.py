"""Distances between two sets of images, and how far one set is spread.

Unlike `generator_figures` they are no means over images: each compares all of
one set with all of another.
"""

import dataclasses
import functools

import numpy as np

from migan_tf.metrics import grounds, patch_classifier, realism

SEED = 0  # of what is drawn: patches, the trees that tell them apart, draws
DRAWS = 50  # of some of the training photographs, where not all are compared


def part(images, chosen):
    """Some of the images, `generator_scores.FundusImages`, by their indices."""
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


def one_of_each_map(images):
    """Cuts images into sets that hold one image of each map.

    Args:
      images: `generator_scores.FundusImages`, K of each map.

    Returns:
      K lists of indices, the first images of all maps, the second and so on.
    """
    names = np.array(images.photograph_ids)
    by_map = [np.flatnonzero(names == name) for name in dict.fromkeys(names)]
    return list(zip(*by_map, strict=True))


def kid(features_a, features_b):
    """`realism.kernel_inception_distance`, None of fewer than two images.

    Args:
      features_a: (M,D) float.
      features_b: (N,D) float.
    """
    if min(len(features_a), len(features_b)) < 2:
        return None
    return realism.kernel_inception_distance(features_a, features_b)


def kids(images, others):
    """{feature set: `kid`}, the mean over sets of one image of each map.

    Several images of a map are more alike than photographs are: together they
    would be farther from any photographs.

    Args:
      images: `generator_scores.FundusImages`.
      others: the same of others.
    """
    sets = [list(chosen) for chosen in one_of_each_map(images)]
    return {
        name: mean_of_known(
            [kid(rows[chosen], others.features[name]) for chosen in sets]
        )
        for name, rows in images.features.items()
    }


def colours_of(images):
    """`realism.colour_statistics` of each image, (N,2,3) float64."""
    pairs = zip(images.fundus, images.fov_mask, strict=True)
    return np.array([realism.colour_statistics(*pair) for pair in pairs])


def distance_tables(images, others, same=False):
    """How far each image is from each of the others.

    Args:
      images: N `generator_scores.FundusImages`.
      others: M others.
      same: whether both are the same photographs, and none is to be its own
        neighbour.

    Returns:
      {`distance`: of whole images, see `realism.nearest`, `ground`: of the
      structure of their grounds, see `grounds.distance`}: (N,M) float64 in
      grey levels, infinite where two cannot be compared.
    """
    found = {
        "distance": realism.distance_table(
            images.fundus,
            others.fundus,
            image_masks=images.fov_mask,
            reference_masks=others.fov_mask,
        ),
        "ground": grounds.distance_table(
            grounds_of(images), grounds_of(others)
        ),
    }
    if same:
        for table in found.values():
            np.fill_diagonal(table, np.inf)
    return found


def nearest(table):
    """Median over the rows of a table of the nearest in it, or None.

    Args:
      table: (N,M) from `distance_tables`.
    """
    distances = table.min(axis=1, initial=np.inf)
    median = float(np.median(distances)) if len(distances) else np.inf
    return median if np.isfinite(median) else None


def nearest_of(table, count):
    """`nearest` of `count` columns alone, the mean over `DRAWS` draws of them.

    The more there are to choose from, the nearer is the nearest. With it two
    tables of different widths are compared.

    Args:
      table: (N,M) from `distance_tables`.
      count: of columns.

    Returns:
      A float, or None where there are not as many or they are none.
    """
    if not 0 < count <= table.shape[1]:
        return None
    rng = np.random.default_rng(SEED)
    draws = [
        rng.choice(table.shape[1], count, replace=False) for _ in range(DRAWS)
    ]
    return mean_of_known([nearest(table[:, drawn]) for drawn in draws])


def fair_count(photographs, training) -> int:
    """Of how many references a nearest is sought in halves of photographs."""
    return min(len(photographs.image_ids) // 2, len(training.image_ids))


def grounds_of(images):
    """`grounds.ground` of each image."""
    planes = zip(images.fundus, images.fov_mask, images.vessel_map, strict=True)
    return [grounds.ground(*one) for one in planes]


def ground_spread(images, light=True):
    """What the noise code changes in the ground of images of one vessel map.

    Args:
      images: `generator_scores.FundusImages`; those of one map together.
      light: whether what their lights differ by counts, too.

    Returns:
      `grounds.spread` of the images of a map, the mean over maps, in grey
      levels. Of photographs, of which each has a map of its own, it is the
      spread over all of them. None where nothing can be compared.
    """
    known, names = grounds_of(images), np.array(images.photograph_ids)
    several = len(set(names)) < len(names)
    sets = [np.flatnonzero(names == name) for name in dict.fromkeys(names)]
    if not several:
        sets = [range(len(names))]
    of_each = functools.partial(grounds.spread, light=light)
    spreads = [of_each([known[i] for i in chosen]) for chosen in sets]
    return mean_of_known([s if np.isfinite(s) else None for s in spreads])


def patch_accuracy(photographs, images, count=None):
    """How well patches of images are told from the photographs'.

    Args:
      photographs: `generator_scores.FundusImages`.
      images: others, each of which stays in one part with the photograph of
        its map. Of several of a map the first is taken.
      count: of images of either side; a classifier that has seen more of them
        tells more. Default: as many as both sides have.

    Returns:
      (accuracy, interval): `patch_classifier.patch_accuracy`, None and None
      where no patches fit into the FOVs or there are fewer than two images on
      a side.
    """
    sides = [
        part(side, one_of_each_map(side)[0]) for side in (photographs, images)
    ]
    least = min(len(side.image_ids) for side in sides)
    count = least if count is None else min(count, least)
    sides = [part(side, range(count)) for side in sides]
    if count < 2 or not all(len(p) for side in sides for p in side.patches):
        return None, None
    real, painted = sides
    return patch_classifier.patch_accuracy(
        real.patches,
        painted.patches,
        seed=SEED,
        real_groups=real.photograph_ids,
        painted_groups=painted.photograph_ids,
    )


def mean_of_known(values):
    """The mean of those that are not None, None without any."""
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None
