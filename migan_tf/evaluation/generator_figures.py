"""The figures of a set of images that are means over the images.

Each is kept as a pair for each image, a numerator and a denominator, and the
figure of a set is the one sum over the other: of Dice and of sensitivities the
pooled counts, of all others a plain mean. So the figure of any part of a set,
of half of the photographs too, needs no second look at the images.
"""

import numpy as np
from tqdm import tqdm

from migan_tf.metrics import (
    cross_section,
    realism,
    rim,
    texture,
    vessel_contrast,
    vessels,
)

# Pixels from the FOV's edge at which the rim's profile is told.
RIM_PLACES = {"outside_2": -2.5, "inside_0": 0.5, "inside_2": 2.5}


def collect(images, decisions, thick_width):
    """Numerators and denominators of every figure.

    Args:
      images: N `generator_scores.FundusImages`.
      decisions: (N,S,S) bool, the vessels found, False outside the FOVs.
      thick_width: pixels from which on a vessel is thick.

    Returns:
      (rows, profiles): {place such as `power/4-8`: (N,2) float64}, 0 / 0 where
      an image has no such figure, and {name: (N,P) float64} mean profiles.
    """
    planes = zip(
        images.fundus,
        images.fov_mask,
        images.vessel_map & images.fov_mask,
        decisions,
        strict=True,
    )
    rows, profiles = [], []
    for fundus, inside, truth, found in tqdm(
        planes, "measure", len(decisions), unit="image"
    ):
        counts = consistency_counts(truth, found, thick_width)
        figures, lines = appearance(
            fundus, inside, truth, thick_width=thick_width
        )
        pairs = {name: _pair(value) for name, value in figures.items()}
        rows.append(counts | pairs)
        profiles.append(lines)
    return _stacked(rows), _stacked(profiles)


def means(rows, chosen=slice(None)):
    """The figures of a set of images, or of some of them.

    Args:
      rows: from `collect`.
      chosen: which images, an index of the first axis.

    Returns:
      {place: float, or None where no image has one}.
    """
    found = {}
    for place, pairs in rows.items():
        numerator, denominator = pairs[chosen].sum(axis=0)
        found[place] = float(numerator / denominator) if denominator else None
    return found


def rim_faults(rows) -> int:
    """How many images have a rim that no photograph has; see `rim.is_fault`."""
    dark, stray = (rows[f"rim/{name}"][:, 0] for name in ("dark", "stray"))
    return sum(map(rim.is_fault, dark, stray))


def mean_profiles(profiles):
    """{name: list of floats}, None where no image has a value."""
    found = {}
    for name, lines in profiles.items():
        known = np.isfinite(lines)
        total = np.where(known, lines, 0).sum(axis=0)
        count = known.sum(axis=0)
        found[name] = [
            float(t / c) if c else None
            for t, c in zip(total, count, strict=True)
        ]
    return found


def nested(flat):
    """{`a/b`: value} as {`a`: {`b`: value}}."""
    found = {}
    for place, value in flat.items():
        *parts, name = place.split("/")
        inner = found
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[name] = value
    return found


def consistency_counts(truth, decision, thick_width):
    """Whether the vessels that were to be painted are found in an image.

    Args:
      truth: (S,S) bool, False outside the FOV.
      decision: (S,S) bool, False outside the FOV.
      thick_width: pixels from which on a vessel is thick.

    Returns:
      {place: (numerator, denominator)} of Dice, of the sensitivities to thin
      and thick vessels and of centreline Dice.
    """
    thick = vessels.thick_vessels(truth, thick_width)
    thin, both = truth & ~thick, np.sum(truth & decision)
    pairs = {
        "dice": (2 * both, truth.sum() + decision.sum()),
        "sensitivity_thin": (np.sum(thin & decision), thin.sum()),
        "sensitivity_thick": (np.sum(thick & decision), thick.sum()),
        "centreline_dice": (vessels.centreline_dice(truth, decision), 1),
    }
    return {f"vessel_consistency/{name}": pair for name, pair in pairs.items()}


def appearance(fundus, fov_mask, vessel_map, thick_width):
    """What an image looks like, without asking a segmenter.

    Args:
      fundus: (S,S,3) uint8.
      fov_mask: (S,S) bool.
      vessel_map: (S,S) bool.
      thick_width: pixels from which on a vessel is thick.

    Returns:
      (figures, profiles): {place: float, perhaps NaN}, and the mean profiles
      across vessels and across the rim, {name: (P,)}.
    """
    planes = (fundus, fov_mask, vessel_map)
    profiles = cross_section.cross_sections(*planes, thick_width=thick_width)
    groups = {
        "vessel_contrast": vessel_contrast.contrast_to_noise(
            *planes, thick_width=thick_width
        ),
        "centred_contrast": cross_section.centred_contrast(
            *planes, thick_width=thick_width
        ),
        "full_width": {
            name: cross_section.full_width(line)
            for name, line in profiles.items()
        },
        "power": texture.radial_power(fundus, fov_mask),
        "noise": texture.noise_autocorrelation(*planes),
    }
    profiles["rim"] = rim.rim_profile(fundus, fov_mask)
    dark, stray = rim.rim_shares(fundus, fov_mask)
    groups["rim"] = {
        name: float(profiles["rim"][rim.distances() == place][0])
        for name, place in RIM_PLACES.items()
    }
    groups["rim"] |= {"dark": dark, "stray": stray}
    figures = {
        f"{group}/{name}": value
        for group, members in groups.items()
        for name, value in members.items()
    }
    figures["pixel_noise"] = realism.pixel_noise(fundus, fov_mask)
    return figures, profiles


def _pair(value):
    """Of a mean: the value over 1, or nothing over nothing."""
    return (value, 1.0) if np.isfinite(value) else (0.0, 0.0)


def _stacked(dicts):
    """Dicts of the same keys as one of arrays."""
    return {
        name: np.array([one[name] for one in dicts], np.float64)
        for name in dicts[0]
    }
