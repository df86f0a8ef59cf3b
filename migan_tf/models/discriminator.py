"""The discriminator D of Fig. 3 and the smaller ones of Table 1."""

import keras

from migan_tf.models import layers

# Stride-2 convolutions of each kind. Table 1 names the patch kinds after
# their output grid on 640-pixel inputs, 10×10 and 80×80: strides 64 and 8.
_MULTIPLES = {
    "image": (1, 2, 4, 8, 16),
    "patch10": (1, 2, 4, 8, 16, 16),
    "patch80": (1, 2, 4),
}


def build_discriminator(
    kind="image", image_size=512, base_filters=32, synchronized=False
):
    """Builds D, which judges a fundus and a vessel map as a pair.

    Args:
      kind: `image` (one logit, Fig. 3), `patch10` (S/64 × S/64 logits),
        `patch80` (S/8 × S/8) or `pixel` (S × S, 1×1 convolutions).
      image_size: side S in pixels, a multiple of the kind's total stride.
      base_filters: filters of the first convolution; 32 in the paper.
      synchronized: BatchNorm statistics over all replicas.

    Returns:
      Model of [fundus (B,S,S,3) in [-1,1], vessel_map (B,S,S,1) in [0,1]] to
      float32 logits, (B,1) for `image` and (B,h,w,1) otherwise.

    Raises:
      ValueError: unknown kind, or a size that does not divide.
    """
    if kind not in (*_MULTIPLES, "pixel"):
        raise ValueError(
            f"`kind` must be one of {(*_MULTIPLES, 'pixel')}. "
            f"Received: kind={kind!r}"
        )
    total_stride = 2 ** len(_MULTIPLES.get(kind, ()))
    layers.check_size("image_size", image_size, total_stride)
    shape = (image_size, image_size)
    fundus = keras.Input((*shape, 3), name="fundus")
    vessel_map = keras.Input((*shape, 1), name="vessel_map")
    x = keras.layers.Concatenate(name="pair")([fundus, vessel_map])
    if kind == "pixel":
        for level, multiple in enumerate((1, 2, 4), start=1):
            name = f"conv{level}"
            x = keras.layers.Conv2D(
                base_filters * multiple, 1, use_bias=False, name=name
            )(x)
            x = layers.activate(x, name, synchronized)
    else:
        for level, multiple in enumerate(_MULTIPLES[kind], start=1):
            x = layers.down(
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
