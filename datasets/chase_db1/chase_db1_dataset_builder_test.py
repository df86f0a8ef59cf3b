"""CHASE_DB1 in both of its layouts, drawn small."""

import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from chase_db1 import chase_db1_checks as checks
from chase_db1 import chase_db1_dataset_builder as chase_builder
from chase_db1 import chase_db1_dummy as dummy
from migan_tf.base.errors import UserError


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(checks, "SIZE", dummy.SMALL)


def built(folder, data_dir):
    builder = chase_builder.Builder(data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=str(folder))
    )
    return {
        split: list(tfds.as_numpy(builder.as_dataset(split=split)))
        for split in builder.info.splits
    }


def test_the_official_zip_is_built_whatever_it_is_called(tmp_path):
    dummy.write_official(tmp_path / "archive (2).zip")
    found = built(tmp_path, tmp_path / "data")
    ids = {s: [e["image_id"].decode() for e in found[s]] for s in found}
    assert len(ids["train"]) == 20 and len(ids["test"]) == 8
    assert ids["train"][:3] == ["01L", "01R", "02L"]
    assert (ids["train"][-1], ids["test"][0]) == ("10R", "11L")
    example, drawn = found["test"][-1], dummy.draw("14R")
    decoded = Image.open(io.BytesIO(dummy.encoded("14R")[".jpg"]))
    np.testing.assert_array_equal(example["fundus"], np.array(decoded))
    for plane in ("vessel_map", "second_annotator"):
        np.testing.assert_array_equal(example[plane][..., 0], drawn[plane])
    # No mask comes along: it is found, a pixel off of 47 at this size.
    seen, fov_mask = example["fov_mask"][..., 0] > 0, drawn["fov_mask"] > 0
    assert (seen & fov_mask).sum() / (seen | fov_mask).sum() > 0.93


def test_the_training_half_alone_can_be_built(tmp_path):
    dummy.write_folders(tmp_path / "CHASE_DB1", "train")
    survey = checks.survey(tmp_path)
    assert survey.errors == []
    assert survey.missing == [
        "test: none of the 8 photographs is here; what is here can be "
        "trained on"
    ]
    found = built(tmp_path, tmp_path / "data")
    assert list(found) == ["train"] and len(found["train"]) == 20
    np.testing.assert_array_equal(
        found["train"][0]["fov_mask"][..., 0], dummy.draw("01L")["fov_mask"]
    )


def test_what_is_missing_wrong_or_foreign_is_named(tmp_path):
    dummy.write_folders(tmp_path, "train")
    (tmp_path / "1stHO" / "Image_03L_1stHO.png").unlink()
    (tmp_path / "2ndHO" / "Image_04R_2ndHO.png").unlink()
    photograph = tmp_path / "images" / "Image_05L.jpg"
    photograph.write_bytes(photograph.read_bytes()[:300])
    Image.new("RGB", (50, 50)).save(tmp_path / "images" / "Image_06L.jpg")
    photograph.with_name("Image_77L.jpg").write_bytes(b"of no interest")
    errors = "\n".join(checks.survey(tmp_path).errors)
    assert errors.count("\n") == 4
    assert "train: vessel_map is missing for 1 of 20 photographs: 03L" in errors
    assert "second_annotator is missing for 1 of 20 photographs: 04R" in errors
    assert "Image_05L.jpg" in errors
    assert "Image_06L.jpg must be 96 × 100 pixels" in errors
    assert "Received: 50 × 50" in errors
    assert "Image_77L.jpg belongs to no image of CHASE_DB1" in errors
    with pytest.raises(UserError, match="CHASE_DB1 in .* cannot be built"):
        built(tmp_path, tmp_path / "data")


def test_predictions_and_a_damaged_zip_are_told_apart(tmp_path):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "Image_01L.png").write_bytes(b"a prediction")
    assert checks.survey(tmp_path).places == []
    (tmp_path / "CHASEDB1.zip").write_bytes(b"PK, but nothing else")
    survey = checks.survey(tmp_path)
    assert "CHASEDB1.zip cannot be read as a zip" in survey.errors[0]
