"""The served functions of --generator=delta: vessel map to photograph.

Those of the paper's generator are there with the same inputs, and `paint` and
`paint_bytes` besides, which also take a contrast of the vessels and a
photograph in whose style to paint. All share one function of one image, so
that a seed is the same image through each of them.
"""

import math

import tensorflow as tf
from tensorflow.io import encode_png

from migan_tf.inference import contrast as contrast_bounds
from migan_tf.inference import run_networks
from migan_tf.inference.saved_models import BareGenerator

from . import graph_ops
from .signatures import (
    bare_network,
    check_noise,
    levels,
    spec,
    unit_map,
    with_signatures,
)

AS_PHOTOGRAPHED = 1.0  # the contrast that says so


def synthesis(network, config):
    """Builds the functions from a vessel map to an image of its own FOV.

    Args:
      network: the Keras model that `run_networks.load_network` returns.
      config: the run's `Config`, whose image_size is what is painted.

    Returns:
      (module, signatures) for `tf.saved_model.save`. With `module.network` and
      `module.common_fov_mask` a `saved_models.BareGenerator` is made.
    """
    bare = bare_network(network)
    common_fov_mask = tf.function(
        network.get_layer("drawn_style").common_fov_mask,
        input_signature=[tf.TensorSpec((), tf.int32, "size")],
    )
    generator = BareGenerator(bare, common_fov_mask, config=config)
    functions = _signatures(_painter(generator), config)
    module, signatures = with_signatures(network, bare, functions)
    module.common_fov_mask = common_fov_mask
    return module, signatures


def _painter(generator):
    """The one function of one image."""
    config = generator.config

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None, 1), tf.float32),
            tf.TensorSpec((config.noise_size,), tf.float32),
            tf.TensorSpec((), tf.float32),
            tf.TensorSpec((None, None, 3), tf.uint8),
        ]
    )
    def one(vessel_map, noise, contrast, style_fundus):
        """Returns the outputs for one (H,W,1), and a style (h,w,3)."""
        checks = [
            check_noise(noise),
            _check_contrast(contrast),
            graph_ops.check_size(tf.shape(style_fundus)[:2]),
        ]
        with tf.control_dependencies(checks):
            unit = unit_map(vessel_map)
            style_fov = graph_ops.find_fov_mask(tf.identity(style_fundus))

        def in_style():
            style = run_networks.photograph_style(
                style_fundus, style_fov, config
            )
            return generator.paint(unit, noise, contrast=contrast, style=style)

        painted_map, fundus, painted_fov = tf.cond(
            tf.reduce_any(style_fov),
            in_style,
            lambda: generator.paint(unit, noise, contrast=contrast),
        )
        found = {
            "fundus": fundus,
            "vessel_map": tf.cast(tf.round(painted_map * 255.0), tf.uint8),
            "fov_mask": levels(painted_fov > 0.5),
        }
        side = config.image_size
        return {
            name: tf.ensure_shape(image, (side, side, None))
            for name, image in found.items()
        }

    return one


def _signatures(one, config):
    """The functions that are served, for `with_signatures`."""
    side = config.image_size
    images = {
        "fundus": tf.TensorSpec((side, side, 3), tf.uint8),
        "vessel_map": tf.TensorSpec((side, side, 1), tf.uint8),
        "fov_mask": tf.TensorSpec((side, side, 1), tf.uint8),
    }
    files = {f"{name}_bytes": tf.TensorSpec((), tf.string) for name in images}
    array = spec("vessel_map", tf.uint8, (None, None, 1))
    file = spec("vessel_map_bytes", tf.string)
    draw = [spec("seed", tf.int64), spec("noise_stddev", tf.float32)]
    wanted = spec("contrast", tf.float32)

    def painted(vessel_map, noise, contrast=AS_PHOTOGRAPHED, style=None):
        style = _no_photograph() if style is None else style
        return one(
            tf.cast(vessel_map, tf.float32),
            noise,
            contrast=contrast,
            style_fundus=style,
        )

    def seeded(vessel_map, seed, noise_stddev, **wish):
        noise = noise_of(seed, config.noise_size) * noise_stddev
        return painted(vessel_map, noise, **wish)

    def one_file(vessel_map_bytes, seed, noise_stddev, **wish):
        vessel_map = graph_ops.decode(vessel_map_bytes, 1)
        found = seeded(vessel_map, seed, noise_stddev, **wish)
        return {f"{k}_bytes": encode_png(v) for k, v in found.items()}

    @tf.function(
        input_signature=[
            spec("vessel_map", tf.float32, (None, None, 1)),
            spec("noise", tf.float32, (config.noise_size,)),
        ]
    )
    def serving_default(vessel_map, noise):
        return graph_ops.each(painted, (vessel_map, noise), **images)

    @tf.function(input_signature=[array, *draw])
    def synthesize(vessel_map, seed, noise_stddev):
        return graph_ops.each(
            seeded, (vessel_map, seed, noise_stddev), **images
        )

    @tf.function(input_signature=[file, *draw])
    def synthesize_bytes(vessel_map_bytes, seed, noise_stddev):
        return graph_ops.each(
            one_file, (vessel_map_bytes, seed, noise_stddev), **files
        )

    @tf.function(
        input_signature=[
            *(array, *draw, wanted),
            spec("style_fundus", tf.uint8, (None, None, 3)),
        ]
    )
    def paint(vessel_map, seed, noise_stddev, contrast, style_fundus):
        return graph_ops.each(
            lambda v, s, n, c, style: seeded(v, s, n, contrast=c, style=style),
            (vessel_map, seed, noise_stddev, contrast, style_fundus),
            **images,
        )

    @tf.function(
        input_signature=[
            *(file, *draw, wanted),
            spec("style_fundus_bytes", tf.string),
        ]
    )
    def paint_bytes(
        vessel_map_bytes, seed, noise_stddev, contrast, style_fundus_bytes
    ):
        return graph_ops.each(
            lambda v, s, n, c, style: one_file(
                v, s, n, contrast=c, style=_decoded_style(style)
            ),
            (
                *(vessel_map_bytes, seed, noise_stddev, contrast),
                style_fundus_bytes,
            ),
            **files,
        )

    return serving_default, synthesize, synthesize_bytes, paint, paint_bytes


def _check_contrast(contrast):
    """Returns an op that refuses a contrast that cannot be painted."""
    # NaN is not in the range either.
    return tf.debugging.Assert(
        (contrast >= 0.0) & (contrast <= contrast_bounds.MOST),
        [
            f"contrast must be from 0 to {contrast_bounds.MOST:g}; it is",
            contrast,
        ],
    )


def noise_of(seed, size):
    """The noise code (size,) of a seed, of unit variance.

    The bits of its last two numbers are the seed of what is drawn besides
    (`noise_planes`). They come from whole numbers and one product, which every
    processor gives to the last bit, as it does not give a normal number.
    """
    drawn = tf.random.stateless_normal((size,), tf.stack([seed, 0]))
    most = 2**23
    whole = tf.random.stateless_uniform(
        (2,),
        tf.stack([seed, 1]),
        minval=-most,
        maxval=most,
        dtype=tf.int32,
        alg="philox",
    )
    exact = tf.cast(whole, tf.float32) * (math.sqrt(3.0) / most)
    return tf.concat([drawn[:-2], exact], 0)


def _decoded_style(style_bytes):
    """The photograph (h,w,3) in a file; of no bytes, none."""
    return tf.cond(
        tf.strings.length(style_bytes) == 0,
        _no_photograph,
        lambda: graph_ops.decode(style_bytes, 3),
    )


def _no_photograph():
    """A black pixel: a photograph without a fundus."""
    return tf.zeros((1, 1, 3), tf.uint8)
