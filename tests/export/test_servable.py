"""A version is there whole or not at all, and holds what a server needs."""

import json

import numpy as np
import pytest
import tensorflow as tf

from export import card_page, model_card, servable, warm_up
from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data import batches, photographs
from migan_tf.inference import run_networks


def test_a_servable_holds_what_a_server_needs(served):
    for task, folder in served.items():
        assert folder.parent.name == f"migan_{task}" and folder.name == "1"
        names = {
            p.relative_to(folder).as_posix()
            for p in folder.rglob("*")
            if p.is_file()
        }
        assert names == {
            "saved_model.pb",
            "fingerprint.pb",
            "variables/variables.index",
            "variables/variables.data-00000-of-00001",
            "assets.extra/tf_serving_warmup_requests",
            "assets.extra/MODEL_CARD.md",
            "assets.extra/model_card.json",
        }
        assert not list(folder.parent.glob(".*"))


def test_versions_count_up_and_nothing_is_overwritten(tmp_path):
    for expected in (1, 2):
        with servable.new_version(tmp_path / "model") as place:
            (place.temporary / "x").write_text(str(expected))
            # A server sees nothing of it yet.
            seen = [p for p in place.temporary.parent.iterdir()]
            assert str(expected) not in [p.name for p in seen]
        assert place.folder == tmp_path / "model" / str(expected)
        assert (place.folder / "x").read_text() == str(expected)
    (tmp_path / "model" / "7").mkdir()
    (tmp_path / "model" / "notes").mkdir()
    with servable.new_version(tmp_path / "model") as place:
        pass
    assert place.folder.name == "8"


def test_an_export_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError):
        with servable.new_version(tmp_path) as place:
            (place.temporary / "half").write_text("")
            raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_two_exports_at_once_do_not_mix(tmp_path):
    with pytest.raises(UserError, match="another export"):
        with servable.new_version(tmp_path):
            (tmp_path / "1").mkdir()
            (tmp_path / "1" / "theirs").write_text("")
    assert [p.name for p in tmp_path.iterdir()] == ["1"]
    assert (tmp_path / "1" / "theirs").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--export_dir must be a folder"):
        with servable.new_version(tmp_path / "file" / "model"):
            pass


def test_the_common_fov_is_where_most_photographs_are_lit(tiny_config):
    found = servable.common_fov_mask(tiny_config)
    masks = [
        batches.network_example(p, 64, tiny_config.geometry)["fov_mask"] > 0
        for p in photographs.load(tiny_config, "train")
    ]
    assert found.shape == (64, 64, 1) and found.dtype == bool
    np.testing.assert_array_equal(found, np.sum(masks, 0) >= len(masks) / 2)


def test_warm_up_requests_can_be_answered(served):
    from tensorflow_serving.apis import prediction_log_pb2

    for task, folder in served.items():
        signatures = tf.saved_model.load(str(folder)).signatures
        path = folder / "assets.extra" / warm_up.FILE_NAME
        asked = set()
        for record in tf.data.TFRecordDataset([str(path)]):
            log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
            request = log.predict_log.request
            assert request.model_spec.name == f"migan_{task}"
            name = request.model_spec.signature_name
            asked.add(name)
            inputs = {
                key: tf.constant(tf.make_ndarray(value))
                for key, value in request.inputs.items()
            }
            assert signatures[name](**inputs)
        assert asked == set(signatures)


def test_the_card_says_what_the_model_is(served, tiny_run):
    for task, folder in served.items():
        text = (folder / "assets.extra" / "model_card.json").read_text("utf-8")
        card = json.loads(text)
        config = run_record.read_config(tiny_run / task)
        assert card["model"] == f"migan_{task}" and card["version"] == 1
        assert card["training"]["flags"]["seed"] == config.seed
        assert card["training"]["starts"][0]["commit"]
        assert "Apache" in card["data"]["licence"]
        network, _ = run_networks.load_network(tiny_run / task, task)
        assert card["network"]["parameters"] == network.count_params()
        variables = tf.train.load_checkpoint(
            str(folder / "variables/variables")
        )
        stored = sum(
            int(np.prod(shape))
            for key, shape in variables.get_variable_to_shape_map().items()
            if key.startswith("variables_of_network")
        )
        assert stored == card["network"]["parameters"]
        page = (folder / "assets.extra" / "MODEL_CARD.md").read_text("utf-8")
        assert card["network"]["weights_sha256"] in page
        assert "Not a medical device" in page or "of no patient" in page


def test_the_card_has_the_figures_of_the_runs_report(tiny_run, tmp_path):
    network, _ = run_networks.load_network(
        tiny_run / "segmentation", "segmentation"
    )
    run = tmp_path / "run"
    (run / "evaluation" / "test").mkdir(parents=True)
    (run / "segmentation").symlink_to(tiny_run / "segmentation")
    card = model_card.make(
        [run], "segmentation", network=network, name="m", version=3
    )
    assert not card["metrics"]["measured"]
    assert "Not measured before the export" in card_page.markdown(card)
    report = {
        "protocol": "paper",
        "pooled": {"dice_otsu": 0.81234, "dice_validation_threshold": None},
        "interval_95": {"pooled": {"dice_otsu": [0.79, 0.83]}},
    }
    path = run / "evaluation" / "test" / "metrics.json"
    path.write_text(json.dumps(report))
    page = card_page.markdown(
        model_card.make(
            [run], "segmentation", network=network, name="m", version=3
        )
    )
    assert "| dice_otsu | 0.8123 | [0.7900, 0.8300] |" in page
    assert "| dice_validation_threshold |  |  |" in page
    path.write_text("{")
    with pytest.raises(UserError, match="migan_tf.evaluate"):
        model_card.make(
            [run], "segmentation", network=network, name="m", version=3
        )


def test_a_card_says_in_words_what_was_trained_on():
    told = model_card._photographs
    settings = Config(train_photographs=5, extra_dataset="synth")
    assert told(settings, False) == (
        "5 drawn from the training split, less 1 held out for validation; 50% "
        "of the training examples came from the dataset synth instead"
    )
    rotated = Config(validation_split="augmented")
    assert told(rotated, False).startswith("the whole training split; valid")


@pytest.mark.slow
def test_a_measured_card_holds_what_the_model_scores(tiny_run, tmp_path):
    from migan_tf.evaluation import evaluate_run
    from tests.evaluation.test_evaluate_run import DEFAULTS

    folder = servable.export(
        [tiny_run], "segmentation", tmp_path, variant="tiny", measure=True
    )
    assert folder == tmp_path / "migan_segmentation_tiny" / "1"
    path = folder / "assets.extra" / "model_card.json"
    card = json.loads(path.read_text("utf-8"))
    assert card["model"] == "migan_segmentation_tiny"
    output = tmp_path / "report"
    given = {"model": str(folder), "output": str(output)}
    evaluate_run.evaluate({**DEFAULTS, **given}, set(given))
    report = json.loads((output / "metrics.json").read_text("utf-8"))
    (test,) = card["metrics"]["tests"].values()
    assert test["figures"] == report["pooled"]
    assert (
        report["thresholds"]["validation"]
        == (card["training"]["best_threshold"])
    )
    seen = card["training"]["photographs_sha256"]
    config = run_record.read_config(tiny_run / "segmentation")
    for split in ("train", "validation"):
        expected = photographs.load(config, split)
        assert seen[split] == {p.image_id: p.sha256() for p in expected}
