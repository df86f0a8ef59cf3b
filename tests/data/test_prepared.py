"""Building and finding prepared datasets, on the builders' dummy_data."""

import pathlib
import shutil
import zipfile

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from migan_tf.base.errors import UserError
from migan_tf.data import photographs, prepared
from tests import made_datasets

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVE_ZIPS = ROOT / "datasets" / "drive" / "dummy_data"


def examples_of(builder, split):
    examples = tfds.as_numpy(builder.as_dataset(split=split))
    return {e["image_id"].decode(): e for e in examples}


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """A prepared DRIVE whose test set has no annotations, as today's."""
    root = tmp_path_factory.mktemp("drive")
    for split in ("training", "test"):
        zipfile.ZipFile(DRIVE_ZIPS / f"{split}.zip").extractall(root / "DRIVE")
    for folder in ("1st_manual", "2nd_manual"):
        shutil.rmtree(root / "DRIVE" / "test" / folder)
    leftover = root / "data" / "drive" / "incomplete.ABC123_1.0.0"
    leftover.mkdir(parents=True)
    (leftover / "drive-train.tfrecord-00000-of-00001").write_bytes(b"half")
    return prepared.ensure_prepared("drive", str(root / "data"), str(root))


def test_drive_without_test_annotations_says_so(drive):
    train, test = examples_of(drive, "train"), examples_of(drive, "test")
    assert list(train) == [f"{n}_training" for n in range(21, 41)]
    assert list(test) == [f"{n:02d}_test" for n in range(1, 21)]
    for examples, annotated in ((train, True), (test, False)):
        for example in examples.values():
            assert example["has_vessel_map"] == annotated
            assert not example["has_second_annotator"]
            assert example["fundus"].shape == (584, 565, 3)
            assert example["vessel_map"].any() == annotated
            assert not example["second_annotator"].any()


def test_drive_keeps_every_pixel(drive):
    """Rows and columns as drive_dummy.py draws them for image 23."""
    example = examples_of(drive, "train")["23_training"]
    fundus = np.full((584, 565, 3), 8, np.uint8)
    fundus[30:550, 25:540] = (200, 100, 40)
    fundus[100:480, 215:275] = (120, 40, 23)
    np.testing.assert_array_equal(example["fundus"], fundus)
    band = np.zeros((584, 565, 1), np.uint8)
    band[100:480, 215:275] = 255
    np.testing.assert_array_equal(example["vessel_map"], band)
    assert example["fov_mask"].sum() == 520 * 515 * 255


def test_what_a_killed_build_left_is_cleared(drive):
    assert [p.name for p in pathlib.Path(drive.data_dir).parent.iterdir()] == [
        "1.0.0"
    ]
    assert not list(pathlib.Path(drive.data_dir).parents[1].glob(".*"))


def test_a_prepared_dataset_needs_no_files(drive):
    data_dir = pathlib.Path(drive.data_dir).parents[1]
    before = {p: p.stat().st_mtime_ns for p in data_dir.rglob("*")}
    again = prepared.ensure_prepared("drive", str(data_dir), "/does/not/exist")
    assert again.info.splits["train"].num_examples == 20
    assert {p: p.stat().st_mtime_ns for p in data_dir.rglob("*")} == before


def test_a_prepared_dataset_that_lost_a_file_is_refused(drive, tmp_path):
    data_dir = pathlib.Path(drive.data_dir).parents[1]
    shutil.copytree(data_dir / "drive", tmp_path / "drive")
    (shard,) = (tmp_path / "drive" / "1.0.0").glob("drive-test.tfrecord*")
    shard.unlink()
    with pytest.raises(UserError, match="is damaged") as caught:
        prepared.ensure_prepared("drive", str(tmp_path), "")
    assert str(shard) in str(caught.value) and "rm -r" in str(caught.value)


def test_absent_files_are_explained_in_a_few_lines(tmp_path):
    manual_dir = tmp_path / "my downloads"
    with pytest.raises(UserError) as caught:
        prepared.ensure_prepared(
            "drive", str(tmp_path / "data"), str(manual_dir)
        )
    text = str(caught.value)
    assert len(text.splitlines()) <= 8
    assert f"{manual_dir} does not exist or is empty" in text
    assert "https://drive.grand-challenge.org/" in text
    command = f"python -m migan_tf.doctor --manual_dir='{manual_dir}'"
    assert command in text
    assert "--flagfile=experiments/drive.flags" in text
    assert not list((tmp_path / "data").iterdir())


def test_a_damaged_file_stops_the_build_and_leaves_nothing(tmp_path):
    for split in ("training", "test"):
        zipfile.ZipFile(DRIVE_ZIPS / f"{split}.zip").extractall(tmp_path)
    spoilt = tmp_path / "test" / "images" / "03_test.tif"
    spoilt.write_bytes(spoilt.read_bytes()[:700])
    with pytest.raises(UserError) as caught:
        prepared.ensure_prepared("drive", str(tmp_path / "data"), str(tmp_path))
    assert f"{spoilt} cannot be read as a picture" in str(caught.value)
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        ("cats", "chase_db1, drive, .* stare, .*Received: 'cats'"),
        ("drive/large", "no configurations. Received: 'large'"),
        ("phantom/cats", "configurations .*demo.* Received: 'cats'"),
    ],
)
def test_unknown_names_are_refused(dataset, complaint, tmp_path):
    with pytest.raises(UserError, match=complaint):
        prepared.ensure_prepared(dataset, str(tmp_path), "")


def test_code_is_found_in_a_wheel_beside_another_datasets(
    tmp_path, monkeypatch
):
    (tmp_path / "datasets").mkdir()  # Hugging Face's
    ours = tmp_path / "migan_tf" / "datasets" / "drive"
    ours.mkdir(parents=True)
    module = tmp_path / "migan_tf" / "data" / "prepared.py"
    monkeypatch.setattr(prepared, "__file__", str(module))
    with pytest.raises(UserError, match="not installed"):
        prepared.code_dir()
    (ours / "drive_dataset_builder.py").touch()
    assert prepared.code_dir() == ours.parent


def test_a_builder_has_one_name():
    module = prepared.load_module("drive", "dataset_builder")
    assert module.__name__ == "drive.drive_dataset_builder"
    assert module.Builder.name == "drive"


@pytest.mark.real_data
def test_the_real_drive_is_read_to_the_pixel(real_data):
    survey = prepared.load_module("drive", "checks").survey(real_data)
    assert survey.errors == [] and len(survey.complete) == 7
    path = "training/images/21_training.tif"
    with Image.open(real_data / "DRIVE" / path) as tif:
        np.testing.assert_array_equal(survey.pixel_arrays[path], np.array(tif))
    # Published: 12.7 % of the FOV pixels of the test set are vessel.
    inside = marked = 0
    for number in range(1, 21):
        fov = survey.pixel_arrays[f"test/mask/{number:02d}_test_mask.gif"] > 0
        first = survey.pixel_arrays[f"test/1st_manual/{number:02d}_manual1.gif"]
        inside += fov.sum()
        marked += (fov & (first > 0)).sum()
    assert marked / inside == pytest.approx(0.127, abs=0.002)


@pytest.mark.real_data
def test_stare_fov_agrees_with_masks_drawn_by_others(real_data):
    survey = prepared.load_module("stare", "checks").survey(real_data)
    assert survey.errors == []
    find_fov = prepared.load_module("stare", "fov").find_fov
    overlaps = []
    for path in sorted((real_data / "STARE" / "fov_masks").glob("*.png")):
        drawn = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127
        found = find_fov(survey.pixel_arrays[f"stare-images.tar/{path.stem}"])
        found = found > 0
        overlaps.append((found & drawn).sum() / (found | drawn).sum())
    assert len(overlaps) == 20
    assert np.mean(overlaps) >= 0.995
    assert np.min(overlaps) >= 0.985


PAIRS = [made_datasets.make_pair(number) for number in range(3)]


def test_the_newest_version_is_used(tmp_path):
    for version, count in (("1.9.0", 1), ("1.10.0", 3), ("1.2.0", 2)):
        made_datasets.write(tmp_path, "synth", PAIRS[:count], version=version)
    builder = prepared.ensure_prepared("synth", str(tmp_path))
    assert builder.info.splits["train"].num_examples == 3
    assert str(builder.version) == "1.10.0"


def test_both_kinds_are_listed_where_the_name_is_unknown(tmp_path):
    made_datasets.write(tmp_path, "synth", PAIRS[:1])
    (tmp_path / "downloads" / "1.0.0").mkdir(parents=True)
    assert prepared.made_names(str(tmp_path)) == ["synth"]
    for name in ("cats", "synth/1.0.0", ".."):
        with pytest.raises(UserError) as caught:
            prepared.ensure_prepared(name, str(tmp_path))
        text = str(caught.value)
        assert "drive, folder, hrf, phantom, stare, or one made" in text
        assert f"{tmp_path} (there: synth)" in text
        assert f"Received: {name!r}" in text


def test_there_may_be_none(tmp_path):
    assert prepared.made_names(str(tmp_path / "absent")) == []
    assert prepared.made_builder("synth", str(tmp_path)) is None
    with pytest.raises(UserError, match="there: none"):
        prepared.ensure_prepared("synth", str(tmp_path))


def test_what_is_damaged_is_refused(tmp_path):
    folder = made_datasets.write(tmp_path, "synth", PAIRS, shards=2)
    (shard,) = folder.glob("*00001-of-00002")
    shard.unlink()
    with pytest.raises(UserError, match="damaged.*00001-of-00002 is missing"):
        prepared.ensure_prepared("synth", str(tmp_path))
    (folder / "features.json").write_text("{")
    with pytest.raises(UserError, match="damaged.*make it again"):
        prepared.ensure_prepared("synth", str(tmp_path))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Two folders of one name and of the same file names, and a data_dir."""
    root = tmp_path_factory.mktemp("own")
    dummy = prepared.load_module("folder", "dummy")
    for place, numbers in (("a", (1, 2)), ("b", (3, 4))):
        for order, number in enumerate(numbers):
            dummy.write(
                root / place / "My Eyes",
                (number,),
                name=f"eye{order}.png",
            )
    return root


def folder_of(builder):
    return pathlib.Path(builder.data_dir).parent.name


def test_a_folder_is_built_once_and_anew_when_its_files_change(own):
    data_dir, place = str(own / "data"), own / "a" / "My Eyes"
    first = prepared.ensure_prepared("folder", data_dir, str(place))
    again = prepared.ensure_prepared(f"folder:{place}", data_dir, "/nowhere")
    assert first.data_dir == again.data_dir
    other = prepared.ensure_prepared(
        f"folder:{own}/b/My Eyes", data_dir, str(place)
    )
    assert folder_of(first) != folder_of(other)
    assert folder_of(other).startswith("my_eyes_")
    changed = own / "changed"
    shutil.copytree(place, changed / "My Eyes")
    (path,) = (changed / "My Eyes" / "images").glob("eye1*")
    path.write_bytes((own / "b/My Eyes/images/eye1.png").read_bytes())
    anew = prepared.ensure_prepared(f"folder:{changed}/My Eyes", data_dir)
    stored = examples_of(anew, "train")["eye1"]["fundus"]
    with Image.open(path) as png:
        np.testing.assert_array_equal(stored, np.array(png))
    before = examples_of(first, "train")["eye1"]["fundus"]
    assert (before != stored).any()


def test_folders_and_a_dataset_are_trained_on_together(own):
    data_dir = str(own / "data")
    source = photographs.Source(
        f"folder:{own}/a/My Eyes,folder:{own}/b/My Eyes", data_dir
    )
    found = photographs.load(source, "train")
    found += photographs.load(source, "validation")
    assert sorted(p.image_id for p in found) == [
        "my_eyes_2_eye0",
        "my_eyes_2_eye1",
        "my_eyes_eye0",
        "my_eyes_eye1",
    ]
    with_phantoms = photographs.Source(
        f"phantom/demo,folder:{own}/a/My Eyes", data_dir
    )
    found = photographs.load(with_phantoms, "train")
    assert len(found) == 12 + 2 - 1
    with pytest.raises(UserError) as caught:
        photographs.load(with_phantoms, "test")
    text = str(caught.value)
    assert "folder has no split `test`" in text and "splits.csv" in text
    assert "--split=validation" in text


def test_a_copy_of_a_folder_beside_it_is_refused(own, tmp_path):
    shutil.copytree(own / "a" / "My Eyes", tmp_path / "copy")
    names = f"folder:{own}/a/My Eyes,folder:{tmp_path}/copy"
    source = photographs.Source(names, str(own / "data"))
    with pytest.raises(UserError, match="photographs of their own.*eye0"):
        photographs.load(source, "train")


def test_what_a_folder_lacks_is_said_in_a_few_lines(own, tmp_path):
    for given, words in (
        ("folder", "--dataset=folder:DIR"),
        (f"folder:{tmp_path}/absent", "needs a folder of photographs"),
        (f"folder:{tmp_path}", "no picture"),
    ):
        with pytest.raises(UserError, match=words):
            prepared.ensure_prepared(given, str(tmp_path / "data"))
    place = tmp_path / "own"
    shutil.copytree(own / "a" / "My Eyes", place)
    for path in (place / "vessel_maps").iterdir():
        Image.new("L", (88, 96), 255).save(place / "fov_masks" / path.name)
        Image.new("L", (80, 96)).save(path)
    drawn = own / "a/My Eyes/vessel_maps/eye0.png"
    shutil.copy(drawn, place / "vessel_maps" / "eye0.png")
    with pytest.raises(UserError) as caught:
        prepared.ensure_prepared(f"folder:{place}", str(tmp_path / "data"))
    text = str(caught.value)
    assert "vessel_maps/eye1.png" in text and "empty" in text
    assert f"python -m migan_tf.doctor --manual_dir={place}" in text
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize(
    ("datasets", "public"),
    [
        ("", ""),
        ("drive,phantom/demo", "drive,phantom/demo"),
        ("folder:/home/someone/clinic b,drive", "folder:clinic b,drive"),
        ("folder:../photographs/", "folder:photographs"),
    ],
)
def test_a_public_name_does_not_tell_the_makers_folders(datasets, public):
    assert prepared.public_name(datasets) == public
