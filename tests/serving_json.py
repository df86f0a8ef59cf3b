"""The JSON of TensorFlow Serving's predict calls, for `serving_stand_in`.

Both forms of a request: `instances` by row, `inputs` by column. What does not
suit the signature is a ValueError.
"""

import base64
import json

import numpy as np
import tensorflow as tf


def read_request(text, signatures):
    """(signature, {input: array}, whether the form was `instances`)."""
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError("JSON Value: Is not object")
    name = body.get("signature_name", "serving_default")
    if name not in signatures:
        raise ValueError(
            f'Serving signature name: "{name}" not found in signature def'
        )
    inputs = signatures[name].inputs
    if ("inputs" in body) == ("instances" in body):
        raise ValueError("expecting one of 'inputs' or 'instances' keys")
    by_row = "instances" in body
    if by_row:
        columns = columns_of_rows(body["instances"], set(inputs))
    else:
        columns = columns_of_inputs(body["inputs"], set(inputs))
    arrays = {}
    for column, value in columns.items():
        dtype = tf.as_dtype(inputs[column].dtype)
        arrays[column] = np.array(parsed(value, dtype), dtype.as_numpy_dtype)
    return signatures[name], arrays, by_row


def columns_of_inputs(values, names):
    if not is_named(values):
        return {only(names): values}
    if missing := names - values.keys():
        raise ValueError(f"Missing named input: {sorted(missing)[0]}")
    return {name: values[name] for name in names}


def columns_of_rows(rows, names):
    if not isinstance(rows, list) or not rows:
        raise ValueError("'instances' must be a list that is not empty")
    if not any(map(is_named, rows)):
        return {only(names): rows}
    for row in rows:
        if not is_named(row) or row.keys() != names:
            raise ValueError(f"keys must be equal to: {sorted(names)}")
    return {name: [row[name] for row in rows] for name in names}


def is_named(value):
    """Whether it names inputs; {"b64": …} is a value."""
    return isinstance(value, dict) and list(value) != ["b64"]


def only(names):
    if len(names) != 1:
        raise ValueError("a plain value, but multiple inputs are required")
    return next(iter(names))


def parsed(value, dtype):
    """Nested lists with each leaf as the type wants it."""
    if isinstance(value, list):
        return [parsed(item, dtype) for item in value]
    if dtype == tf.string and isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    if dtype == tf.string and isinstance(value, str):
        return value.encode()
    kinds = (int, float) if dtype.is_floating else (int,)
    if dtype == tf.string or type(value) not in kinds:
        raise ValueError(f"JSON Value: {value} is not of type: {dtype.name}")
    return value


def write_answer(outputs, by_row):
    """{"predictions": rows} or {"outputs": columns}; an only one is bare."""
    values = {name: listed(name, array) for name, array in outputs.items()}
    bare = len(values) == 1
    if not by_row:
        return {"outputs": next(iter(values.values())) if bare else values}
    rows = list(zip(*values.values(), strict=True))
    if bare:
        return {"predictions": [row[0] for row in rows]}
    names = list(values)
    return {"predictions": [dict(zip(names, r, strict=True)) for r in rows]}


def listed(name, array):
    """Strings are base64 where the name ends in _bytes, and only there."""
    if array.dtype != object:
        return array.tolist()
    if not name.endswith("_bytes"):
        return [item.decode(errors="replace") for item in array]
    return [{"b64": base64.b64encode(item).decode()} for item in array]
