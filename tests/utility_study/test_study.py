"""The whole experiment at its smallest, by the commands of the program."""

import dataclasses
import json
import pathlib
from types import SimpleNamespace

import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.inference import model_folder
from migan_tf.utility_study import study
from tests.conftest import TINY_FLAGS
from tests.utility_study.test_flags import settings
from tests.utility_study.test_given_generator import write_run

# A tiny network paints nothing that a gate would let through.
SYNTHESIZE_FLAGS = """
--least_consistency=0 --least_distance=0 --colour_margin=255 --workers=1
"""


@pytest.fixture
def experiment(tiny_config, tmp_path):
    """Settings of one cell of two photographs, with the fewest arms."""
    files = {}
    for kind, task in (
        ("segmenter", "segmentation"),
        ("generator", "synthesis"),
    ):
        path = tmp_path / f"{kind}.flags"
        # Less to trace: no discriminator.
        few = [f"--{task}_steps=3", "--discriminator=none"]
        path.write_text("\n".join([*TINY_FLAGS, *few]))
        files[f"{kind}_flagfile"] = str(path)
        files[f"{kind}_flags"] = "--nodeterministic"
    return settings(
        dataset="phantom/demo",
        data_dir=tiny_config.data_dir,
        output=str(tmp_path / "out"),
        real=["2"],
        seeds=["0"],
        multiples=[],
        pairs=3,
        synthesize_flags=SYNTHESIZE_FLAGS,
        **files,
    )


@pytest.mark.slow
def test_too_few_images_for_a_verdict_are_said_first(experiment, caplog):
    """Two comparisons of four images: 2 · 2 / 2⁴ by hand."""
    planned = dataclasses.replace(experiment, multiples=(1,), dry_run=True)
    assert study.run(planned) == 0
    assert "4 test images are too few for a verdict of 2" in caplog.text
    assert "least adjusted p is 0.25" in caplog.text


def test_test_photographs_without_maps_are_said_first(experiment, monkeypatch):
    bare = [SimpleNamespace(image_id="01_test", vessel_map=None)]
    monkeypatch.setattr(study.photographs, "read", lambda builder, split: bare)
    with pytest.raises(UserError, match="vessel map for every .*01_test"):
        study.run(experiment)
    assert not experiment.output.exists()


def test_a_generator_that_learned_from_a_test_photograph_is_refused(
    experiment, tmp_path
):
    source = photographs.Source("phantom/demo", experiment.data_dir)
    leaked = photographs.load(source, "test")[2]
    seen = {"train": {"eye": leaked.sha256()}}
    folder = write_run(tmp_path / "synthesis", seen, dataset="drive")
    with pytest.raises(UserError, match="--generator_model must not .*has eye"):
        study.run(experiment, folder)
    assert not experiment.output.exists()


@pytest.mark.slow
def test_tstr_of_a_generator_that_exists(experiment, tiny_run, capsys):
    folder = model_folder.open_folder(tiny_run / "synthesis", "synthesis")
    # Seed 1: its pairs have a folder of their own among the shared data.
    experiment = dataclasses.replace(experiment, tstr=True, seeds=(1,))
    assert study.run(experiment, folder) == 0
    printed = capsys.readouterr().out
    (said,) = [x for x in printed.splitlines() if "TSTR gap, n = 2" in x]
    report = json.loads((experiment.output / "utility.json").read_text())
    (found,) = report["tstr"]
    scores = [
        json.loads((experiment.output / run["metrics"]).read_text())
        for run in report["runs"]  # of photographs alone, of pairs alone
    ]
    alone, painted = (score["pooled"]["auc_pr"] for score in scores)
    assert found["gap"] == pytest.approx(alone - painted)
    assert f"{alone - painted:+.4f} AUC-PR" in said

    # Nothing but two segmenters was trained.
    cell = experiment.output / "n2_seed1"
    assert sorted(p.name for p in cell.iterdir()) == ["real", "synthetic"]
    # Eleven photographs, of which the cell's two are two.
    record = json.loads((cell / "real/segmentation/run.json").read_text())
    learned = json.loads((folder.path / "run.json").read_text())["data"]
    own = record["data"]["train"].keys()
    (outside,) = report["generator"]["outside"]
    assert set(outside["images"]) == learned["train"].keys() - own
    name = "utility_phantom_demo_n2_seed1"
    job = pathlib.Path(experiment.data_dir, name, "job.json").read_text()
    assert report["generator"]["weights_sha256"] in job

    # With the same flags there is nothing left to do, with others no place.
    assert study.run(experiment, folder) == 0
    assert json.loads((experiment.output / "utility.json").read_text()) == (
        report
    )
    for other, given in ((False, folder), (True, None)):
        with pytest.raises(UserError, match="must hold no other experiment"):
            study.run(dataclasses.replace(experiment, tstr=other), given)


@pytest.mark.slow
def test_from_photographs_to_a_verdict(experiment, capsys):
    assert study.run(experiment) == 0
    printed = capsys.readouterr().out
    assert "4 test images are too few for any verdict" in printed
    output = experiment.output
    assert (output / "utility.png").is_file()
    assert (output / "utility.md").read_text() in printed
    report = json.loads((output / "utility.json").read_text())
    assert len(report["images"]) == 4 and len(report["runs"]) == 2
    assert report["pools"][0]["pairs"] == 3
    seen = {}
    for arm in ("real", "synthetic"):
        record = output / "n2_seed0" / arm / "segmentation" / "run.json"
        seen[arm] = json.loads(record.read_text())
        assert len(seen[arm]["data"]["train"]) == 2
    assert "extra" not in seen["real"]["data"]
    assert len(seen["synthetic"]["data"]["extra"]) == 1
    assert seen["synthetic"]["config"]["extra_share"] == 1.0

    # A second start has nothing left to do, and says the same.
    stamps = {p: p.stat().st_mtime_ns for p in (output / "logs").iterdir()}
    assert study.run(experiment) == 0
    assert json.loads((output / "utility.json").read_text()) == report
    logs = {p: p.stat().st_mtime_ns for p in stamps if p.suffix != ".lock"}
    assert all(stamps[path] == time for path, time in logs.items())
