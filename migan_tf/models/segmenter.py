"""The segmenter S: fundus image to vessel logits.

`migan` is the paper's generator without noise; `unet` is the max-pool U-Net
(Ronneberger et al. 2015) of Table 1 and of V-GAN.
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
      image_size: side in pixels, or None to accept any size that divides by
        the total stride (64 for migan, stride · 2**depth for unet).
      base_filters: filters of the first level.
      depth: number of max-poolings, unet only.
      skip_connections: migan only; see `layers.decode`.
      synchronized: BatchNorm statistics over all replicas.
      stride: of the first convolution, unet only; 2 makes all levels half as
        wide and high: pixels become channels (Shi et al. 2016), and the last
        layer's channels pixels again.
      cascade: number of U-Nets, each of which sees the photograph and the
        logits of the one before (W-Net, Galdran et al. 2022); unet only.
      normalization: `batch` or `group`, see `layers.activate`; unet only.

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
        total = 64 if name == "migan" else stride * 2**depth
        layers.check_size("image_size", image_size, total)
    fundus = keras.Input((image_size, image_size, 3), name="fundus")
    if name == "migan":
        levels = layers.encode(fundus, base_filters, synchronized)
        x = layers.decode(
            levels[-1],
            levels,
            base_filters=base_filters,
            skip_connections=skip_connections,
            synchronized=synchronized,
        )
        x = keras.layers.Conv2DTranspose(
            1, 4, 2, padding="same", name="output"
        )(x)
    else:
        x, norms = fundus, (synchronized, normalization)
        for number in range(1, cascade + 1):
            prefix = f"unet{number}_" if number < cascade else ""
            x = _unet(
                x,
                base_filters,
                depth=depth,
                stride=stride,
                prefix=prefix,
                norms=norms,
            )
            if number < cascade:
                x = keras.layers.Concatenate(name=f"{prefix}joined")(
                    [fundus, x]
                )
    logits = keras.layers.Activation(
        "linear", dtype="float32", name="vessel_logits"
    )(x)
    return keras.Model(fundus, logits, name=f"segmenter_{name}")


def _unet(x, base_filters, depth, stride, prefix, norms):
    """Logits (B,H,W,1) of one U-Net; `prefix` begins its layers' names."""
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
    # A kernel of 3 × stride sees what a 3×3 one sees of pixels folded into
    # channels: the two are the same layer.
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
