"""ONNX forms of the TensorFlow ops that tf2onnx has none for, or a worse one.

With them a whole served segmentation becomes one ONNX graph: resampling with
antialiasing, the regions of the field of view, choices without NaN. Each form
takes tf2onnx's graph and the node that it replaces.
"""

import numpy as np
from onnx import TensorProto

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
OPSET = 18  # of ONNX; the first whose `Resize` antialiases


class Nodes:
    """Makes nodes where another one stands, and puts the last in its place."""

    def __init__(self, graph, node):
        """Keeps the node that is to be replaced."""
        self._graph, self._node = graph, node
        self.inputs = list(node.input)

    def __call__(self, kind, *inputs, **attributes) -> str:
        """Makes a node; plain numbers are int64 constants.

        Returns:
          The name of its output.
        """
        names = [x if isinstance(x, str) else self.const(x) for x in inputs]
        made = self._graph.make_node(kind, names, attr=attributes)
        return made.output[0]

    def const(self, value, dtype=np.int64) -> str:
        """The name of a constant."""
        from tf2onnx import utils

        name = utils.make_name(self._node.name)
        return self._graph.make_const(name, np.array(value, dtype)).output[0]

    def finish(self, *outputs) -> None:
        """Puts tensors in the place of the node's outputs."""
        node, graph = self._node, self._graph
        names = list(node.output)
        shapes, dtypes = node.output_shapes, node.output_dtypes
        graph.remove_node(node.name)
        for name, output, shape, dtype in zip(
            names, outputs, shapes, dtypes, strict=True
        ):
            graph.make_node(
                "Identity",
                [output],
                outputs=[name],
                shapes=[shape],
                dtypes=[dtype],
            )


def scale_and_translate(graph, node, *_):
    """`tf.image.resize(…, "bicubic", antialias=True)`."""
    if node.get_attr_value("kernel_type") not in ("keyscubic", b"keyscubic"):
        return  # It stays, and is told by its name.
    _resize(
        Nodes(graph, node),
        mode="cubic",
        cubic_coeff_a=-0.5,
        antialias=1,
        exclude_outside=1,
    )


def resize_nearest(graph, node, *_):
    """`tf.image.resize(…, "nearest")`; tf2onnx's form is deprecated."""
    _resize(
        Nodes(graph, node), mode="nearest", nearest_mode="round_prefer_ceil"
    )


def _resize(make, **attributes):
    """(B,H,W,C) to the size in the second input, by ONNX's `Resize`."""
    image, size = make.inputs[:2]
    image = make("Transpose", image, perm=[0, 3, 1, 2])
    planes = make("Slice", *(make("Shape", image), [0], [2]))
    size = make("Concat", planes, make("Cast", size, to=INT64), axis=0)
    resized = make(
        *("Resize", image, "", "", size),
        coordinate_transformation_mode="half_pixel",
        **attributes,
    )
    make.finish(make("Transpose", resized, perm=[0, 2, 3, 1]))


def resize_area(graph, node, *_):
    """`tf.image.resize(…, "area")`: rows and columns times shares of pixels."""
    make = Nodes(graph, node)
    image, size = make.inputs
    image = make("Transpose", image, perm=[0, 3, 1, 2])
    shape = make("Shape", image)
    size = make("Cast", size, to=INT64)
    rows, columns = (
        _shares(
            make,
            make("Gather", shape, axis + 2, axis=0),
            make("Gather", size, axis, axis=0),
        )
        for axis in (0, 1)
    )
    image = make("MatMul", rows, make("Cast", image, to=FLOAT))
    image = make("MatMul", image, make("Transpose", columns, perm=[1, 0]))
    make.finish(make("Transpose", image, perm=[0, 2, 3, 1]))


def _shares(make, pixels, cells):
    """What share of each of `cells` equal parts each of `pixels` covers."""

    def places(count):
        # In whole numbers: ONNX Runtime infers shapes wrongly from others.
        whole = make("Range", *(make.const(0), count, make.const(1)))
        return make("Cast", whole, to=FLOAT)

    zero, one = (make.const(value, np.float32) for value in (0.0, 1.0))
    pixel = places(pixels)
    cell = make("Unsqueeze", places(cells), [1])
    pixels, cells = (make("Cast", n, to=FLOAT) for n in (pixels, cells))
    width = make("Div", pixels, cells)
    end = make("Mul", make("Add", cell, one), width)
    end = make("Min", end, make("Add", pixel, one))
    start = make("Max", make("Mul", cell, width), pixel)
    covered = make("Max", make("Sub", end, start), zero)
    return make("Div", covered, width)


def segment_max(graph, node, *_):
    """The greatest value of each run, where tf2onnx makes a table of all."""
    make = Nodes(graph, node)
    values, runs = make.inputs
    runs = make("Cast", runs, to=INT64)
    count = make("Add", make("ReduceMax", runs, keepdims=1), [1])
    least = make("Expand", make.const(-np.inf, np.float32), count)
    make.finish(
        make(
            "ScatterElements",
            *(least, runs, values),
            axis=0,
            reduction="max",
        )
    )


def select(graph, node, *_):
    """`tf.where`; tf2onnx multiplies by 0, which leaves an infinity NaN."""
    make = Nodes(graph, node)
    make.finish(make("Where", *make.inputs))


def tensor_list(graph, node, *_):
    """What a loop goes over: the tensor, without the shape of its parts."""
    graph.remove_input(node, node.input[1], 1)
    node.type = "Identity"
    graph.copy_dtype(node.input[0], node.output[0])
    graph.copy_shape(node.input[0], node.output[0])


FORMS = {
    "ScaleAndTranslate": scale_and_translate,
    "ResizeNearestNeighbor": resize_nearest,
    "ResizeArea": resize_area,
    "SegmentMax": segment_max,
    "SelectV2": select,
    "TensorListFromTensor": tensor_list,
}
