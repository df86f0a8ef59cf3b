"""The exported models behind a server, asked by the client."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from export import client
from migan_tf.base.errors import UserError
from migan_tf.phantom.retina import phantom_retina
from tests import serving_stand_in

pytestmark = pytest.mark.slow

PROTOCOLS = pytest.mark.parametrize("protocol", ["rest", "grpc"])


@pytest.fixture(scope="module")
def server(served):
    folders = {f"migan_{task}": {1: folder} for task, folder in served.items()}
    with serving_stand_in.serving(folders) as running:
        yield running


@pytest.fixture
def connected(server, protocol, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with client.connect(getattr(server, protocol)) as connected:
        yield connected


@pytest.fixture(scope="module")
def retina():
    return phantom_retina(90, 110, 3)


def png(image):
    return tf.io.encode_png(image).numpy()


@functools.cache
def load(folder):
    return tf.saved_model.load(str(folder))


def loaded(folder, signature, **inputs):
    """What the SavedModel gives without a server."""
    function = load(folder).signatures[signature]
    return {name: value.numpy() for name, value in function(**inputs).items()}


@PROTOCOLS
def test_bytes_in_image_out(connected, served, retina):
    content = png(retina.fundus)
    found = client.segment(connected, content)
    expected = loaded(
        served["segmentation"], "segment_bytes", image_bytes=[content]
    )
    for kind, image in found.items():
        assert image == expected[f"{kind}_bytes"][0]
    content = png(retina.vessel_map[..., None])
    found = client.synthesize(connected, content, seed=5, noise_stddev=0.5)
    expected = loaded(
        served["synthesis"],
        "synthesize_bytes",
        vessel_map_bytes=[content],
        seed=np.array([5], np.int64),
        noise_stddev=np.float32([0.5]),
    )
    assert found["5_fundus"] == expected["fundus_bytes"][0]
    assert found["vessel_map"] == expected["vessel_map_bytes"][0]


@PROTOCOLS
def test_arrays_in_arrays_out(connected, served, retina):
    fundus = retina.fundus[None]
    found = connected.predict(
        client.SEGMENTATION, "serving_default", {"fundus": fundus}
    )
    expected = loaded(
        served["segmentation"], "serving_default", fundus=tf.constant(fundus)
    )
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-6)


@PROTOCOLS
def test_a_bad_request_does_not_spoil_the_next(connected, retina):
    with pytest.raises(UserError, match="must be a PNG or JPEG file"):
        client.segment(connected, b"no picture")
    assert client.segment(connected, png(retina.fundus))
