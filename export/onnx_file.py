"""Writes a SavedModel's served function as one ONNX file, with its card."""

import json
import os
import pathlib

import numpy as np
import tensorflow as tf

from migan_tf.base import files
from migan_tf.base.errors import UserError
from migan_tf.inference import saved_models

from . import onnx_functions, warm_up

SIDE = 192  # pixels of the phantom on which parity is measured
RANGES = {
    "vessel_probability": "0 to 1; 0 outside the field of view",
    "vessel_map": "0 or 255; of a generator 0 to 255",
    "fov_mask": "0 or 255",
    "otsu_threshold": "0 to 1; vessels are where the probability reaches it",
    "painted_map": "0 to 255, the map at the size of the image",
    "fundus": "0 to 255, RGB",
    "seed": "any whole number from 0",
    "noise_stddev": "from 0; 1 as it is evaluated",
    "contrast": "0 to 4; 1 as photographed",
    "style_fundus": "0 to 255, RGB; a black pixel is no style",
}


def write(folder, output) -> pathlib.Path:
    """Converts a SavedModel.

    Args:
      folder: `model_folder.ModelFolder` of the SavedModel.
      output: folder of the results; made where need be.

    Returns:
      The file output/<model>.onnx. <model>.json beside it is its card.

    Raises:
      UserError: a package is missing, the model is damaged or has an op
        without an ONNX form, or the folder cannot be written.
    """
    onnxruntime = _packages()
    output = files.make_output(output)
    loaded = _load(folder)
    signature, function = onnx_functions.served(
        loaded, folder.config, folder.task
    )
    model = converted(function)
    _describe(model, folder.card)
    session = _session(onnxruntime, model)
    request = warm_up.requests({signature: function}, folder.config, side=SIDE)[
        signature
    ]
    card = {
        "model": folder.card["model"],
        "version": folder.card["version"],
        "signature": signature,
        "opset": onnx_opset(model),
        "inputs": _tensors(model.graph.input),
        "outputs": _tensors(model.graph.output),
        "parity": parity(session, function, request),
        "source": folder.card,
    }
    path = output / f"{card['model']}.onnx"
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString())
    text = json.dumps(card, indent=1, ensure_ascii=False)
    files.write_text(path.with_suffix(".json"), text + "\n")
    return path


def parity(session, function, request) -> dict:
    """How far ONNX Runtime and TensorFlow are apart on one request.

    Args:
      session: `onnxruntime.InferenceSession` of the converted function.
      function: the `tf.function`.
      request: {input: array}.

    Returns:
      {output: {"largest": …, "mean": …, "unequal_share": …}}, differences in
      the output's own units.
    """
    names = [given.name for given in session.get_outputs()]
    found = dict(zip(names, session.run(None, request), strict=True))
    values = [tf.constant(request[s.name]) for s in function.input_signature]
    differences = {}
    for name, wanted in function(*values).items():
        apart = np.abs(found[name].astype(np.float64) - wanted.numpy())
        differences[name] = {
            "largest": float(apart.max()),
            "mean": float(apart.mean()),
            "unequal_share": float((apart > 0).mean()),
        }
    return differences


def onnx_opset(model) -> int:
    """The version of ONNX's own ops that a model asks for."""
    return next(o.version for o in model.opset_import if not o.domain)


def _packages():
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise UserError(
            "an export to ONNX needs tf2onnx, onnx and onnxruntime. Received: "
            f'{error}. Next: pip install "migan-tf[onnx]"'
        ) from error
    return onnxruntime


def _load(folder):
    if not folder.is_saved_model:
        raise UserError(
            "--model must be a SavedModel. Received: "
            f"{folder.path}, a run's folder. Next: python -m migan_tf export "
            "--workdir=RUN"
        )
    return saved_models.load(folder)


def converted(function):
    """The ONNX model of a `tf.function` of named inputs and outputs."""
    # Otherwise tf2onnx copies the whole graph before each of its turns, and
    # goes on where one of them has failed.
    os.environ["TF2ONNX_CATCH_ERRORS"] = "FALSE"
    from onnx import helper
    from tf2onnx import convert

    from . import onnx_loops, onnx_nodes, onnx_noise, onnx_ops

    forms = onnx_ops.FORMS | onnx_noise.FORMS
    model, _ = convert.from_function(
        function,
        input_signature=function.input_signature,
        opset=onnx_nodes.OPSET,
        custom_op_handlers={name: (form, []) for name, form in forms.items()},
        extra_opset=[helper.make_opsetid(onnx_nodes.DOMAIN, 1)],
    )
    onnx_loops.mend(model.graph)
    onnx_noise.add_functions(model)
    _keep_captured(model.graph, function.get_concrete_function())
    return model


def _keep_captured(graph, function):
    """Makes constants of what a function holds and tf2onnx asks for."""
    from onnx import numpy_helper

    names = [given.name for given in graph.input]
    for value, inside in function.graph.captures:
        if inside.name in names:
            del graph.input[names.index(inside.name)]
            names.remove(inside.name)
            graph.initializer.append(
                numpy_helper.from_array(value.numpy(), inside.name)
            )


def _session(onnxruntime, model):
    """A session of ONNX Runtime, which knows no op of TensorFlow."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
        )
    except Exception as error:  # It has a class for each kind of refusal.
        reason = str(error).partition("\n")[0]
        raise UserError(
            "the model has an operation without an ONNX form: "
            f"{reason}. Received: a model of which no ONNX file can be made. "
            "Serve the SavedModel instead (docs/serving.md)"
        ) from error


def _describe(model, card):
    """Names the free sizes and says where the model comes from."""
    for tensor in (*model.graph.input, *model.graph.output):
        prefix = "style_" if tensor.name.startswith("style") else ""
        names = ("batch", f"{prefix}height", f"{prefix}width")
        for dimension, name in zip(
            tensor.type.tensor_type.shape.dim, names, strict=False
        ):
            if not dimension.dim_value:
                dimension.dim_param = name
    texts = {
        "model": card["model"],
        "version": str(card["version"]),
        "intended_use": card["intended_use"],
        "licence": card["data"]["licence"],
        "weights_sha256": card["network"]["weights_sha256"],
    }
    for key, value in texts.items():
        model.metadata_props.add(key=key, value=value)


def _tensors(tensors):
    from onnx import helper

    return {
        tensor.name: {
            "dtype": np.dtype(
                helper.tensor_dtype_to_np_dtype(
                    tensor.type.tensor_type.elem_type
                )
            ).name,
            "shape": [
                dimension.dim_param or dimension.dim_value
                for dimension in tensor.type.tensor_type.shape.dim
            ],
            "range": RANGES[tensor.name],
        }
        for tensor in tensors
    }
