import pathlib
import re
import shutil

import numpy as np
import pytest

from stare import stare_checks as checks
from stare import stare_dummy
from stare import stare_files as files

DUMMY_DATA = pathlib.Path(__file__).parent / "dummy_data"
AH, IMAGES = "labels-ah.tar", "stare-images.tar"


def copy_tars(folder, names=tuple(files.ENDINGS)):
    for name in names:
        shutil.copy(DUMMY_DATA / name, folder)


def spoil(folder, name, image_id, change):
    """Makes the three tars; `change` gives one member's bytes instead."""

    def encode(tar_name, member_id, pixels):
        if (tar_name, member_id) == (name, image_id):
            return change(pixels)
        return stare_dummy.ppm(pixels)

    copy_tars(folder)
    stare_dummy.write_tars(folder, encode, [name])
    return checks.survey(folder)


def test_repacked_tars_are_checked_by_content_and_said_so(tmp_path):
    (tmp_path / "STARE").mkdir()
    copy_tars(tmp_path / "STARE")
    survey = checks.survey(tmp_path)
    assert (survey.errors, survey.missing) == ([], [])
    assert len(survey.complete) == 3 and len(survey.pixel_arrays) == 60
    assert all("checked by its content instead" in s for s in survey.complete)
    np.testing.assert_array_equal(
        survey.pixel_arrays[f"{IMAGES}/im0324"],
        stare_dummy.draw(IMAGES, "im0324"),
    )


def test_an_absent_tar_can_be_downloaded(tmp_path):
    copy_tars(tmp_path, [IMAGES])
    survey = checks.survey(tmp_path)
    assert survey.errors == []
    assert [text.split(" ")[0] for text in survey.missing] == [
        AH,
        "labels-vk.tar",
    ]


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        (AH, lambda p: None, "im0044.ah.ppm.gz is missing; .* Received: 19"),
        (AH, lambda p: b"", "im0044.ah.ppm.gz cannot be read"),
        (AH, lambda p: stare_dummy.ppm(p)[:9999], "im0044.* cannot be read"),
        (AH, lambda p: stare_dummy.ppm(p // 255), r"\[0, 1\].* by 255"),
        (AH, lambda p: stare_dummy.ppm(p[:-1]), "im0044.* Received: 604 x 700"),
        (IMAGES, lambda p: stare_dummy.ppm(p.swapaxes(0, 1)), "700 x 605"),
    ],
)
def test_one_wrong_member_is_named(tmp_path, name, change, complaint):
    survey = spoil(tmp_path, name, image_id="im0044", change=change)
    assert len(survey.errors) == 1
    assert re.search(complaint, survey.errors[0])
    assert str(tmp_path / name) in survey.errors[0]


def test_a_truncated_tar_is_named(tmp_path):
    copy_tars(tmp_path)
    data = (tmp_path / AH).read_bytes()
    (tmp_path / AH).write_bytes(data[: len(data) // 3])
    (error,) = checks.survey(tmp_path).errors
    assert f"{tmp_path / AH} is damaged or cut short" in error
    assert files.URL + AH in error


def test_a_file_that_is_no_tar_is_named(tmp_path):
    copy_tars(tmp_path)
    (tmp_path / AH).write_text("<html>404</html>")
    (error,) = checks.survey(tmp_path).errors
    assert f"{tmp_path / AH} is damaged" in error


def test_a_foreign_member_is_named(tmp_path):
    copy_tars(tmp_path)
    shutil.copy(tmp_path / AH, tmp_path / "labels-vk.tar")
    errors = checks.survey(tmp_path).errors
    assert any("im0001.ah.ppm.gz belongs to no image" in e for e in errors)


def test_tars_are_known_by_what_they_hold(tmp_path):
    copy_tars(tmp_path)
    (tmp_path / "Stare" / "STARE").mkdir(parents=True)
    for name, other in (
        (IMAGES, "Stare/STARE/Stare-Images.TAR"),
        (AH, "Stare/labels-ah (1).tar"),
        ("labels-vk.tar", "download.tar"),
    ):
        (tmp_path / name).rename(tmp_path / other)
    (tmp_path / "other.tar").write_text("<html>404</html>")
    survey = checks.survey(tmp_path)
    assert (survey.errors, survey.missing) == ([], [])
    np.testing.assert_array_equal(
        survey.pixel_arrays[f"{AH}/im0044"], stare_dummy.draw(AH, "im0044")
    )
