"""The segmenter S, which maps a fundus image to vessel logits.

`migan` is the paper's generator without noise. `unet` is the U-Net with
max-pooling (Ronneberger et al. 2015) of Table 1 and of V-GAN.
"""

import keras

from migan_tf.models import layers


def build_segmenter(
    name="migan",
    image_size=None,
    base_filters=64,
    depth=4,
    skip_connections="even",
    synchronized=False,
    stride=1,
    cascade=1,
    normalization="batch",
):
    """Builds S.

    Args:
      name: `migan` or `unet`.
      image_size: side in pixels, or None for a network that takes any height
        and width that its total stride divides. The total stride is 64 for
        `migan` and stride · 2**depth for `unet`.
      base_filters: filters of the first level.
      depth: number of max-poolings; for `unet` only.
      skip_connections: see `layers.decode`; for `migan` only.
      synchronized: whether BatchNorm takes its statistics over all replicas.
      stride: stride of the first convolution; for `unet` only. With 2 all
        levels are half as high and wide: pixels become channels (Shi et al.
        2016), and the last layer turns channels into pixels again.
      cascade: number of U-Nets, each of which sees the photograph and the
        logits of the one before (W-Net, Galdran et al. 2022); for `unet` only.
      normalization: `batch` or `group`, see `layers.activate`; for `unet` only.

    Returns:
      Keras model that maps standardized_fundus (B,H,W,3) to vessel_logits
      (B,H,W,1), float32.

    Raises:
      ValueError: the name is unknown, or the stride does not divide the size.
    """
    if name not in ("migan", "unet"):
        raise ValueError(
            f"`name` must be 'migan' or 'unet'. Received: name={name!r}"
        )
    if image_size is not None:
        total = 64 if name == "migan" else stride * 2**depth
        layers.check_size("image_size", image_size, total)
    fundus = keras.Input((image_size, image_size, 3), name="fundus")
    if name == "migan":
        x = _migan(
            fundus,
            base_filters,
            skip_connections=skip_connections,
            synchronized=synchronized,
        )
    else:
        x = _cascade(
            fundus,
            base_filters,
            depth=depth,
            stride=stride,
            cascade=cascade,
            norms=(synchronized, normalization),
        )
    logits = keras.layers.Activation(
        "linear", dtype="float32", name="vessel_logits"
    )(x)
    return keras.Model(fundus, logits, name=f"segmenter_{name}")


def _migan(fundus, base_filters, skip_connections, synchronized):
    """The network of Fig. 2 without noise: (B,H,W,3) to logits (B,H,W,1)."""
    levels = layers.encode(fundus, base_filters, synchronized)
    x = layers.decode(
        levels[-1],
        levels,
        base_filters=base_filters,
        skip_connections=skip_connections,
        synchronized=synchronized,
    )
    return keras.layers.Conv2DTranspose(1, 4, 2, padding="same", name="output")(
        x
    )


def _cascade(fundus, base_filters, depth, stride, cascade, norms):
    """U-Nets one behind the other: (B,H,W,3) to the last one's logits."""
    x = fundus
    for number in range(1, cascade):
        prefix = f"unet{number}_"
        x = _unet(
            x,
            base_filters,
            depth=depth,
            stride=stride,
            prefix=prefix,
            norms=norms,
        )
        x = keras.layers.Concatenate(name=f"{prefix}joined")([fundus, x])
    return _unet(
        x, base_filters, depth=depth, stride=stride, prefix="", norms=norms
    )


def _unet(x, base_filters, depth, stride, prefix, norms):
    """One U-Net: (B,H,W,C) to logits (B,H,W,1).

    Args:
      x: (B,H,W,C).
      base_filters: see `build_segmenter`.
      depth: see `build_segmenter`.
      stride: see `build_segmenter`.
      prefix: with what its layers' names begin.
      norms: (synchronized, normalization), see `layers.activate`.
    """
    contracting = []
    for level in range(depth):
        x = _double(
            x,
            base_filters << level,
            name=f"{prefix}down{level}",
            norms=norms,
            stride=1 if level else stride,
        )
        contracting.append(x)
        x = keras.layers.MaxPooling2D(name=f"{prefix}pool{level}")(x)
    x = _double(x, base_filters << depth, name=f"{prefix}bottom", norms=norms)
    for level in reversed(range(depth)):
        filters = base_filters << level
        x = keras.layers.Conv2DTranspose(
            filters, 2, 2, name=f"{prefix}up{level}"
        )(x)
        x = keras.layers.Concatenate(name=f"{prefix}skip{level}")(
            [x, contracting[level]]
        )
        x = _double(x, filters, name=f"{prefix}merge{level}", norms=norms)
    if stride == 1:
        return keras.layers.Conv2D(1, 1, name=f"{prefix}output")(x)
    return keras.layers.Conv2DTranspose(
        1, stride, stride, name=f"{prefix}output"
    )(x)


def _double(x, filters, name, norms, stride=1):
    """Two convolutions with what follows each, the first with the stride."""
    # A kernel of 3 × stride sees what a 3×3 kernel sees of pixels that were
    # folded into channels: the two are the same layer.
    for half, step in (("a", stride), ("b", 1)):
        x = keras.layers.Conv2D(
            filters,
            3 * step,
            step,
            padding="same",
            use_bias=False,
            name=f"{name}{half}",
        )(x)
        x = layers.activate(x, f"{name}{half}", *norms)
    return x
