"""The cells: what is trained on what, in which order, by which command."""

import json
import pathlib
import sys

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis import job
from migan_tf.utility_study import plan
from migan_tf.utility_study.given_generator import GivenGenerator
from migan_tf.utility_study.plan import Arm
from tests.utility_study.test_flags import settings

GIVEN = GivenGenerator(
    pathlib.Path("models/painter/3"),
    {"model": "painter", "version": 3, "weights_sha256": "5eed"},
    dataset="drive",
    learned_from={},
    held_out={},
)


def cells_of(available=20, tested=20, generator=None, **given):
    return plan.make(settings(**given), available, tested, generator=generator)


def flags_of(step):
    assert step.command[:2] == (sys.executable, "-m")
    pairs = [flag.lstrip("-").split("=", 1) for flag in step.command[3:]]
    return dict(pairs)


def by_name(cell):
    return {step.name.partition("/")[2]: step for step in cell.steps}


def test_cells_are_numbers_times_seeds_and_no_more_than_there_are():
    cells = cells_of(real=["2", "20", "25"], seeds=["0", "3"])
    assert [(c.real, c.seed) for c in cells] == [
        (2, 0),
        (2, 3),
        (19, 0),
        (19, 3),
    ]
    assert [step.name.partition("/")[2] for step in cells[0].steps] == [
        "real/train",
        "real/evaluate",
        "generator/train",
        "generator/synthesize",
        "synthetic/train",
        "synthetic/evaluate",
        "real_1x/train",
        "real_1x/evaluate",
        "real_4x/train",
        "real_4x/evaluate",
    ]


def test_arms_of_five_photographs():
    (cell,) = cells_of(real=["5"], seeds=["0"], multiples=["1", "4", "all"])
    real, synthetic, once, four_times, everything = cell.arms
    assert real == Arm("real", "real only", share=0.0, count=0)
    assert synthetic == Arm("synthetic", "synthetic only", share=1.0, count=0)
    assert once == Arm("real_1x", "real + 1× synthetic", share=1 / 2, count=5)
    # Twenty pairs beside five photographs: each is drawn as often.
    assert four_times == Arm(
        "real_4x", "real + 4× synthetic", share=4 / 5, count=20
    )
    assert everything == Arm(
        "real_all", "real + all synthetic", share=1 / 2, count=0
    )


def test_two_arms_are_always_there():
    (cell,) = cells_of(real=["3"], seeds=["0"], multiples=[])
    assert [arm.name for arm in cell.arms] == ["real", "synthetic"]


def test_nothing_in_a_cell_sees_other_photographs():
    for cell, count in zip(cells_of(seeds=["7"]), "25", strict=False):
        for name, step in by_name(cell).items():
            if not name.endswith("/train"):
                continue
            given = flags_of(step)
            assert given["train_photographs"] == count
            assert given["validation_images"] == "1" and given["seed"] == "7"
            assert given["dataset"] == "drive"
    whole = by_name(cells_of(real=["19"])[0])["generator/train"]
    assert flags_of(whole)["train_photographs"] == "0"


def test_pairs_come_from_the_cells_own_generator_and_reader():
    cell = cells_of(real=["5"], seeds=["1"], pairs=300)[0]
    steps = by_name(cell)
    given = flags_of(steps["generator/synthesize"])
    assert given["workdir"] == "out/n5_seed1/generator"
    assert given["reader"] == "out/n5_seed1/real/segmentation"
    assert given["count"] == "300" and given["vessel_source"] == "deformed"
    assert given["output"] == "out/data/utility_drive_n5_seed1"
    assert "dataset" not in given  # the run's own, and its photographs
    assert flags_of(steps["generator/train"])["workdir"] == given["workdir"]
    extra = {
        name: flags_of(steps[f"{name}/train"])
        for name in ("real", "synthetic", "real_1x", "real_4x")
    }
    assert "extra_dataset" not in extra.pop("real")
    assert {e["extra_dataset"] for e in extra.values()} == {
        "utility_drive_n5_seed1"
    }
    shares = {n: (e["extra_share"], e["extra_count"]) for n, e in extra.items()}
    assert shares == {
        "synthetic": ("1.0", "0"),
        "real_1x": ("0.5", "5"),
        "real_4x": ("0.8", "20"),
    }


def test_pairs_may_come_first_and_photographs_last():
    (cell,) = cells_of(real=["5"], seeds=["1"], pairs_until=0.5)
    until = {
        name: flags_of(by_name(cell)[f"{name}/train"]).get("extra_until")
        for name in ("real", "synthetic", "real_1x", "real_4x")
    }
    assert until == {
        "real": None,
        "synthetic": None,
        "real_1x": "0.5",
        "real_4x": "0.5",
    }


def test_tstr_trains_two_segmenters_and_the_generator_between_them():
    (cell,) = cells_of(real=["20"], seeds=["1"], tstr=True)
    assert [arm.name for arm in cell.arms] == ["real", "synthetic"]
    assert [*by_name(cell)] == [
        "real/train",
        "real/evaluate",
        "generator/train",
        "generator/synthesize",
        "synthetic/train",
        "synthetic/evaluate",
    ]
    extra = flags_of(by_name(cell)["synthetic/train"])
    assert (extra["extra_share"], extra["extra_count"]) == ("1.0", "0")


def test_a_given_generator_paints_in_every_cell_and_none_is_trained():
    usual = cells_of(real=["2", "5"])
    cells = cells_of(real=["2", "5"], generator=GIVEN)
    for cell, other in zip(cells, usual, strict=True):
        steps, before = by_name(cell), by_name(other)
        assert before.pop("generator/train")
        assert [*steps] == [*before]
        given = flags_of(steps.pop("generator/synthesize"))
        trained = flags_of(before.pop("generator/synthesize"))
        assert given.pop("model") == "models/painter/3"
        assert trained.pop("workdir") and given == trained
        # All else is the same, command by command.
        assert {n: s.command for n, s in steps.items()} == {
            n: s.command for n, s in before.items()
        }


def test_arms_differ_in_their_examples_alone():
    steps = by_name(cells_of(segmenter_flags="--geometry=stretch")[0])
    rest = []
    for name in ("real", "synthetic", "real_1x", "real_4x"):
        given = flags_of(steps[f"{name}/train"])
        rest.append(
            {
                key: value
                for key, value in given.items()
                if key != "workdir" and not key.startswith("extra_")
            }
        )
    assert all(each == rest[0] for each in rest)
    assert rest[0]["geometry"] == "stretch"


def test_names_of_made_datasets_are_ones_that_tfds_takes():
    cell = cells_of(dataset="phantom/demo,stare", real=["2"])[0]
    given = flags_of(by_name(cell)["synthetic/train"])
    assert given["extra_dataset"] == "utility_phantom_demo_stare_n2_seed0"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"available": 1}, "--validation_images must leave .*Received: 1"),
        ({"tested": 21}, "--dataset must have 1 to 20 test .* with 21"),
        ({"tested": 0}, "--dataset must have 1 to 20 test .* with 0"),
        ({"pairs": 75}, "--pairs must be at least 76, .*Received: 75"),
    ],
)
def test_what_does_not_suffice_is_refused(given, words):
    with pytest.raises(UserError, match=words):
        cells_of(**given)


def test_the_plan_can_be_pasted_into_a_shell():
    cells = cells_of(real=["2"], seeds=["0"], segmenter_flags="'--workdir=a b'")
    lines = plan.describe(cells).splitlines()
    assert lines[0] == "1 cells of 4 arms, 10 steps"
    assert lines[1] == "# 1: n2_seed0/real/train"
    assert lines[2].startswith(f"{sys.executable} -m migan_tf.train ")
    assert "'--workdir=a b'" in lines[2]


def check_pairs(folder, pairs, multiples, generator=None):
    """Checks pairs of which so many were let through, for five photographs."""
    given = {"data_dir": str(folder), "multiples": multiples}
    given["generator"] = generator
    (cell,) = cells_of(real=["5"], seeds=["0"], **given)
    summary = {
        "pairs": pairs,
        "images_made": 90,
        "refused": {"blank": 0, "vessels": 80},
    }
    cell.pool.mkdir(exist_ok=True)
    (cell.pool / "summary.json").write_text(json.dumps(summary))
    by_name(cell)["generator/synthesize"].check()


def test_too_few_pairs_are_said_by_the_flags_that_make_more(tmp_path):
    check_pairs(tmp_path, 20, ["1", "4"])
    with pytest.raises(UserError, match="--pairs must leave 20 .*Received: 19"):
        check_pairs(tmp_path, 19, ["1", "4"])
    with pytest.raises(UserError, match="--pairs must leave 1 .*'vessels': 80"):
        check_pairs(tmp_path, 0, [])


def test_pairs_of_other_weights_than_were_given_are_refused(tmp_path):
    """As those of a run that is trained on meanwhile."""
    path = tmp_path / "utility_drive_n5_seed0" / job.JOB
    with pytest.raises(UserError, match="must hold the job.json"):
        check_pairs(tmp_path, 20, [], GIVEN)
    path.write_text(json.dumps({"model": {"weights_sha256": "5eed"}}))
    check_pairs(tmp_path, 20, [], GIVEN)
    path.write_text(json.dumps({"model": {"weights_sha256": "f00d"}}))
    check_pairs(tmp_path, 20, [])
    with pytest.raises(
        UserError, match="--generator_model must stay .*painter"
    ):
        check_pairs(tmp_path, 20, [], GIVEN)


def test_a_summary_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(UserError, match="must hold the summary.json"):
        plan.read_summary(tmp_path)
