"""Measures how like photographs painted images are.

They are compared by colour, by the noise of their pixels, by features (KID) and
by the photographs nearest to them, with NumPy, OpenCV and scikit-learn only.
"""

import cv2
import numpy as np
from sklearn.metrics.pairwise import polynomial_kernel

# The side at which images are compared, so that single pixels do not count.
SMALL = 64
# The difference of two Laplacians. It gives 0 on planes and quadratic surfaces
# and turns noise of variance 1 into noise of variance 36.
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def colour_statistics(fundus, fov_mask):
    """Returns mean and standard deviation of each channel inside the FOV.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool, not empty.

    Returns:
      (means, stddevs), (3,) float64 each, in grey levels 0 … 255.

    Raises:
      ValueError: the FOV is empty.
    """
    if not fov_mask.any():
        raise ValueError("`fov_mask` must hold pixels. Received: none")
    pixels = fundus[fov_mask].astype(np.float64)
    return pixels.mean(axis=0), pixels.std(axis=0)


def pixel_noise(fundus, fov_mask) -> float:
    """Estimates the noise from one pixel to the next (Immerkær 1996).

    No other figure here sees the grid of two pixels that a generator may leave.
    The eye overlooks it in a whole image, but a segmenter does not.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.

    Returns:
      √(π/2) / 6 times the mean of |fundus * kernel| over the channels and over
      the pixels whose neighbours are all inside the FOV: the standard deviation
      of the noise in grey levels, if it is normally distributed. NaN where
      there is no such pixel.
    """
    inner = cv2.erode(
        fov_mask.astype(np.uint8), np.ones((3, 3)), borderValue=0
    ).astype(bool)
    if not inner.any():
        return float("nan")
    response = cv2.filter2D(fundus.astype(np.float32), -1, _NOISE_KERNEL)
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(response[inner]).mean())


def colour_distance(a, b) -> float:
    """Returns the root mean square difference of six colour statistics.

    Args:
      a: (means, stddevs), (3,) each, from `colour_statistics`.
      b: the same of another image, or averages over images.

    Returns:
      The distance in grey levels.
    """
    difference = np.concatenate(a) - np.concatenate(b)
    return float(np.sqrt(np.mean(difference**2)))


def kernel_inception_distance(features_a, features_b) -> float:
    """Returns the kernel inception distance (Bińkowski et al. 2018).

    It is the unbiased estimate of MMD² with the kernel k = (x·y/d + 1)³. Two
    samples of one distribution give 0 on average, and so a value below 0 about
    half of the time.

    Args:
      features_a: (M,D) float, a row for each image, M >= 2.
      features_b: (N,D) float, N >= 2.

    Raises:
      ValueError: there are fewer rows, or rows of two lengths.
    """
    features = {"features_a": features_a, "features_b": features_b}
    for name, rows in features.items():
        if np.ndim(rows) != 2 or len(rows) < 2:
            raise ValueError(
                f"`{name}` must be (N,D) with at least two rows. Received: "
                f"shape {np.shape(rows)}"
            )
    a, b = (np.asarray(rows, np.float64) for rows in features.values())
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            "`features_a` and `features_b` must have rows of one length. "
            f"Received: shapes {a.shape} and {b.shape}"
        )
    across = polynomial_kernel(a, b, degree=3, gamma=1 / a.shape[1], coef0=1)
    return float(_mean_of_pairs(a) + _mean_of_pairs(b) - 2 * across.mean())


def nearest(
    images, references, image_masks, reference_masks, exclude_self=False
):
    """Finds the nearest reference of every image.

    The distance is the root mean square difference in grey levels over the
    channels and the cells that lie inside both FOVs, after both images have
    been `reduced`.

    Args:
      images: (N,S,S,3) uint8.
      references: (M,S,S,3) uint8.
      image_masks: (N,S,S) bool, FOVs.
      reference_masks: (M,S,S) bool.
      exclude_self: whether both are the same list, so that image n must not be
        compared with reference n.

    Returns:
      (indices, distances): (N,) int and (N,) float64. A distance is infinite
      where the image's FOV meets no reference's.

    Raises:
      ValueError: no reference is left to compare with.
    """
    if len(references) < 1 + exclude_self:
        raise ValueError(
            f"`references` must hold at least {1 + exclude_self} images. "
            f"Received: {len(references)}"
        )
    table = distance_table(
        images,
        references,
        image_masks=image_masks,
        reference_masks=reference_masks,
    )
    if exclude_self:
        np.fill_diagonal(table, np.inf)
    indices = table.argmin(axis=1)
    return indices, table[np.arange(len(table)), indices]


def distance_table(images, references, image_masks, reference_masks):
    """The distance that `nearest` speaks of, of each image and reference.

    Args:
      images: (N,S,S,3) uint8.
      references: (M,S,S,3) uint8.
      image_masks: (N,S,S) bool, FOVs.
      reference_masks: (M,S,S) bool.

    Returns:
      (N,M) float64 in grey levels, infinite where FOVs do not meet.
    """
    small = [reduced(*pair) for pair in zip(images, image_masks, strict=True)]
    others = [
        reduced(*pair) for pair in zip(references, reference_masks, strict=True)
    ]
    table = np.full((len(small), len(others)), np.inf)
    for i, (image, inside) in enumerate(small):
        for j, (other, other_inside) in enumerate(others):
            both = inside & other_inside
            if both.any():
                squares = (image[both] - other[both]) ** 2
                table[i, j] = np.sqrt(squares.mean())
    return table


def reduced(image, fov_mask):
    """Reduces an image by averaging to the cells that `nearest` compares.

    An image that is reduced already stays as it is.

    Args:
      image: (H,W,3) uint8 or float grey levels.
      fov_mask: (H,W) bool.

    Returns:
      (levels, inside): (64,64,3) float64 grey levels, and (64,64) bool, whether
      a cell lies wholly inside the FOV.
    """
    size = (SMALL, SMALL)
    levels = cv2.resize(
        image.astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    share = cv2.resize(
        fov_mask.astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    return levels.astype(np.float64), share > 0.999


def _mean_of_pairs(rows):
    """The mean of the kernel over all pairs of two different rows."""
    kernel = polynomial_kernel(rows, degree=3, gamma=1 / rows.shape[1], coef0=1)
    count = len(rows)
    return (kernel.sum() - np.trace(kernel)) / (count * (count - 1))
