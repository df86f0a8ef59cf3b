"""The client of TensorFlow Serving against a server that speaks the same.

The models are those of `small_served_models`: simple sums, known answers.
"""

import socket
import sys

import cv2
import numpy as np
import pytest
from absl import flags

from export import client
from migan_tf.base.errors import UserError
from tests import small_served_models

SEGMENTATION = "migan_segmentation"
PROTOCOLS = pytest.mark.parametrize("protocol", ["rest", "grpc"])


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with small_served_models.running(tmp_path_factory.mktemp("m")) as server:
        yield server


@pytest.fixture
def server(running, monkeypatch):
    """The server without memory of earlier tests, and no proxy before it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running.servables.calls.clear()
    running.servables.faults.clear()
    return running


def connect(server, protocol, **settings):
    settings = {"backoff_s": 0.01, **settings}
    return client.connect(getattr(server, protocol), **settings)


def png(image):
    return cv2.imencode(".png", image)[1].tobytes()


def decoded(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def photographs(batch=2, height=4, width=6):
    return np.random.randint(0, 256, (batch, height, width, 3), np.uint8)


@PROTOCOLS
def test_arrays_come_back_with_their_types(server, protocol):
    fundus = photographs()
    with connect(server, protocol) as connected:
        found = connected.predict(
            SEGMENTATION, "serving_default", {"fundus": fundus}
        )
    green = fundus[..., 1:2]
    cut = np.where(green >= 128, 255, 0).astype(np.uint8)  # 127.5 of 255
    border = np.where(fundus[..., :1] > 0, 255, 0).astype(np.uint8)
    expected = {
        "vessel_probability": (green / 255).astype(np.float32),
        "vessel_map": cut,
        "fov_mask": border,
        "otsu_threshold": np.full(2, 0.5, np.float32),
    }
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_allclose(found[name], array, rtol=1e-6)


@PROTOCOLS
def test_files_of_different_sizes_in_one_call(server, protocol):
    images = [photographs(1, 3, 5)[0], photographs(1, 8, 2)[0]]
    with connect(server, protocol) as connected:
        found = connected.predict(
            SEGMENTATION, "segment_bytes", {"image_bytes": [*map(png, images)]}
        )
    for image, content in zip(
        images, found["vessel_probability_bytes"], strict=True
    ):
        np.testing.assert_array_equal(decoded(content), image[..., 1])


@PROTOCOLS
def test_an_only_output_keeps_its_name(server, protocol):
    fundus = photographs()
    with connect(server, protocol) as connected:
        found = connected.predict(SEGMENTATION, "largest", {"fundus": fundus})
    assert found.keys() == {"largest"}
    assert found["largest"].tolist() == [fundus[0].max(), fundus[1].max()]


def test_grpc_takes_messages_over_4_mib(server):
    fundus = np.zeros((1, 1200, 1200, 3), np.uint8)
    fundus[0, -1, -1] = 255
    assert fundus.nbytes > 4 * 2**20
    with connect(server, "grpc") as connected:
        found = connected.predict(
            SEGMENTATION, "serving_default", {"fundus": fundus}
        )["vessel_probability"]
    assert found.nbytes > 4 * 2**20
    assert found[0, -1, -1, 0] == 1 and found.sum() == 1


@PROTOCOLS
def test_the_version_that_was_asked_for(server, protocol):
    fundus = np.full((1, 1, 1, 3), 255, np.uint8)
    for version, expected in ((1, 0.5), (2, 1), (None, 1)):
        with connect(server, protocol, model_version=version) as connected:
            found = connected.predict(
                SEGMENTATION, "serving_default", {"fundus": fundus}
            )
        assert found["vessel_probability"].item() == expected
    calls = [(SEGMENTATION, version) for version in (1, 2, None)]
    assert server.servables.calls == calls


@PROTOCOLS
@pytest.mark.parametrize(
    "name, signature, inputs, version, words",
    [
        ("other", "largest", {}, None, "--server must have the model"),
        (SEGMENTATION, "largest", {}, 7, "--model_version=7"),
        (SEGMENTATION, "no_such", {}, None, "must have the signature"),
        (SEGMENTATION, "largest", {}, None, "must suit the signature"),
        (
            SEGMENTATION,
            "segment_bytes",
            {"image_bytes": [b"no image"]},
            None,
            "Unknown image file format",
        ),
    ],
)
def test_what_is_refused_is_not_tried_again(
    server, protocol, name, signature, inputs, version, words
):
    with connect(server, protocol, model_version=version) as connected:
        with pytest.raises(UserError, match=words) as caught:
            connected.predict(name, signature, inputs)
    assert "attempt 1)" in str(caught.value)
    assert len(server.servables.calls) <= 1


@PROTOCOLS
@pytest.mark.parametrize("wish", [{"contrast": 1.5}, {"style_bytes": b"x"}])
def test_what_the_papers_generator_cannot_is_said(server, protocol, wish):
    with connect(server, protocol) as connected:
        with pytest.raises(UserError) as caught:
            client.synthesize(
                connected, b"map", seed=1, noise_stddev=1.0, **wish
            )
    for words in ("paint_bytes", "--style_fundus", "--generator=delta"):
        assert words in str(caught.value)


def largest(connected):
    fundus = np.full((1, 1, 1, 3), 9, np.uint8)
    return connected.predict(SEGMENTATION, "largest", {"fundus": fundus})


@PROTOCOLS
def test_a_busy_server_is_called_again(server, protocol):
    server.servables.faults.extend(["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
    with connect(server, protocol, retries=2) as connected:
        assert largest(connected) == {"largest": 9}
    assert len(server.servables.calls) == 3


@PROTOCOLS
def test_patience_ends(server, protocol):
    server.servables.faults.extend(["UNAVAILABLE"] * 9)
    with connect(server, protocol, retries=1) as connected:
        with pytest.raises(UserError, match="injected.*attempt 2"):
            largest(connected)
    assert len(server.servables.calls) == 2


@pytest.mark.parametrize("scheme", ["http", "grpc"])
@pytest.mark.parametrize("listens", [True, False])
def test_nobody_answers(scheme, listens, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listens:
            silent.listen()
        address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        words = "within --timeout_s" if listens else "Start it: docker compose"
        patience = {"timeout_s": 0.2 if listens else 5, "retries": 1}
        with client.connect(address, backoff_s=0.01, **patience) as connected:
            with pytest.raises(UserError, match=words) as caught:
                largest(connected)
    assert "attempt 2)" in str(caught.value)


def test_grpc_without_its_packages(monkeypatch):
    monkeypatch.delitem(sys.modules, "export.client_grpc", raising=False)
    monkeypatch.delattr("export.client_grpc", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(UserError, match=r"pip install \"migan-tf\[serving\]"):
        client.connect("grpc://localhost:8500")


def test_importing_defines_no_flags():
    assert "timeout_s" not in flags.FLAGS
