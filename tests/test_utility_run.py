"""The whole experiment at its smallest, its pairs written by the test."""

import dataclasses
import json
import sys

import pytest

from migan_tf import utility_plan, utility_run
from tests.conftest import TINY_FLAGS
from tests.test_utility_flags import settings

# In the place of synthesize, whose own tests are elsewhere.
MAKE_PAIRS = """
import pathlib, sys
from tests import made_datasets
place = pathlib.Path(sys.argv[1])
pairs = [made_datasets.make_pair(number) for number in range(6)]
made_datasets.write(place.parent, place.name, pairs)
"""


@pytest.fixture
def experiment(tiny_config, tmp_path, monkeypatch):
    """Settings of a cell of two photographs; no generator is trained."""
    flagfile = tmp_path / "tiny.flags"
    flagfile.write_text("\n".join([*TINY_FLAGS, "--segmentation_steps=3"]))
    make = utility_plan.make

    def plan(*arguments):
        cells = []
        for cell in make(*arguments):
            steps = [
                step for step in cell.steps if "/generator/t" not in step.name
            ]
            pairs = steps[2]
            command = (sys.executable, "-c", MAKE_PAIRS)
            place = str(pairs.result.parents[1])
            steps[2] = dataclasses.replace(pairs, command=(*command, place))
            cells.append(dataclasses.replace(cell, steps=tuple(steps)))
        return cells

    monkeypatch.setattr(utility_plan, "make", plan)
    return settings(
        dataset="phantom/demo",
        data_dir=tiny_config.data_dir,
        output=str(tmp_path / "out"),
        real=["2"],
        seeds=["0"],
        multiples=["2"],
        pairs=6,
        segmenter_flagfile=str(flagfile),
        segmenter_flags="--nodeterministic",
    )


@pytest.mark.slow
def test_from_photographs_to_a_verdict(experiment, capsys):
    assert utility_run.run(experiment) == 0
    printed = capsys.readouterr().out
    assert "4 test images are too few for any verdict" in printed
    output = experiment.output
    assert (output / "utility.png").is_file()
    assert (output / "utility.md").read_text() in printed
    report = json.loads((output / "utility.json").read_text())
    assert len(report["images"]) == 4 and len(report["runs"]) == 3
    seen = {}
    for arm in ("real", "synthetic", "real_2x"):
        record = output / "n2_seed0" / arm / "segmentation" / "run.json"
        seen[arm] = json.loads(record.read_text())
        assert len(seen[arm]["data"]["train"]) == 2
    assert "extra" not in seen["real"]["data"]
    config = seen["real_2x"]["config"]
    assert config["extra_count"] == 4
    assert config["extra_share"] == pytest.approx(2 / 3)

    # A second start has nothing left to do, and says the same.
    stamps = {p: p.stat().st_mtime_ns for p in (output / "logs").iterdir()}
    assert utility_run.run(experiment) == 0
    assert json.loads((output / "utility.json").read_text()) == report
    logs = {p: p.stat().st_mtime_ns for p in stamps if p.suffix != ".lock"}
    assert all(stamps[path] == time for path, time in logs.items())
