"""The segmenter S: fundus image to vessel logits.

`migan` is the paper's generator without noise; `unet` is the max-pool U-Net
(Ronneberger et al. 2015) of Table 1 and of V-GAN.
"""

import keras

from migan_tf import layers


def build_segmenter(
    name="migan",
    image_size=None,
    base_filters=64,
    depth=4,
    skip_connections="even",
    synchronized=False,
):
    """Builds S.

    Args:
      name: `migan` or `unet`.
      image_size: side in pixels, or None to accept any size that divides by
        the total stride (64 for migan, 2**depth for unet).
      base_filters: filters of the first level.
      depth: number of max-poolings, unet only.
      skip_connections: migan only; see `layers.decode`.
      synchronized: BatchNorm statistics over all replicas.

    Returns:
      Model of standardized_fundus (B,H,W,3) to vessel_logits (B,H,W,1)
      float32.

    Raises:
      ValueError: unknown name, or image_size does not divide by the stride.
    """
    if name not in ("migan", "unet"):
        raise ValueError(
            f"`name` must be 'migan' or 'unet'. Received: name={name!r}"
        )
    if image_size is not None:
        stride = 64 if name == "migan" else 2**depth
        layers.check_size("image_size", image_size, stride)
    fundus = keras.Input((image_size, image_size, 3), name="fundus")
    if name == "migan":
        levels = layers.encode(fundus, base_filters, synchronized)
        x = layers.decode(
            levels[-1], levels, base_filters, skip_connections, synchronized
        )
        x = keras.layers.Conv2DTranspose(
            1, 4, 2, padding="same", name="output"
        )(x)
    else:
        x = _unet(fundus, base_filters, depth, synchronized)
        x = keras.layers.Conv2D(1, 1, name="output")(x)
    logits = keras.layers.Activation(
        "linear", dtype="float32", name="vessel_logits"
    )(x)
    return keras.Model(fundus, logits, name=f"segmenter_{name}")


def _unet(x, base_filters, depth, synchronized):
    contracting = []
    for level in range(depth):
        x = _double(x, base_filters << level, f"down{level}", synchronized)
        contracting.append(x)
        x = keras.layers.MaxPooling2D(name=f"pool{level}")(x)
    x = _double(x, base_filters << depth, "bottom", synchronized)
    for level in reversed(range(depth)):
        filters = base_filters << level
        x = keras.layers.Conv2DTranspose(filters, 2, 2, name=f"up{level}")(x)
        x = keras.layers.Concatenate(name=f"skip{level}")(
            [x, contracting[level]]
        )
        x = _double(x, filters, f"merge{level}", synchronized)
    return x


def _double(x, filters, name, synchronized):
    for half in ("a", "b"):
        x = keras.layers.Conv2D(
            filters, 3, padding="same", use_bias=False, name=f"{name}{half}"
        )(x)
        x = layers.activate(x, f"{name}{half}", synchronized)
    return x
