"""VGG-19, whose features the style terms compare, and where its weights lie.

It is the network of keras.applications, cut after the deepest layer that is
asked for, frozen, and in float32 under any policy. It takes fundus images in
[-1,1].
"""

import hashlib
import os
import pathlib
import warnings

import keras
import numpy as np
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.models import layers

FILE_NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    + FILE_NAME
)
FILE_MD5 = "253f8cb515780f3b799900260a226db6"
# How logs, reports and model cards call the weights that are for tests only.
RANDOM_NOTE = "random VGG-19 weights"


class Vgg19:
    """Features of VGG-19 at the layers of style and of content.

    Attributes:
      random: whether the weights are random, which only tests want.
    """

    def __init__(self, weights, style_layers, content_layer, seed=0, size=0):
        """Builds the network once.

        Args:
          weights: `imagenet` (which Keras downloads), `random` (for tests) or
            the path of a weights file without the dense layers.
          style_layers: names of keras.applications, such as `block1_conv1`.
          content_layer: one such name.
          seed: seed of random weights.
          size: images are averaged over squares of whole pixels, the largest
            that leave at least this side; 0 leaves them as they are. VGG-19
            was trained at 224, and its cost goes with the area.

        Raises:
          UserError: a layer is unknown, or the weights cannot be had.
        """
        self.random = weights == "random"
        self._size = size
        names = [*style_layers, content_layer]
        with layers.dtype_policy("float32"):
            network = load(weights, seed)
            fundus, outputs = _frozen(network, names)
            self._all = keras.Model(fundus, [outputs[name] for name in names])
            self._content = keras.Model(fundus, outputs[content_layer])

    def features(self, fundus):
        """Features of all layers, each computed once.

        Args:
          fundus: (B,H,W,3) in [-1,1].

        Returns:
          (list of (B,h,w,C), (B,h,w,C)): the features of the style layers and
          of the content layer, float32.
        """
        *style, content = self._all(self._reduced(fundus))
        return style, content

    def content(self, fundus):
        """Features of the content layer alone.

        Args:
          fundus: (B,H,W,3) in [-1,1].

        Returns:
          (B,h,w,C) float32.
        """
        return self._content(self._reduced(fundus))

    def _reduced(self, fundus):
        factor = fundus.shape[1] // self._size if self._size else 1
        if factor <= 1:
            return fundus
        return tf.nn.avg_pool2d(fundus, factor, strides=factor, padding="VALID")


def load(weights, seed) -> keras.Model:
    """VGG-19 of keras.applications without its dense layers.

    Args:
      weights: `imagenet` (which Keras downloads), `random` or the path of a
        weights file.
      seed: seed of random weights.

    Raises:
      UserError: the weights cannot be had, or are not VGG-19's.
    """
    if weights == "random":
        return _randomized(_application(None), seed)
    if weights == "imagenet":
        return _downloaded()
    path = pathlib.Path(os.path.expanduser(weights))
    _check_file(path)
    try:
        with warnings.catch_warnings():
            # Keras warns of layers that are not in the file, and skips them.
            warnings.simplefilter("error", UserWarning)
            network = _application(str(path))
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
        weights = f"{_keras_models()}/{FILE_NAME}"
    return pathlib.Path(os.path.expanduser(weights)).is_file()


def _application(weights):
    return keras.applications.VGG19(include_top=False, weights=weights)


def _downloaded():
    try:
        return _application("imagenet")
    except Exception as error:  # Keras raises no narrower class.
        raise UserError(
            "--vgg19_weights=imagenet: Keras could not get the weights. "
            f"Put {URL} into {_keras_models()}, or give its place with "
            f"--vgg19_weights=FILE. Received: {_first_line(error)}"
        ) from None


def _keras_models():
    """The folder into which Keras downloads weights."""
    return f"{os.environ.get('KERAS_HOME', '~/.keras')}/models"


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
    """Gives a network He-normal weights, with which no features fade."""
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


def _frozen(network, names):
    """The network cut after the deepest of `names`, as constants.

    Returns:
      (input, {name: output}): Keras tensors of the layers that are named.
    """
    known = [layer.name for layer in network.layers[1:]]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UserError(
            "--style_layers and --content_layer must name layers of VGG-19: "
            f"{', '.join(known)}. Received: {', '.join(unknown)}"
        )
    last = max(known.index(name) for name in names)
    fundus = keras.Input((None, None, 3), name="fundus")
    x = _Preprocessing(name="preprocessing")(fundus)
    outputs = {}
    for layer in network.layers[1 : last + 2]:
        if layer.weights:
            kernel, bias = layer.get_weights()
            x = _FrozenConvolution(kernel, bias, name=layer.name)(x)
        else:
            x = layer(x)
        if layer.name in names:
            outputs[layer.name] = x
    return fundus, outputs


class _Preprocessing(keras.layers.Layer):
    """Maps RGB in [-1,1] to the values that VGG-19 was trained on."""

    def call(self, fundus):
        levels = (fundus + 1.0) * 127.5
        return keras.applications.vgg19.preprocess_input(levels)


class _FrozenConvolution(keras.layers.Layer):
    """3×3 convolution and ReLU without a gradient to its weights.

    The gradient to its input is a convolution with the turned kernel, and is
    written as one: on a CPU this is faster than TensorFlow's own gradient,
    which must serve any stride.
    """

    def __init__(self, kernel, bias, **settings):
        super().__init__(trainable=False, **settings)
        self._kernel, self._bias = tf.constant(kernel), tf.constant(bias)
        turned = kernel[::-1, ::-1].transpose((0, 1, 3, 2))
        self._turned = tf.constant(turned.copy())

    def call(self, x):
        @tf.custom_gradient
        def convolve(x):
            y = tf.nn.conv2d(x, self._kernel, strides=1, padding="SAME")
            y = tf.nn.relu(tf.nn.bias_add(y, self._bias))

            def gradient(dy):
                dy = tf.where(y > 0, dy, 0.0)
                return tf.nn.conv2d(dy, self._turned, strides=1, padding="SAME")

            return y, gradient

        return convolve(x)
