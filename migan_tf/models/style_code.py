"""The style of a fundus as one code: its light and its grain.

It is what of a photograph can be given to another vessel map: how it is lit and
coloured, and how its camera draws. Codes of the training photographs give the
distribution from which the noise code draws new ones.
"""

import numpy as np
import tensorflow as tf

from migan_tf.models import grain, ground, light

LIGHTS = light.TERMS * 3
SIZE = LIGHTS + grain.SIZE


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
    """Mean and principal components of the styles of photographs.

    A mirrored photograph is one of the other eye, so that the mirrored lights
    count as much as those that were seen.

    Args:
      codes: (N,SIZE) float.

    Returns:
      (mean, components): (SIZE,) and (SIZE,SIZE) float32. With standard normal
      numbers z, mean + z @ components has the mean and the covariance of the
      codes. The components of the largest variance come first.
    """
    codes = np.asarray(codes, np.float64)
    mirrored = codes.copy()
    terms = mirrored[:, :LIGHTS].reshape(-1, light.TERMS, 3)
    terms[:, [1, 5]] *= -1.0  # x and xy change their signs.
    mirrored[:, :LIGHTS] = terms.reshape(-1, LIGHTS)
    rows = np.concatenate([codes, mirrored])
    values, vectors = np.linalg.eigh(np.cov(rows.T, bias=True))
    components = (vectors * np.sqrt(np.maximum(values, 0.0))).T[::-1]
    return (
        rows.mean(axis=0).astype(np.float32),
        components.astype(np.float32),
    )
