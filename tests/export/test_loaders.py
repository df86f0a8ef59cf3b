"""What a server's loader makes of the models: no Keras, no code of ours."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.phantom.retina import phantom_retina

# TensorFlow Serving's way: graph, variables and SignatureDef, nothing more.
LOADER = """
import sys

for name in ("keras", "migan_tf", "export"):
    sys.modules[name] = None  # whoever imports it fails
import numpy as np
import tensorflow.compat.v1 as tf

folder, signature, inputs, outputs = sys.argv[1:]
with tf.Session(graph=tf.Graph()) as session:
    meta = tf.saved_model.loader.load(session, ["serve"], folder)
    found = meta.signature_def[signature]
    fed = np.load(inputs)
    results = session.run(
        {name: info.name for name, info in found.outputs.items()},
        {found.inputs[name].name: fed[name] for name in fed.files},
    )
np.savez(outputs, **results)
"""


@pytest.fixture(scope="module")
def retina():
    return phantom_retina(90, 110, 3)


def run(arguments, **settings):
    done = subprocess.run(
        [str(argument) for argument in arguments],
        capture_output=True,
        text=True,
        timeout=300,
        **settings,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("task", ["segmentation", "synthesis"])
def test_the_servers_loader_gives_the_same(served, retina, tmp_path, task):
    noise = np.random.default_rng(1).normal(size=(1, 400))
    inputs = {
        "segmentation": {"fundus": retina.fundus[None]},
        "synthesis": {
            "vessel_map": np.float32(retina.vessel_map[None, ..., None]),
            "noise": np.float32(noise),
        },
    }[task]
    np.savez(tmp_path / "in.npz", **inputs)
    files = tmp_path / "in.npz", tmp_path / "out.npz"
    arguments = served[task], "serving_default", *files
    # Away from the checkout, where `import migan_tf` finds nothing of it.
    run([sys.executable, "-c", LOADER, *arguments], cwd=tmp_path)
    loaded = tf.saved_model.load(str(served[task]))
    expected = loaded.signatures["serving_default"](
        **{name: tf.constant(value) for name, value in inputs.items()}
    )
    found = np.load(files[1])
    assert set(found.files) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_saved_model_cli_shows_and_runs(served, retina, tmp_path):
    command = pathlib.Path(sys.executable).with_name("saved_model_cli")
    folder = served["segmentation"]
    shown = run([command, "show", "--dir", folder, "--all"])
    for word in ("segment_bytes", "image_bytes", "DT_STRING", "otsu_threshold"):
        assert word in shown
    np.save(tmp_path / "fundus.npy", retina.fundus[None])
    run(
        [command, "run", "--dir", folder, "--tag_set", "serve"]
        + ["--signature_def", "serving_default", "--outdir", tmp_path]
        + ["--inputs", f"fundus={tmp_path / 'fundus.npy'}"]
    )
    found = np.load(tmp_path / "vessel_probability.npy")
    expected = tf.saved_model.load(str(folder)).signatures["serving_default"](
        fundus=tf.constant(retina.fundus[None])
    )["vessel_probability"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.slow
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
