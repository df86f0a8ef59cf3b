"""What a server's loader makes of the models: no Keras, no code of ours."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.phantom.retina import phantom_retina

pytestmark = pytest.mark.slow

# TensorFlow Serving's way: graph, variables and SignatureDef, nothing more.
LOADER = """
import sys

for name in ("keras", "migan_tf", "export"):
    sys.modules[name] = None  # whoever imports it fails
import numpy as np
import tensorflow.compat.v1 as tf

for folder, inputs, outputs in zip(*[iter(sys.argv[1:])] * 3):
    with tf.Session(graph=tf.Graph()) as session:
        meta = tf.saved_model.loader.load(session, ["serve"], folder)
        found = meta.signature_def["serving_default"]
        fed = np.load(inputs)
        results = session.run(
            {name: info.name for name, info in found.outputs.items()},
            {found.inputs[name].name: fed[name] for name in fed.files},
        )
    np.savez(outputs, **results)
"""


def test_the_servers_loader_gives_the_same(served, tmp_path):
    retina = phantom_retina(90, 110, 3)
    noise = np.random.default_rng(1).normal(size=(1, 400))
    inputs = {
        "segmentation": {"fundus": retina.fundus[None]},
        "synthesis": {
            "vessel_map": np.float32(retina.vessel_map[None, ..., None]),
            "noise": np.float32(noise),
        },
    }
    arguments = []
    for task, arrays in inputs.items():
        np.savez(tmp_path / f"{task}_in.npz", **arrays)
        files = f"{task}_in.npz", f"{task}_out.npz"
        arguments += [str(served[task]), *files]
    # Away from the checkout, where `import migan_tf` finds nothing of it.
    done = subprocess.run(
        [sys.executable, "-c", LOADER, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for task, arrays in inputs.items():
        loaded = tf.saved_model.load(str(served[task]))
        expected = loaded.signatures["serving_default"](
            **{name: tf.constant(value) for name, value in arrays.items()}
        )
        found = np.load(tmp_path / f"{task}_out.npz")
        assert set(found.files) == set(expected)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("task", ["segmentation", "synthesis"])
def test_a_second_runtime_agrees_on_the_network(served, task):
    openvino = pytest.importorskip("openvino", reason="needs the extra test")
    loaded = tf.saved_model.load(str(served[task]))
    network = loaded.network
    rng = np.random.default_rng(2)
    shapes = {
        "segmentation": [(1, 64, 64, 3)],
        "synthesis": [(1, 64, 64, 1), (1, 400)],
    }[task]
    inputs = [rng.normal(size=s).astype(np.float32) for s in shapes]
    model = openvino.convert_model(network.concrete_functions[0])
    # The converter may turn the inputs' order about.
    sizes = {len(x.partial_shape): n for n, x in enumerate(model.inputs)}
    fed = {sizes[value.ndim]: value for value in inputs}
    # Where the processor can, it would compute in bfloat16 by default.
    precision = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.compile_model(model, "CPU", precision)
    found = compiled(fed)[0]
    expected = network(*map(tf.constant, inputs))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)
