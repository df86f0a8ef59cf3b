"""The generator G of Fig. 2: vessel map and noise code to fundus image."""

import keras

from migan_tf.models import layers


def build_generator(
    image_size=512,
    noise_size=400,
    base_filters=64,
    skip_connections="even",
    synchronized=False,
    antialias=False,
):
    """Builds G.

    Args:
      image_size: side S in pixels, a multiple of 64.
      noise_size: length of the noise code z; the paper has 400.
      base_filters: filters of the first level; the paper has 64.
      skip_connections: `even` (the paper's), `all` or `none`; see
        `layers.decode`.
      synchronized: whether BatchNorm takes its statistics over all replicas.
      antialias: whether `layers.Antialias` filters the painted image, which
        the paper does not do.

    Returns:
      Keras model that maps [vessel_map (B,S,S,1) in [0,1], noise
      (B,noise_size)] to fake_fundus (B,S,S,3), float32 in [-1,1].

    Raises:
      ValueError: image_size is not a multiple of 64.
    """
    layers.check_size("image_size", image_size, 64)
    vessel_map = keras.Input((image_size, image_size, 1), name="vessel_map")
    noise = keras.Input((noise_size,), name="noise")

    levels = layers.encode(vessel_map, base_filters, synchronized)

    # There is no BatchNorm here: it would stretch every z to unit variance, and
    # so undo the paper's choice of a small σ in training.
    center, code_filters = image_size // 64, 4 * base_filters
    x = keras.layers.Dense(center * center * code_filters, name="code")(noise)
    x = keras.layers.LeakyReLU(layers.LEAKY_SLOPE, name="code_act")(x)
    x = keras.layers.Reshape((center, center, code_filters), name="code_map")(x)
    x = keras.layers.Concatenate(name="center")([x, levels[-1]])

    x = layers.decode(
        x,
        levels,
        base_filters=base_filters,
        skip_connections=skip_connections,
        synchronized=synchronized,
    )
    x = keras.layers.Conv2DTranspose(3, 4, 2, padding="same", name="output")(x)
    fake_fundus = keras.layers.Activation(
        "tanh", dtype="float32", name="fake_fundus"
    )(x)
    if antialias:
        fake_fundus = layers.Antialias(dtype="float32", name="antialias")(
            fake_fundus
        )
    return keras.Model([vessel_map, noise], fake_fundus, name="generator")
