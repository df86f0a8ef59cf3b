"""Asks a classifier whether painted patches can be told from photographs.

It sees no colour and no anatomy, only the texture of small patches: how their
power is spread over frequencies and directions, their gradients, how the
channels hang together and how the finest detail is distributed. A balanced
accuracy of 0.5 says that these do not give a painted image away. They are made
by hand: a network that learns its own features may see more.
"""

import itertools

import cv2
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from migan_tf.metrics import bootstrap

SIDE = 64  # of a patch in pixels
PATCHES = 30  # of an image
FOLDS = 5
DRAWS = 1000  # of images, for the interval
RADIAL_EDGES = np.arange(1, SIDE // 2 + 2, 2)  # cycles per patch
# Directions are told apart in two bands, in cycles per patch.
DIRECTIONS, DIRECTED_BANDS = 8, ((4, 12), (12, 32))
# Side of the mean whose difference is the fine detail, and its histogram's
# borders in grey levels.
DETAIL_SIDE = 5
DETAIL_EDGES = np.array(
    [-np.inf, -8, -4, -2, -1, -0.5, 0.5, 1, 2, 4, 8, np.inf]
)
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)


def patch_accuracy(
    real, painted, seed=0, real_groups=None, painted_groups=None
):
    """How well painted patches are told from real ones.

    A logistic regression and randomised trees are trained on four fifths of the
    images and asked for the rest, in turn. The mean of their two probabilities
    decides: the better of the two, chosen by the answers, would be better than
    chance where nothing can be told.

    Args:
      real: features of N photographs, a list of (P,F) float from
        `patch_features`.
      painted: the same of M painted images.
      seed: of the trees; nothing else here is drawn.
      real_groups: N names; images of one name are never divided between
        training and asking. Default: each image for itself.
      painted_groups: the same of the painted images. A painted image belongs
        to the photograph whose map it shows.

    Returns:
      (accuracy, interval): the balanced accuracy in [0,1], of which 0.5 is as
      good as guessing, and [low, high], its 95 % bootstrap interval over the
      names of either side. What was trained stays as it is in each draw.

    Raises:
      ValueError: there are fewer than two groups.
    """
    if real_groups is None:
        real_groups = [f"real {i}" for i in range(len(real))]
    if painted_groups is None:
        painted_groups = [f"painted {i}" for i in range(len(painted))]
    images = [*real, *painted]
    lengths = [len(rows) for rows in images]
    rows = np.concatenate(images)
    truth = np.repeat(np.arange(len(images)) >= len(real), lengths)
    groups = np.repeat([*real_groups, *painted_groups], lengths)
    folds = min(FOLDS, len(set(groups)))
    if folds < 2:
        raise ValueError(
            "images must be of at least two groups. Received: "
            f"{len(real)} real and {len(painted)} painted of "
            f"{sorted(set(groups))}"
        )
    splits = GroupKFold(folds).split(rows, truth, groups)
    found = _decisions(rows, truth, splits=splits, seed=seed)
    sides = [
        _hits_by_group(found[truth == side] == side, groups[truth == side])
        for side in (False, True)
    ]
    accuracy = np.mean([hits.sum() / counts.sum() for hits, counts in sides])
    return float(accuracy), _interval(sides, seed)


def patch_features(fundus, fov_mask, seed=0, patches=PATCHES):
    """What the classifier sees of an image.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.
      seed: the patches' places are a function of it and the FOV: of a
        photograph and of what is painted from its map they are the same.
      patches: how many; they may overlap.

    Returns:
      (P,F) float64, a row for each patch; (0,F) where none fits into the FOV.
    """
    corners = patch_corners(fov_mask, seed, patches)
    rows = [
        _features(fundus[row : row + SIDE, column : column + SIDE])
        for row, column in corners
    ]
    width = len(_features(np.zeros((SIDE, SIDE, 3), np.uint8)))
    return np.array(rows).reshape(-1, width)


def patch_corners(fov_mask, seed, patches=PATCHES):
    """(P,2) int: upper left corners of patches wholly inside the FOV.

    Args:
      fov_mask: (H,W) bool.
      seed: of the draw.
      patches: how many; fewer where there are not as many places.
    """
    # A pixel stays that is lit together with all of the patch it begins.
    lit = cv2.erode(
        fov_mask.astype(np.uint8),
        np.ones((SIDE, SIDE), np.uint8),
        anchor=(0, 0),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    places = np.argwhere(lit)
    count = min(patches, len(places))
    rng = np.random.default_rng(seed)
    return places[rng.choice(len(places), count, replace=False)]


def _features(patch):
    """(F,) float64 of (SIDE,SIDE,3) uint8."""
    levels = patch.astype(np.float64)
    green = levels[..., 1]
    detail = levels - cv2.blur(levels, (DETAIL_SIDE, DETAIL_SIDE))
    return np.concatenate(
        [
            _spectrum(green),
            _gradients(green),
            _channels(levels),
            _channels(detail),
            _histogram(detail[..., 1]),
            np.log10(detail.std(axis=(0, 1)) + 0.01),
        ]
    )


def _spectrum(green):
    """Log10 power of a patch by radius and, in two bands, by direction."""
    window = np.outer(np.hanning(SIDE), np.hanning(SIDE))
    scores = (green - green.mean()) / (green.std() + 1e-6)
    power = np.abs(np.fft.fft2(scores * window)) ** 2 + 1e-6
    rows, columns = np.meshgrid(*[np.fft.fftfreq(SIDE, 1 / SIDE)] * 2)
    radius = np.hypot(rows, columns)
    bands = [
        (radius >= low) & (radius < high)
        for low, high in itertools.pairwise(RADIAL_EDGES)
    ]
    bands += [radius >= RADIAL_EDGES[-1]]  # The corners: diagonal grids.
    turn = np.floor(np.arctan2(rows, columns) / np.pi * DIRECTIONS + 0.5)
    for low, high in DIRECTED_BANDS:
        ring = (radius >= low) & (radius < high)
        bands += [ring & (turn % DIRECTIONS == i) for i in range(DIRECTIONS)]
    # Grids of two pixels along rows, along columns and along both.
    half = SIDE // 2
    peaks = [power[half, 0], power[0, half], power[half, half]]
    return np.log10([*(power[band].mean() for band in bands), *peaks])


def _gradients(green):
    """Log quantiles of the gradient, and its mean by rows over columns."""
    down, right = (np.abs(d) for d in np.gradient(green))
    steep = np.quantile(np.hypot(down, right), QUANTILES)
    balance = (down.mean() + 0.01) / (right.mean() + 0.01)
    return np.log10([*(steep + 0.1), balance])


def _channels(levels):
    """(3,): correlations of red and green, red and blue, green and blue."""
    planes = levels.reshape(-1, 3)
    planes = planes - planes.mean(axis=0)
    planes = planes / (planes.std(axis=0) + 1e-6)
    return (planes.T @ planes / len(planes))[np.triu_indices(3, 1)]


def _histogram(detail):
    """Shares of the fine detail by its size in grey levels."""
    counts, _ = np.histogram(detail, DETAIL_EDGES)
    return counts / detail.size


def _classifiers(seed):
    yield make_pipeline(
        StandardScaler(),
        LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000),
    )
    yield ExtraTreesClassifier(
        200, min_samples_leaf=3, class_weight="balanced", random_state=seed
    )


def _decisions(rows, truth, splits, seed):
    """(R,) bool, whether each row is held for painted, unseen in training."""
    found = np.empty_like(truth)
    for shown, asked in splits:
        probabilities = [
            model.fit(rows[shown], truth[shown]).predict_proba(rows[asked])
            for model in _classifiers(seed)
        ]
        found[asked] = np.mean(probabilities, axis=0)[:, 1] > 0.5
    return found


def _hits_by_group(right, groups):
    """(hits, counts) of rows, (G,) int each, of the groups they are of."""
    _, indices = np.unique(groups, return_inverse=True)
    return np.bincount(indices, right), np.bincount(indices)


def _interval(sides, seed):
    """[low, high] of the balanced accuracy when groups are drawn again.

    Args:
      sides: two pairs from `_hits_by_group`; each is drawn for itself, so that
        none is ever empty.
      seed: of the draws.
    """
    recalls = []
    for side, (hits, counts) in enumerate(sides):
        weights = bootstrap.draws(len(hits), DRAWS, [seed, side])
        recalls.append(weights @ hits / (weights @ counts))
    return bootstrap.interval(np.mean(recalls, axis=0))
