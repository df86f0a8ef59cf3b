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
from migan_tf.inference import run_networks, saved_models


class SegmenterFeatures:
    """The deepest layer of a segmenter: no download, made for fundi.

    What it has learned is vessels, so it says less of colour than of texture.
    """

    def __init__(self, network):
        """Cuts the network at its deepest activation.

        Args:
          network: from `segmenter.build_segmenter`, or the `network` of a
            loaded SavedModel.
        """
        if hasattr(network, "concrete_functions"):
            layer, deepest = _deepest_of_graph(network.concrete_functions[0])
        else:
            layer = deepest_layer(network)
            deepest = keras.Model(
                network.input, network.get_layer(layer).output
            )
        self.name = f"segmenter bottleneck ({layer})"
        self._network = tf.function(deepest, reduce_retracing=True)

    @classmethod
    def of(cls, folder) -> "SegmenterFeatures":
        """Those of the segmenter in a `model_folder.ModelFolder`."""
        if folder.is_saved_model:
            # The function keeps no variables alive, the object does.
            loaded = saved_models.load(folder)
            found = cls(loaded.network)
            found._loaded = loaded
            return found
        return cls(run_networks.load_network(folder.path, folder.task)[0])

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


def _deepest_of_graph(concrete):
    """(layer, function): the deepest activation of an exported network.

    An ensemble has one in each of its members; the first one is taken.

    Args:
      concrete: the network's concrete function of one input.
    """
    graph = concrete.graph
    # Layers are scopes of operations, which Keras numbers from the second on.
    pattern = re.compile(r"(?:.*/)?(bottomb_act|encoder\d_act)(?:_\d+)?/[^/]+")
    found = [(pattern.fullmatch(o.name), o) for o in graph.get_operations()]
    found = [(match[1], operation) for match, operation in found if match]
    deepest = [pair for pair in found if pair[0] == "bottomb_act"] or found
    if not deepest:
        raise ValueError(
            "the SavedModel's network must be a segmenter of this program. "
            "Received: one without a layer bottomb_act or encoder6_act"
        )
    layer, operation = max(deepest, key=lambda pair: pair[0])
    names = [tensor.name for tensor in graph.inputs]

    def run(standardized_fundus, training):
        del training  # Not what an exported network does.
        values = [standardized_fundus]
        # The handles of the variables, brought into this graph.
        values += [tf.identity(handle) for handle in concrete.captured_inputs]
        return tf.graph_util.import_graph_def(
            graph.as_graph_def(),
            input_map=dict(zip(names, values, strict=True)),
            return_elements=[operation.outputs[0].name],
        )[0]

    return layer, run


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
