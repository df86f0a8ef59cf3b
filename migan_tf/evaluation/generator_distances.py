"""Distances between two sets of images, and how far one set is spread.

Unlike `generator_figures` they are no means over images: each compares all of
one set with all of another.
"""

import numpy as np

from migan_tf.metrics import grounds, patch_classifier, realism

SEED = 0  # of the patches and the trees that tell them apart


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
    """{feature set: `kid`}.

    Args:
      images: `generator_scores.FundusImages`.
      others: the same of others.
    """
    return {
        name: kid(rows, others.features[name])
        for name, rows in images.features.items()
    }


def colours_of(images):
    """`realism.colour_statistics` of each image, (N,2,3) float64."""
    pairs = zip(images.fundus, images.fov_mask, strict=True)
    return np.array([realism.colour_statistics(*pair) for pair in pairs])


def nearest(images, others, same=False):
    """Median distance to the nearest of the others, or None.

    Args:
      images: `generator_scores.FundusImages`.
      others: the same of others.
      same: whether both are the same photographs, and none is to be its own
        neighbour.
    """
    if len(others.image_ids) < 1 + same:
        return None
    _, distances = realism.nearest(
        images.fundus,
        others.fundus,
        image_masks=images.fov_mask,
        reference_masks=others.fov_mask,
        exclude_self=same,
    )
    return _median(distances)


def nearest_ground(images, others, same=False):
    """The same of their grounds alone; see `grounds`."""
    if len(others.image_ids) < 1 + same:
        return None
    distances = grounds.nearest_distances(
        grounds_of(images), grounds_of(others), exclude_self=same
    )
    return _median(distances)


def grounds_of(images):
    """`grounds.ground` of each image."""
    planes = zip(images.fundus, images.fov_mask, images.vessel_map, strict=True)
    return [grounds.ground(*one) for one in planes]


def ground_spread(images):
    """What the noise code changes in the ground of images of one vessel map.

    Args:
      images: `generator_scores.FundusImages`; those of one map together.

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
    spreads = [grounds.spread([known[i] for i in chosen]) for chosen in sets]
    spreads = [spread for spread in spreads if np.isfinite(spread)]
    return float(np.mean(spreads)) if spreads else None


def patch_accuracy(photographs, images):
    """How well patches of images are told from the photographs'.

    Args:
      photographs: `generator_scores.FundusImages`.
      images: others, each of which stays in one part with the photograph of
        its map.

    Returns:
      `patch_classifier.patch_accuracy`, None where no patches fit into the
      FOVs or there are fewer than four photographs.
    """
    if min(len(photographs.image_ids), len(images.image_ids)) < 2:
        return None
    if not all(map(len, [*photographs.patches, *images.patches])):
        return None
    return patch_classifier.patch_accuracy(
        photographs.patches,
        images.patches,
        seed=SEED,
        real_groups=photographs.photograph_ids,
        painted_groups=images.photograph_ids,
    )


def _median(distances):
    median = float(np.median(distances)) if len(distances) else np.inf
    return median if np.isfinite(median) else None
