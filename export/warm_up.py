"""Requests that TensorFlow Serving answers itself before it takes others.

The first request to a signature is slow: kernels are chosen and memory is
taken. A server that finds this file in `assets.extra/` does that beforehand.
"""

import numpy as np
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.phantom.retina import phantom_retina

FILE_NAME = "tf_serving_warmup_requests"
# Pixels. Few keep the models small; the networks see their own size anyway.
SIDE = 128
SEED = 7


def write(path, model_name, functions, config) -> None:
    """Writes one request to each signature, made of a phantom retina.

    Args:
      path: the file that is written.
      model_name: the model's name at the server.
      functions: {signature: tf.function} of the model.
      config: the run's `Config`.
    """
    prediction_log_pb2 = protocol()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests(functions, config).items():
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = model_name
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())


def protocol():
    """Returns TensorFlow Serving's module for the format of the file.

    Raises:
      UserError: the module is not installed.
    """
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError as error:
        raise UserError(
            "an export needs tensorflow-serving-api, for the warm-up requests. "
            f'Received: {error}. Next: pip install "migan-tf[serving]"'
        ) from error
    return prediction_log_pb2


def requests(functions, config, side=SIDE) -> dict:
    """Makes one request for each signature.

    Args:
      functions: {signature: tf.function with an input signature}.
      config: the run's `Config`.
      side: side of the phantom, in pixels.

    Returns:
      {signature: {input: array of a batch of one}}.
    """
    retina = phantom_retina(side, side, SEED)
    vessel_map = retina.vessel_map[..., None]
    noise = np.random.default_rng(SEED).normal(size=config.noise_size)
    stddev = config.evaluation_noise_stddev
    values = {
        ("fundus", tf.uint8): retina.fundus,
        ("image_bytes", tf.string): _png(retina.fundus),
        ("vessel_map", tf.uint8): vessel_map,
        ("vessel_map", tf.float32): np.float32(vessel_map / 255.0),
        ("vessel_map_bytes", tf.string): _png(vessel_map),
        ("noise", tf.float32): np.float32(stddev * noise),
        ("seed", tf.int64): np.int64(SEED),
        ("noise_stddev", tf.float32): np.float32(stddev),
        ("contrast", tf.float32): np.float32(1.0),
        ("style_fundus", tf.uint8): retina.fundus,
        ("style_fundus_bytes", tf.string): _png(retina.fundus),
    }
    return {
        signature: {
            spec.name: np.asarray(values[spec.name, spec.dtype])[None]
            for spec in function.input_signature
        }
        for signature, function in functions.items()
    }


def _png(image):
    return tf.io.encode_png(image).numpy()
