"""ONNX forms of TensorFlow's random numbers, number for number.

They come from a counter and a key by Philox4x32-10 (Salmon et al. 2011,
Parallel random numbers: as easy as 1, 2, 3), so that a seed is the same image
in ONNX Runtime as in TensorFlow. ONNX has no product of uint32 with all its
bits: words are held in uint64.
"""

import math

import numpy as np

from .onnx_nodes import (
    DOMAIN,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    OPSET,
    UINT64,
    Nodes,
)

PHILOX = "Philox"
_LOW = 0xFFFFFFFF  # the bits of a word
_ROUNDS = 10
_MULTIPLIERS, _STEPS = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
_SCRAMBLE = (0x3EC8F720, 0x02461E29)  # TensorFlow's key for seeds
_LEAST_UNIFORM = 1e-7  # of which Box and Muller take the logarithm


def bitcast(graph, node, *_):
    """The bits of float32 as int32, or of two uint32 as uint64."""
    make = Nodes(graph, node)
    if graph.get_dtype(node.output[0]) == UINT64:
        words = make("Cast", make.inputs[0], to=UINT64)
        low, high = (make("Gather", words, i, axis=-1) for i in (0, 1))
        make.finish(_pair(make, low, high))
    else:
        make.finish(make("Cast", _bits(make, make.inputs[0]), to=INT32))


def _bits(make, value):
    """The bits of float32, but of infinite ones, int64 in int32's range."""
    value = make("Cast", value, to=DOUBLE)
    size = make("Abs", value)
    powers = make.const(2.0 ** np.arange(-126, 128), np.float64)
    reached = make("GreaterOrEqual", make("Unsqueeze", size, [-1]), powers)
    # Its place among the powers of two is the exponent as it is stored; 0 is
    # of numbers that have no leading one.
    exponent = make("ReduceSum", make("Cast", reached, to=INT64), [-1])
    index = make("Max", make("Sub", make("Squeeze", exponent, [-1]), 1), 0)
    share = make("Div", size, make("Gather", powers, index, axis=0))
    bits = make("Add", make("Cast", index, to=DOUBLE), share)
    bits = make("Mul", bits, make.const(2.0**23, np.float64))
    sign = make("Less", value, make.const(0.0, np.float64))
    sign = make("Mul", make("Cast", sign, to=INT64), -(2**31))
    return make("Add", make("Cast", bits, to=INT64), sign)


def key_and_counter(graph, node, *_):
    """The start of Philox's stream of a seed (2,)."""
    make = Nodes(graph, node)
    seed = _words(make, make("Cast", make.inputs[0], to=UINT64), 2)
    mixed = _philox(make, seed, [_word(make, word) for word in _SCRAMBLE])
    counter = _pair(make, *mixed[2:])
    make.finish(
        _pair(make, *mixed[:2]),
        make("Concat", _word(make, 0), counter, axis=0),
    )


def stateless_normal(graph, node, *_):
    """`tf.random.stateless_normal`: pairs of words by Box and Muller."""
    make = Nodes(graph, node)
    words = _drawn(make)
    normal = []
    for first, second in (words[:2], words[2:]):
        radius = make("Max", _unit(make, first), _float(make, _LEAST_UNIFORM))
        radius = make("Mul", make("Log", radius), _float(make, -2.0))
        radius = make("Sqrt", radius)
        angle = make("Mul", _unit(make, second), _float(make, 2.0 * math.pi))
        normal += [make("Mul", make(k, angle), radius) for k in ("Sin", "Cos")]
    make.finish(_joined(make, normal))


def stateless_uniform_int(graph, node, *_):
    """`tf.random.stateless_uniform` of whole numbers."""
    make = Nodes(graph, node)
    dtype = graph.get_dtype(node.output[0])
    least, most = (make("Cast", name, to=INT64) for name in make.inputs[4:])
    width = make("Sub", most, least)
    drawn = make("Cast", _joined(make, _drawn(make)), to=INT64)
    drawn = make("Add", least, make("Mod", drawn, width))
    make.finish(make("Cast", drawn, to=dtype))


def stateless_words(graph, node, *_):
    """uint32 as they are drawn."""
    make = Nodes(graph, node)
    dtype = graph.get_dtype(node.output[0])
    make.finish(make("Cast", _joined(make, _drawn(make)), to=dtype))


def _drawn(make):
    """Four vectors of words, of a node's inputs (shape, key, counter, …)."""
    shape, key, counter = make.inputs[:3]
    count = make("ReduceProd", make("Cast", shape, to=INT64), keepdims=0)
    # Four at a time, also for a size that four does not divide.
    count = make("Div", make("Add", count, 3), 4)
    group = make("Range", *(make.const(0), count, make.const(1)))
    low, *others = _words(make, counter, 2)
    group = make("Add", make("Cast", group, to=UINT64), low)
    return _philox(make, [group, *others], _words(make, key, 1))


def _words(make, pairs, count):
    """Low and high words (1,) of `count` uint64, in this order."""
    low, high = _low(make, pairs), _high(make, pairs)
    return [
        make.cut(words, (i, i + 1))
        for i in range(count)
        for words in (low, high)
    ]


def _pair(make, low, high):
    """A uint64 of two words."""
    high = make("BitShift", high, _word(make, 32), direction="LEFT")
    return make("BitwiseOr", low, high)


def _joined(make, vectors):
    """The first of each vector, the second of each and so on, in its shape."""
    shape = make("Cast", make.inputs[0], to=INT64)
    columns = [make("Unsqueeze", vector, [1]) for vector in vectors]
    flat = make("Reshape", make("Concat", *columns, axis=1), [-1])
    count = make("ReduceProd", shape, keepdims=1)
    flat = make("Slice", *(flat, [0], count))
    return make("Reshape", flat, shape)


def _philox(make, counter, key):
    """Philox4x32-10 of words: uint32 in uint64, each (N,) or (1,)."""
    return make.call(PHILOX, *counter, *key, outputs=4, dtype=UINT64)


def add_functions(model) -> None:
    """Adds the function that forms call, or takes its domain away."""
    if PHILOX.encode() in model.SerializeToString():
        model.functions.append(_philox_function())
        return
    own = [o for o in model.opset_import if o.domain != DOMAIN]
    del model.opset_import[:]
    model.opset_import.extend(own)


def _philox_function():
    from onnx import parser

    names = "c0, c1, c2, c3, k0, k1"
    constants = {"low": _LOW, "shift": 32}
    constants |= {f"m{i}": word for i, word in enumerate(_MULTIPLIERS)}
    constants |= {f"s{i}": word for i, word in enumerate(_STEPS)}
    lines = [
        f"{name} = Constant <value = uint64[1] {{{value}}}> ()"
        for name, value in constants.items()
    ]
    lines += [f"r0_{name} = Identity ({name})" for name in names.split(", ")]
    for turn in range(_ROUNDS):
        lines += [
            line.replace("old_", f"r{turn}_").replace("new_", f"r{turn + 1}_")
            for line in _ROUND
        ]
    lines += [f"w{i} = Identity (r{_ROUNDS}_c{i})" for i in range(4)]
    body = "\n".join(lines)
    text = f'<domain: "{DOMAIN}", opset_import: ["" : {OPSET}]>\n'
    text += f"{PHILOX} ({names}) => (w0, w1, w2, w3) {{\n{body}\n}}"
    return parser.parse_function(text)


# One round: the products of two words, whose halves change places.
_ROUND = [
    line
    for i, j in ((0, 1), (1, 0))
    for line in (
        f"new_p{i} = Mul (old_c{2 * i}, m{i})",
        f'new_h{i} = BitShift <direction = "RIGHT"> (new_p{i}, shift)',
        f"new_x{i} = BitwiseXor (new_h{i}, old_c{2 * j + 1})",
        f"new_c{2 * j} = BitwiseXor (new_x{i}, old_k{j})",
        f"new_c{2 * j + 1} = BitwiseAnd (new_p{i}, low)",
        f"new_a{i} = Add (old_k{i}, s{i})",
        f"new_k{i} = BitwiseAnd (new_a{i}, low)",
    )
]


def _low(make, pairs):
    return make("BitwiseAnd", pairs, _word(make, _LOW))


def _high(make, pairs):
    return make("BitShift", pairs, _word(make, 32), direction="RIGHT")


def _word(make, value):
    return make.const([value], np.uint64)


def _unit(make, word):
    """The low 23 bits as float32 in [0,1)."""
    word = make("BitwiseAnd", word, _word(make, 2**23 - 1))
    word = make("Cast", word, to=FLOAT)
    return make("Mul", word, _float(make, 2.0**-23))


def _float(make, value):
    return make.const(value, np.float32)


FORMS = {
    "Bitcast": bitcast,
    "StatelessRandomGetKeyCounter": key_and_counter,
    "StatelessRandomNormalV2": stateless_normal,
    "StatelessRandomUniformIntV2": stateless_uniform_int,
    "StatelessRandomUniformFullIntV2": stateless_words,
}
