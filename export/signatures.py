"""The served functions: photograph to vessels, vessel map to photograph.

Each task builds a `tf.Module` that holds the network's variables and the
functions. It does not hold the Keras model itself: TensorFlow Serving would
restore no variables from such a module. Inputs and outputs are float32, uint8
or string, whatever precision the run was trained in; the batch and the sizes
are free. Images are taken one by one, so that the memory does not grow with
the batch. What is done with one image is a function of its own, and all
signatures share one copy of it. The synthesis of --generator=delta is in
`delta_signatures`.
"""

import tensorflow as tf
from tensorflow.io import encode_png

from migan_tf.inference import run_networks

from . import graph_ops


def segmentation(network, config):
    """Builds the functions from a photograph to its vessels, at its own size.

    Args:
      network: the Keras model that `run_networks.load_network` returns.
      config: the run's `Config`.

    Returns:
      (module, signatures) for `tf.saved_model.save`.
    """
    bare = bare_network(network)
    segmenter = run_networks.NetworkSegmenter(
        lambda x, training: bare(x), config
    )

    @tf.function(input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)])
    def one(fundus):
        """Returns the outputs for one (H,W,3) uint8."""
        fov_mask = graph_ops.find_fov_mask(fundus)
        probability = segmenter.photograph_probability(fundus, fov_mask)
        probability = tf.ensure_shape(probability, (None, None, 1))
        threshold = graph_ops.otsu_threshold(probability[..., 0], fov_mask)
        inside = fov_mask[..., None]
        return {
            "vessel_probability": probability,
            "vessel_map": levels((probability >= threshold) & inside),
            "fov_mask": levels(inside),
            "otsu_threshold": threshold,
        }

    def one_file(image_bytes):
        found = one(graph_ops.decode(image_bytes, 3))
        grey = tf.floor(found["vessel_probability"] * 255.0 + 0.5)
        return {
            "vessel_probability_bytes": encode_png(tf.cast(grey, tf.uint8)),
            "vessel_map_bytes": encode_png(found["vessel_map"]),
            "otsu_threshold": found["otsu_threshold"],
        }

    @tf.function(input_signature=[spec("fundus", tf.uint8, (None, None, 3))])
    def serving_default(fundus):
        fits = graph_ops.check_size(tf.shape(fundus)[1:3])
        with tf.control_dependencies([fits]):
            fundus = tf.identity(fundus)
        plane = tf.TensorSpec((None, None, 1), tf.uint8)
        return graph_ops.each(
            one,
            (fundus,),
            vessel_probability=tf.TensorSpec((None, None, 1), tf.float32),
            vessel_map=plane,
            fov_mask=plane,
            otsu_threshold=tf.TensorSpec((), tf.float32),
        )

    @tf.function(input_signature=[spec("image_bytes", tf.string)])
    def segment_bytes(image_bytes):
        text = tf.TensorSpec((), tf.string)
        return graph_ops.each(
            one_file,
            (image_bytes,),
            vessel_probability_bytes=text,
            vessel_map_bytes=text,
            otsu_threshold=tf.TensorSpec((), tf.float32),
        )

    return with_signatures(network, bare, (serving_default, segment_bytes))


def synthesis(network, config, fov_mask):
    """Builds the functions from a vessel map to an image, of the paper's G.

    Args:
      network: the Keras model that `run_networks.load_network` returns.
      config: the run's `Config`.
      fov_mask: (S,S,1) bool; pixels outside it are painted black.

    Returns:
      (module, signatures) for `tf.saved_model.save`.
    """
    bare = bare_network(network)
    generator = run_networks.NetworkGenerator(
        lambda xs, training: bare(*xs), config
    )
    inside = tf.constant(fov_mask, tf.uint8)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None, 1), tf.float32),
            tf.TensorSpec((config.noise_size,), tf.float32),
        ]
    )
    def one(vessel_map, noise):
        """Returns the outputs for (H,W,1) and (noise_size,) float32."""
        with tf.control_dependencies([check_noise(noise)]):
            unit = unit_map(vessel_map)
        painted, fundus, _ = generator.paint(unit, noise)
        grey = tf.cast(tf.round(painted * 255.0), tf.uint8)
        return {"fundus": fundus * inside, "vessel_map": grey * inside}

    def seeded(vessel_map, seed, noise_stddev):
        noise = tf.random.stateless_normal(
            (config.noise_size,), tf.stack([seed, 0])
        )
        return one(tf.cast(vessel_map, tf.float32), noise * noise_stddev)

    def one_file(vessel_map_bytes, seed, noise_stddev):
        vessel_map = graph_ops.decode(vessel_map_bytes, 1)
        painted = seeded(vessel_map, seed, noise_stddev)
        return {f"{k}_bytes": encode_png(v) for k, v in painted.items()}

    side = config.image_size
    images = {
        "fundus": tf.TensorSpec((side, side, 3), tf.uint8),
        "vessel_map": tf.TensorSpec((side, side, 1), tf.uint8),
    }
    draw = [spec("seed", tf.int64), spec("noise_stddev", tf.float32)]

    @tf.function(
        input_signature=[
            spec("vessel_map", tf.float32, (None, None, 1)),
            spec("noise", tf.float32, (config.noise_size,)),
        ]
    )
    def serving_default(vessel_map, noise):
        return graph_ops.each(one, (vessel_map, noise), **images)

    @tf.function(
        input_signature=[spec("vessel_map", tf.uint8, (None, None, 1)), *draw]
    )
    def synthesize(vessel_map, seed, noise_stddev):
        return graph_ops.each(
            seeded, (vessel_map, seed, noise_stddev), **images
        )

    @tf.function(input_signature=[spec("vessel_map_bytes", tf.string), *draw])
    def synthesize_bytes(vessel_map_bytes, seed, noise_stddev):
        texts = {
            f"{name}_bytes": tf.TensorSpec((), tf.string) for name in images
        }
        return graph_ops.each(
            one_file, (vessel_map_bytes, seed, noise_stddev), **texts
        )

    functions = (serving_default, synthesize, synthesize_bytes)
    return with_signatures(network, bare, functions)


def check_noise(noise):
    """Returns an op that refuses a noise code with what is no number."""
    return tf.debugging.Assert(
        tf.reduce_all(tf.math.is_finite(noise)),
        ["noise and noise_stddev must be finite"],
    )


def unit_map(vessel_map):
    """A vessel map as it was sent, (H,W,1) float32, with values in [0,1]."""
    fits = graph_ops.check_size(tf.shape(vessel_map)[:2])
    with tf.control_dependencies([fits]):
        # The map holds shares of 1, which resampling may have raised a little,
        # or grey levels.
        scale = tf.where(tf.reduce_max(vessel_map) > 2.0, 255.0, 1.0)
    return tf.clip_by_value(vessel_map / scale, 0.0, 1.0)


def bare_network(network):
    """Returns the network alone, traced once for all that call it.

    Args:
      network: the Keras model.

    Returns:
      `tf.function` of the network's inputs, one by one; named inputs are in
      the order of their names.
    """
    specs = [
        tf.TensorSpec(tensor.shape, tf.float32, tensor.name)
        for tensor in network.inputs
    ]
    is_named = isinstance(network.input, dict)

    @tf.function(input_signature=specs)
    def bare(*inputs):
        if is_named:
            names = [given.name for given in specs]
            inputs = dict(zip(names, inputs, strict=True))
        else:
            inputs = list(inputs) if len(inputs) > 1 else inputs[0]
        return network(inputs, training=False)

    return bare


def with_signatures(network, bare, functions):
    """Returns (module, signatures); `module.network` is the bare network."""
    module = tf.Module()
    module.variables_of_network = [v.value for v in network.variables]
    module.network = bare
    signatures = {}
    for function in functions:
        name = function.python_function.__name__
        setattr(module, name, function)
        signatures[name] = function
    return module, signatures


def spec(name, dtype, shape=()):
    """The `tf.TensorSpec` of a batch."""
    return tf.TensorSpec((None, *shape), dtype, name)


def levels(inside):
    """A mask as grey levels, 0 and 255."""
    return tf.cast(inside, tf.uint8) * 255
