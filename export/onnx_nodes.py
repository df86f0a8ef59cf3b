"""Nodes of an ONNX graph, made where an op of TensorFlow stands.

A form of an op takes tf2onnx's graph and the node that it replaces, and makes
its nodes with `Nodes`.
"""

import numpy as np
from onnx import TensorProto

FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE
INT32, INT64 = TensorProto.INT32, TensorProto.INT64
UINT64 = TensorProto.UINT64
DOMAIN = "migan"  # of functions that stand in the model itself
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

    def call(self, function, *inputs, outputs, dtype) -> list[str]:
        """Calls a function of the model; its outputs are vectors."""
        return self._graph.make_node(
            function,
            list(inputs),
            output_count=outputs,
            shapes=[[-1]] * outputs,
            dtypes=[dtype] * outputs,
            domain=DOMAIN,
        ).output

    def cut(self, tensor, span, axis=0) -> str:
        """The part of a tensor from `span[0]` to before `span[1]`."""
        start, end = span
        return self("Slice", *(tensor, [start], [end], [axis]))

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
