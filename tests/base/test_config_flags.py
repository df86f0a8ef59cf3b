"""The flags' way from the command line or a flagfile to the settings."""

import dataclasses
import functools
import pathlib
import types

import pytest
from absl import flags

from migan_tf.base import config_flags
from migan_tf.base import settings as settings_of_all
from migan_tf.base.config import DISCRIMINATORS, Config
from migan_tf.base.errors import UserError
from migan_tf.base.run_record import as_flagfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIELDS = {field.name: field for field in dataclasses.fields(Config)}


@pytest.fixture
def parse(monkeypatch):
    """Parses a command line with flags of its own, as an entry would."""

    def parse(*arguments, runs=False):
        values = flags.FlagValues()
        kinds = ("string", "multi_string", "boolean", "integer", "float")
        own = {
            f"DEFINE_{kind}": functools.partial(
                getattr(flags, f"DEFINE_{kind}"), flag_values=values
            )
            for kind in kinds
        }
        flags.DEFINE_string("flagfile", None, "", flag_values=values)
        own["DEFINE_alias"] = functools.partial(
            flags.DEFINE_alias, flag_values=values
        )
        stand_in = types.SimpleNamespace(FLAGS=values, **own)
        for module in (settings_of_all, config_flags):
            monkeypatch.setattr(module, "flags", stand_in)
        config_flags.define_flags()
        assert values(["entry", *arguments]) == ["entry"]
        if runs:
            return config_flags.runs_from_flags()
        return config_flags.from_flags()

    return parse


def test_flags_reach_the_config(parse):
    assert parse("--workdir=runs/a") == Config(workdir="runs/a")
    settings = parse("--workdir=runs/a", "--noflip", "--learning_rate=1e-3")
    assert settings == Config(workdir="runs/a", flip=False, learning_rate=1e-3)
    with pytest.raises(UserError, match="--batch_size"):
        parse("--workdir=runs/a", "--batch_size=0")


def other_value(field):
    """A value that is not the default and passes on its own."""
    if field.metadata["choices"]:
        return field.metadata["choices"][-1]
    fixed = {
        "image_size": 1024, "crop_size": 128, "workdir": "my runs/#1 =ö",
        "learning_rate": 1 / 3e7, "unet_depth": 5, "adam_beta_1": 0.25,
        "average_decay": 0.9, "extra_share": 0.25, "extra_until": 0.5,
        "colour_code": False,  # not with the style that is chosen here
    }  # fmt: skip
    if field.name in fixed:
        return fixed[field.name]
    if field.type is bool:
        return not field.default
    return field.default + field.type(field.type is str and "x" or 1)


def test_every_flag_survives_a_flagfile(parse, tmp_path):
    values = {name: other_value(field) for name, field in FIELDS.items()}
    settings = Config(**values).validate()
    changed = {n for n, f in FIELDS.items() if values[n] != f.default}
    # A last choice that is the default already, and what is fixed.
    same = {"task", "discriminator", "generator", "colour_code"}
    assert FIELDS.keys() - changed <= same
    for written in (settings, Config(workdir="runs/a")):
        path = tmp_path / "run.flags"
        path.write_text(as_flagfile(written), encoding="utf-8")
        assert parse(f"--flagfile={path}") == written


@pytest.mark.parametrize(
    "name",
    sorted(
        p.relative_to(ROOT / "experiments").as_posix()
        for p in (ROOT / "experiments").rglob("*.flags")
    ),
)
def test_experiments_parse(parse, monkeypatch, name):
    # A nested flagfile's path is relative to where the command is run.
    monkeypatch.chdir(ROOT)
    given = [f"--flagfile=experiments/{name}", "--workdir=runs/a"]
    if "style" in name:  # of whom, the user says
        given.append("--style_image=x")
    settings = parse(*given)
    # The last value wins.
    changed = parse(*given, "--seed=9")
    assert changed == dataclasses.replace(settings, seed=9)


def test_the_former_spelling_of_a_flag_is_an_alias(parse):
    old = parse("--workdir=a", "--centerline_dice_weight=0.5")
    assert old == Config(workdir="a", centreline_dice_weight=0.5)


def test_the_home_stands_for_a_tilde(parse, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    given = ("--workdir=~/run", "--data_dir=~/data", "--manual_dir=~")
    settings = parse(*given, "--dataset=~odd")
    assert settings.workdir == "/home/somebody/run"
    assert settings.data_dir == "/home/somebody/data"
    assert settings.manual_dir == "/home/somebody"
    assert settings.dataset == "~odd"  # no place on the disk


STYLE = ("--workdir=runs/a", "--deviation=style")


def test_styles_share_a_segmentation_and_get_a_run_each(parse):
    styles = ("--style_image=21_training", "--style_image=my photos/eye.png")
    segmentation, first, second = parse(*STYLE, *styles, runs=True)
    assert (segmentation.task, segmentation.workdir) == (
        "segmentation",
        "runs/a",
    )
    assert segmentation.style_image == ""
    assert (first.task, first.workdir) == ("synthesis", "runs/a/21_training")
    assert first.style_image == "21_training"
    assert first.segmenter_model == "runs/a/segmentation"
    assert second == dataclasses.replace(
        first, workdir="runs/a/eye", style_image="my photos/eye.png"
    )
    # One task alone, and another run's segmenter.
    other = "--segmenter_model=runs/b/segmentation"
    rest = parse(*STYLE, *styles, "--task=synthesis", other, runs=True)
    assert [run.workdir for run in rest] == ["runs/a/21_training", "runs/a/eye"]
    assert rest[0].segmenter_model == "runs/b/segmentation"
    alone = parse(*STYLE, *styles, "--task=segmentation", runs=True)
    assert [run.workdir for run in alone] == ["runs/a"]


def test_one_style_is_one_run(parse):
    (run,) = parse(*STYLE, "--style_image=x.png", runs=True)
    assert (run.task, run.workdir) == ("both", "runs/a")
    assert run.style_image == "x.png"


def test_styles_of_one_name_are_refused(parse):
    styles = ("--style_image=a/eye.png", "--style_image=b/eye.jpg")
    with pytest.raises(UserError, match="Received twice: eye"):
        parse(*STYLE, *styles, runs=True)
    with pytest.raises(UserError, match="one --style_image is taken here"):
        parse(*STYLE, "--style_image=a", "--style_image=b")


PAPER = dict(
    task="both",
    image_size=512,
    segmenter="migan",
    base_filters=64,
    segmenter_filters=64,
    skip_connections="even",
    noise_size=400,
    discriminator="image",
    discriminator_filters=32,
    deviation_weight=10.0,
    segmentation_weight=10.0,
    adversarial_weight=1.0,
    soft_dice_weight=0.0,
    noise_stddev=0.001,
    evaluation_noise_stddev=1.0,
    generator_steps=2,
    learning_rate=2e-4,
    flip=True,
)


@pytest.mark.parametrize(
    ("name", "geometry"), [("drive", "center_square"), ("stare", "stretch")]
)
def test_the_papers_experiments(parse, monkeypatch, name, geometry):
    monkeypatch.chdir(ROOT)
    settings = parse(f"--flagfile=experiments/{name}.flags", "--workdir=runs/a")
    assert settings.dataset == name and settings.geometry == geometry
    found = {key: getattr(settings, key) for key in PAPER}
    assert found == PAPER
    assert settings.validation_images == 1 and settings.crop_size == 0


@pytest.mark.parametrize("dataset", ["drive", "stare"])
def test_table_1_varies_the_discriminator_alone(parse, monkeypatch, dataset):
    monkeypatch.chdir(ROOT)
    runs = []
    for kind in DISCRIMINATORS:
        path = f"experiments/table1/{dataset}_{kind}.flags"
        runs.append(parse(f"--flagfile={path}", "--workdir=runs/a"))
        assert (runs[-1].dataset, runs[-1].discriminator) == (dataset, kind)
    alike = {dataclasses.replace(run, discriminator="none") for run in runs}
    assert len(alike) == 1
