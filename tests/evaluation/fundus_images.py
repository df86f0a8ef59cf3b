"""Small images for the scores of generators, drawn and not painted."""

import numpy as np

from migan_tf.evaluation.generator_scores import FundusImages

SIDE = 64


def make_images(name, count=3, level=100, samples=1):
    """Grey images; a vessel 4 pixels thick, one 1 pixel thick, a square FOV.

    Args:
      name: the images' names begin with it; what is random follows from it.
      count: how many.
      level: grey level of the first; each is one level lighter than the last.
      samples: so many in a row are of one photograph's map.
    """
    rng = np.random.default_rng(sum(map(ord, name)))
    vessel_map = np.zeros((count, SIDE, SIDE), bool)
    vessel_map[:, 20:24, 10:50] = vessel_map[:, 40, 10:50] = True
    fov_mask = np.zeros((count, SIDE, SIDE), bool)
    fov_mask[:, 4:-4, 4:-4] = True
    levels = rng.integers(0, 90, vessel_map.shape).astype(np.uint8)
    levels[vessel_map] += 150
    levels[:, :4] = 255
    shades = [np.full((SIDE, SIDE, 3), level + i) for i in range(count)]
    return FundusImages(
        [f"{name}{i}" for i in range(count)],
        [f"{name}{i // samples}" for i in range(count)],
        fundus=np.stack(shades).astype(np.uint8),
        fov_mask=fov_mask,
        vessel_map=vessel_map,
        levels=levels,
        features={
            kind: rng.normal(size=(count, 5))
            for kind in ("network", "random_filters", "colour_field")
        },
        patches=[rng.normal(size=(6, 4)) for _ in range(count)],
    )
