"""Measures the texture of a fundus: its spectrum and the shape of its noise.

A painted fundus may have the colours and the vessels of a photograph and still
be told from one at a glance: its ground is too smooth, its noise too white, or
a grid of two pixels lies over it. All three show here.
"""

import itertools

import cv2
import numpy as np

GREEN = 1
# Cycles per diameter of the FOV at which one band ends and the next begins.
BAND_EDGES = (4, 8, 16, 32, 64, 128, 256)
# Share of the diameter over which the image fades out towards the FOV's edge,
# so that the edge itself, the strongest step of all, has no part.
TAPER = 1 / 8
# A peak at the Nyquist frequency is as wide as the spectrum of the taper.
NYQUIST_REACH = 2
LEAST_POWER = 1e-9  # log10 of nothing would be infinite
# The side of the local mean that is taken off to leave the noise. It is odd
# and so wide that it changes the correlation of white noise by 0.014 alone.
LOCAL_SIDE = 9
LAGS = (1, 2, 3)
# Pixels beside a vessel and inside the FOV's edge that are no plain ground.
VESSEL_MARGIN, RIM_MARGIN = 3, 12


def radial_power(fundus, fov_mask) -> dict[str, float]:
    """Log power of the green channel by frequency.

    The channel is z-scored inside the FOV and fades to zero towards its edge
    (a raised cosine over `TAPER` of the diameter). Power is divided by that of
    the taper: white noise of variance 1 would have 0 in every band.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool, not empty.

    Returns:
      {`4-8` … `128-256`: log10 of the mean power at so many cycles per
      diameter of the FOV, `nyquist_axes`: of that at the frequency of a grid
      of two pixels along rows or columns, `nyquist_diagonal`: of that along
      both}. A band ends where the pixels' grid does, at half as many cycles as
      there are pixels; NaN where nothing of it is left. The least value is -9.

    Raises:
      ValueError: the FOV is empty.
    """
    weights = _taper(fov_mask)
    # Bins of an even length: an odd one has none at the Nyquist frequency.
    shape = [length + length % 2 for length in fov_mask.shape]
    waves = np.fft.fft2(_standardized(fundus, fov_mask, weights), shape)
    power = np.abs(waves) ** 2 / np.sum(weights**2)
    rows, columns = np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij")
    cycles = np.hypot(rows, columns) * diameter(fov_mask)
    # Corners of the square of frequencies are of diagonal waves alone.
    disc = np.hypot(rows, columns) <= 0.5
    found = {}
    for low, high in itertools.pairwise(BAND_EDGES):
        band = disc & (cycles >= low) & (cycles < high)
        found[f"{low}-{high}"] = _log_mean(power[band])
    middles = [length // 2 for length in shape]
    peaks = [(middles[0], 0), (0, middles[1]), tuple(middles)]
    above, aside, across = (_around(power, peak) for peak in peaks)
    found["nyquist_axes"] = _log_mean(np.concatenate([above, aside]))
    found["nyquist_diagonal"] = _log_mean(across)
    return found


def diameter(fov_mask) -> int:
    """The greater of the FOV's height and width in pixels.

    Args:
      fov_mask: (H,W) bool.

    Raises:
      ValueError: it is empty.
    """
    if not fov_mask.any():
        raise ValueError("`fov_mask` must hold pixels. Received: none")
    return max(np.ptp(np.flatnonzero(fov_mask.any(i))) + 1 for i in (0, 1))


def noise_autocorrelation(fundus, fov_mask, vessel_map) -> dict[str, float]:
    """How the noise of the plain ground hangs together.

    Noise is what a mean over `LOCAL_SIDE` × `LOCAL_SIDE` pixels of ground
    leaves. A camera's, once its file was compressed and resampled, is alike
    from a pixel to its neighbour and in all channels; a generator's need not
    be.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool.

    Returns:
      {`horizontal_1` … `horizontal_3`, `vertical_1` … `vertical_3`: the
      correlation of the green channel with itself so many pixels on,
      `red_green`, `green_blue`: that of two channels at one pixel}, each in
      [-1,1]; NaN where there is no pair or no noise.
    """
    ground = plain_ground(fov_mask, vessel_map)
    noise = high_passed(fundus, ground)
    green, found = noise[..., GREEN], {}
    turned = {"horizontal": (green.T, ground.T), "vertical": (green, ground)}
    for name, (plane, valid) in turned.items():
        for lag in LAGS:
            both = valid[lag:] & valid[:-lag]
            found[f"{name}_{lag}"] = _correlation(
                plane[lag:][both], plane[:-lag][both]
            )
    red, green, blue = noise[ground].T
    found["red_green"] = _correlation(red, green)
    found["green_blue"] = _correlation(green, blue)
    return found


def plain_ground(fov_mask, vessel_map):
    """Where there is nothing but ground, away from vessels and the rim.

    Args:
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool.

    Returns:
      (H,W) bool.
    """
    wide = dilated(vessel_map, VESSEL_MARGIN)
    return ~wide & ~dilated(~fov_mask, RIM_MARGIN)


def high_passed(fundus, ground):
    """What the local mean of the ground leaves of each channel.

    Args:
      fundus: (H,W,3) uint8 or float.
      ground: (H,W) bool, the pixels that count.

    Returns:
      (H,W,3) float64 in grey levels, 0 outside `ground`.
    """
    side = (LOCAL_SIDE, LOCAL_SIDE)
    values = np.where(ground[..., None], fundus, 0).astype(np.float64)
    inside = cv2.boxFilter(ground.astype(np.float64), -1, side)
    means = cv2.boxFilter(values, -1, side)
    means /= np.maximum(inside, 1e-9)[..., None]
    return np.where(ground[..., None], values - means, 0.0)


def _taper(fov_mask):
    """(H,W) float64: 1 well inside the FOV, 0 at its edge and outside."""
    width = TAPER * diameter(fov_mask)
    # A frame of zeros: an image's border is an edge of its FOV, too.
    padded = np.pad(fov_mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    # The outermost pixels of the FOV are half dark; they lie at depth 1.
    share = np.clip((depth.astype(np.float64) - 1) / width, 0, 1)
    return (1 - np.cos(np.pi * share)) / 2


def _standardized(fundus, fov_mask, weights):
    """The green channel's z-scores times the weights, of sum 0."""
    green = fundus[..., GREEN].astype(np.float64)
    inside = green[fov_mask]
    deviation = inside.std()
    if not deviation or not weights.any():
        return np.zeros_like(green)
    scores = (green - inside.mean()) / deviation
    scores -= np.average(scores, weights=weights)
    return scores * weights


def _log_mean(power):
    if not power.size:
        return float("nan")
    return float(np.log10(max(power.mean(), LEAST_POWER)))


def _around(power, peak):
    """The bins about one of a spectrum, which is periodic."""
    reach = np.arange(-NYQUIST_REACH, NYQUIST_REACH + 1)
    rows, columns = (
        (at + reach) % length
        for at, length in zip(peak, power.shape, strict=True)
    )
    return power[np.ix_(rows, columns)].ravel()


def _correlation(a, b):
    if a.size < 2 or not a.std() or not b.std():
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def dilated(plane, radius):
    """The plane and all pixels within a radius of it, (H,W) bool."""
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.dilate(plane.astype(np.uint8), disc) > 0
