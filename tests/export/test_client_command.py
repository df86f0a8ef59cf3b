"""`python -m export.client` as a command, and what serves its models.

The served models are those of `small_served_models`.
"""

import base64
import json
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from export import client
from migan_tf.base.errors import UserError
from tests import small_served_models

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "export" / "serving"
MODEL = "/v1/models/migan_segmentation"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with small_served_models.running(tmp_path_factory.mktemp("m")) as server:
        yield server


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def photograph(tmp_path):
    """(its file, its BGR pixels)."""
    pixels = np.random.randint(0, 256, (5, 7, 3), np.uint8)
    path = tmp_path / "eye.left.png"
    cv2.imwrite(str(path), pixels)
    return path, pixels


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "export.client", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_photograph_is_segmented(server, photograph, tmp_path):
    path, pixels = photograph
    done = command(
        f"--segment={path}",
        f"--server={server.rest}/",
        f"--output={tmp_path / 'out'}",
    )
    assert done.returncode == 0, done.stderr
    names = ["eye.left_vessel_map.png", "eye.left_vessel_probability.png"]
    written = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in written] == names
    vessel_map, probability = (cv2.imread(str(f), -1) for f in written)
    np.testing.assert_array_equal(probability, pixels[..., 1])
    np.testing.assert_array_equal(vessel_map, (pixels[..., 1] > 127) * 255)
    assert "otsu_threshold 0.2500" in done.stdout


def test_a_map_is_painted(server, tmp_path):
    vessel_map = np.zeros((4, 4), np.uint8)
    vessel_map[1] = 255
    cv2.imwrite(str(tmp_path / "map.png"), vessel_map)
    done = command(
        f"--synthesize={tmp_path / 'map.png'}",
        "--seed=7",
        "--noise_stddev=0.5",
        f"--server={server.rest}",
        f"--output={tmp_path}",
    )
    assert done.returncode == 0, done.stderr
    blue, green, red = cv2.split(cv2.imread(str(tmp_path / "map_7_fundus.png")))
    assert np.all(green == 7) and np.all(blue == 50)
    np.testing.assert_array_equal(red, vessel_map)
    annotation = cv2.imread(str(tmp_path / "map_vessel_map.png"), -1)
    np.testing.assert_array_equal(annotation, vessel_map)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--output=o"], "give either --segment=PHOTO or --synthesize=MAP"),
        (["--segment=a", "--synthesize=b", "--output=o"], "give either"),
        (["--segment=absent.png", "--output=o"], "--segment must be an image"),
        (["--segment=a", "--output=o", "--timeout_s=nan"], "--timeout_s must"),
        (["--segment=a", "--output=o", "--contrast=2"], "go with --synthesize"),
        (["--synthesize=a", "--output=o", "--contrast=5"], "--contrast must"),
    ],
)
def test_wrong_calls_are_refused_in_words(arguments, words):
    done = command(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


def test_the_reason_of_the_server_is_shown(server, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    done = command(
        f"--segment={tmp_path / 'text.png'}",
        f"--server={server.rest}",
        f"--output={tmp_path / 'out'}",
    )
    assert done.returncode == 2
    assert "HTTP 400" in done.stderr and "Traceback" not in done.stderr
    assert "Unknown image file format" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "address", ["localhost:8501", "ftp://a:1", "grpc://host", "http://a:b", ""]
)
def test_what_is_no_address(address):
    with pytest.raises(UserError, match="--server must be http://HOST:PORT"):
        client.connect(address)


def ask(server, path, body=None):
    """(HTTP status, JSON of the answer)."""
    try:
        with urllib.request.urlopen(server.rest + path, body) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_rows_are_answered_by_row(server):
    name = {"signature_name": "segment_bytes"}
    photo = cv2.imencode(".png", np.full((1, 1, 3), 255, np.uint8))[1]
    text = {"b64": base64.b64encode(photo.tobytes()).decode()}
    for row in (text, {"image_bytes": text}):
        body = json.dumps({**name, "instances": [row, row]}).encode()
        status, answer = ask(server, f"{MODEL}:predict", body)
        assert status == 200 and len(answer["predictions"]) == 2
        first = answer["predictions"][0]
        content = base64.b64decode(first["vessel_map_bytes"]["b64"])
        assert cv2.imdecode(np.frombuffer(content, np.uint8), -1) == 255
        assert first["otsu_threshold"] == 0.25
    body = {"signature_name": "largest", "instances": [[[[1, 2, 3]]]]}
    answer = ask(server, f"{MODEL}:predict", json.dumps(body).encode())
    assert answer == (200, {"predictions": [3]})


@pytest.mark.parametrize(
    "path, body, status",
    [
        (f"{MODEL}:predict", "{", 400),
        (f"{MODEL}:predict", '{"inputs": [], "instances": []}', 400),
        (f"{MODEL}:predict", '{"inputs": {"other": 1}}', 400),
        (f"{MODEL}:predict", '{"inputs": {"fundus": [[[[0.5]]]]}}', 400),
        (f"{MODEL}:predict", '{"signature_name": "x", "inputs": []}', 400),
        (f"{MODEL}/versions/9:predict", "{}", 404),
        ("/v1/models/other:predict", "{}", 404),
        (f"{MODEL}/versions/1", None, 200),
        (f"{MODEL}/versions/9", None, 404),
    ],
)
def test_statuses_of_the_stand_in(server, path, body, status):
    found, answer = ask(server, path, body and body.encode())
    assert found == status
    assert ("error" in answer) == (status != 200)


def test_the_server_is_told_of_both_models():
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((CONFIGS / "models.config").read_text(), config)
    paths = {m.name: m.base_path for m in config.model_config_list.config}
    names = small_served_models.SEGMENTATION, small_served_models.SYNTHESIS
    assert paths == {name: f"/models/{name}" for name in names}
    compose = (CONFIGS / "docker-compose.yml").read_text()
    for file in re.findall(r"_file=/config/(\S+)", compose):
        assert (CONFIGS / file).exists()
    assert len(re.findall(r"tensorflow/serving:\S+", compose)) == 1
