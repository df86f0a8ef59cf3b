"""Augmentation: one geometric change for all planes, colours on the fundus.

Rotation by any angle and left-right flip (the paper), then scaling, elastic
shifts and a random crop where asked for, in one bicubic resampling;
brightness, contrast and gamma where asked for (none of these in the paper).
NumPy and OpenCV, on one example.
"""

import cv2
import numpy as np

# About the pixels between the grid points at which elastic shifts are drawn.
ELASTIC_CELL = 32


def augment(
    example,
    rng,
    size,
    rotation_degrees=180.0,
    flip=True,
    jitter=0.0,
    scale_jitter=0.0,
    elastic=0.0,
):
    """Draws one augmented example.

    Args:
      example: {fundus (S,S,3) in [-1,1], vessel_map (S,S,1) in [0,1],
        fov_mask (S,S,1) in {0,1}}, float32.
      rng: `np.random.Generator`; the result is a function of its state.
      size: side of the result; less than S makes a random crop.
      rotation_degrees: the angle is uniform in ± this.
      flip: mirror left-right with probability 1/2.
      jitter: strength of `photometric`; 0 leaves colours alone.
      scale_jitter: sizes change by a factor in [1/(1+s), 1+s].
      elastic: standard deviation of `elastic_shifts` in pixels; 0 for none.

    Returns:
      A new example, the planes (size,size,…), and standardized_fundus
      (size,size,3): the fundus as z-scores over the FOV of the whole
      photograph, 0 outside the FOV.
    """
    fundus, fov_mask = example["fundus"], example["fov_mask"]
    if jitter:
        changed = photometric(fundus, rng, jitter)
        fundus = np.where(fov_mask > 0, changed, fundus)
    mean, stddev = fov_statistics(fundus, fov_mask)
    matrix = random_affine(
        rng,
        fundus.shape[0],
        size=size,
        rotation_degrees=rotation_degrees,
        flip=flip,
        scale_jitter=scale_jitter,
    )
    places = _places(matrix, size)
    if elastic:
        places += elastic_shifts(rng, size, elastic)
    warped_fundus = _warp(fundus, places, -1.0).clip(-1.0, 1.0)
    warped_fov = _warp(
        fov_mask, places, outside=0.0, interpolation=cv2.INTER_NEAREST
    )
    return {
        "fundus": warped_fundus,
        "standardized_fundus": (warped_fundus - mean) / stddev * warped_fov,
        "vessel_map": _warp(example["vessel_map"], places, 0.0).clip(0.0, 1.0),
        "fov_mask": warped_fov,
    }


def random_affine(rng, side, size, rotation_degrees, flip, scale_jitter=0.0):
    """The 2×3 matrix from a source of `side` to a result of `size` pixels.

    The centre of the crop is drawn in the rotated frame, so that any part of
    the photograph is as likely at any angle; (x, y) in pixels.
    """
    scale = 1.0
    if scale_jitter:
        reach = np.log1p(scale_jitter)
        scale = np.exp(rng.uniform(-reach, reach))
    angle = np.deg2rad(rng.uniform(-rotation_degrees, rotation_degrees))
    mirror = -1.0 if flip and rng.random() < 0.5 else 1.0
    cosine, sine = np.cos(angle), np.sin(angle)
    linear = np.array([[mirror * cosine, -sine], [mirror * sine, cosine]])
    linear *= scale
    reach = max(scale * side - size, 0.0) / 2
    offset = rng.uniform(-reach, reach, 2) if reach else np.zeros(2)
    center = np.full(2, (side - 1) / 2)
    shift = np.full(2, (size - 1) / 2) - linear @ center - offset
    return np.hstack([linear, shift[:, None]])


def photometric(fundus, rng, strength):
    """Mild gamma, contrast and brightness changes, and uneven light.

    Args:
      fundus: (S,S,3) float32 in [-1,1].
      rng: `np.random.Generator`.
      strength: 0.1 changes gamma, contrast and brightness by up to 10 %.

    Returns:
      (S,S,3) float32 in [-1,1].
    """
    gamma = np.exp(rng.uniform(-strength, strength))
    contrast = np.exp(rng.uniform(-strength, strength, 3))
    brightness = rng.uniform(-strength, strength, 3)
    slope = rng.uniform(-strength, strength, 2)
    ramp = np.linspace(-1.0, 1.0, fundus.shape[0], dtype=np.float32)
    light = 1.0 + slope[0] * ramp[:, None, None] + slope[1] * ramp[:, None]
    unit = cv2.pow((fundus + np.float32(1)) / 2, gamma)
    gain, offset = (2 * contrast).astype(np.float32), brightness - 1.0
    changed = unit * light.astype(np.float32) * gain + offset.astype(np.float32)
    return changed.clip(-1.0, 1.0)


def fov_statistics(fundus, fov_mask):
    """Mean and standard deviation (3,) of a (S,S,3) fundus inside its FOV."""
    mean, stddev = cv2.meanStdDev(fundus, mask=fov_mask.astype(np.uint8))
    # A flat channel carries nothing: leave its zeros as they are.
    stddev = np.where(stddev > 1e-3, stddev, 1.0)
    return mean[:, 0].astype(np.float32), stddev[:, 0].astype(np.float32)


def elastic_shifts(rng, size, stddev):
    """Smooth random shifts (size,size,2) float32 of (x, y), in pixels.

    Normal numbers on a grid of about `ELASTIC_CELL` pixels, bicubic between.
    """
    cells = -(-size // ELASTIC_CELL) + 1
    coarse = rng.normal(0.0, stddev, (cells, cells, 2)).astype(np.float32)
    return cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)


def _places(matrix, size):
    """(size,size,2) float32: where in the source each result pixel lies."""
    inverse = cv2.invertAffineTransform(matrix)
    axis = np.arange(size)
    x = inverse[:, 0] * axis[:, None] + inverse[:, 2]
    y = inverse[:, 1] * axis[:, None]
    return (x[None] + y[:, None]).astype(np.float32)


def _warp(plane, places, outside, interpolation=cv2.INTER_CUBIC):
    warped = cv2.remap(
        plane,
        places,
        map2=None,
        interpolation=interpolation,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(outside,) * 4,
    )
    # OpenCV drops a trailing axis of one channel.
    return warped.reshape(*places.shape[:2], -1)
