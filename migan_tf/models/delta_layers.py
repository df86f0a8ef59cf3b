"""The layers of the generator `delta` that are its own."""

import keras
import tensorflow as tf

from migan_tf.models import ground, layers, light, style_code

# How far from a vessel, in pixels, its network may paint: fully up to 5, not at
# all from 11 on.
_REACH, _SOFTENING = 17, 7
# Blood takes little of red light: of the 437,530 pixels of vessels in 19
# photographs of DRIVE none has less than this share of the ground's.
_RED_LEFT = 0.65
_MOST_TEXTURE = 0.08  # of [-1,1]; ten grey levels
RIM = 15  # pixels; within seven of the FOV's edge
_SCALES, _SCALE_GAIN = (3, 3, 5), 3.0  # windows of `Scales`, and to unit size
_GRID_CELL = 8  # folded pixels
_MOST_DEVIATION = 2.0  # of a drawn light's components, in standard deviations


class DrawnStyle(keras.layers.Layer):
    """Draws styles as the training photographs have them, or takes given ones.

    The first numbers of the noise code are the components of the light, those
    of the largest variance first. Its grain is that of the photograph whose
    colour, at the middle, is nearest. The grain of a given style is kept within
    what the photographs have, since the networks have seen no other; its light
    is its own. The statistics are weights that are not trained; with them is
    kept where the photographs show the retina.
    """

    def build(self, shape):
        """Makes the statistics: none yet, a style of zeros."""
        lights = style_code.LIGHTS
        self.mean, self.components, self.known = (
            self.add_weight(
                shape=shape, initializer="zeros", trainable=False, name=name
            )
            for name, shape in (
                ("mean", (lights,)),
                ("components", (lights, lights)),
                ("known", (style_code.KEPT, style_code.SIZE)),
            )
        )
        self.fov_share = self.add_weight(
            shape=(ground.CELLS, ground.CELLS, 1),
            initializer="ones",
            trainable=False,
            name="fov_share",
        )

    def common_fov_mask(self, size):
        """Where most of the training photographs show the retina.

        Args:
          size: side S in pixels.

        Returns:
          (S,S,1) float32 in {0,1}.
        """
        share = tf.image.resize(
            tf.convert_to_tensor(self.fov_share), (size, size), "bicubic"
        )
        return tf.cast(share >= 0.5, tf.float32)

    def call(self, parts):
        """Maps [noise, style, styled] to styles and the darkest level.

        Returns:
          (styles, darkest): (B,style_code.SIZE), and (B,3), for each channel
          the least level of the light of any training photograph.
        """
        noise, style, styled = parts
        inside = self.fov_share[None] >= 0.5
        seen, grains = style_code.parts(tf.convert_to_tensor(self.known))
        bounds = light.level_bounds(seen, inside)
        z = tf.clip_by_value(
            noise[:, : style_code.LIGHTS], -_MOST_DEVIATION, _MOST_DEVIATION
        )
        drawn, mean = (
            style_code.parts(code)[0]
            for code in (
                self.mean + tf.matmul(z, self.components),
                self.mean[None],
            )
        )
        drawn = light.drawn_within(drawn, mean[0], bounds=bounds, inside=inside)
        # The first of a light's terms is the colour at the middle.
        apart = drawn[:, None, 0] - seen[:, 0]
        nearest = tf.argmin(tf.reduce_sum(apart**2, -1), axis=-1)
        drawn = style_code.joined(drawn, tf.gather(grains, nearest))
        its_light, its_grain = style_code.parts(style)
        its_grain = tf.clip_by_value(
            its_grain, tf.reduce_min(grains, 0), tf.reduce_max(grains, 0)
        )
        given = style_code.joined(its_light, its_grain)
        styles = tf.where(styled > 0.5, given, drawn)
        return styles, tf.broadcast_to(bounds[0], (tf.shape(noise)[0], 3))


class Composition(keras.layers.Layer):
    """FOV × (ground + contrast · vessels + texture), black outside.

    Of the ground's red light vessels leave `_RED_LEFT`, however many cross at a
    place and whatever the contrast.
    """

    def call(self, parts):
        """Composes [ground, vessels, texture, fov_mask, contrast]."""
        whole, vessels, texture, fov_mask, contrast = parts
        taken = contrast[:, None, None] * vessels
        most = (whole + 1.0) * tf.constant([1.0 - _RED_LEFT, 1.0, 1.0])
        image = whole + tf.maximum(taken, -most) + texture
        image = tf.clip_by_value(image, -1.0, 1.0)
        return tf.where(fov_mask > 0.5, image, -1.0)


class Fold(keras.layers.Layer):
    """Folds pixels two by two: (B,H,W,C) to (B,H/2,W/2,4C)."""

    def call(self, image):
        """Folds an image."""
        return tf.nn.space_to_depth(image, 2)


class Unfold(keras.layers.Layer):
    """Unfolds what `Fold` folded: (B,H,W,4C) to (B,2H,2W,C)."""

    def call(self, image):
        """Unfolds an image."""
        return tf.nn.depth_to_space(image, 2)


class Scales(keras.layers.Layer):
    """A vessel map beside its parts of three fine scales.

    They say where in a vessel a pixel lies, to a fraction of one: from the map
    alone, folded, the network does not learn it, and paints thin vessels too
    wide.
    """

    def call(self, vessel_map):
        """Maps (B,H,W,1) in [0,1] to (B,H,W,4)."""
        planes, finer = [vessel_map], vessel_map
        for window in _SCALES:
            coarser = tf.nn.avg_pool2d(finer, window, strides=1, padding="SAME")
            planes.append(_SCALE_GAIN * (finer - coarser))
            finer = coarser
        return tf.concat(planes, -1)


class WithoutGrid(keras.layers.Layer):
    """Takes the mean differences between folded pixels away.

    The four pixels that are folded into one have filters of their own. Where
    their means differ, over `_GRID_CELL` folded pixels and more, a grid of two
    pixels lies over the image; random differences are grain and stay.
    """

    def call(self, folded):
        """Maps (B,H,W,4C) to the same shape."""
        size, cell = tf.shape(folded)[1:3], _GRID_CELL
        mean = tf.nn.avg_pool2d(folded, cell, strides=cell, padding="SAME")
        apart = tf.stack(tf.split(mean, 4, axis=-1))
        excess = apart - tf.reduce_mean(apart, axis=0, keepdims=True)
        excess = tf.concat(tf.unstack(excess), axis=-1)
        return folded - tf.image.resize(excess, size, "bilinear")


class Resampled(keras.layers.Layer):
    """The filter [1 3 1]/5 in both directions.

    A photograph that has been resampled holds a twenty-fifth of its power at a
    period of two pixels, where what is unfolded has its grid: so the noise of
    DRIVE's training photographs at 512 × 512, by `texture.radial_power`.
    """

    def call(self, image):
        """Filters (B,H,W,C) to the same shape."""
        return resample(image)


class Bounded(keras.layers.Layer):
    """Keeps texture below `_MOST_TEXTURE`, but for the rim.

    What is farther from the ground than that, in the photographs of DRIVE less
    than two pixels in a hundred, are lesions and reflexes of a few of them. A
    texture that may learn them has some in every image.
    """

    def call(self, parts):
        """Bounds [texture (B,H,W,3), fov_mask (B,H,W,1)] softly."""
        texture, fov_mask = parts
        bounded = _MOST_TEXTURE * tf.tanh(texture / _MOST_TEXTURE)
        inner = layers.eroded(tf.cast(fov_mask, texture.dtype), RIM)
        inner = tf.nn.avg_pool2d(inner, _SOFTENING, strides=1, padding="SAME")
        return texture + inner * (bounded - texture)


class Nearness(keras.layers.Layer):
    """How near to a vessel: 1 on it and around it, smoothly to 0 further on."""

    def call(self, vessel_map):
        """Maps (B,H,W,1) in [0,1] to the same shape."""
        return nearness(vessel_map)


class Parts(keras.layers.Layer):
    """A style's light over the cells of a ground, and its grain."""

    def call(self, code):
        """Maps codes (B,style_code.SIZE) to (light field, grain)."""
        lights, grains = style_code.parts(code)
        return light.light_field(lights, ground.CELLS), grains


class Everywhere(keras.layers.Layer):
    """Numbers (B,N) as planes of the size of an image, (B,H,W,N)."""

    def call(self, parts):
        """Maps [numbers, image] to planes."""
        numbers, image = parts
        size = tf.concat([tf.shape(image)[:3], tf.shape(numbers)[1:]], 0)
        planes = tf.broadcast_to(numbers[:, None, None], size)
        return tf.ensure_shape(planes, (None, None, None, numbers.shape[1]))


class Cells(keras.layers.Layer):
    """The means of an image over the cells of a ground."""

    def call(self, image):
        """Maps (B,H,W,C) to (B,64,64,C)."""
        return ground.cell_means(tf.cast(image, tf.float32))


class Density(keras.layers.Layer):
    """What of a vessel map the ground's network sees.

    It is the share of vessels in each cell, and the share of thick ones.
    """

    def call(self, vessel_map):
        """Maps (B,H,W,1) to (B,64,64,2)."""
        return ground.vessel_density(tf.cast(vessel_map, tf.float32))


class AtFullSize(keras.layers.Layer):
    """The ground at the image's own size: light and structure, resized.

    Structure takes it no darker than the darkest light of the photographs: at
    the rim nothing would be seen any more.
    """

    def call(self, parts):
        """Maps [light field, structure, darkest (B,3), image] to (B,H,W,3)."""
        field, structure, darkest, image = parts
        least = tf.minimum(field, darkest[:, None, None])
        cells = tf.maximum(field + structure, least)
        whole = ground.at_full_size(cells, tf.shape(image)[1:3])
        return tf.ensure_shape(whole, (None, None, None, 3))


def resample(image):
    """The filter [1 3 1]/5 in both directions, of (B,H,W,C)."""
    for window in ((3, 1), (1, 3)):
        mean = tf.nn.avg_pool2d(image, window, strides=1, padding="SAME")
        image = 0.6 * mean + 0.4 * image
    return image


def nearness(vessel_map):
    """1 on vessels and around them, smoothly to 0 further on, (B,H,W,1)."""
    near = tf.nn.max_pool2d(vessel_map, _REACH, strides=1, padding="SAME")
    return tf.nn.avg_pool2d(near, _SOFTENING, strides=1, padding="SAME")
