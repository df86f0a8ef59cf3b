"""The discriminator of `--generator=delta`: it sees what the eye sees.

Colours of fundi span a hundred grey levels and their texture one, so that a
discriminator on raw pixels learns nothing of texture. This one is shown the
residual to the ground, the image less its local mean, and what changes from
pixel to pixel, each scaled to about unit variance, beside vessel map, ground
and grain. It judges crops at full and at half size, and grounds by what they
have besides their light.
"""

import keras
import tensorflow as tf

from migan_tf.models import grain, ground, layers

# Standard deviations of residuals, of what is finer than `_WINDOW` pixels and
# of what is finest, of the photographs of DRIVE, in units of [-1,1]: 19, 4 and
# 1.4 grey levels.
_RESIDUAL, _FINE, _FINEST, _WINDOW = 0.15, 0.03, 0.011, 5
_CROP_CHANNELS, _GROUND_CHANNELS = 13 + grain.SIZE, 12


def build_residual_discriminator(base_filters=32):
    """Builds D.

    Args:
      base_filters: filters of the first convolutions.

    Returns:
      Keras model that maps {crop: `crop_view` (B,H,W,22), ground:
      `ground_view` (N,64,64,12)} to {crop_logits: [(B,h,w,1), …],
      ground_logits: [(N,h,w,1), …, (N,1)], features: [(B,h,w,C), …]}, the
      features those of crops. All are float32.
    """
    crop = keras.Input((None, None, _CROP_CHANNELS), name="crop")
    cells = (ground.CELLS, ground.CELLS)
    field = keras.Input((*cells, _GROUND_CHANNELS), name="ground")
    crop_logits, features = [], []
    halved = keras.layers.AveragePooling2D(2, name="halved")(crop)
    for name, view in (("full", crop), ("half", halved)):
        logits, seen = _patches(view, base_filters, name)
        crop_logits.append(logits)
        features += seen
    outputs = {
        "crop_logits": crop_logits,
        "ground_logits": _grounds(field, max(1, 3 * base_filters // 4)),
        "features": features,
    }
    return keras.Model(
        {"crop": crop, "ground": field},
        outputs,
        name="discriminator_residual",
    )


def crop_view(image, whole_ground, vessel_map, fov_mask, grains):
    """What D sees of a crop.

    Args:
      image: (B,H,W,3) in [-1,1].
      whole_ground: (B,H,W,3), the ground at the image's size.
      vessel_map: (B,H,W,1) in [0,1].
      fov_mask: (B,H,W,1) in {0,1}.
      grains: (B,grain.SIZE), of the photographs.

    Returns:
      (B,H,W,22) float32.
    """
    residual = (image - whole_ground) / _RESIDUAL * fov_mask
    fine = fine_part(image) / _FINE * fov_mask
    finest = finest_part(image) / _FINEST * fov_mask
    planes = tf.ones_like(fov_mask) * grains[:, None, None]
    seen = [residual, fine, finest, vessel_map, whole_ground, planes]
    return tf.concat(seen, -1)


def ground_view(structure, density, fov_share, field):
    """What D sees of a ground.

    Args:
      structure: (N,64,64,3), the ground less its light.
      density: (N,64,64,2), `ground.vessel_density`.
      fov_share: (N,64,64,1), the share of each cell in the FOV.
      field: (N,64,64,3), the light.

    Returns:
      (N,64,64,12) float32.
    """
    residual = structure / _RESIDUAL * fov_share
    fine = fine_part(structure) / _FINE * fov_share
    return tf.concat([residual, fine, density, fov_share, field], -1)


def fine_part(image):
    """An image less its means over 5 × 5 pixels."""
    return image - tf.nn.avg_pool2d(image, _WINDOW, strides=1, padding="SAME")


def finest_part(image):
    """An image less the filter [1 2 1]/4 of it, in both directions."""
    return image - layers.smoothed(image)


def _patches(x, filters, name):
    """(logits (B,h/8,w/8,1), features) of patches of about forty pixels."""
    features = []
    for level, multiple in enumerate((1, 2, 4), start=1):
        x = _convolution(x, filters * multiple, f"{name}{level}", side=4)
        features.append(x)
    x = _convolution(x, filters * 4, f"{name}4", side=3)
    features.append(x)
    return _logits(x, name), features


def _grounds(x, filters):
    """Logits at three scales, and one of the whole."""
    logits = []
    for level, multiple in enumerate((1, 2, 4, 4), start=1):
        name = f"ground{level}"
        x = _convolution(x, filters * multiple, name, side=4)
        if level > 1:
            y = _convolution(x, filters * 2, f"{name}_judge", side=3)
            logits.append(_logits(y, name))
    x = keras.layers.Flatten(name="ground_flat")(x)
    return [*logits, keras.layers.Dense(1, name="whole", dtype="float32")(x)]


def _convolution(x, filters, name, side):
    """A convolution that halves, by 4 × 4, or keeps the size, by 3 × 3."""
    x = keras.layers.Conv2D(
        filters,
        side,
        strides=2 if side == 4 else 1,
        padding="same",
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return keras.layers.LeakyReLU(layers.LEAKY_SLOPE, name=f"{name}_act")(x)


def _logits(x, name):
    """One float32 logit for each place."""
    return keras.layers.Conv2D(1, 1, dtype="float32", name=f"{name}_logits")(x)
