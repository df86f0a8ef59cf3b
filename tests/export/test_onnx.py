"""A SavedModel as an ONNX file: the same answers without TensorFlow."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder
from migan_tf.phantom.retina import phantom_retina

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
pytest.importorskip("tf2onnx", reason="needs the extra onnx")
pytestmark = pytest.mark.filterwarnings("ignore:::tf2onnx")

ROOT = pathlib.Path(__file__).resolve().parents[2]
# In a process of its own: which packages ONNX Runtime needs beside it.
APPLY = """
import sys
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
names = [output.name for output in session.get_outputs()]
found = session.run(None, {"fundus": np.load(sys.argv[2])[None]})
np.savez(sys.argv[3], **dict(zip(names, found)))
assert not {"tensorflow", "keras", "migan_tf", "cv2"} & set(sys.modules)
"""


def command(*flags):
    return subprocess.run(
        [sys.executable, "-m", "export.onnx", *flags],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        timeout=900,
    )


@pytest.fixture(scope="module")
def small(served, tmp_path_factory):
    """The ONNX file of the tiny run's segmenter."""
    from export import onnx_file

    folder = model_folder.open_folder(served["segmentation"], "segmentation")
    return onnx_file.write(folder, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The ONNX file of the general segmenter, written by the command."""
    output = tmp_path_factory.mktemp("shipped")
    done = command(f"--output={output}", "--model=general")
    assert done.returncode == 0, done.stderr
    (path,) = output.glob("*.onnx")
    assert done.stdout.strip() == str(path)
    return path


@pytest.fixture(scope="module")
def shipped_saved_model():
    from migan_tf.inference import load

    folder = model_folder.find("segmentation", model="general")
    return load.load_segmenter(folder)


def session_of(path):
    return onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )


def answers(session, fundus):
    """{output: array} of one photograph."""
    names = [output.name for output in session.get_outputs()]
    found = session.run(None, {"fundus": fundus[None]})
    return dict(zip(names, found, strict=True))


def assert_same(found, wanted):
    """ONNX Runtime's answers are those of the SavedModel."""
    probability = found["vessel_probability"][0, ..., 0]
    assert probability.dtype == np.float32
    assert np.abs(probability - wanted.vessel_probability).max() < 1e-4
    np.testing.assert_array_equal(
        found["fov_mask"][0, ..., 0], wanted.fov_mask * np.uint8(255)
    )
    unequal = found["vessel_map"][0, ..., 0] != wanted.vessel_map * 255
    # A pixel at the threshold may fall to either side.
    assert unequal.sum() <= 3
    at = wanted.vessel_probability[unequal] - found["otsu_threshold"][0]
    assert (np.abs(at) < 1e-4).all()


@pytest.mark.slow
def test_the_whole_served_function_is_in_the_file(small, served):
    import tensorflow as tf

    signature = tf.saved_model.load(str(served["segmentation"])).signatures
    for height, width in ((150, 190), (121, 97)):
        retina = phantom_retina(height, width, seed=2)
        batch = np.stack([retina.fundus, retina.fundus[::-1]])
        wanted = signature["serving_default"](fundus=tf.constant(batch))
        session = session_of(small)
        names = [output.name for output in session.get_outputs()]
        found = session.run(None, {"fundus": batch})
        assert set(names) == set(wanted)
        for name, array in zip(names, found, strict=True):
            # Rounding of float32, in a network of random weights.
            np.testing.assert_allclose(array, wanted[name], atol=1e-4)


@pytest.mark.slow
def test_no_fundus_gives_an_empty_map(small):
    for shape in ((64, 64, 3), (5, 200, 3)):  # black, and too narrow
        found = answers(session_of(small), np.zeros(shape, np.uint8))
        assert not found["fov_mask"].any() and not found["vessel_map"].any()
        assert not found["vessel_probability"].any()


@pytest.mark.slow
def test_the_card_says_what_is_in_the_file(small, served):
    card = json.loads(small.with_suffix(".json").read_text("utf-8"))
    assert card["model"] == "migan_segmentation" and card["opset"] == 18
    assert card["inputs"]["fundus"]["dtype"] == "uint8"
    assert card["inputs"]["fundus"]["shape"] == ["batch", "height", "width", 3]
    assert card["outputs"]["vessel_probability"]["dtype"] == "float32"
    assert card["parity"]["vessel_probability"]["largest"] < 1e-4
    assert card["parity"]["fov_mask"]["largest"] == 0
    assert card["parity"]["otsu_threshold"]["largest"] == 0
    source = served["segmentation"] / "assets.extra" / "model_card.json"
    assert card["source"] == json.loads(source.read_text("utf-8"))
    properties = session_of(small).get_modelmeta().custom_metadata_map
    assert (
        properties["weights_sha256"]
        == card["source"]["network"]["weights_sha256"]
    )


@pytest.mark.slow
def test_it_runs_without_tensorflow(shipped, shipped_saved_model, tmp_path):
    fundus = phantom_retina(300, 410, seed=5).fundus
    photograph, result = tmp_path / "fundus.npy", tmp_path / "found.npz"
    np.save(photograph, fundus)
    done = subprocess.run(
        [sys.executable, "-c", APPLY, shipped, photograph, result],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert_same(dict(np.load(result)), shipped_saved_model(fundus))


@pytest.mark.slow
def test_a_smaller_photograph_has_the_same_answers(
    shipped, shipped_saved_model
):
    fundus = phantom_retina(233, 200, seed=8).fundus
    found = answers(session_of(shipped), fundus)
    assert_same(found, shipped_saved_model(fundus))


@pytest.mark.slow
@pytest.mark.real_data
def test_a_real_photograph_has_the_same_answers(
    shipped, shipped_saved_model, real_data
):
    from PIL import Image

    path = sorted((real_data / "DRIVE").rglob("*_training.tif"))[0]
    fundus = np.asarray(Image.open(path).convert("RGB"))
    found = answers(session_of(shipped), fundus)
    assert_same(found, shipped_saved_model(fundus))


def converted(function):
    from export import onnx_file

    model = onnx_file.converted(function)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def test_what_is_not_chosen_may_be_infinite():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, "x")])
    def root(x):
        return {"root": tf.where(x > 0.0, tf.math.rsqrt(x), 0.0)}

    (found,) = converted(root).run(None, {"x": np.float32([0, 4])})
    np.testing.assert_array_equal(found, [0.0, 0.5])


@pytest.mark.parametrize("method", ["area", "nearest", "bicubic"])
def test_resampling_is_that_of_tensorflow(method):
    import tensorflow as tf

    @tf.function(
        input_signature=[
            tf.TensorSpec((1, None, None, 2), tf.float32, "image"),
            tf.TensorSpec((2,), tf.int32, "size"),
        ]
    )
    def resize(image, size):
        resized = tf.image.resize(image, size, method, antialias=True)
        return {"resized": resized}

    session = converted(resize)
    rng = np.random.default_rng(0)
    for height, width, size in ((30, 21, (7, 9)), (8, 6, (4, 3))):
        image = rng.normal(size=(1, height, width, 2)).astype(np.float32)
        size = np.array(size, np.int32)
        (found,) = session.run(None, {"image": image, "size": size})
        wanted = tf.image.resize(image, size, method, antialias=True)
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_without_tf2onnx_the_next_command_is_named(monkeypatch, tmp_path):
    from export import onnx_file

    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    folder = model_folder.find("segmentation", model="general")
    with pytest.raises(UserError, match=r'pip install "migan-tf\[onnx\]"'):
        onnx_file.write(folder, tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


@pytest.mark.slow
def test_another_task_is_refused_by_name(tmp_path):
    done = command(
        f"--output={tmp_path}", "--model=export/models/migan_synthesis"
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "which is migan_synthesis" in done.stderr
    assert not any(tmp_path.iterdir())


def painted_by_both(folder, output, requests):
    """Pairs of {output: array}, of the ONNX file and of its SavedModel."""
    import tensorflow as tf

    from export import onnx_file

    path = onnx_file.write(folder, output)
    card = json.loads(path.with_suffix(".json").read_text("utf-8"))
    signature = tf.saved_model.load(str(folder.path)).signatures[
        card["signature"]
    ]
    session = session_of(path)
    names = [output.name for output in session.get_outputs()]
    for request in requests:
        found = session.run(None, request)
        found = dict(zip(names, found, strict=True))
        # In ONNX one name is one tensor.
        found["vessel_map"] = found.pop("painted_map")
        wanted = signature(**{k: tf.constant(v) for k, v in request.items()})
        yield found, {name: value.numpy() for name, value in wanted.items()}


def assert_same_image(found, wanted):
    """But for rounding to the next grey level, at a pixel in a thousand."""
    assert set(found) == set(wanted)
    for name in set(found) - {"fundus"}:
        np.testing.assert_array_equal(found[name], wanted[name])
    apart = np.abs(found["fundus"].astype(int) - wanted["fundus"])
    assert apart.max() <= 1 and (apart > 0).mean() < 1e-3
    assert wanted["fundus"].std() > 1


@pytest.mark.slow
def test_a_generator_paints_the_same_images(tmp_path):
    """Of each seed, contrast and style; --generator=delta."""
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")
    from export import servable
    from tests import small_delta

    run = small_delta.save_run(tmp_path / "run", small_delta.network())
    servable.export([run], "synthesis", tmp_path / "models")
    retina = phantom_retina(97, 120, seed=4)
    request = {
        "vessel_map": retina.vessel_map[None, ..., None],
        "seed": np.array([7], np.int64),
        "noise_stddev": np.float32([1.0]),
        "contrast": np.float32([1.0]),
        "style_fundus": np.zeros((1, 1, 1, 3), np.uint8),
    }
    styled = request | {"style_fundus": retina.fundus[None]}
    other = {
        "seed": np.array([12_345_678_901], np.int64),
        "contrast": np.float32([1.7]),
    }
    images = []
    for found, wanted in painted_by_both(
        model_folder.open_folder(
            tmp_path / "models" / "migan_synthesis" / "1", "synthesis"
        ),
        tmp_path / "onnx",
        [request, styled, request | other],
    ):
        assert_same_image(found, wanted)
        images.append(found["fundus"])
    assert (images[0] != images[1]).any() and (images[0] != images[2]).any()


@pytest.mark.slow
def test_the_generator_of_the_paper_paints_the_same_images(served, tmp_path):
    retina = phantom_retina(90, 90, seed=4)
    request = {
        "vessel_map": np.stack([retina.vessel_map] * 2)[..., None],
        "seed": np.array([7, 8], np.int64),
        "noise_stddev": np.float32([1.0, 1.0]),
    }
    folder = model_folder.open_folder(served["synthesis"], "synthesis")
    for found, wanted in painted_by_both(folder, tmp_path, [request]):
        assert_same_image(found, wanted)


def test_noise_is_drawn_as_tensorflow_draws_it():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((2,), tf.int64, "seed")])
    def draw(seed):
        narrow = tf.cast(seed, tf.int32)
        bounds = {"minval": -(2**23), "maxval": 2**23, "dtype": tf.int32}
        return {
            "normal": tf.random.stateless_normal((5, 7), seed),
            "philox": tf.random.stateless_normal((9,), narrow, alg="philox"),
            "whole": tf.random.stateless_uniform(
                (6,), seed, alg="philox", **bounds
            ),
        }

    session = converted(draw)
    names = [output.name for output in session.get_outputs()]
    for seed in ([7, 0], [-(2**30), 2**31 - 1]):
        seed = np.array(seed, np.int64)
        found = session.run(None, {"seed": seed})
        wanted = draw(tf.constant(seed))
        for name, array in zip(names, found, strict=True):
            # Sine and logarithm differ in their last bits.
            np.testing.assert_allclose(array, wanted[name], atol=2e-6)


def test_bits_are_those_of_numpy():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, "x")])
    def bits(x):
        return {"bits": tf.bitcast(x, tf.int32)}

    x = np.float32([1, -1.5, 0, 1e-45, -3e-39, 3.4e38, 1.2e-38, np.pi, -2])
    (found,) = converted(bits).run(None, {"x": x})
    np.testing.assert_array_equal(found, x.view(np.int32))


def test_equations_are_solved_as_by_numpy():
    import tensorflow as tf

    specs = [
        tf.TensorSpec((2, 6, 6), tf.float32, "matrix"),
        tf.TensorSpec((2, 6, 3), tf.float32, "wanted"),
    ]

    @tf.function(input_signature=specs)
    def solve(matrix, wanted):
        return {"solution": tf.linalg.solve(matrix, wanted)}

    rng = np.random.default_rng(1)
    terms = rng.normal(size=(2, 6, 9))
    matrix, wanted = terms @ terms.swapaxes(1, 2), terms[..., :3]
    given = {
        "matrix": matrix.astype(np.float32),
        "wanted": wanted.astype(np.float32),
    }
    (found,) = converted(solve).run(None, given)
    np.testing.assert_allclose(
        found, np.linalg.solve(matrix, wanted), rtol=1e-3, atol=1e-4
    )


def test_what_a_function_holds_is_in_the_file():
    import tensorflow as tf

    held = tf.constant([1.0, 2.0])

    @tf.function(input_signature=[tf.TensorSpec((2,), tf.float32, "x")])
    def add(x):
        return {"sum": x + held}

    session = converted(add)
    assert [given.name for given in session.get_inputs()] == ["x"]
    (found,) = session.run(None, {"x": np.float32([5, 5])})
    np.testing.assert_array_equal(found, [6, 7])


def test_a_loop_of_a_known_number_of_turns():
    """The number of turns is the length of what it runs over, too."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, "x")])
    def each(x):
        return tf.map_fn(lambda one: one * one + tf.range(3.0), x)

    @tf.function(input_signature=[tf.TensorSpec((1,), tf.float32, "x")])
    def known(x):
        return {"squares": each(x)}

    (found,) = converted(known).run(None, {"x": np.float32([3])})
    np.testing.assert_array_equal(found, [[9, 10, 11]])


@pytest.mark.slow
def test_a_run_is_exported_first(tiny_run, tmp_path):
    from export import onnx_file

    folder = model_folder.find("segmentation", workdir=str(tiny_run))
    with pytest.raises(UserError, match="Next: python -m migan_tf export"):
        onnx_file.write(folder, tmp_path / "onnx")
