"""What is said about a folder of downloads before a build."""

import pathlib
import shutil
import zipfile

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import inspection, prepared

DATASETS = pathlib.Path(__file__).resolve().parents[2] / "datasets"


@pytest.fixture
def drive_dir(tmp_path):
    for split in ("training", "test"):
        archive = DATASETS / "drive" / "dummy_data" / f"{split}.zip"
        zipfile.ZipFile(archive).extractall(tmp_path / "DRIVE")
    return tmp_path


def test_a_whole_folder_of_both_datasets(drive_dir):
    for tar in (DATASETS / "stare" / "dummy_data").glob("*.tar"):
        shutil.copy(tar, drive_dir)
    drive, stare = inspection.inspect(str(drive_dir))
    assert (drive.dataset, stare.dataset) == ("drive", "stare")
    assert drive.buildable and stare.buildable
    assert drive.suspicious == [] and stare.suspicious == []
    lines = inspection.describe([drive, stare], str(drive_dir)).splitlines()
    assert "verdict: drive can be built" in lines
    assert lines[-2] == "verdict: stare can be built"
    assert lines[-1] == (
        "next: python -m migan_tf.train --flagfile=experiments/stare.flags "
        f"--manual_dir={drive_dir} --workdir=runs/stare"
    )


def test_todays_test_set_is_normal_and_a_fault_is_not(drive_dir):
    test = drive_dir / "DRIVE" / "test"
    shutil.rmtree(test / "1st_manual")
    shutil.rmtree(test / "2nd_manual")
    (report,) = inspection.inspect(str(drive_dir))
    assert report.buildable
    text = inspection.describe([report], str(drive_dir))
    assert "missing: test/1st_manual/: normal" in text
    (test / "mask" / "09_test_mask.gif").unlink()
    (report,) = inspection.inspect(str(drive_dir))
    assert not report.buildable
    text = inspection.describe([report], str(drive_dir))
    assert "wrong: test/mask/09_test_mask.gif is missing" in text
    assert "verdict: drive cannot be built, 1 thing(s) to put right" in text
    assert text.count("09_test_mask.gif is missing") == 1


def test_a_photograph_in_both_splits_is_suspicious(drive_dir):
    shutil.copy(
        drive_dir / "DRIVE/training/images/33_training.tif",
        drive_dir / "DRIVE/test/images/04_test.tif",
    )
    (report,) = inspection.inspect(str(drive_dir))
    assert report.buildable
    (sentence,) = report.suspicious
    assert "training/images/33_training.tif" in sentence
    assert "test/images/04_test.tif hold the same pixels" in sentence
    assert "trained on would be tested on" in sentence


def test_odd_shares_of_vessel_are_suspicious():
    annotation = np.zeros((100, 100), np.uint8)
    annotation[:10] = 255
    paths = [f"labels-ah.tar/im000{n}" for n in (1, 2, 3)]
    arrays = dict(
        zip(
            paths,
            [annotation, 255 - annotation, annotation[:1] * 0 + 0],
            strict=True,
        )
    )
    inverted, empty = inspection.find_suspicious(inspection.facts_of(arrays))
    assert paths[1] in inverted and "90.0% of the pixels" in inverted
    assert paths[2] in empty and "0.0% of the pixels" in empty


def test_a_missing_tar_is_no_fault_but_said(tmp_path):
    tar = DATASETS / "stare" / "dummy_data" / "stare-images.tar"
    shutil.copy(tar, tmp_path)
    (report,) = inspection.inspect(str(tmp_path))
    assert report.buildable and len(report.missing) == 2
    assert "labels-ah.tar (from https://cecas" in report.missing[0]


def test_an_unknown_folder_and_no_folder(tmp_path):
    (tmp_path / "cat.txt").write_text("no picture")
    (tmp_path / "archive.zip").write_bytes(b"PK, but nothing else")
    assert inspection.inspect(str(tmp_path)) == []
    text = inspection.describe([], str(tmp_path))
    assert "verdict: nothing can be built" in text
    assert "archive.zip cannot be read as a zip" in text
    with pytest.raises(UserError, match="must be a folder that exists"):
        inspection.inspect(str(tmp_path / "absent"))


def test_photographs_without_maps_are_of_no_use(tmp_path):
    cat = np.zeros((64, 64, 3), np.uint8)
    shades = np.linspace(0.4, 1.0, 48)[:, None, None]
    cat[8:-8, 8:-8] = shades * np.ones((1, 48, 1)) * (20, 90, 200)
    cv2.imwrite(str(tmp_path / "cat.png"), cat)
    (report,) = inspection.inspect(str(tmp_path))
    assert report.dataset == "folder" and not report.buildable
    text = inspection.describe([report], str(tmp_path))
    assert "verdict: folder cannot be built" in text
    assert "must hold vessel maps" in text


def test_photographs_of_ones_own_are_explained(tmp_path):
    folder_dummy = prepared.load_module("folder", "dummy")
    folder_dummy.write(tmp_path, (1, 2), name="eye {}.png")
    (report,) = inspection.inspect(str(tmp_path))
    assert report.dataset == "folder" and report.buildable
    text = inspection.describe([report], str(tmp_path))
    assert "eye 2: images/eye 2.png with vessel_maps/eye 2.png" in text
    assert "test: no photographs; name them in splits.csv" in text
    assert text.endswith(
        f"--flagfile=experiments/folder.flags --manual_dir={tmp_path} "
        "--workdir=runs/folder"
    )


def test_an_unfinished_drive_can_be_taken_as_it_is(drive_dir):
    (drive_dir / "DRIVE" / "test" / "mask" / "09_test_mask.gif").unlink()
    (report,) = inspection.inspect(str(drive_dir))
    text = inspection.describe([report], str(drive_dir))
    assert "or take the photographs as they are" in text.splitlines()[-1]


def test_many_faults_are_counted_not_listed(drive_dir):
    for path in (drive_dir / "DRIVE/training/mask").iterdir():
        path.unlink()
    (report,) = inspection.inspect(str(drive_dir))
    text = inspection.describe([report], str(drive_dir))
    assert text.count("  wrong: training/mask/") == 12
    assert "wrong: and 8 more" in text and "20 thing(s)" in text
