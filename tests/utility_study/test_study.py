"""The whole experiment at its smallest, by the commands of the program."""

import dataclasses
import json
from types import SimpleNamespace

import pytest

from migan_tf.base.errors import UserError
from migan_tf.utility_study import study
from tests.conftest import TINY_FLAGS
from tests.utility_study.test_flags import settings

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
