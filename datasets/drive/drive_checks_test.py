import io
import pathlib
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from drive import drive_checks as checks
from drive import drive_dummy
from drive import drive_files as files

DUMMY_DATA = pathlib.Path(__file__).parent / "dummy_data"
MANUAL = "training/1st_manual/21_manual1.gif"


@pytest.fixture
def folders(tmp_path):
    """A folder with `training/` and `test/`, to be spoilt at will."""
    root = tmp_path / "unpacked"
    for split in files.SPLITS:
        zipfile.ZipFile(DUMMY_DATA / f"{split}.zip").extractall(root)
    return root


def gif(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "GIF")
    return file.getvalue()


def read(path, data):
    return checks.read_pixels(path, files.Item(f"folder/{path}", lambda: data))


def make_form(form, folders, target):
    """Puts the unpacked files into `target` in one of the official forms."""
    target.mkdir()
    if form == "folders":
        folders.rename(target / "DRIVE")
    elif form == "DRIVE.zip":
        folders.rename(folders.parent / "DRIVE")
        drive_dummy.write_zips(folders.parent, target, ["DRIVE"])
    elif form == "datasets.zip with zips":
        with zipfile.ZipFile(target / "datasets.zip", "w") as outer:
            for split in files.SPLITS:
                outer.write(DUMMY_DATA / f"{split}.zip", f"{split}.zip")
                outer.writestr(f"__MACOSX/{split}/images/._a.tif", b"x")
    elif form == "datasets.zip with folders":
        folders.rename(folders.parent / "datasets")
        drive_dummy.write_zips(folders.parent, target, ["datasets"])
    elif form == "zips without their top folder":
        for split in files.SPLITS:
            with zipfile.ZipFile(target / f"{split}.zip", "w") as zipped:
                for path in sorted((folders / split).rglob("*.*")):
                    zipped.write(path, path.relative_to(folders / split))
    elif form == "a folder and a zip":
        (folders / "training").rename(target / "training")
        drive_dummy.write_zips(folders, target, ["test"])


@pytest.mark.parametrize(
    "form",
    [
        "folders",
        "DRIVE.zip",
        "datasets.zip with zips",
        "datasets.zip with folders",
        "zips without their top folder",
        "a folder and a zip",
    ],
)
def test_every_form_of_the_archive_is_found(form, folders, tmp_path):
    make_form(form, folders, tmp_path / "manual")
    found = files.find(tmp_path / "manual")
    assert len(found.items) == 140 and not found.damaged
    for path, folder, number in (
        ("training/images/40_training.tif", "images", 40),
        ("test/2nd_manual/07_manual2.gif", "2nd_manual", 7),
    ):
        np.testing.assert_array_equal(
            checks.read_pixels(path, found.items[path]),
            drive_dummy.draw(folder, number),
        )


def test_a_whole_archive_has_no_errors():
    survey = checks.survey(DUMMY_DATA)
    assert (survey.errors, survey.missing) == ([], [])
    assert len(survey.complete) == 7 and len(survey.pixel_arrays) == 140


def test_an_official_test_set_without_annotations_is_normal(folders):
    for folder in ("1st_manual", "2nd_manual"):
        for path in (folders / "test" / folder).iterdir():
            path.unlink()
    survey = checks.survey(folders)
    assert survey.errors == []
    assert [text.split(":")[0] for text in survey.missing] == [
        "test/1st_manual/",
        "test/2nd_manual/",
    ]
    assert all("normal" in text for text in survey.missing)


def test_missing_and_unpaired_files_are_named(folders):
    (folders / "test/1st_manual/07_manual1.gif").unlink()
    (folders / "training/mask/30_training_mask.gif").unlink()
    extra = folders / "training/images/41_training.tif"
    extra.write_bytes(drive_dummy.encode("images", 21))
    (folders / "training/images/Thumbs.db").write_bytes(b"of no interest")
    errors = "\n".join(checks.survey(folders).errors)
    assert errors.count("\n") == 2
    assert "test/1st_manual/07_manual1.gif is missing" in errors
    assert "Received: 19 in" in errors and str(folders) in errors
    assert "training/mask/30_training_mask.gif is missing" in errors
    assert f"{extra} belongs to no image of DRIVE" in errors


def test_a_missing_split_and_a_truncated_zip_are_named(tmp_path):
    data = (DUMMY_DATA / "training.zip").read_bytes()
    (tmp_path / "training.zip").write_bytes(data[: len(data) // 2])
    errors = "\n".join(checks.survey(tmp_path).errors)
    assert f"{tmp_path / 'training.zip'} cannot be read as a zip" in errors
    assert "test/ (or test.zip) is not in" in errors


def test_a_damaged_zip_does_not_matter_beside_whole_folders(folders):
    (folders / "DRIVE.zip").write_bytes(b"PK, but nothing else")
    assert checks.survey(folders).errors == []


def test_a_damaged_member_of_a_zip_is_named(tmp_path):
    data = bytearray((DUMMY_DATA / "test.zip").read_bytes())
    start = data.index(b"test/images/05_test.tif") + 200
    data[start : start + 50] = bytes(50)
    (tmp_path / "test.zip").write_bytes(data)
    (tmp_path / "training.zip").write_bytes(
        (DUMMY_DATA / "training.zip").read_bytes()
    )
    (error,) = checks.survey(tmp_path).errors
    assert "test.zip: test/images/05_test.tif cannot be read" in error


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("folder", ["images", "mask", "1st_manual"])
def test_a_cut_file_is_refused(folder, share):
    path = files.official_path("training", folder, 21)
    whole = drive_dummy.encode(folder, 21)
    read(path, whole)
    with pytest.raises(checks.DriveFileError) as caught:
        read(path, whole[: int(share * len(whole))])
    assert f"folder/{path} cannot be read" in str(caught.value)
    assert "584 x 565" in str(caught.value)


@pytest.mark.parametrize(
    ("pixels", "complaint"),
    [
        (np.eye(584, 565), r"Received: \[0, 1\], an annotation of 0/1"),
        (np.zeros((584, 565)), "no marked pixel at all"),
        (np.eye(565, 584) * 255, "Received: 565 x 584"),
        (np.eye(584, 565) * 255 + np.eye(584, 565, 1) * 128, "564 grey pixels"),
    ],
)
def test_wrong_values_and_sizes_are_refused(pixels, complaint):
    with pytest.raises(checks.DriveFileError, match=complaint) as caught:
        read(MANUAL, gif(pixels))
    assert f"folder/{MANUAL}" in str(caught.value)


def test_a_palette_gif_is_read_by_its_colours():
    indices = Image.fromarray(np.eye(584, 565, dtype=np.uint8))
    indices = indices.convert("P")
    indices.putpalette([0, 0, 0, 255, 255, 255] + [0] * 762)
    file = io.BytesIO()
    indices.save(file, "GIF")
    np.testing.assert_array_equal(
        read(MANUAL, file.getvalue()), np.eye(584, 565) * 255
    )


@pytest.mark.parametrize(
    "form", ["backslashes", "twice in folders", "capitals", "flat", "any name"]
)
def test_the_content_tells_what_it_is(form, folders, tmp_path):
    """Archives as other programs write them, and folders as people do."""
    target = tmp_path / "manual"
    target.mkdir()
    if form == "backslashes":
        with zipfile.ZipFile(target / "DRIVE (1).zip", "w") as zipped:
            for path in folders.rglob("*.*"):
                name = path.relative_to(folders).as_posix()
                info = zipfile.ZipInfo("x")
                info.filename = "DRIVE\\" + name.replace("/", "\\")
                zipped.writestr(info, path.read_bytes())
            zipped.writestr("__MACOSX/test/images/._01_test.tif", b"x")
    elif form == "twice in folders":
        shutil.copytree(folders, target / "DRIVE" / "DRIVE")
    elif form == "capitals":
        for path in folders.rglob("*.*"):
            name = path.relative_to(folders).as_posix().upper()
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(path.read_bytes())
    elif form == "flat":
        for path in folders.rglob("*.*"):
            (target / path.name).write_bytes(path.read_bytes())
    else:
        with zipfile.ZipFile(target / "archive.zip", "w") as zipped:
            for path in folders.rglob("*.*"):
                name = path.relative_to(folders).as_posix()
                zipped.write(path, f"data set/{name}")
    (target / "._DRIVE.zip").write_bytes(b"of a Mac")
    found = files.find(target)
    assert len(found.items) == 140 and not found.damaged
    path = "test/2nd_manual/07_manual2.gif"
    np.testing.assert_array_equal(
        checks.read_pixels(path, found.items[path]),
        drive_dummy.draw("2nd_manual", 7),
    )


def test_pictures_of_other_names_are_not_drive(tmp_path):
    """As `synthesize` lays them out, in the folders of DRIVE."""
    for name in ("images/0000001_training.png", "mask/0000001_mask.png"):
        path = tmp_path / "training" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(drive_dummy.encode("images", 21))
    assert checks.survey(tmp_path).places == []
