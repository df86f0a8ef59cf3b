"""The style of a fundus as one code: its light and its grain.

It is what of a photograph can be given to another vessel map: how it is lit and
coloured, and how its camera draws. Codes of the training photographs give the
distribution from which the noise code draws new lights, each with the grain of
the photograph that is most like it in colour: grain hangs on light, since a
channel that is saturated has none, and one such photograph among twenty would
give all that is drawn a spread that no other has.
"""

import numpy as np
import tensorflow as tf

from migan_tf.models import grain, ground, light

LIGHTS = light.TERMS * 3
SIZE = LIGHTS + grain.SIZE
KEPT = 64  # styles of photographs that a generator knows


def style_code(fundus, fov_mask):
    """The style of photographs, in TensorFlow ops.

    Args:
      fundus: (B,S,S,3) float32 in [-1,1], at the networks' size.
      fov_mask: (B,S,S,1) float32 in {0,1}.

    Returns:
      (B,SIZE) float32.
    """
    found = light.light_of_photograph(fundus, fov_mask, ground.CELLS)
    return joined(found, grain.grain_of(fundus, fov_mask))


def joined(lights, grains):
    """Codes (B,SIZE) of lights (B,TERMS,3) and grains (B,grain.SIZE)."""
    return tf.concat([tf.reshape(lights, (-1, LIGHTS)), grains], 1)


def parts(code):
    """(lights, grains) of codes (B,SIZE)."""
    lights = tf.reshape(code[:, :LIGHTS], (-1, light.TERMS, 3))
    return lights, code[:, LIGHTS:]


def statistics(codes):
    """What a generator keeps of the styles of photographs.

    A mirrored photograph is one of the other eye, so that the mirrored lights
    count as much as those that were seen.

    Args:
      codes: (N,SIZE) float.

    Returns:
      (mean, components, known): (LIGHTS,), (LIGHTS,LIGHTS) and (KEPT,SIZE)
      float32. With standard normal numbers z, mean + z @ components has the
      mean and the covariance of the lights; the components of the largest
      variance come first. `known` are the codes, evenly chosen of more than
      `KEPT`, repeated of fewer.
    """
    codes = np.asarray(codes, np.float64)
    lights = codes[:, :LIGHTS]
    mirrored = lights.reshape(-1, light.TERMS, 3).copy()
    mirrored[:, [1, 5]] *= -1.0  # x and xy change their signs.
    rows = np.concatenate([lights, mirrored.reshape(-1, LIGHTS)])
    values, vectors = np.linalg.eigh(np.cov(rows.T, bias=True))
    components = (vectors * np.sqrt(np.maximum(values, 0.0))).T[::-1]
    known = codes[np.arange(KEPT) * len(codes) // KEPT]
    return tuple(
        np.float32(array) for array in (rows.mean(axis=0), components, known)
    )
