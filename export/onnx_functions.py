"""The functions that become ONNX graphs: those that are served, made anew.

A SavedModel's segmentation is converted as it is served. What paints is traced
again around the SavedModel's own network, where it stands once and outside of
branches, which tf2onnx can follow; it takes one map at a time.
"""

import tensorflow as tf

from migan_tf.inference import run_networks
from migan_tf.inference.saved_models import BareGenerator
from migan_tf.models import style_code

from . import delta_signatures, graph_ops, signatures

# An ONNX graph has one name for one tensor, so that the map that is painted
# cannot be called as the one that is given.
PAINTED_MAP = "painted_map"


def served(loaded, config, task):
    """The function that is converted.

    Args:
      loaded: the SavedModel, from `tf.saved_model.load`.
      config: the `Config` of its run.
      task: `segmentation` or `synthesis`.

    Returns:
      (name, function): the signature that it is like, and a `tf.function` of
      named inputs, which returns {name: tensor}.
    """
    if task == "segmentation":
        return "serving_default", _like("serving_default", loaded)
    if config.generator == "delta":
        return "paint", _paint(loaded, config)
    return "synthesize", _like("synthesize", loaded)


def _like(name, loaded):
    """The signature of a SavedModel, with outputs of names of their own."""
    signature = loaded.signatures[name]
    given = signature.structured_input_signature[1]
    # In the order in which a person would give them.
    specs = [tf.TensorSpec(s.shape, s.dtype, n) for n, s in given.items()]

    @tf.function(input_signature=specs)
    def function(*values):
        found = signature(**dict(zip(given, values, strict=True)))
        return {
            PAINTED_MAP if key in given else key: value
            for key, value in found.items()
        }

    return function


def _paint(loaded, config):
    """The signature `paint` of a batch of one; see `delta_signatures`."""

    def one(name, dtype, shape=()):
        return tf.TensorSpec((1, *shape), dtype, name)

    @tf.function(
        input_signature=[
            one("vessel_map", tf.uint8, (None, None, 1)),
            one("seed", tf.int64),
            one("noise_stddev", tf.float32),
            one("contrast", tf.float32),
            one("style_fundus", tf.uint8, (None, None, 3)),
        ]
    )
    def paint(vessel_map, seed, noise_stddev, contrast, style_fundus):
        photograph = style_fundus[0]
        style_fov = graph_ops.find_fov_mask(photograph)
        is_styled = tf.reduce_any(style_fov)
        style = tf.cond(
            is_styled,
            lambda: run_networks.photograph_style(
                photograph, style_fov, config
            ),
            lambda: tf.zeros((style_code.SIZE,)),
        )
        styled = tf.reshape(tf.cast(is_styled, tf.float32), (1, 1))

        def network(*inputs):
            named = dict(zip(BareGenerator.INPUTS, inputs, strict=True))
            return loaded.network(*(named | {"styled": styled}).values())

        generator = BareGenerator(
            network, loaded.common_fov_mask, config=config
        )
        noise = delta_signatures.noise_of(seed[0], config.noise_size)
        painted_map, fundus, fov_mask = generator.paint(
            signatures.unit_map(tf.cast(vessel_map[0], tf.float32)),
            noise * noise_stddev[0],
            contrast=contrast[0],
            style=style,
        )
        grey = tf.cast(tf.round(painted_map * 255.0), tf.uint8)
        side = config.image_size
        images = {
            "fundus": fundus,
            PAINTED_MAP: grey,
            "fov_mask": signatures.levels(fov_mask > 0.5),
        }
        return {
            name: tf.ensure_shape(image[None], (1, side, side, None))
            for name, image in images.items()
        }

    return paint
