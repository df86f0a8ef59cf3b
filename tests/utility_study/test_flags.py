"""The flags of the experiment: what they mean and what is refused."""

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
        flags.Settings(**{**FLAGFILES, "output": "out", **given})
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
