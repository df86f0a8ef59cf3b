"""How like photographs painted images are: colour, noise, KID, neighbours.

NumPy, OpenCV and scikit-learn only.
"""

import cv2
import numpy as np
from sklearn.metrics.pairwise import polynomial_kernel

# Side at which images are compared: noise and single pixels do not count.
SMALL = 64
# Takes away planes and all that is quadratic; noise of variance 1 becomes 36.
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def colour_statistics(fundus, fov_mask):
    """Mean and standard deviation of each channel inside the FOV.

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
    """Noise from one pixel to the next, by Immerkær (1996).

    A generator's grid of two pixels is seen by no other figure here: the eye
    overlooks it in a whole image, a segmenter does not.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.

    Returns:
      The standard deviation that noise of a normal distribution would have,
      in grey levels, averaged over the channels; NaN for a FOV without a
      single inner pixel.
    """
    inner = cv2.erode(
        fov_mask.astype(np.uint8), np.ones((3, 3)), borderValue=0
    ).astype(bool)
    if not inner.any():
        return float("nan")
    response = cv2.filter2D(fundus.astype(np.float32), -1, _NOISE_KERNEL)
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(response[inner]).mean())


def colour_distance(a, b) -> float:
    """Root mean square difference of the six statistics, in grey levels.

    Args:
      a: (means, stddevs) from `colour_statistics`.
      b: the same of another image, or means over images.
    """
    difference = np.concatenate(a) - np.concatenate(b)
    return float(np.sqrt(np.mean(difference**2)))


def kernel_inception_distance(features_a, features_b) -> float:
    """KID (Bińkowski et al. 2018): unbiased MMD² of k = (x·y/d + 1)³.

    Unbiased means that two samples of one distribution give 0 on average, and
    so a value below 0 half of the time.

    Args:
      features_a: (M,D) float, a row for each image, M >= 2.
      features_b: (N,D) float, N >= 2.

    Raises:
      ValueError: fewer rows, or rows of two lengths.
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
    """For every image its nearest reference.

    The distance is the root mean square difference in grey levels over the
    channels and the cells that lie inside both FOVs, after both images have
    been reduced to 64×64 by averaging.

    Args:
      images: (N,S,S,3) uint8.
      references: (M,S,S,3) uint8.
      image_masks: (N,S,S) bool, FOVs.
      reference_masks: (M,S,S) bool.
      exclude_self: the two are the same list, and image n is not compared
        with reference n.

    Returns:
      (indices, distances): (N,) int and (N,) float64; infinite where no two
      FOVs meet.

    Raises:
      ValueError: no reference is left to compare with.
    """
    if len(references) < 1 + exclude_self:
        raise ValueError(
            f"`references` must hold at least {1 + exclude_self} images. "
            f"Received: {len(references)}"
        )
    small = [reduced(*pair) for pair in zip(images, image_masks, strict=True)]
    others = [
        reduced(*pair) for pair in zip(references, reference_masks, strict=True)
    ]
    table = np.full((len(small), len(others)), np.inf)
    for i, (image, inside) in enumerate(small):
        for j, (other, other_inside) in enumerate(others):
            both = inside & other_inside
            if both.any() and not (exclude_self and i == j):
                squares = (image[both] - other[both]) ** 2
                table[i, j] = np.sqrt(squares.mean())
    indices = table.argmin(axis=1)
    return indices, table[np.arange(len(small)), indices]


def reduced(image, fov_mask):
    """An image as `nearest` compares it; one that is reduced stays as it is.

    Args:
      image: (H,W,3) uint8 or float grey levels.
      fov_mask: (H,W) bool.

    Returns:
      (64,64,3) float64 grey levels, and (64,64) bool: cells wholly inside.
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
    """The kernel's mean over pairs of two different rows."""
    kernel = polynomial_kernel(rows, degree=3, gamma=1 / rows.shape[1], coef0=1)
    count = len(rows)
    return (kernel.sum() - np.trace(kernel)) / (count * (count - 1))
