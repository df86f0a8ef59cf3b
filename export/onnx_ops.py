"""ONNX forms of the TensorFlow ops that tf2onnx has none for, or a worse one.

With them a whole served function becomes one ONNX graph: resampling with
antialiasing, the regions of the field of view, choices without NaN, the fit of
a photograph's light. Each form takes tf2onnx's graph and the node that it
replaces. Those of random numbers are in `onnx_noise`.
"""

import numpy as np

from .onnx_nodes import FLOAT, INT64, Nodes


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
    planes = make.cut(make("Shape", image), (0, 2))
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
        make("ScatterElements", *(least, runs, values), axis=0, reduction="max")
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


def matrix_solve(graph, node, *_):
    """Solves A X = B for matrices without a need to pivot, by Gauss-Jordan.

    Those of the fit of a light are symmetric and positive definite.
    """
    make = Nodes(graph, node)
    size = graph.get_shape(make.inputs[0])[-1]
    rows = make("Concat", *make.inputs, axis=-1)
    for pivot in range(size):
        here = (pivot, pivot + 1)
        row = make.cut(rows, here, axis=-2)
        head = make.cut(row, here, axis=-1)
        row = make("Div", row, head)
        column = make.cut(rows, here, axis=-1)
        others = np.ones((size, 1))
        others[pivot] = 0
        others = make.const(others, np.float32)
        # Of the pivot's own row nothing is left but the one that is added.
        this = make("Sub", make.const(1.0, np.float32), others)
        rest = make("Sub", rows, make("Mul", column, row))
        rows = make("Add", make("Mul", rest, others), make("Mul", this, row))
    make.finish(make.cut(rows, (size, 2**31), axis=-1))


FORMS = {
    "ScaleAndTranslate": scale_and_translate,
    "ResizeNearestNeighbor": resize_nearest,
    "ResizeArea": resize_area,
    "SegmentMax": segment_max,
    "SelectV2": select,
    "TensorListFromTensor": tensor_list,
    "MatrixSolve": matrix_solve,
}
