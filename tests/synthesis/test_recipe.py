"""What the flags of a job come to."""

import dataclasses
import hashlib
import pickle
import shutil

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.inference.contrast import ContrastRange
from migan_tf.inference.model_folder import open_folder
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.recipe import exit_status, plan_job
from tests import made_datasets
from tests.delta_parts import write_delta_run, write_photograph
from tests.synthetic_parts import read_png, settings_of


def plan(run, output="made", **changes):
    """The job of a tiny run with these flags."""
    generator = open_folder(run / "synthesis", "synthesis")
    return plan_job(settings_of(run, output, **changes), generator)


def plan_served(served, **changes):
    """The job of two SavedModels with these flags."""
    reader = str(served["segmentation"])
    settings = settings_of("", "made", reader=reader, **changes)
    return plan_job(settings, open_folder(served["synthesis"], "synthesis"))


def test_photographs_are_those_the_generator_learned_from(
    tiny_run, tiny_config
):
    limits = {"least_consistency": 0.25, "least_distance": 2.0}
    found, recipe, identity = plan(tiny_run, seed=4, **limits)
    source = photographs.Source.of(tiny_config)
    training = photographs.load(source, "train")
    digests = {p.image_id: p.sha256() for p in training}
    assert identity["maps_of"] == identity["compared_with"] == digests
    held_out = photographs.load(source, "validation")
    assert not {p.image_id for p in held_out} & set(recipe.originals.image_ids)
    assert found == Plan("made", 12, "png", 64)
    assert (recipe.seed, recipe.noise_stddev) == (4, 1.0)
    assert (recipe.least_consistency, recipe.least_distance) == (0.25, 2.0)
    # Colours of the photographs as the generator saw them, in grey levels.
    assert recipe.originals.colours.shape == (len(training), 6)
    assert 20 < recipe.originals.colours[:, 0].mean() < 255


def test_a_job_names_networks_by_their_weights(tiny_run, tmp_path):
    output = tmp_path / "made"
    _, recipe, identity = plan(tiny_run, output, noise_stddev=0.5)
    assert identity["noise_stddev"] == 0.5
    assert {**identity["model"], "job": recipe.facts["job"]} == recipe.facts
    assert len(identity["model"]["weights_sha256"]) == 64
    assert identity["like"] is None  # what procedural maps alone have
    assert identity["model"] != identity["reader"]
    assert identity["model"]["style"] is None
    text = str(identity)
    assert str(tiny_run) not in text and str(output) not in text


@pytest.mark.slow
def test_a_saved_model_is_named_as_its_card_names_it(served):
    _, recipe, identity = plan_served(served, vessel_source="procedural")
    assert identity["model"]["model"] == "migan_synthesis"
    assert identity["model"]["version"] == 1
    assert identity["reader"]["model"] == "migan_segmentation"
    pickle.dumps(recipe)


def test_files_of_the_users_are_recorded_by_their_content(tiny_run, tmp_path):
    vessel_map = np.zeros((64, 64), np.uint8)
    vessel_map[30:34] = 255
    assert cv2.imwrite(str(tmp_path / "bar.png"), vessel_map)
    _, recipe, identity = plan(
        tiny_run, vessel_source="folder", vessel_maps=str(tmp_path)
    )
    content = (tmp_path / "bar.png").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert identity["vessel_maps"] == {"bar.png": digest}
    drawn = recipe.source.draw(0, 9)
    np.testing.assert_array_equal(
        drawn.vessel_map, read_png(tmp_path / "bar.png") > 0
    )


def test_other_files_among_the_maps_are_an_exit_status_of_1(tmp_path):
    assert cv2.imwrite(str(tmp_path / "bar.png"), np.eye(64) * 255)
    of_maps = {"vessel_source": "folder", "vessel_maps": str(tmp_path)}
    settings = settings_of("run", "made", **of_maps)
    assert exit_status(settings) == 0
    (tmp_path / ".DS_Store").write_text("a system's own")
    assert exit_status(settings) == 0
    (tmp_path / "notes.txt").write_text("no image")
    assert exit_status(settings) == 1
    assert exit_status(settings_of("run", "made")) == 0


def test_fewer_pairs_than_were_asked_for_are_an_exit_status_of_1(capsys):
    settings = settings_of("run", "made")
    counts = {"pairs": 20, "given_up": 0, "refused": {"vessels": 3}}
    assert exit_status(settings, counts) == 0
    counts |= {"pairs": 0, "given_up": 20}
    assert exit_status(settings, counts) == 1
    assert "0 of 20 pairs were made" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["deformed", "procedural"])
def test_data_that_are_named_must_be_there(source, tiny_run, tmp_path):
    elsewhere = {"dataset": "drive", "data_dir": str(tmp_path / "empty")}
    with pytest.raises(UserError, match="drive is not built"):
        plan(tiny_run, vessel_source=source, **elsewhere)


def test_maps_of_another_dataset_are_compared_with_both(tiny_run, tiny_config):
    made_datasets.write(
        tiny_config.data_dir, "others", [made_datasets.make_pair(0)]
    )
    # One photograph is held out, as of the generator's own.
    with pytest.raises(UserError, match="--validation_images"):
        plan(tiny_run, dataset="others")
    made_datasets.write(
        tiny_config.data_dir,
        "others",
        [made_datasets.make_pair(n) for n in range(3)],
        version="1.0.1",
    )
    _, recipe, identity = plan(tiny_run, dataset="others")
    assert len(identity["maps_of"]) == 2
    assert len(identity["compared_with"]) == 11 + 2
    assert set(identity["maps_of"]) < set(recipe.originals.image_ids)


def test_all_maps_of_another_dataset_whatever_the_run_was_trained_on(
    tiny_run, tiny_config
):
    pairs = [made_datasets.make_pair(n) for n in range(4)]
    made_datasets.write(tiny_config.data_dir, "many", pairs)
    whole = open_folder(tiny_run / "synthesis", "synthesis")
    few = dataclasses.replace(whole.config, train_photographs=1)
    generator = dataclasses.replace(whole, config=few)
    identity = plan_job(
        settings_of(tiny_run, "made", dataset="many"), generator
    )[2]
    assert len(identity["maps_of"]) == 4 - 1
    assert len(identity["compared_with"]) == 1 + 3


def test_of_its_own_photographs_another_dataset_needs_none(
    tiny_run, tiny_config, caplog
):
    """A clinic paints its own maps and does not have DRIVE."""
    pairs = [made_datasets.make_pair(n) for n in range(4)]
    made_datasets.write(tiny_config.data_dir, "clinic", pairs)
    own = open_folder(tiny_run / "synthesis", "synthesis")
    of_drive = dataclasses.replace(own.config, dataset="drive", manual_dir="")
    generator = dataclasses.replace(own, config=of_drive)
    places = {"data_dir": tiny_config.data_dir}
    asked = settings_of(tiny_run, "made", dataset="clinic", **places)
    identity = plan_job(asked, generator)[2]
    assert identity["compared_with"] == identity["maps_of"]
    assert len(identity["maps_of"]) == 4 - 1
    assert "drive is not at hand" in caplog.text
    with pytest.raises(UserError, match="drive is not built"):
        plan_job(settings_of(tiny_run, "made", **places), generator)


@pytest.mark.slow
def test_the_job_is_known_by_all_that_matters(tiny_run):
    def job(output="made", **changes):
        return plan(tiny_run, output, **changes)[1].facts["job"]

    assert job() == job(output="/elsewhere/shard0")
    others = [{"seed": 5}, {"count": 13}, {"least_distance": 3.0}]
    others += [{"vessel_source": "dataset"}, {"format": "tfrecord"}]
    assert len({job(), *(job(**change) for change in others)}) == 6


@pytest.mark.parametrize("name", ["drive", "a-b", "2024", "Made", "a b"])
def test_a_name_that_no_dataset_can_have_is_refused(name, tiny_run):
    with pytest.raises(UserError, match="--output must end in"):
        plan(tiny_run, f"/data/{name}", format="tfrecord")


def test_pictures_may_have_a_name_that_no_dataset_can_have(tiny_run):
    assert plan(tiny_run, "/data/drive")[0].name == "drive"


@pytest.mark.slow
def test_a_generator_of_absent_data_draws_maps_with_a_warning(
    served, monkeypatch, caplog
):
    def absent(config, split):
        raise UserError("phantom is not built\nand cannot be")

    monkeypatch.setattr(photographs, "load", absent)
    _, recipe, identity = plan_served(served, vessel_source="procedural")
    assert recipe.originals is None
    assert identity["compared_with"] == identity["maps_of"] == {}
    assert "not at hand (phantom is not built)" in caplog.text
    with pytest.raises(UserError, match="phantom is not built"):
        plan_served(served)


def test_files_that_are_no_maps_are_found_before_anything_is_made(
    tiny_run, tmp_path
):
    cv2.imwrite(str(tmp_path / "a.png"), np.eye(64, dtype=np.uint8))
    colours = np.full((64, 64, 3), (0, 90, 200), np.uint8)
    cv2.imwrite(str(tmp_path / "b.png"), colours)
    for place, words in ((".", "vessel maps.*b.png"), ("no", "--vessel_maps:")):
        taken = {"vessel_maps": str(tmp_path / place)}
        with pytest.raises(UserError, match=words):
            plan(tiny_run, vessel_source="folder", **taken)


@pytest.mark.slow
def test_the_reader_is_the_runs_own_or_the_one_that_is_given(tiny_run, served):
    recipe = plan(tiny_run)[1]
    assert recipe.reader == str(tiny_run / "segmentation")
    given = str(served["segmentation"])
    assert plan(tiny_run, reader=given)[1].reader == given


def test_a_run_without_a_segmenter_is_read_by_the_one_that_comes_along(
    tiny_run, tmp_path
):
    generator = open_folder(tiny_run / "synthesis", "synthesis")
    _, recipe, identity = plan_job(settings_of(tmp_path, "made"), generator)
    assert "migan_segmentation" in recipe.reader
    assert identity["reader"]["model"] == "migan_segmentation"


def test_a_reader_that_is_none_is_named_by_its_flag(tiny_run):
    """Not by --model, which says what paints."""
    with pytest.raises(UserError, match="--reader must be.*RUN/segmentation"):
        plan(tiny_run, reader=str(tiny_run))


def test_an_untrained_reader_is_said(tiny_run, tmp_path):
    record = tiny_run / "segmentation" / "run.json"
    shutil.copy(record, tmp_path / "run.json")
    with pytest.raises(UserError, match="has no best/"):
        plan(tiny_run, reader=str(tmp_path))


@pytest.fixture(scope="module")
def delta_run(tiny_config, tmp_path_factory):
    run = tmp_path_factory.mktemp("delta") / "run"
    return write_delta_run(run, tiny_config)


# What a job's identity had before there was a generator that can do more.
USUAL = """program count format name vessel_source like attempts noise_stddev
onednn seed least_consistency least_distance colour_margin model reader maps_of
compared_with vessel_maps""".split()


def test_a_job_that_asks_for_nothing_new_is_the_job_it_was(delta_run):
    _, recipe, identity = plan(delta_run)
    assert list(identity) == USUAL
    told = {"job", "model", "version", "weights_sha256", "style"}
    assert set(recipe.facts) == told
    same = plan(delta_run, contrast="1.0", image_size=64)
    assert (same[2], same[1].facts) == (identity, recipe.facts)


def test_what_is_asked_of_delta_is_part_of_the_job(delta_run, tmp_path):
    style = write_photograph(tmp_path / "camera.png", (40, 90, 150), side=700)
    usual = plan(delta_run)[1]
    found, recipe, identity = plan(
        delta_run,
        contrast="0.5:1.2",
        style_fundus=str(style),
        image_size=128,
        vessel_source="procedural",
    )
    digest = hashlib.sha256(style.read_bytes()).hexdigest()
    assert {name: identity[name] for name in identity if name not in USUAL} == {
        "contrast": [0.5, 1.2],
        "style_fundus": {"camera.png": digest},
        "image_size": 128,
    }
    assert str(tmp_path) not in str(identity)
    assert recipe.facts["style_fundus"] == "camera.png"
    assert recipe.contrast == ContrastRange(0.5, 1.2)
    assert recipe.style_fundus.shape == (700, 700, 3)
    assert found.size == recipe.image_size == 128
    assert recipe.source.draw(0, 1).vessel_map.shape == (128, 128)
    # The gate knows the style's colours beside those of the photographs.
    colours, known = recipe.originals.colours, usual.originals.colours
    assert len(colours) == len(known) + 1 == len(recipe.originals.small) + 1
    np.testing.assert_allclose(colours[-1, :3], (40, 90, 150), atol=2)


def test_a_style_without_a_fundus_is_refused_before_data_are_read(
    delta_run, tmp_path, monkeypatch
):
    monkeypatch.setattr(photographs, "load", None)
    style = write_photograph(tmp_path / "night.png", (0, 0, 0))
    with pytest.raises(UserError, match="--style_fundus must be.*night.png"):
        plan(delta_run, style_fundus=str(style))


def test_the_papers_generator_has_one_size(tiny_run):
    with pytest.raises(UserError, match="--image_size must be that of the"):
        plan(tiny_run, image_size=128)
