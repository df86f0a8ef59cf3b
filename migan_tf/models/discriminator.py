"""The discriminator D of Fig. 3 and the smaller ones of Table 1."""

import keras

from migan_tf.models import layers

# The filters of each kind's convolutions, in multiples of the first one's. All
# are 4×4 convolutions of stride 2, except that those of `pixel` are 1×1.
# Table 1 names the patch kinds after their grids of logits on inputs of 640
# pixels, 10×10 and 80×80, which are the total strides 64 and 8.
_MULTIPLES = {
    "image": (1, 2, 4, 8, 16),
    "patch10": (1, 2, 4, 8, 16, 16),
    "patch80": (1, 2, 4),
    "pixel": (1, 2, 4),
}


def build_discriminator(
    kind="image", image_size=512, base_filters=32, synchronized=False
):
    """Builds D, which judges a fundus and a vessel map as a pair.

    Args:
      kind: `image` gives one logit (Fig. 3), `patch10` S/64 × S/64 logits,
        `patch80` S/8 × S/8 logits and `pixel` S × S logits by 1×1
        convolutions.
      image_size: side S in pixels, a multiple of the kind's total stride.
      base_filters: filters of the first convolution; the paper has 32.
      synchronized: whether BatchNorm takes its statistics over all replicas.

    Returns:
      Keras model that maps [fundus (B,S,S,3) in [-1,1], vessel_map (B,S,S,1)
      in [0,1]] to float32 logits, (B,1) for `image` and (B,h,w,1) otherwise.

    Raises:
      ValueError: the kind is unknown, or its stride does not divide the size.
    """
    if kind not in _MULTIPLES:
        raise ValueError(
            f"`kind` must be one of {tuple(_MULTIPLES)}. "
            f"Received: kind={kind!r}"
        )
    total_stride = 1 if kind == "pixel" else 2 ** len(_MULTIPLES[kind])
    layers.check_size("image_size", image_size, total_stride)
    shape = (image_size, image_size)
    fundus = keras.Input((*shape, 3), name="fundus")
    vessel_map = keras.Input((*shape, 1), name="vessel_map")
    x = keras.layers.Concatenate(name="pair")([fundus, vessel_map])
    convolution = _pointwise if kind == "pixel" else layers.down
    for level, multiple in enumerate(_MULTIPLES[kind], start=1):
        x = convolution(
            x,
            base_filters * multiple,
            name=f"conv{level}",
            synchronized=synchronized,
        )
    if kind == "image":
        x = keras.layers.Flatten(name="flatten")(x)
        x = keras.layers.Dense(1, name="output")(x)
    else:
        x = keras.layers.Conv2D(1, 1, name="output")(x)
    logits = keras.layers.Activation("linear", dtype="float32", name="logits")(
        x
    )
    return keras.Model(
        [fundus, vessel_map], logits, name=f"discriminator_{kind}"
    )


def _pointwise(x, filters, name, synchronized):
    """A 1×1 convolution and what follows it: (B,S,S,C) to (B,S,S,filters)."""
    x = keras.layers.Conv2D(filters, 1, use_bias=False, name=name)(x)
    return layers.activate(x, name, synchronized)
