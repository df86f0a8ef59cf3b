"""The generator `delta`: image = FOV × (ground + contrast · vessels + texture).

Each part has its own network, and each network sees what it needs and no more:

  style     light and grain (`style_code`), drawn by the noise code or taken
            from a photograph
  ground    light, vessel map, FOV → disc, macula and large shades, 64 × 64
  vessels   vessel map, FOV, ground, grain → what vessels take from the ground
  texture   FOV, ground, grain → rim, noise and fine shades

All are convolutional, so that a generator that has learned from crops paints
whole images, of any size that 64 divides. Vessels and texture work at half
resolution, on pixels folded two by two. Layers upwards are resizing and a
convolution: transposed ones leave a grid. The last convolutions start at zero,
and so the training at the ground.
"""

import keras

from migan_tf.models import delta_layers, grain, ground, layers, style_code
from migan_tf.models.noise_planes import NoisePlanes

# Noise planes that come in at half the resolution, a quarter and so on. The
# first of the texture's are two planes of full resolution, folded.
_TEXTURE_PLANES, _VESSEL_PLANES = (8, 4, 4), (4, 4, 4)
_GROUND_PLANES = (4, 4, 4, 4)
_CODE = 8  # planes of the ground that the noise code fills


def build_delta_generator(noise_size=400, base_filters=24):
    """Builds the generator.

    Args:
      noise_size: length of the noise code z, at least `style_code.LIGHTS`.
      base_filters: filters of the first level of the vessels' network; the
        others have two thirds.

    Returns:
      Keras model that maps {vessel_map (B,S,S,1) in [0,1], noise
      (B,noise_size), fov_mask (B,S,S,1) in {0,1}, contrast (B,1), style
      (B,style_code.SIZE), styled (B,1)} to fake_fundus (B,S,S,3), float32 in
      [-1,1] and -1 outside the FOV. `contrast` is that of the vessels, 1 as in
      the photographs. Where `styled` is 1 the style is `style`, where it is 0
      it is drawn by the noise code. Its layers `drawn_style`, `ground`,
      `vessels` and `texture` are the parts, which are trained apart.

    Raises:
      ValueError: the noise code is too short.
    """
    if noise_size < style_code.LIGHTS:
        raise ValueError(
            f"`noise_size` must be at least {style_code.LIGHTS}, the numbers "
            f"of a light. Received: noise_size={noise_size}"
        )
    vessel_map = keras.Input((None, None, 1), name="vessel_map")
    noise = keras.Input((noise_size,), name="noise", dtype="float32")
    fov_mask = keras.Input((None, None, 1), name="fov_mask")
    contrast = keras.Input((1,), name="contrast")
    style = keras.Input((style_code.SIZE,), name="style", dtype="float32")
    styled = keras.Input((1,), name="styled")

    visible = keras.layers.Multiply(name="visible_vessels", dtype="float32")(
        [vessel_map, fov_mask]
    )
    chosen, darkest = delta_layers.DrawnStyle(
        name="drawn_style", dtype="float32"
    )([noise, style, styled])
    field, grains = delta_layers.Parts(name="light_and_grain", dtype="float32")(
        chosen
    )
    density = delta_layers.Density(name="density", dtype="float32")(visible)
    share = delta_layers.Cells(name="fov_share", dtype="float32")(fov_mask)
    small = max(1, 2 * base_filters // 3)
    structure = build_ground_network(noise_size, small)(
        [density, share, field, noise]
    )
    whole = delta_layers.AtFullSize(name="whole_ground", dtype="float32")(
        [field, structure, darkest, fov_mask]
    )
    vessels = build_vessel_network(noise_size, base_filters)(
        [visible, fov_mask, whole, grains, noise]
    )
    texture = build_texture_network(noise_size, small)(
        [fov_mask, whole, grains, noise]
    )
    fake_fundus = delta_layers.Composition(name="fake_fundus", dtype="float32")(
        [whole, vessels, texture, fov_mask, contrast]
    )
    inputs = (vessel_map, noise, fov_mask, contrast, style, styled)
    return keras.Model(
        {tensor.name: tensor for tensor in inputs},
        fake_fundus,
        name="delta_generator",
    )


def build_ground_network(noise_size, filters):
    """Builds the network of the ground's structure.

    Args:
      noise_size: length of the noise code.
      filters: of the first level.

    Returns:
      Keras model that maps [density (B,64,64,2), fov_share (B,64,64,1), light
      field (B,64,64,3), noise] to (B,64,64,3) float32, what the ground has
      besides its light, in units of [-1,1].
    """
    cells = (ground.CELLS, ground.CELLS)
    density = keras.Input((*cells, 2), name="density")
    share = keras.Input((*cells, 1), name="fov_share")
    field = keras.Input((*cells, 3), name="light_field")
    noise = keras.Input((noise_size,), name="noise", dtype="float32")
    planes = NoisePlanes(_GROUND_PLANES, stream=0, name="planes")(
        [noise, density]
    )
    # All numbers of the code have a say in the ground, as z has in the paper.
    code = keras.layers.Dense(_CODE, name="code")(noise)
    code = delta_layers.Everywhere(name="code_planes")([code, density])
    x = keras.layers.Concatenate(name="inputs")([density, share, field, code])
    x = _u_net(
        x, planes, multiples=(1, 2, 3, 4, 4), filters=filters, smooth=True
    )
    x = _last_convolution(x, 3)
    return keras.Model([density, share, field, noise], x, name="ground")


def build_vessel_network(noise_size, filters):
    """Builds the network of the vessels.

    Args:
      noise_size: length of the noise code.
      filters: of the first level.

    Returns:
      Keras model that maps [vessel_map (B,H,W,1), fov_mask (B,H,W,1), ground
      (B,H,W,3), grain (B,9), noise] to (B,H,W,3) float32, what is added to the
      ground, 0 away from vessels.
    """
    vessel_map = keras.Input((None, None, 1), name="vessel_map")
    known, parts = _known_of_image(noise_size)
    scales = delta_layers.Scales(name="scales")(vessel_map)
    x = _added(
        [delta_layers.Fold(name="folded_map")(scales), *parts],
        NoisePlanes(_VESSEL_PLANES, stream=1, name="planes"),
        noise=known[-1],
        multiples=(1, 2, 3, 4),
        filters=filters,
    )
    near = delta_layers.Nearness(name="nearness", dtype="float32")(vessel_map)
    x = keras.layers.Multiply(name="near_vessels", dtype="float32")([x, near])
    return keras.Model([vessel_map, *known], x, name="vessels")


def build_texture_network(noise_size, filters):
    """Builds the network of grain, fine shades and the rim.

    Args:
      noise_size: length of the noise code.
      filters: of the first level.

    Returns:
      Keras model that maps [fov_mask (B,H,W,1), ground (B,H,W,3), grain (B,9),
      noise] to (B,H,W,3) float32, what is added to the ground.
    """
    known, parts = _known_of_image(noise_size)
    x = _added(
        parts,
        NoisePlanes(_TEXTURE_PLANES, stream=2, name="planes"),
        noise=known[-1],
        multiples=(1, 2, 3),
        filters=filters,
    )
    x = delta_layers.Bounded(name="bounded", dtype="float32")([x, known[0]])
    return keras.Model(known, x, name="texture")


def _known_of_image(noise_size):
    """What both networks at full resolution see of an image.

    Returns:
      (inputs, parts): [fov_mask, ground, grain, noise], and all but the noise
      at half resolution.
    """
    fov_mask = keras.Input((None, None, 1), name="fov_mask")
    whole = keras.Input((None, None, 3), name="whole_ground")
    grains = keras.Input((grain.SIZE,), name="grain")
    noise = keras.Input((noise_size,), name="noise", dtype="float32")
    half = keras.layers.AveragePooling2D(2, name="half_ground")(whole)
    parts = [
        delta_layers.Fold(name="folded_fov")(fov_mask),
        half,
        delta_layers.Everywhere(name="grain_planes")([grains, half]),
    ]
    return [fov_mask, whole, grains, noise], parts


def _added(parts, planes, noise, multiples, filters):
    """What a network adds to the ground (B,H,W,3), from its parts (B,H/2,…)."""
    drawn = planes([noise, parts[0]])
    x = keras.layers.Concatenate(name="inputs")(parts)
    x = _u_net(x, drawn, multiples=multiples, filters=filters)
    return _unfolded(_last_convolution(x, 12))


def _u_net(x, planes, multiples, filters, smooth=False):
    """Convolutions down to the last of `multiples` and up again.

    Args:
      x: (B,H,W,C).
      planes: noise planes, from H × W on at each level, as many as there are.
      multiples: filters of each level, in multiples of `filters`.
      filters: of the first level.
      smooth: whether bilinear interpolation resizes, or the nearest pixel.

    Returns:
      (B,H,W,filters·multiples[0]).
    """
    skipped = []
    for level, multiple in enumerate(multiples):
        name = f"down{level}"
        if level:
            x = keras.layers.AveragePooling2D(2, name=f"{name}_pool")(x)
        if level < len(planes):
            x = keras.layers.Concatenate(name=f"{name}_noise")(
                [x, planes[level]]
            )
        x = _convolution(x, multiple * filters, f"{name}a")
        x = _convolution(x, multiple * filters, f"{name}b")
        skipped.append(x)
    for level in reversed(range(len(multiples) - 1)):
        name = f"up{level}"
        x = keras.layers.UpSampling2D(
            interpolation="bilinear" if smooth else "nearest",
            name=f"{name}_resize",
        )(x)
        x = keras.layers.Concatenate(name=f"{name}_skip")([x, skipped[level]])
        x = _convolution(x, multiples[level] * filters, f"{name}a")
        if level == 0 or smooth:
            x = _convolution(x, multiples[level] * filters, f"{name}b")
    return x


def _convolution(x, filters, name):
    x = keras.layers.Conv2D(
        filters, 3, padding="same", kernel_initializer="he_normal", name=name
    )(x)
    return keras.layers.LeakyReLU(layers.LEAKY_SLOPE, name=f"{name}_act")(x)


def _unfolded(x):
    """Full resolution, with as little at two pixels as photographs have."""
    x = delta_layers.WithoutGrid(name="without_grid", dtype="float32")(x)
    x = delta_layers.Unfold(name="unfold", dtype="float32")(x)
    return delta_layers.Resampled(name="resampled", dtype="float32")(x)


def _last_convolution(x, channels):
    return keras.layers.Conv2D(
        channels,
        3,
        padding="same",
        kernel_initializer="zeros",
        name="output",
        dtype="float32",
    )(x)
