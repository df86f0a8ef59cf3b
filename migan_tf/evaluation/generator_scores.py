"""Every figure of painted images, and the same of photographs beside them.

A figure of painted images alone says little: a segmenter misses thin vessels
of photographs, too, and two halves of one dataset differ in colour. So `score`
is given both, and the photographs' figures are the yardstick.
"""

import dataclasses

import numpy as np

from migan_tf.metrics import realism, segmentation, vessels


@dataclasses.dataclass(frozen=True)
class FundusImages:
    """N images at the networks' size S, and what was seen in them."""

    image_ids: list[str]
    fundus: np.ndarray  # (N,S,S,3) uint8
    fov_mask: np.ndarray  # (N,S,S) bool
    vessel_map: np.ndarray  # (N,S,S) bool, what is to be found
    levels: np.ndarray | None  # (N,S,S) uint8, vessel_probability in 255ths
    features: np.ndarray  # (N,D) float32


def score(images, training, style=None):
    """Figures of painted images or of photographs.

    Args:
      images: `FundusImages` with levels.
      training: `FundusImages` of the training photographs. Where they are
        the same photographs there is no KID, and none is its own neighbour.
      style: a `StylePhotograph` with a vessel map, or None.

    Returns:
      (figures, decisions): dict of plain values, None where a figure is not
      defined, and the vessels found, (N,S,S) bool.
    """
    same = images.image_ids == training.image_ids
    threshold, decisions = decide(images.levels, images.fov_mask)
    figures = {
        "images": len(images.image_ids),
        "vessel_consistency": {
            "threshold": threshold,
            **vessel_consistency(images, decisions),
        },
        "colour": colour(images, training, style),
        "pixel_noise": _noise(images),
        "style_leak": style_leak(images, decisions, style) if style else None,
        "kid_to_training": None if same else _kid(images, training),
        "nearest_training_distance": _nearest(images, training, same),
    }
    return figures, decisions


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


def vessel_consistency(images, decisions):
    """Whether the vessels that were to be painted are found in the images.

    Args:
      images: `FundusImages`.
      decisions: (N,S,S) bool, False outside the FOVs.

    Returns:
      Dict of Dice and of the sensitivities to thin and thick vessels, over the
      pixels inside all FOVs, and of the images' mean centreline Dice.
    """
    inside = images.fov_mask
    truths = images.vessel_map & inside
    width = thick_width(inside.shape[-1])
    thick = np.stack([vessels.thick_vessels(t, width) for t in truths])
    found = decisions[inside]
    lines = map(vessels.centreline_dice, truths, decisions)
    return {
        "dice": segmentation.dice(truths[inside], found),
        "sensitivity_thin": _sensitivity((truths & ~thick)[inside], found),
        "sensitivity_thick": _sensitivity(thick[inside], found),
        "centreline_dice": float(np.mean(list(lines))),
    }


def diversity(images, fov_mask) -> float:
    """What the noise code changes in images of one vessel map.

    Args:
      images: (K,S,S,3) float in [-1,1], not rounded: small σ change less than
        a grey level.
      fov_mask: (S,S) bool.

    Returns:
      The standard deviation over the K images, averaged over channels and
      pixels inside the FOV, in grey levels.
    """
    deviation = np.asarray(images, np.float64).std(axis=0) * 127.5
    return float(deviation[fov_mask].mean())


def mean_colour(images):
    """(means, stddevs): `realism.colour_statistics`, averaged over images."""
    pairs = zip(images.fundus, images.fov_mask, strict=True)
    rows = [realism.colour_statistics(*pair) for pair in pairs]
    return tuple(np.mean(rows, axis=0))


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


def _sensitivity(truth, decision):
    """Share of (N,) truth that is found; None without any."""
    counts = segmentation.count(truth, decision)
    return float(counts.sensitivity) if truth.any() else None


def _noise(images):
    """`realism.pixel_noise`, averaged over the images, or None."""
    pairs = zip(images.fundus, images.fov_mask, strict=True)
    mean = float(np.mean([realism.pixel_noise(*pair) for pair in pairs]))
    return mean if np.isfinite(mean) else None


def _kid(images, training):
    features = images.features, training.features
    if min(map(len, features)) < 2:
        return None
    return realism.kernel_inception_distance(*features)


def _nearest(images, training, same):
    """Median distance to the nearest training photograph, or None."""
    if len(training.image_ids) < 1 + same:
        return None
    _, distances = realism.nearest(
        images.fundus,
        training.fundus,
        image_masks=images.fov_mask,
        reference_masks=training.fov_mask,
        exclude_self=same,
    )
    median = float(np.median(distances))
    return median if np.isfinite(median) else None
