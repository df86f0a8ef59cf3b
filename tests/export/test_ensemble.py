"""Several segmenters as one: the mean of their logits."""

import json
import shutil

import numpy as np
import pytest

from export import ensemble, servable
from migan_tf.base import run_record
from migan_tf.base.errors import UserError
from migan_tf.inference import run_networks


@pytest.fixture(scope="module")
def raised_run(tiny_run, tmp_path_factory):
    """A copy of `tiny_run` whose logits are higher by 1 everywhere.

    The threshold of its validation is higher by 0.2.
    """
    folder = tmp_path_factory.mktemp("raised") / "segmentation"
    shutil.copytree(tiny_run / "segmentation", folder)
    network, _ = run_networks.load_network(folder, "segmentation")
    bias = network.trainable_variables[-1]
    assert bias.path.endswith("bias")
    bias.assign_add(np.ones(bias.shape))
    network.save_weights(folder / "best" / "network.weights.h5")
    best = folder / "best" / "validation.json"
    values = json.loads(best.read_text("utf-8"))
    values["best_threshold"] += 0.2
    best.write_text(json.dumps(values))
    return folder.parent


def test_the_logits_are_the_mean_of_the_members(tiny_run, raised_run):
    alone, _ = ensemble.load_ensemble([tiny_run])
    both, config = ensemble.load_ensemble([tiny_run, raised_run])
    assert config == run_record.read_config(tiny_run / "segmentation")
    side = config.image_size
    fundus = np.random.default_rng(1).normal(size=(2, side, side, 3))
    np.testing.assert_allclose(both(fundus), alone(fundus) + 0.5, atol=1e-5)
    assert both.count_params() == 2 * alone.count_params()


def test_members_must_treat_photographs_alike(tiny_run, raised_run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(raised_run, other)
    path = other / "segmentation" / "run.json"
    record = json.loads(path.read_text("utf-8"))
    record["config"]["geometry"] = "stretch"
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match="--geometry.*center_square, stretch"):
        ensemble.load_ensemble([tiny_run, other])


@pytest.mark.slow
def test_a_measured_ensemble_has_its_members_and_figures_on_its_card(
    tiny_run, raised_run, tmp_path
):
    from migan_tf.evaluation import evaluate_run
    from migan_tf.evaluation.flags import Settings

    runs = [tiny_run, raised_run]
    folder = servable.export(
        runs, "segmentation", tmp_path, variant="tiny", measure=True
    )
    assert folder == tmp_path / "migan_segmentation_tiny" / "1"
    path = folder / "assets.extra" / "model_card.json"
    card = json.loads(path.read_text("utf-8"))
    assert card["model"] == "migan_segmentation_tiny"
    seed = run_record.read_config(tiny_run / "segmentation").seed
    assert [m["flags"]["seed"] for m in card["members"]] == [seed] * 2
    first, second = (member["best_threshold"] for member in card["members"])
    assert second == pytest.approx(first + 0.2)
    threshold = card["training"]["best_threshold"]
    assert threshold == pytest.approx(first + 0.1)
    page = (folder / "assets.extra" / "MODEL_CARD.md").read_text("utf-8")
    assert "The mean of 2 networks:" in page
    # The figures are those that `evaluate` finds by the served signature.
    output = tmp_path / "report"
    settings = Settings(model=str(folder), output=str(output))
    evaluate_run.evaluate(settings)
    report = json.loads((output / "metrics.json").read_text("utf-8"))
    (test,) = card["metrics"]["tests"].values()
    assert test["figures"] == report["pooled"]
    assert report["thresholds"]["validation"] == threshold


def test_generators_are_not_averaged(tiny_run, tmp_path):
    with pytest.raises(UserError, match="only segmenters can be averaged"):
        servable.export([tiny_run, tiny_run], "synthesis", tmp_path)
