"""Augmentation: one geometric change for all planes, colours on the fundus.

Rotation by any angle and left-right flip (the paper), then a random crop
where asked for, in one bicubic resampling; brightness, contrast and gamma
where asked for (not in the paper). NumPy and OpenCV, on one example.
"""

import cv2
import numpy as np


def augment(example, rng, size, rotation_degrees=180.0, flip=True, jitter=0.0):
    """Draws one augmented example.

    Args:
      example: {fundus (S,S,3) in [-1,1], vessel_map (S,S,1) in [0,1],
        fov_mask (S,S,1) in {0,1}}, float32.
      rng: `np.random.Generator`; the result is a function of its state.
      size: side of the result; less than S makes a random crop.
      rotation_degrees: the angle is uniform in ± this.
      flip: mirror left-right with probability 1/2.
      jitter: strength of `photometric`; 0 leaves colours alone.

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
    matrix = random_affine(rng, fundus.shape[0], size, rotation_degrees, flip)
    warped_fundus = _warp(fundus, matrix, size, -1.0).clip(-1.0, 1.0)
    warped_fov = _warp(fov_mask, matrix, size, 0.0, cv2.INTER_NEAREST)
    return {
        "fundus": warped_fundus,
        "standardized_fundus": (warped_fundus - mean) / stddev * warped_fov,
        "vessel_map": _warp(example["vessel_map"], matrix, size, 0.0).clip(
            0.0, 1.0
        ),
        "fov_mask": warped_fov,
    }


def random_affine(rng, side, size, rotation_degrees, flip):
    """The 2×3 matrix from a source of `side` to a result of `size` pixels.

    The centre of the crop is drawn first, in the rotated frame, so that any
    part of the photograph is as likely at any angle; (x, y) in pixels.
    """
    angle = np.deg2rad(rng.uniform(-rotation_degrees, rotation_degrees))
    mirror = -1.0 if flip and rng.random() < 0.5 else 1.0
    cosine, sine = np.cos(angle), np.sin(angle)
    linear = np.array([[mirror * cosine, -sine], [mirror * sine, cosine]])
    reach = (side - size) / 2
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


def _warp(plane, matrix, size, outside, interpolation=cv2.INTER_CUBIC):
    warped = cv2.warpAffine(
        plane,
        matrix,
        (size, size),
        flags=interpolation,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(outside,) * 4,
    )
    # OpenCV drops a trailing axis of one channel.
    return warped.reshape(size, size, -1)
