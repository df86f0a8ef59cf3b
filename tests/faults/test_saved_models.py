"""SavedModels whose files are not what they were exported as."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import migan_tf
from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder, saved_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "export" / "models"
DATA = pathlib.Path("variables", "variables.data-00000-of-00001")
INDEX = pathlib.Path("variables", "variables.index")
CARD, GRAPH = saved_files.CARD, pathlib.Path(saved_files.FILE_NAME)
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:" + b"0" * 64 + b"\nsize 969365\n"
)


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def last_byte_off(path):
    os.truncate(path, path.stat().st_size - 1)


def point(path):
    path.write_bytes(POINTER)


def empty(path):
    path.write_bytes(b"")


def other_bytes(path):
    path.write_bytes(bytes(range(256)) * 40)


def be_folder(path):
    path.unlink()
    path.mkdir()


REMOVE = pathlib.Path.unlink
FAULTS = [
    (damage, file)
    for damage in (REMOVE, cut, point, empty, be_folder)
    for file in (DATA, INDEX, CARD, GRAPH)
] + [(last_byte_off, DATA), (last_byte_off, GRAPH), (other_bytes, INDEX)]
EACH_FAULT = pytest.mark.parametrize("damage, file", FAULTS)


@pytest.fixture
def model(tmp_path):
    """A folder of one version, that of the segmenter that is shipped."""
    source = MODELS / "migan_segmentation" / "1"
    shutil.copytree(source, tmp_path / "m" / "1")
    return tmp_path / "m"


@pytest.mark.parametrize("path", sorted(MODELS.glob("*/1")), ids=str)
def test_the_shipped_models_are_whole(path):
    assert saved_files.fault(path) == ""


@EACH_FAULT
def test_a_fault_is_found_without_tensorflow(model, damage, file):
    damage(model / "1" / file)
    found = saved_files.fault(model / "1")
    assert str(model / "1" / file) in found
    assert ("Git LFS" in found) == (damage is point)


@EACH_FAULT
def test_the_newest_whole_version_is_taken(model, damage, file, capsys):
    shutil.copytree(model / "1", model / "2")
    damage(model / "2" / file)
    found = model_folder.find("segmentation", model=str(model))
    assert found.path == model / "1"
    said = capsys.readouterr().err
    assert f"{model / '2'} is not whole, so that {model / '1'}" in said
    assert said.count("\n") == 1


def test_the_newest_is_taken_without_a_word_where_it_is_whole(model, capsys):
    shutil.copytree(model / "1", model / "2")
    shutil.rmtree(model / "1")
    (model / "1").write_text("a file")
    assert model_folder.find("segmentation", model=str(model)).path.name == "2"
    assert capsys.readouterr().err == ""


@pytest.mark.slow
@EACH_FAULT
def test_python_is_told(model, damage, file):
    damage(model / "1" / file)
    with pytest.raises(ValueError) as caught:
        migan_tf.load_segmenter(model)
    text = str(caught.value)
    assert str(model) in text and "Next: " in text
    assert ("git lfs pull" in text) == (damage is point)


CARDS = {
    "a list": [1],
    "a number": 3,
    "null": None,
    "no flags": {"model": "migan_segmentation", "training": {}},
    "flags of text": {
        "model": "migan_segmentation",
        "training": {"flags": "segmenter"},
    },
    "flags of a list": {
        "model": "migan_segmentation",
        "training": {"flags": ["segmenter"]},
    },
    "a size of text": {
        "model": "migan_segmentation",
        "training": {"flags": {"segmenter": "unet", "image_size": "large"}},
    },
    "a flag of null": {
        "model": "migan_segmentation",
        "training": {"flags": {"segmenter": "unet", "test_time_flips": None}},
    },
    "unknown flags": {
        "model": "migan_segmentation",
        "training": {"flags": {"segmenter": "unet", "of_tomorrow": 1}},
    },
    "another task": {
        "model": "migan_synthesis",
        "training": {"flags": {"segmenter": "unet"}},
    },
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_of_another_form(model, name):
    (model / "1" / CARD).write_text(json.dumps(CARDS[name]))
    with pytest.raises(UserError) as caught:
        model_folder.find("segmentation", model=str(model))
    assert str(model / "1") in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{}", b"[" * 100_000])
def test_a_card_that_is_no_json(model, content):
    (model / "1" / CARD).write_bytes(content)
    with pytest.raises(UserError, match="Next: export it anew"):
        model_folder.find("segmentation", model=str(model))


def test_a_card_without_its_networks_identity(model):
    card = json.loads((model / "1" / CARD).read_text("utf-8"))
    del card["network"]
    (model / "1" / CARD).write_text(json.dumps(card))
    folder = model_folder.find("segmentation", model=str(model))
    with pytest.raises(UserError, match="without 'network'"):
        folder.identity()


def test_a_folder_without_versions(tmp_path):
    (tmp_path / "notes").mkdir()
    for folder in (tmp_path, tmp_path / "notes", tmp_path / "none"):
        with pytest.raises(UserError, match="a folder of its versions"):
            model_folder.find("segmentation", model=str(folder))


@pytest.mark.slow
def test_a_generators_graph_with_a_segmenters_card(model):
    graph = MODELS / "migan_synthesis" / "1"
    card = (model / "1" / CARD).read_bytes()
    shutil.rmtree(model / "1")
    shutil.copytree(graph, model / "1")
    (model / "1" / CARD).write_bytes(card)
    with pytest.raises(ValueError, match="it takes noise, vessel_map"):
        migan_tf.load_segmenter(model)


COMMANDS = {
    "segment": ["migan_tf.segment", "{in}", "--output={out}"],
    "measure": ["migan_tf.measure", "{in}", "--output={out}/a.csv"],
    "evaluate": [
        "migan_tf.evaluate",
        "--dataset=phantom",
        "--output={out}",
        "--data_dir={out}",
    ],
    "onnx": ["export.onnx", "--output={out}"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_it(model, name, tmp_path):
    point(model / "1" / DATA)
    places = {"in": str(ROOT / "docs" / "teaser.png"), "out": str(tmp_path)}
    arguments = [one.format(**places) for one in COMMANDS[name]]
    done = subprocess.run(
        [sys.executable, "-m", *arguments, f"--model={model}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "pointer of Git LFS" in done.stderr
    assert "Next: git lfs pull" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
