"""Mends the loops that tf2onnx makes.

TensorFlow has one constant for the turns of a loop and for the length of what
it runs over. tf2onnx makes the turns an int64, as ONNX wants them, and with
them the length, which the loop's body knows as an int32.
"""

from onnx import AttributeProto, helper


def mend(graph, known=None) -> None:
    """Casts the constants that a loop's body knows as of another type.

    Args:
      graph: of an ONNX model, or in a node of one; its nodes are changed.
      known: {name: type} of the constants about it.
    """
    known = dict(known or {})
    known |= {
        constant.name: constant.data_type for constant in graph.initializer
    }
    nodes = []
    for node in graph.node:
        for part in node.attribute:
            if part.type == AttributeProto.GRAPH:
                mend(part.g, known)
        if node.op_type == "Loop":
            nodes += _casts(node, known)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def _casts(loop, known):
    """Nodes that cast what a loop is given, which takes it from them."""
    body = next(part.g for part in loop.attribute if part.name == "body")
    casts = []
    # The turns and the condition are given to a body by ONNX itself.
    for i, expected in list(enumerate(body.input))[2:]:
        dtype = expected.type.tensor_type.elem_type
        if known.get(loop.input[i], dtype) != dtype:
            name = f"{loop.name}_input_{i}"
            casts.append(
                helper.make_node("Cast", [loop.input[i]], [name], to=dtype)
            )
            loop.input[i] = name
    return casts
