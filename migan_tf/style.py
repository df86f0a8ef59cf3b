"""VGG-19 as a frozen feature extractor for the style terms.

The network of keras.applications, cut after the deepest layer that is asked
for, in float32 under any policy. It takes fundus images in [-1,1].
"""

import keras
import tensorflow as tf

from migan_tf import layers, style_weights
from migan_tf.errors import UserError


class Vgg19:
    """Features of VGG-19 at the layers of style and of content."""

    def __init__(self, weights, style_layers, content_layer, seed=0, size=0):
        """Builds the network once.

        Args:
          weights: `imagenet` (downloaded by Keras), `random` (for tests) or
            the path of a weights file without the dense layers.
          style_layers: names of keras.applications, such as `block1_conv1`.
          content_layer: one such name.
          seed: of random weights.
          size: images are averaged over squares of whole pixels, the largest
            that leave at least this side; 0 leaves them as they are. VGG-19
            was trained at 224, and its cost goes with the area.

        Raises:
          UserError: unknown layers, or weights that cannot be had.
        """
        self.random = weights == "random"
        self._size = size
        names = [*style_layers, content_layer]
        with layers.dtype_policy("float32"):
            network = style_weights.load(weights, seed)
            fundus, taps = _frozen(network, names)
            self._taps = keras.Model(fundus, [taps[name] for name in names])
            self._content = keras.Model(fundus, taps[content_layer])

    def features(self, fundus):
        """Features of images (B,H,W,3) in [-1,1], each computed once.

        Returns:
          (list of (B,h,w,C), (B,h,w,C)): of the style layers and of the
          content layer, float32.
        """
        *style, content = self._taps(self._reduced(fundus))
        return style, content

    def content(self, fundus):
        """Features (B,h,w,C) of the content layer alone."""
        return self._content(self._reduced(fundus))

    def _reduced(self, fundus):
        factor = fundus.shape[1] // self._size if self._size else 1
        if factor <= 1:
            return fundus
        return tf.nn.avg_pool2d(fundus, factor, factor, "VALID")


class _Preprocessing(keras.layers.Layer):
    """[-1,1] RGB to what VGG-19 was trained on."""

    def call(self, fundus):
        levels = (fundus + 1.0) * 127.5
        return keras.applications.vgg19.preprocess_input(levels)


class _FrozenConvolution(keras.layers.Layer):
    """3×3 convolution and ReLU without a gradient to its weights.

    The gradient to its input is written as what it is, a convolution with the
    turned kernel: faster on a CPU than TensorFlow's own, which must serve any
    stride.
    """

    def __init__(self, kernel, bias, **settings):
        super().__init__(trainable=False, **settings)
        self._kernel, self._bias = tf.constant(kernel), tf.constant(bias)
        turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
        self._turned = tf.constant(turned.copy())

    def call(self, x):
        @tf.custom_gradient
        def convolve(x):
            y = tf.nn.conv2d(x, self._kernel, 1, "SAME")
            y = tf.nn.relu(tf.nn.bias_add(y, self._bias))

            def gradient(dy):
                dy = tf.where(y > 0, dy, 0.0)
                return tf.nn.conv2d(dy, self._turned, 1, "SAME")

            return y, gradient

        return convolve(x)


def _frozen(network, names):
    """(input, {name: output}) of the frozen network."""
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
    taps = {}
    for layer in network.layers[1 : last + 2]:
        if layer.weights:
            kernel, bias = layer.get_weights()
            x = _FrozenConvolution(kernel, bias, name=layer.name)(x)
        else:
            x = layer(x)
        if layer.name in names:
            taps[layer.name] = x
    return fundus, taps
