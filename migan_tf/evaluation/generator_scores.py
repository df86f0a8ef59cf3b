"""Every figure of painted images, and the same of photographs beside them.

A figure of painted images alone says little: a segmenter misses thin vessels
of photographs, too, and two halves of one dataset differ in colour. So `score`
is given both, and the photographs' figures are the yardstick.
"""

import dataclasses

import numpy as np

from migan_tf.evaluation import generator_distances, generator_figures
from migan_tf.metrics import realism, segmentation, vessels


@dataclasses.dataclass(frozen=True)
class FundusImages:
    """N images at the networks' size S, and what was seen in them."""

    image_ids: list[str]
    photograph_ids: list[str]  # whose maps they show; of photographs, their own
    fundus: np.ndarray  # (N,S,S,3) uint8
    fov_mask: np.ndarray  # (N,S,S) bool
    vessel_map: np.ndarray  # (N,S,S) bool, what is to be found
    levels: np.ndarray | None  # (N,S,S) uint8, vessel_probability in 255ths
    features: dict[str, np.ndarray]  # (N,D) float, by the set's name
    patches: list[np.ndarray]  # (P,F) float, `patch_classifier.patch_features`


@dataclasses.dataclass(frozen=True)
class Scores:
    """What `score` finds in N images."""

    figures: dict  # plain values, None where a figure is not defined
    rows: dict[str, np.ndarray]  # from `generator_figures.collect`
    decisions: np.ndarray  # (N,S,S) bool, the vessels found


def score(images, training, style=None, photographs=None) -> Scores:
    """Figures of painted images or of photographs.

    Args:
      images: `FundusImages` with levels.
      training: `FundusImages` of the training photographs. Where they are
        the same photographs there is no KID, and none is its own neighbour.
      style: a `StylePhotograph` with a vessel map, or None.
      photographs: `FundusImages` of the painted maps, from which a classifier
        is to tell `images`. Without, `images` are themselves photographs and
        told from the training photographs: the null of that classifier.
    """
    threshold, decisions = decide(images.levels, images.fov_mask)
    width = thick_width(images.fov_mask.shape[-1])
    rows, profiles = generator_figures.collect(images, decisions, width)
    figures = {
        "images": len(images.image_ids),
        **generator_figures.nested(generator_figures.means(rows)),
        "profiles": generator_figures.mean_profiles(profiles),
        "colour": colour(images, training, style),
        "style_leak": style_leak(images, decisions, style) if style else None,
        "ground_diversity": generator_distances.ground_spread(images),
        "structure_diversity": generator_distances.ground_spread(
            images, light=False
        ),
        **_to_training(images, training, photographs=photographs or images),
        **_patches(images, training, photographs),
    }
    figures["vessel_consistency"]["threshold"] = threshold
    figures["rim"]["faults"] = generator_figures.rim_faults(rows)
    return Scores(figures, rows, decisions)


def decide(levels, fov_masks):
    """Vessels at the threshold of Otsu, pooled over the FOVs of all images.

    Args:
      levels: (N,S,S) uint8.
      fov_masks: (N,S,S) bool.

    Returns:
      (threshold, decisions): as `segmentation.otsu_threshold` gives it, and
      (N,S,S) bool, False outside the FOVs.
    """
    # By its histogram: as floats the pixels would be many times as large.
    histogram = np.bincount(levels[fov_masks], minlength=segmentation.LEVELS)
    level = segmentation.otsu_level(histogram)
    threshold = float((level + 0.5) / (segmentation.LEVELS - 1))
    return threshold, (levels > level) & fov_masks


def thick_width(image_size) -> int:
    """From how many pixels on a vessel is thick: 3 at 512, at least 2."""
    return max(2, round(3 * image_size / 512))


def diversity(images, fov_mask) -> float:
    """What the noise code changes in images of one vessel map.

    Args:
      images: (K,S,S,3) uint8, K >= 2. They are rounded: what a small σ
        changes by less than half a grey level does not show.
      fov_mask: (S,S) bool.

    Returns:
      The standard deviation over the K images (of K - 1 degrees of freedom),
      as a root mean square over the channels and the pixels inside the FOV, in
      grey levels.
    """
    variance = np.asarray(images, np.float64).var(axis=0, ddof=1)
    return float(np.sqrt(variance[fov_mask].mean()))


def mean_colour(images):
    """(means, stddevs): `realism.colour_statistics`, averaged over images."""
    return tuple(generator_distances.colours_of(images).mean(axis=0))


def colour(images, training, style):
    """Mean colour, its distance to the training photographs' and the style's.

    Args:
      images: `FundusImages`.
      training: `FundusImages` of the training photographs.
      style: a `StylePhotograph`, or None.

    Returns:
      Dict of `means`, `stddevs`, `distance_to_training` and
      `distance_to_style`, which is None without a style, all in grey levels.
    """
    means, stddevs = mean_colour(images)
    to_training = realism.colour_distance(
        (means, stddevs), mean_colour(training)
    )
    to_style = style and realism.colour_distance(
        (means, stddevs),
        realism.colour_statistics(style.levels(), style.inside()),
    )
    return {
        "means": means.tolist(),
        "stddevs": stddevs.tolist(),
        "distance_to_training": to_training,
        "distance_to_style": to_style,
    }


def style_leak(images, decisions, style):
    """`vessels.style_leak`, the mean over images where it is defined."""
    planes = zip(decisions, images.vessel_map, images.fov_mask, strict=True)
    rows = [
        vessels.style_leak(
            decision,
            painted,
            style_map=style.vessels(),
            fov_mask=fov & style.inside(),
        )
        for decision, painted, fov in planes
    ]
    rows = [row for row in rows if np.isfinite(row).all()]
    leak, chance = np.mean(rows, axis=0).tolist() if rows else (None, None)
    return {"leak": leak, "chance": chance, "images": len(rows)}


def _to_training(images, training, photographs):
    """The distances to the training photographs."""
    same = images.image_ids == training.image_ids
    kids = generator_distances.kids(images, training)
    if same:
        kids = dict.fromkeys(kids)
    tables = generator_distances.distance_tables(images, training, same)
    count = generator_distances.fair_count(photographs, training)
    return {
        "kid_to_training": kids.pop("network"),
        "kid": kids,
        "nearest_training_distance": generator_distances.nearest(
            tables["distance"]
        ),
        "nearest_training_ground": generator_distances.nearest(
            tables["ground"]
        ),
        "nearest_of_some": {
            name: None if same else generator_distances.nearest_of(table, count)
            for name, table in tables.items()
        },
    }


def _patches(images, training, photographs):
    """How well patches are told from the photographs', and the interval.

    Of painted images and of photographs, which are told from the training
    photographs, alike many are compared.
    """
    accuracy = interval = None
    told_from = photographs or training
    if photographs or images.image_ids != training.image_ids:
        accuracy, interval = generator_distances.patch_accuracy(
            told_from, images, count=len(training.image_ids)
        )
    return {"patch_accuracy": accuracy, "patch_accuracy_interval": interval}
