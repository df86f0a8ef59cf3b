"""What the painter's parts learn from: crops as photographed, and grounds.

A training example of `--discriminator=residual` holds

  fundus        (C,C,3) in [-1,1], a crop of C = --crop_size
  vessel_map    (C,C,1) in [0,1]
  fov_mask      (C,C,1) in {0,1}
  ground        (C,C,3), the crop of the photograph's own ground at full size
  grain         (9,), `grain.grain_of` the photograph
  noise         (noise_size,) standard normal
  grounds       (K,64,64,3), grounds of K photographs, turned and moved
  densities     (K,64,64,2), `ground.vessel_density` of their maps, likewise
  fov_shares    (K,64,64,1), the share of each cell in the FOV
  ground_noise  (K,noise_size)

all float32. Crops are mirrored and no more: any other turn is a resampling,
which smooths the grain that is to be learned. Grounds are smooth already.
"""

import cv2
import numpy as np
import tensorflow as tf

from migan_tf.models import grain, ground, light, style_code

# Grounds learned from for each crop: they are small, and so are their steps.
GROUNDS = 4
# Crops with less of the FOV are drawn again, a few times at most.
_LEAST_FOV, _ATTEMPTS = 0.3, 8
# How far grounds are moved, turned and scaled. The disc may lie where none of
# the photographs has it: vessel maps that are painted are not theirs.
_CELLS, _DEGREES, _SCALE = 6.0, 20.0, 0.2


def shapes(config):
    """{plane: shape} of an example, from the run's `Config`."""
    crop, cells = config.network_size("synthesis"), ground.CELLS
    return {
        "fundus": (crop, crop, 3),
        "vessel_map": (crop, crop, 1),
        "fov_mask": (crop, crop, 1),
        "ground": (crop, crop, 3),
        "grain": (grain.SIZE,),
        "noise": (config.noise_size,),
        "grounds": (GROUNDS, cells, cells, 3),
        "densities": (GROUNDS, cells, cells, 2),
        "fov_shares": (GROUNDS, cells, cells, 1),
        "ground_noise": (GROUNDS, config.noise_size),
    }


def prepared(example):
    """A photograph with all that is drawn from.

    Args:
      example: `batches.network_example`, or what this function returned.

    Returns:
      The same with `fields`, of `fields_of`, and `ground` (S,S,3).
    """
    if "fields" in example:
        return example
    fields, side = fields_of(example), example["fundus"].shape[0]
    with tf.device("CPU:0"):
        whole = ground.at_full_size(fields["ground"][None], (side, side))
    return {
        **example,
        # Nothing is painted outside of the FOV, and so no vessel ends there.
        "vessel_map": example["vessel_map"] * example["fov_mask"],
        "fields": fields,
        "ground": whole[0].numpy(),
    }


def draw(example, others, config, rng):
    """Draws one training example.

    Args:
      example: a photograph, `prepared`, that is cropped.
      others: `GROUNDS` times `fields_of`, of which the grounds are taken.
      config: the run's `Config`.
      rng: `np.random.Generator`; the result is a function of its state.

    Returns:
      {plane: float32 array}; see the module.
    """
    drawn = _crop(example, config.network_size("synthesis"), rng)
    fields = [moved(other, rng) for other in others]
    drawn.update(
        grain=example["fields"]["grain"],
        noise=rng.normal(size=config.noise_size),
        grounds=np.stack([f["ground"] for f in fields]),
        densities=np.stack([f["density"] for f in fields]),
        fov_shares=np.stack([f["fov_share"] for f in fields]),
        ground_noise=rng.normal(size=(GROUNDS, config.noise_size)),
    )
    return {name: plane.astype(np.float32) for name, plane in drawn.items()}


def whole(example):
    """A photograph as one crop.

    Args:
      example: `batches.network_example` with `noise`.

    Returns:
      {fundus, vessel_map, fov_mask, ground, grain, noise}, float32.
    """
    planes = prepared(example)
    planes = {**planes, "grain": planes["fields"]["grain"]}
    names = "fundus vessel_map fov_mask ground grain noise".split()
    return {name: planes[name] for name in names}


def fields_of(example):
    """A photograph as its ground's network sees it.

    Args:
      example: `batches.network_example`, `prepared` or not.

    Returns:
      {ground (64,64,3), density (64,64,2), fov_share (64,64,1), grain (9,)}.
    """
    if "fields" in example:
        return example["fields"]
    with tf.device("CPU:0"):  # Several threads draw beside the training.
        return _measured_fields(example)


def _measured_fields(example):
    fov_mask = example["fov_mask"]
    grains = grain.grain_of(
        tf.constant(example["fundus"][None]), tf.constant(fov_mask[None])
    )
    visible = example["vessel_map"] * fov_mask
    return {
        "ground": ground.ground_of(
            example["fundus"], example["vessel_map"], fov_mask
        ),
        "density": ground.vessel_density(visible[None])[0].numpy(),
        "fov_share": ground.cell_means(tf.constant(fov_mask[None]))[0].numpy(),
        "grain": grains[0].numpy(),
    }


def statistics_of(examples):
    """Styles and FOVs of photographs.

    Args:
      examples: N `batches.network_example`s.

    Returns:
      (codes, fov_share): (N,style_code.SIZE), the light of the ground without
      vessels and the grain; and (64,64,1), how much of each cell lies in the
      FOVs.
    """
    fields = [fields_of(example) for example in examples]
    grounds, shares, grains = (
        np.stack([field[name] for field in fields])
        for name in ("ground", "fov_share", "grain")
    )
    lights = light.fit_light(tf.constant(grounds), tf.constant(shares))
    codes = style_code.joined(lights, grains)
    return codes.numpy(), shares.mean(axis=0)


def moved(fields, rng):
    """Turns, scales, moves and mirrors a ground and its vessels, not its FOV.

    Args:
      fields: from `fields_of`.
      rng: `np.random.Generator`.

    Returns:
      Ground, density and FOV share, moved; the FOV is mirrored alone.
    """
    angle = np.deg2rad(rng.uniform(-_DEGREES, _DEGREES))
    scale = np.exp(rng.uniform(-_SCALE, _SCALE))
    turn = scale * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    middle = np.full(2, (ground.CELLS - 1) / 2)
    shift = middle - turn @ middle + rng.uniform(-_CELLS, _CELLS, 2)
    matrix = np.hstack([turn, shift[:, None]])
    result = {
        "ground": _warped(fields["ground"], matrix, cv2.BORDER_REPLICATE),
        "density": _warped(fields["density"], matrix, cv2.BORDER_CONSTANT),
        "fov_share": fields["fov_share"],
    }
    result["density"] = result["density"].clip(0, 1) * fields["fov_share"]
    if rng.random() < 0.5:
        result = {name: plane[:, ::-1] for name, plane in result.items()}
    return result


def _crop(example, size, rng):
    """A mirrored crop of a photograph, with the ground of the whole of it."""
    side = example["fundus"].shape[0]
    names = ("fundus", "vessel_map", "fov_mask", "ground")
    planes = {name: example[name] for name in names}
    for _ in range(_ATTEMPTS):
        # Whole pairs of pixels: the networks fold them two by two.
        top, left = 2 * rng.integers(0, (side - size) // 2 + 1, 2)
        window = np.s_[top : top + size, left : left + size]
        if example["fov_mask"][window].mean() >= _LEAST_FOV:
            break
    cut = {name: plane[window] for name, plane in planes.items()}
    for axis in (0, 1):
        if rng.random() < 0.5:
            cut = {name: np.flip(plane, axis) for name, plane in cut.items()}
    # Outside of the FOV there is nothing to be seen.
    cut["fundus"] = np.where(cut["fov_mask"] > 0, cut["fundus"], cut["ground"])
    return cut


def _warped(plane, matrix, border):
    cells = (ground.CELLS, ground.CELLS)
    return cv2.warpAffine(
        plane, matrix, cells, flags=cv2.INTER_CUBIC, borderMode=border
    )
