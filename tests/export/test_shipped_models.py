"""The models in export/models: small, whole, and as good as their cards say."""

import dataclasses
import hashlib
import json
import pathlib

import pytest
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.inference import model_folder
from tests.setup_arguments import shipped_models

MODELS = pathlib.Path(__file__).resolve().parents[2] / "export" / "models"
FOLDERS = [
    path.parent
    for name in shipped_models()
    for path in (MODELS / name).glob("*/saved_model.pb")
]
NAMES = [f"{folder.parent.name}/{folder.name}" for folder in FOLDERS]
every_model = pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)

LIMIT = 25e6  # bytes, all together


def card_of(folder):
    return json.loads((folder / model_folder.CARD).read_text("utf-8"))


def test_they_are_there_and_small():
    # One version of each.
    assert [folder.parent.name for folder in FOLDERS] == shipped_models()
    files = [p for f in FOLDERS for p in f.rglob("*") if p.is_file()]
    assert sum(path.stat().st_size for path in files) <= LIMIT


@every_model
def test_the_card_is_of_this_model(folder):
    card = card_of(folder)
    assert [card["model"], str(card["version"])] == [
        folder.parent.name,
        folder.name,
    ]
    assert card["metrics"]["measured"]
    for training in card.get("members", [card["training"]]):
        commits = {start["commit"] for start in training["starts"]}
        assert all("+" not in commit for commit in commits)
        hashes = training["photographs_sha256"]
        assert hashes["train"] and hashes["validation"]
        assert not hashes["train"].keys() & hashes["validation"].keys()
        Config.recorded(training["flags"])


@every_model
def test_the_weights_are_those_of_the_card(folder):
    reader = tf.train.load_checkpoint(str(folder / "variables/variables"))
    names = [
        name
        for name in reader.get_variable_to_shape_map()
        if name.startswith("variables_of_network/")
    ]
    names.sort(key=lambda name: int(name.split("/")[1]))
    digest = hashlib.sha256()
    for name in names:
        digest.update(reader.get_tensor(name).tobytes())
    network = card_of(folder)["network"]
    assert digest.hexdigest() == network["weights_sha256"]


@pytest.mark.real_data
@pytest.mark.slow
@every_model
def test_the_card_has_the_models_figures(folder, real_data, tmp_path_factory):
    from export import card_figures

    card = card_of(folder)
    data_dir = tmp_path_factory.getbasetemp() / "prepared"
    config = dataclasses.replace(
        Config.recorded(card["training"]["flags"]),
        data_dir=str(data_dir),
        manual_dir=str(real_data),
    )
    # The default model is measured as its card was, on the smaller dataset. Of
    # the others, whose weights are the card's, some images show that it fits.
    exact = folder.parent.name == "migan_segmentation"
    tests = card["metrics"]["tests"]
    dataset = "stare" if "stare" in tests else "drive"
    config = dataclasses.replace(config, dataset=dataset)
    splits = card_figures.test_splits(config)
    if not exact:
        splits[dataset] = splits[dataset][::4]
    opened = model_folder.open_folder(folder, config.task)
    if config.task == "segmentation":
        found = card_figures.segmentation(opened, splits, bootstrap_samples=0)
    else:
        reader = card["metrics"]["read_by"].split()[2].rstrip(",")
        reading = model_folder.open_folder(MODELS / reader, "segmentation")
        found = card_figures.synthesis(opened, splits, reading, samples=1)
    measured = found["tests"][dataset]["figures"]
    for name, value in tests[dataset]["figures"].items():
        if value is not None:
            tolerance = 5e-4 if exact else 0.02
            assert measured[name] == pytest.approx(value, abs=tolerance), name
