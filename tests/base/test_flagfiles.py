"""--flagfile: of the user's first, then of those that come along."""

import pathlib

import pytest
from absl import flags

from migan_tf.base import flagfiles
from migan_tf.base.errors import UserError

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_the_users_own_comes_first_and_nothing_is_said(elsewhere, capsys):
    write(elsewhere / "experiments" / "demo.flags", "--seed=7\n")
    given = ["--flagfile=experiments/demo.flags", "--task=both"]
    assert flagfiles.expand(given) == ["--seed=7", "--task=both"]
    assert capsys.readouterr().err == ""


def test_what_is_not_here_is_taken_from_those_that_come_along(capsys):
    found = flagfiles.expand(["--flagfile=experiments/demo_delta.flags"])
    said = capsys.readouterr().err.splitlines()
    # It names a second one; both are said, with the place.
    assert said == [
        f"--flagfile=experiments/{name}.flags: not here, taken from "
        f"{ROOT / 'experiments' / name}.flags"
        for name in ("demo_delta", "demo")
    ]
    assert found.index("--dataset=phantom/demo") == 0


def test_a_nested_one_of_the_users_own_comes_first(elsewhere):
    write(elsewhere / "mine.flags", "--flagfile=experiments/demo.flags\n--x=1")
    write(elsewhere / "experiments" / "demo.flags", "--seed=7\n")
    assert flagfiles.read("mine.flags") == ["--seed=7", "--x=1"]


def test_absl_reads_the_same(monkeypatch):
    monkeypatch.chdir(ROOT)
    for path in sorted(ROOT.glob("experiments/**/*.flags")):
        name = path.relative_to(ROOT).as_posix()
        given = ["--a=1", f"--flagfile={name}", "photo.png", "--b=2"]
        expected = flags.FlagValues().read_flags_from_files(given)
        assert flagfiles.expand(given) == expected, name


def test_the_forms_of_the_flag(elsewhere):
    write(elsewhere / "a b.flags", "# one\n\n// two\n  --x=1  \n--y\n")
    for given in (
        ["--flagfile=a b.flags"],
        ["-flagfile=a b.flags"],
        ["--flagfile", "a b.flags"],
    ):
        assert flagfiles.expand(given) == ["--x=1", "--y"]
    left_alone = ["--flagfiles=a", "flagfile=a", "--", "--flagfile=none"]
    assert flagfiles.expand(left_alone) == left_alone
    assert flagfiles.expand(["--flagfile="]) == []


def test_the_home_stands_for_a_tilde(elsewhere, monkeypatch):
    monkeypatch.setenv("HOME", str(elsewhere / "home"))
    write(elsewhere / "home" / "mine.flags", "--x=1")
    assert flagfiles.read("~/mine.flags") == ["--x=1"]


@pytest.mark.parametrize(
    "name, words",
    [
        ("none.flags", "Received: 'none.flags'. .*experiments/demo.flags"),
        ("experiments/none.flags", "Received: 'experiments/none.flags'"),
        ("experiments", "must be a file"),
        ("../experiments/demo.flags", "must be a file"),
    ],
)
def test_what_is_nowhere_is_refused(name, words):
    with pytest.raises(UserError, match=words):
        flagfiles.expand([f"--flagfile={name}"])


def test_what_cannot_be_read_is_refused(elsewhere):
    with pytest.raises(UserError, match="needs a file"):
        flagfiles.expand(["--flagfile"])
    (elsewhere / "latin.flags").write_bytes(b"--dataset=\xe4")
    with pytest.raises(UserError, match="latin.flags is not readable"):
        flagfiles.read("latin.flags")
    write(elsewhere / "one.flags", "--flagfile=two.flags")
    write(elsewhere / "two.flags", "--flagfile=one.flags")
    with pytest.raises(UserError, match="must not name itself.*one.flags"):
        flagfiles.read("one.flags")
