"""Folders of all kinds: what they are taken for, and what is refused."""

import pathlib
import re
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from folder import folder_checks as checks
from folder import folder_dataset_builder as folder_builder
from folder import folder_dummy
from folder import folder_files as files
from migan_tf.base.errors import UserError

DUMMY_DATA = pathlib.Path(__file__).parent / "dummy_data"


class FolderTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own checks, on the pictures in dummy_data/."""

    DATASET_CLASS = folder_builder.Builder
    SPLITS = {"train": 2, "test": 1}
    MOCK_OUT_FORBIDDEN_OS_FUNCTIONS = False  # pathlib needs them


def built(folder, data_dir):
    """{split: {image_id: example}} of a folder."""
    builder = folder_builder.Builder(
        config=folder_builder.Builder.config_of(folder), data_dir=data_dir
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=str(folder))
    )
    return {
        split: {
            example["image_id"].decode(): example
            for example in tfds.as_numpy(builder.as_dataset(split=split))
        }
        for split in builder.info.splits
    }


def pairs(folder):
    """{image id: (split, names of the vessel map, FOV mask and second)}."""
    return {
        entry.image_id: (
            entry.split,
            *(
                plane and pathlib.Path(plane.name).name
                for plane in (
                    entry.vessel_map,
                    entry.fov_mask,
                    entry.second_annotator,
                )
            ),
        )
        for entry in files.read_layout(folder).entries
    }


def test_every_pixel_arrives_and_sizes_may_differ(tmp_path):
    own = tmp_path / "own"
    folder_dummy.write(own, (1,), height=64, width=80)
    folder_dummy.write(own, (2,))
    found = built(own, tmp_path / "data")
    assert list(found) == ["train"]
    for number, size in ((1, (64, 80)), (2, (96, 88))):
        example = found["train"][f"{number:02d}"]
        drawn = folder_dummy.draw(number, *size)
        np.testing.assert_array_equal(example["fundus"], drawn["fundus"])
        for plane in ("vessel_map", "fov_mask", "second_annotator"):
            np.testing.assert_array_equal(
                example[plane][..., 0], drawn[plane], err_msg=plane
            )
        assert example["has_vessel_map"] and example["has_second_annotator"]


def test_the_field_of_view_is_found_where_no_mask_is_given(tmp_path):
    own = tmp_path / "own"
    folder_dummy.write(own, (1, 2))
    (own / "fov_masks" / "02.png").unlink()
    shutil.rmtree(own / "second_annotator")
    found = built(own, tmp_path / "data")["train"]
    for number in (1, 2):
        example = found[f"{number:02d}"]
        drawn = folder_dummy.draw(number)["fov_mask"] > 0
        seen = example["fov_mask"][..., 0] > 0
        overlap = (seen & drawn).sum() / (seen | drawn).sum()
        assert overlap == 1 if number == 1 else overlap > 0.95
        assert not example["has_second_annotator"]


@pytest.mark.parametrize(
    "first, second, fields",
    [
        ("1st_manual", "2nd_manual", "mask"),
        ("labels-ah", "labels-vk", "fov"),
        ("1stHO", "2ndHO", "FOV Masks"),
        ("masks", "Second Reader", "labels"),
        ("manual1", "manual2", "masks"),
    ],
)
@pytest.mark.parametrize("photographs", ["images", "fundus photos"])
def test_folders_are_known_by_their_content(
    tmp_path, first, second, fields, photographs
):
    folders = {
        photographs: "fundus",
        first: "vessel_map",
        second: "second_annotator",
        fields: "fov_mask",
    }
    folder_dummy.write(tmp_path, (1, 2), folders)
    layout = files.read_layout(tmp_path)
    for entry in layout.entries:
        for plane, folder in (
            (entry.fundus, photographs),
            (entry.vessel_map, first),
            (entry.second_annotator, second),
            (entry.fov_mask, fields),
        ):
            assert plane.path.parent == tmp_path / folder
    assert f"{first}/ holds vessel maps: taken for vessel_map" in (
        layout.sentences
    )


@pytest.mark.parametrize(
    "layout",
    ["{split}/{folder}", "{folder}/{split}", "my set/{split}/{folder}"],
)
def test_splits_are_folders_of_either_order(tmp_path, layout):
    for split, numbers in (("Training", (1, 2)), ("test", (3,))):
        folder_dummy.write(
            tmp_path,
            numbers,
            {
                layout.format(split=split, folder=folder): plane
                for folder, plane in folder_dummy.FOLDERS.items()
            },
        )
    assert {i: found[0] for i, found in pairs(tmp_path).items()} == {
        "01": "train",
        "02": "train",
        "03": "test",
    }


@pytest.mark.parametrize("place", ["", "my set", "my set/train"])
def test_pictures_beside_the_folders_are_left_out_and_named(tmp_path, place):
    """The sheet of a folder that `migan_tf.synthesize` has made."""
    folder_dummy.write(
        tmp_path,
        (1, 2),
        {
            f"my set/train/{folder}": plane
            for folder, plane in folder_dummy.FOLDERS.items()
        },
    )
    sheet = tmp_path / place / "summary.png"
    Image.fromarray(folder_dummy.draw(3)["fundus"]).save(sheet)
    assert sorted(pairs(tmp_path)) == ["01", "02"]
    role = place.split("/")[0] or "."
    assert (
        f"{role}/ holds pictures beside the folders: left out"
        in files.read_layout(tmp_path).sentences
    )


def test_photographs_may_lie_beside_the_folder_of_their_maps(tmp_path):
    folder_dummy.write(tmp_path, (1, 2), {"": "fundus", "gt": "vessel_map"})
    assert pairs(tmp_path)["01"] == ("train", "01.png", None, None)


def test_coloured_maps_are_left_out_and_float_ones_taken(tmp_path):
    """As arteries and veins are drawn, and as NumPy stores what a net says."""
    folder_dummy.write(tmp_path, (1, 2))
    shutil.rmtree(tmp_path / "vessel_maps")
    for number in (1, 2):
        vessels = folder_dummy.draw(number)["vessel_map"]
        coloured = vessels[..., None] * np.array([1, 0, 0], np.uint8)
        save(tmp_path / f"av/{number:02d}.png", coloured)
        (tmp_path / "maps").mkdir(exist_ok=True)
        stored = (vessels / 255).astype(np.float32)
        np.save(tmp_path / "maps" / f"{number:02d}.npy", stored)
    layout = files.read_layout(tmp_path)
    assert "av/ holds coloured maps: left out" in layout.sentences
    assert layout.entries[0].vessel_map.stem == "01"
    assert not checks.survey(tmp_path).errors


@pytest.mark.parametrize("name", ["images", "Images"])
def test_pictures_in_colours_beside_images_are_left_out(tmp_path, name):
    """Overlays look like photographs; which folder has these, its name says."""
    folder_dummy.write(tmp_path, (1, 2))
    (tmp_path / "images").rename(tmp_path / name)
    for number in (1, 2):
        drawn = folder_dummy.draw(number)
        overlay = drawn["fundus"].copy()
        overlay[drawn["vessel_map"] > 0] = (0, 255, 0)
        save(tmp_path / f"overlays/{number:02d}.png", overlay)
    layout = files.read_layout(tmp_path)
    assert "overlays/ holds photographs: left out" in layout.sentences
    assert layout.entries[0].fundus.path.parent.name == name


@pytest.mark.parametrize("place", ["vessel_maps", "labels"])
def test_maps_of_colours_alone_are_told(tmp_path, place):
    folder_dummy.write(tmp_path, (1, 2), {"images": "fundus"})
    for number in (1, 2):
        vessels = folder_dummy.draw(number)["vessel_map"]
        coloured = vessels[..., None] * np.array([1, 0, 0], np.uint8)
        save(tmp_path / f"{place}/{number:02d}.png", coloured)
    (error,) = checks.survey(tmp_path).errors
    if place == "labels":
        assert "labels/ holds coloured maps: left out" in error
        assert "arteries and veins alike, have one grey level" in error
    else:
        assert "01.png must be grey. Received: a coloured picture" in error


def test_photographs_in_grey_and_dark_are_taken(tmp_path):
    folder_dummy.write(tmp_path, (1, 2), {"vessel_maps": "vessel_map"})
    for number, share in ((1, 1.0), (2, 0.3)):
        fundus = folder_dummy.draw(number)["fundus"][..., 1] * share
        save(tmp_path / f"images/{number:02d}.png", np.uint8(fundus))
    assert not checks.survey(tmp_path).errors


def test_the_same_name_in_both_splits_gets_the_splits_name(tmp_path):
    for split in ("train", "test"):
        number = 1 if split == "train" else 2
        folder_dummy.write(tmp_path / split, (number,), name="eye.png")
    assert sorted(pairs(tmp_path)) == ["eye_test", "eye_train"]


def test_a_link_that_leads_nowhere_is_passed_over(tmp_path):
    folder_dummy.write(tmp_path, (1, 2))
    (tmp_path / "notes.lnk").symlink_to(tmp_path / "nowhere")
    config = folder_builder.Builder.config_of(tmp_path)
    assert config.title == folder_builder.Builder.config_of(tmp_path).title


def test_files_pair_by_name_and_every_pair_is_told(tmp_path):
    """As `synthesize --format=png` names them, in DRIVE's folders."""
    for folder, plane, name in (
        ("images", "fundus", "{:07d}_training.png"),
        ("1st_manual", "vessel_map", "{:07d}_manual1.png"),
        ("mask", "fov_mask", "{:07d}_training_mask.png"),
    ):
        folder_dummy.write(
            tmp_path / "training", (9, 10), {folder: plane}, name=name
        )
    (tmp_path / "job.json").write_text("{}")
    (tmp_path / "training" / "images" / "._a.png").write_bytes(b"of a Mac")
    assert pairs(tmp_path) == {
        f"{n}_training": (
            "train",
            f"{n}_manual1.png",
            f"{n}_training_mask.png",
            None,
        )
        for n in ("0000009", "0000010")
    }
    told = "\n".join(checks.survey(tmp_path).complete)
    assert (
        "0000009_training: training/images/0000009_training.png with "
        "training/1st_manual/0000009_manual1.png, "
        "training/mask/0000009_training_mask.png" in told
    )


def save(path, plane):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(plane).save(path)


def spoil(folder, case):
    """Makes one thing in a folder of two photographs wrong."""
    planes = folder_dummy.draw(2)
    if case == "no partner":
        (folder / "vessel_maps" / "02.png").unlink()
    elif case == "inverted":
        for number in (1, 2):
            inverted = 255 - folder_dummy.draw(number)["vessel_map"]
            save(folder / f"vessel_maps/{number:02d}.png", inverted)
    elif case == "one inverted":
        save(folder / "vessel_maps/02.png", 255 - planes["vessel_map"])
    elif case == "one empty":
        save(folder / "vessel_maps/02.png", 0 * planes["vessel_map"])
    elif case == "another size":
        save(folder / "vessel_maps/02.png", planes["vessel_map"][1:])
    elif case == "exchanged":
        for one, other in (("vessel_maps", "x"), ("fov_masks", "vessel_maps")):
            (folder / one).rename(folder / other)
        (folder / "x").rename(folder / "fov_masks")
    elif case == "one folder":
        for number in (1, 2):
            for name in ("images", "vessel_maps"):
                place = folder / "all" / f"{number}_{name}.png"
                place.parent.mkdir(exist_ok=True)
                (folder / name / f"{number:02d}.png").rename(place)
    elif case == "two sets":
        folder_dummy.write(folder / "other", (3,))
    elif case == "validation":
        folder_dummy.write(folder / "val", (3,))
    elif case == "no maps":
        shutil.rmtree(folder / "vessel_maps")
        shutil.rmtree(folder / "second_annotator")
    elif case == "a map among photographs":
        folder_dummy.write(folder, range(3, 13))
        save(folder / "images/07.png", folder_dummy.draw(7)["vessel_map"])
    elif case == "in both splits":
        folder_dummy.write(folder / "train", (1, 2))
        folder_dummy.write(folder / "test", (2,), name="other{}.png")
        for name in folder_dummy.FOLDERS:
            shutil.rmtree(folder / name)
    elif case == "turned":
        save(folder / "vessel_maps/02.png", planes["vessel_map"].T)
    elif case == "classes":
        for number in (1, 2):
            save(
                folder / f"vessel_maps/{number:02d}.png",
                planes["vessel_map"] // 255 * np.uint8([[1] * 44 + [2] * 44]),
            )
    elif case == "damaged":
        (folder / "images" / "02.png").write_bytes(b"\x89PNG, but no more")


@pytest.mark.parametrize(
    "case, complaint",
    [
        ("no partner", r"must pair by name.*: 02"),
        ("inverted", r"vessel_maps/01.png must have bright vessels.*invert"),
        ("one inverted", r"vessel_maps/02.png.* inverted"),
        ("one empty", r"vessel_maps/02.png .*empty"),
        ("another size", r"02.png, 96 × 88 .*Received: 95 × 88"),
        ("exchanged", r"must hold (vessel maps|filled areas), by its name"),
        ("one folder", r"photographs and maps lie in folders of their own"),
        ("two sets", r"one folder of photographs.*folder:"),
        ("validation", r"held out of train by --validation_images"),
        ("no maps", r"must hold vessel maps"),
        ("damaged", r"images/02.png is not readable"),
        ("a map among photographs", r"images/07.png must be a photograph"),
        ("in both splits", r"02.png and .*other2.png are the same photograph"),
        ("turned", r"Received: 88 × 96. Next: turn it by 90 degrees"),
        ("classes", r"01.png .*number classes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, case, complaint):
    folder_dummy.write(tmp_path, (1, 2))
    spoil(tmp_path, case)
    errors = " ".join("\n".join(checks.survey(tmp_path).errors).split("\n"))
    assert re.search(complaint, errors), errors


def test_folders_never_share_a_cache_and_copies_do(tmp_path):
    one, copy = tmp_path / "a" / "Own Eyes", tmp_path / "b" / "Own Eyes"
    folder_dummy.write(one, (1, 2))
    shutil.copytree(one, copy)
    config_of = folder_builder.Builder.config_of
    first = config_of(one).name
    assert first.startswith("own_eyes_") and first == config_of(copy).name
    names = {first}
    # Other pixels, another reading, another split, one photograph more.
    save(copy / "images/02.png", folder_dummy.draw(3)["fundus"])
    names.add(config_of(copy).name)
    (copy / "second_annotator").rename(copy / "second reader")
    shutil.rmtree(copy / "fov_masks")
    names.add(config_of(copy).name)
    (copy / "splits.csv").write_text("image,split\n01,train\n02,test\n")
    names.add(config_of(copy).name)
    (copy / "splits.csv").unlink()
    shutil.rmtree(copy / "second reader")
    folder_dummy.write(
        copy, (4,), {"images": "fundus", "vessel_maps": "vessel_map"}
    )
    names.add(config_of(copy).name)
    assert len(names) == 5
    # What is not built from does not matter.
    (one / "notes.txt").write_text("of no interest")
    assert config_of(one).name == first


def test_no_folder_and_no_pictures_are_explained(tmp_path):
    with pytest.raises(UserError, match="--dataset=folder:DIR"):
        folder_builder.Builder.config_of("")
    with pytest.raises(UserError, match="no picture$"):
        folder_builder.Builder.config_of(tmp_path)
