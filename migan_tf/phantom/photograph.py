"""Takes the photograph of a phantom eye.

Background, macula, disc and vessels are painted one over the other; then come
the light and the camera.
"""

import math

import cv2
import numpy as np

from migan_tf.phantom.raster import Frame, draw_vessels
from migan_tf.phantom.vessel_tree import ARTERY, VEIN, VesselTree

# The share of red, green and blue light that a thick vessel absorbs.
ABSORPTION = {
    ARTERY: np.array([0.22, 0.72, 0.5], np.float32),
    VEIN: np.array([0.42, 0.95, 0.65], np.float32),
}
# The brightness of the light reflex along a vessel's middle.
REFLEX = {ARTERY: 0.30, VEIN: 0.07}
OUTSIDE = np.array([8, 7, 7], np.float32)  # the camera's black, as in DRIVE


def render_fundus(tree: VesselTree, frame: Frame, rng) -> np.ndarray:
    """Takes the photograph of an eye.

    Args:
      tree: the eye's vessels, with its anatomy.
      frame: the photograph's size and field of view.
      rng: the source of the eye's colours, the light and the camera's noise.

    Returns:
      (H, W, 3) uint8 RGB.
    """
    x, y = frame.unit_grid(tree.anatomy.left_eye)
    fundus = _background(rng, frame)
    fundus = _add_macula(fundus, rng, anatomy=tree.anatomy, x=x, y=y)
    fundus = _add_disc(fundus, rng, frame=frame, anatomy=tree.anatomy, x=x, y=y)
    fundus = _add_vessels(fundus, rng, tree=tree, frame=frame)
    fundus = _illuminate(fundus, rng, x=x, y=y)
    return _expose(fundus, rng, frame=frame, x=x, y=y)


def _background(rng, frame) -> np.ndarray:
    """Pigment and choroid as (H, W, 3) float32 grey levels, about 0 to 255."""
    red = rng.uniform(165, 235)
    green = red * rng.uniform(0.42, 0.60)
    blue = green * rng.uniform(0.42, 0.68)
    texture = sum(
        weight * smooth_noise(rng, frame, scale)
        for scale, weight in (
            (0.6, 0.5),
            (0.25, 0.35),
            (0.1, 0.25),
            (0.04, 0.2),
        )
    )
    # In some eyes the pale ground shows between the choroid's vessels.
    bands = np.tanh(1.5 * np.abs(smooth_noise(rng, frame, 0.09))) - 0.5
    shine = bands * np.clip(smooth_noise(rng, frame, 0.5) + 0.2, 0, 1.5)
    strength = rng.uniform(-0.05, 0.14)
    strength = max(strength, 0.0)
    color = np.array([red, green, blue], np.float32)
    spread = np.array([0.035, 0.07, 0.08], np.float32)
    glow = np.array([0.2, 1.0, 0.6], np.float32) * strength
    return color * (1 + texture[..., None] * spread + shine[..., None] * glow)


def _add_macula(fundus, rng, anatomy, x, y) -> np.ndarray:
    """Darkens the macula and puts the light reflex on the fovea."""
    distance = np.hypot(x - anatomy.fovea[0], y - anatomy.fovea[1])
    wide = np.exp(-((distance / rng.uniform(0.15, 0.24)) ** 2))
    core = np.exp(-((distance / rng.uniform(0.05, 0.08)) ** 2))
    depth = rng.uniform(0.7, 1.2)
    loss = (
        wide[..., None] * np.array([0.14, 0.22, 0.25], np.float32)
        + core[..., None] * np.array([0.12, 0.22, 0.15], np.float32)
    ) * depth
    reflex = np.exp(-((distance / 0.012) ** 2)) * rng.uniform(0.0, 45.0)
    return fundus * (1 - loss) + reflex[..., None]


def _add_disc(fundus, rng, frame, anatomy, x, y) -> np.ndarray:
    """Blends in the disc, which is pale yellow and has a paler cup."""
    u = (x - anatomy.disc[0]) / (anatomy.disc_radius * rng.uniform(0.88, 1.0))
    v = (y - anatomy.disc[1]) / anatomy.disc_radius
    radius = np.hypot(u, v) + 0.03 * smooth_noise(rng, frame, 0.1)
    halo = np.exp(-np.clip(radius - 1, 0, None) * 2.2)[..., None]
    fundus = fundus * (1 + rng.uniform(0.02, 0.12) * halo)
    rim = np.array([1.15, 1.65, 1.55], np.float32)
    temporal = np.clip(-u, -1, 1)[..., None]  # the paler side of the rim
    color = fundus.mean((0, 1)) * rim * (1 + 0.07 * temporal) + 12
    cup_radius = rng.uniform(0.35, 0.6)
    to_cup = np.hypot(u + rng.uniform(0.05, 0.3), v)
    cup = fall(to_cup, cup_radius, 0.1)[..., None]
    color = color + cup * np.array([25, 55, 50], np.float32)
    softness = rng.uniform(0.045, 0.09)
    inside = fall(radius, 1.0, softness)[..., None] * rng.uniform(0.88, 0.97)
    return fundus * (1 - inside) + color * inside


def _add_vessels(fundus, rng, tree: VesselTree, frame: Frame) -> np.ndarray:
    """Lets the vessels absorb light and adds their central reflex."""
    contrast = rng.uniform(0.8, 1.15)

    def depth_of(radius):
        return min(1.0, max(0.3, (radius / 0.009) ** 0.8))

    for kind in (VEIN, ARTERY):
        # Three nested strokes, because a round vessel is deepest in its middle.
        depth = sum(
            share
            * draw_vessels(
                tree, frame, kinds=(kind,), width_scale=scale, value_of=depth_of
            )
            for scale, share in ((1.0, 0.5), (0.75, 0.3), (0.45, 0.2))
        )
        fundus = fundus * np.exp(
            -contrast * depth[..., None] * ABSORPTION[kind]
        )
        reflex = draw_vessels(
            tree,
            frame,
            kinds=(kind,),
            width_scale=0.28,
            value_of=lambda radius: min(
                1.0, max(0.0, (radius - 0.003) / 0.005)
            ),
            min_radius=0.2,
        )
        fundus = fundus * (1 + REFLEX[kind] * reflex[..., None])
    return fundus


def _illuminate(fundus, rng, x, y) -> np.ndarray:
    """Lights the eye unevenly: one side is dark, the other has a crescent."""
    angle = rng.uniform(0, 2 * math.pi)
    along = x * math.cos(angle) + y * math.sin(angle)
    radius2 = x**2 + y**2
    light = 1.05 - rng.uniform(0.05, 0.22) * radius2
    light = light - rng.uniform(0.0, 0.12) * along
    dark = np.clip(along - rng.uniform(0.0, 0.4), 0, None)
    dark = (dark * np.sqrt(dark))[..., None] * np.array(
        [0.55, 0.35, 0.2], np.float32
    )
    crescent = np.clip(radius2 - 0.75, 0, 0.3) * np.clip(-along - 0.2, 0, None)
    glow = crescent[..., None] * np.array([90, 170, 80], np.float32)
    fundus = fundus * (light[..., None] - rng.uniform(0.2, 1.0) * dark)
    return fundus + rng.uniform(0.0, 1.6) * glow


def _expose(fundus, rng, frame: Frame, x, y) -> np.ndarray:
    """Blurs, cuts out the field, adds noise; returns (H, W, 3) uint8."""
    sigma = rng.uniform(0.45, 0.8) * max(frame.radius / 270, 0.5)
    fundus = cv2.GaussianBlur(fundus.astype(np.float32), (0, 0), sigma)
    inside = np.clip((1 - np.hypot(x, y)) * frame.radius / 2.0 + 0.5, 0, 1)
    inside = inside[..., None]
    grain = rng.standard_normal(fundus.shape, dtype=np.float32)
    soft = cv2.GaussianBlur(grain, (0, 0), 0.7)
    level = np.array([2.2, 1.8, 2.6], np.float32) * rng.uniform(0.6, 1.4)
    noise = (0.4 * grain + 1.6 * soft) * (0.3 + 0.7 * inside) * level
    fundus = fundus * inside + OUTSIDE * (1 - inside) + noise
    return np.clip(np.round(fundus), 0, 255).astype(np.uint8)


def smooth_noise(rng, frame: Frame, scale: float) -> np.ndarray:
    """Draws noise of unit variance that changes over a given length.

    Args:
      rng: the source of randomness.
      frame: the photograph's size.
      scale: the length, in radii of the field of view.

    Returns:
      (H, W) float32.
    """
    cell = max(scale * frame.radius, 1.0)
    rows = int(frame.height / cell) + 4
    columns = int(frame.width / cell) + 4
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    size = (round(columns * cell), round(rows * cell))
    fine = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    top, left = int(cell), int(cell)
    cut = fine[top : top + frame.height, left : left + frame.width]
    return cut / max(float(cut.std()), 1e-3)


def fall(value, edge: float, softness: float) -> np.ndarray:
    """Returns a soft step from 1 to 0 as a value passes an edge.

    It is the logistic function of (edge - value) / softness.

    Args:
      value: array of any shape.
      edge: the value at which the step is 1/2.
      softness: the width of the step, in the value's unit.

    Returns:
      An array of the same shape, in [0, 1].
    """
    return 0.5 - 0.5 * np.tanh((value - edge) / (2 * softness))
