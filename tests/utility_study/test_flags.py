"""The flags of the experiment: what they mean and what is refused."""

import dataclasses
import pathlib

import pytest

from migan_tf.base.errors import UserError
from migan_tf.utility_study import flags

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGFILES = {
    f"{kind}_flagfile": str(ROOT / "experiments" / "utility" / f"{kind}.flags")
    for kind in ("segmenter", "generator")
}


def settings(**given):
    """Settings whose texts are read, as a job of `utility` has them."""
    return flags.parsed(
        flags.Settings(**{**FLAGFILES, "output": "out", **given}), given.keys()
    )


def test_defaults():
    found = settings()
    assert found.real == (2, 5, 10, 20) and found.seeds == (0, 1)
    assert found.multiples == (1, 4) and found.jobs == 1
    assert found.data_dir == "out/data"
    assert found.segmenter_flags == ()


def test_lists_and_strings_of_flags_are_read():
    found = settings(
        real=["10", "2", "10"],
        multiples=["all", "3"],
        data_dir="d",
        synthesize_flags="--noise_stddev=1 --model='a b'",
    )
    assert found.real == (2, 10) and found.multiples == (3, "all")
    assert found.data_dir == "d"
    assert found.synthesize_flags == ("--noise_stddev=1", "--model=a b")
    assert settings(multiples=[]).multiples == ()


def test_tstr_has_no_mixtures():
    assert settings(tstr=True).multiples == ()
    assert settings(tstr=True, multiples=[]).multiples == ()


def test_a_run_stands_for_its_generator(tmp_path):
    run = tmp_path / "run"
    folder = run / "synthesis"
    folder.mkdir(parents=True)
    # Not a run yet: what it may be else is another's to say.
    assert settings(generator_model=str(run)).generator_model == str(run)
    (folder / "run.json").touch()
    for given in (run, folder):
        found = settings(generator_model=str(given))
        assert found.generator_model == str(folder)
    assert settings().generator_model == ""


def test_a_flagfile_that_nothing_is_trained_by_may_be_gone(tmp_path):
    gone = {**FLAGFILES, "generator_flagfile": "gone.flags"}
    given = flags.Settings(
        **gone, output="out", generator_model=str(tmp_path), generator_flags=""
    )
    assert flags.parsed(given).generator_model == str(tmp_path)
    with pytest.raises(UserError, match="--generator_flagfile .*'gone.flags'"):
        flags.parsed(dataclasses.replace(given, generator_model=""))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"output": ""}, "--output is required"),
        ({"real": ["2", "x"]}, "--real must be whole numbers .*: 2,x"),
        ({"real": ["0"]}, "--real must be whole numbers of at least 1"),
        ({"real": []}, "--real must name at least one"),
        ({"seeds": ["-1"]}, "--seeds must be whole numbers of at least 0"),
        ({"multiples": ["some"]}, "--multiples must .*: some"),
        ({"segmenter_flagfile": "none"}, "--segmenter_flagfile must .*'none'"),
        ({"generator_flags": "--a='b"}, "--generator_flags must be flags"),
        (
            {"tstr": True, "multiples": ["1", "all"]},
            "--tstr .* without --multiples. Received: --multiples=1,all. Next",
        ),
        (
            {"generator_model": "m", "generator_flags": "--seed=1"},
            "--generator_model .*Received: --generator_flags=--seed=1. Next",
        ),
        (
            {"generator_model": "m", "generator_flagfile": "mine.flags"},
            "--generator_model .*Received: --generator_flagfile=mine.flags",
        ),
    ],
)
def test_what_is_wrong_is_refused(given, words):
    with pytest.raises(UserError, match=words):
        settings(**given)


def test_a_flagfile_that_names_one_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "generator.flags"
    path.write_text("--flagfile=experiments/nowhere.flags\n")
    with pytest.raises(UserError, match="--generator_flagfile .*nowhere.flags"):
        settings(generator_flagfile=str(path))
