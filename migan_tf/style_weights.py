"""Where the weights of VGG-19 come from, and what is wrong with them."""

import hashlib
import os
import pathlib
import warnings

import keras
import numpy as np

from migan_tf.errors import UserError

FILE_NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    + FILE_NAME
)
FILE_MD5 = "253f8cb515780f3b799900260a226db6"
RANDOM_NOTE = "random VGG-19 weights"


def load(weights, seed) -> keras.Model:
    """VGG-19 of keras.applications without its dense layers.

    Args:
      weights: `imagenet` (downloaded by Keras), `random` or the path of a
        weights file.
      seed: of random weights.

    Raises:
      UserError: the weights cannot be had, or are not VGG-19's.
    """
    if weights == "random":
        return _randomized(_vgg19(None), seed)
    if weights == "imagenet":
        try:
            return _vgg19("imagenet")
        except Exception as error:  # Keras raises no narrower class.
            home = os.environ.get("KERAS_HOME", "~/.keras")
            raise UserError(
                "--vgg19_weights=imagenet: Keras could not get the weights. "
                f"Put {URL} into {home}/models, or give its place with "
                f"--vgg19_weights=FILE. Received: {_first_line(error)}"
            ) from None
    path = pathlib.Path(weights).expanduser()
    _check_file(path)
    try:
        with warnings.catch_warnings():
            # Keras warns of layers that are not in the file, and skips them.
            warnings.simplefilter("error", UserWarning)
            network = _vgg19(str(path))
    except (ValueError, OSError, KeyError, UserWarning) as error:
        raise UserError(
            "--vgg19_weights must hold the convolutions of VGG-19 and no dense"
            f" layers, as {FILE_NAME} does. Received: {path}: "
            f"{_first_line(error)}"
        ) from None
    if not all(np.isfinite(w).all() for w in network.get_weights()):
        raise UserError(f"--vgg19_weights={path} holds NaN or infinity")
    return network


def at_hand(weights) -> bool:
    """Whether trained weights are on this machine, without a download.

    Args:
      weights: as `Vgg19` takes them.
    """
    if weights == "imagenet":
        home = os.environ.get("KERAS_HOME", "~/.keras")
        weights = f"{home}/models/{FILE_NAME}"
    return pathlib.Path(weights).expanduser().is_file()


def _vgg19(weights):
    return keras.applications.VGG19(include_top=False, weights=weights)


def _check_file(path):
    if not path.is_file():
        raise UserError(
            "--vgg19_weights must be imagenet, random or a weights file. "
            f"Received: {path}, which is not a file. Get {URL}"
        )
    if path.suffix != ".h5":
        raise UserError(
            "--vgg19_weights must be an .h5 or .weights.h5 file. "
            f"Received: {path}"
        )
    if path.name == FILE_NAME:
        found = hashlib.md5(path.read_bytes()).hexdigest()
        if found != FILE_MD5:
            raise UserError(
                f"--vgg19_weights={path} has the official file's name and must"
                f" have its MD5 {FILE_MD5}. Received: {found}. Get {URL} again"
            )


def _randomized(network, seed):
    """He-normal weights, so that no layer's features fade."""
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            stddev = np.sqrt(2.0 / np.prod(kernel.shape[:3]))
            kernel = rng.normal(0.0, stddev, kernel.shape)
            layer.set_weights([kernel, np.zeros_like(bias)])
    return network


def _first_line(error):
    return str(error).partition("\n")[0]
