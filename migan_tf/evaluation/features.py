"""What the KID compares images by: one row of features for each image.

An extractor has a `name`, which belongs beside every figure that it gave, and
is called with a batch:

  extractor(fundus (B,S,S,3) in [-1,1], fov_mask (B,S,S,1) in {0,1})
      -> (B,D) float32

Both here average a feature map over the FOV, each cell by the share of its
area inside: what a generator paints around the fundus does not count.
"""

import re

import keras
import tensorflow as tf

from migan_tf.data import geometry


class SegmenterFeatures:
    """The deepest layer of a segmenter: no download, made for fundi.

    What it has learned is vessels, so it says less of colour than of texture.
    """

    def __init__(self, network):
        """Cuts the network at its deepest activation.

        Args:
          network: from `segmenter.build_segmenter`.
        """
        layer = deepest_layer(network)
        self.name = f"segmenter bottleneck ({layer})"
        self._network = tf.function(
            keras.Model(network.input, network.get_layer(layer).output),
            reduce_retracing=True,
        )

    def __call__(self, fundus, fov_mask):
        """Features (B,D) float32; see the module."""
        # From [0,1], as `geometry.network_fundus` has it.
        unit = (tf.cast(fundus, tf.float32) + 1.0) / 2.0
        fov_mask = tf.cast(fov_mask, tf.float32)
        standardized_fundus = geometry.standardize(unit, fov_mask)
        output = self._network(standardized_fundus, training=False)
        return fov_average(output, fov_mask).numpy()


class Vgg19Features:
    """The last output of a VGG-19, or of any network that is given."""

    def __init__(self, model, name="VGG-19"):
        """Keeps the network.

        Args:
          model: function of fundus (B,S,S,3) in [-1,1], such as a Keras model
            or `vgg19.Vgg19.content`, whose output is a feature map (B,h,w,C)
            or a list of such; the last is taken. It holds what its weights
            need in preparation.
          name: what it is called in reports.
        """
        self.name = name
        self._model = model

    def __call__(self, fundus, fov_mask):
        """Features (B,D) float32; see the module."""
        output = self._model(tf.cast(fundus, tf.float32))
        if isinstance(output, (list, tuple)):
            output = output[-1]
        return fov_average(output, tf.cast(fov_mask, tf.float32)).numpy()


def deepest_layer(network) -> str:
    """The name of a segmenter's deepest activation.

    Args:
      network: from `segmenter.build_segmenter`; `bottomb_act` of the U-Net,
        the last `encoder<level>_act` of the paper's network.

    Raises:
      ValueError: it has neither.
    """
    names = [layer.name for layer in network.layers]
    levels = [n for n in names if re.fullmatch(r"encoder\d_act", n)]
    found = [n for n in names if n == "bottomb_act"] or sorted(levels)
    if not found:
        raise ValueError(
            "`network` must be from segmenter.build_segmenter. Received: "
            f"{network.name}, without a layer bottomb_act or encoder6_act"
        )
    return found[-1]


def fov_average(feature_map, fov_mask):
    """Average of a feature map over the FOV.

    Args:
      feature_map: (B,h,w,C) float.
      fov_mask: (B,S,S,1) float32 in {0,1}.

    Returns:
      (B,C) float32; 0 where the FOV is empty.
    """
    shape = tf.shape(feature_map)[1:3]
    share = tf.image.resize(fov_mask, shape, "area")
    weighted = tf.cast(feature_map, tf.float32) * share
    return tf.math.divide_no_nan(
        tf.reduce_sum(weighted, (1, 2)), tf.reduce_sum(share, (1, 2))
    )
