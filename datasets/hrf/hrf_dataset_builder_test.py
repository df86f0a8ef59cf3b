"""HRF in its official layout, drawn small."""

import zipfile

import numpy as np
import pytest
import tensorflow_datasets as tfds

from hrf import hrf_checks as checks
from hrf import hrf_dataset_builder as hrf_builder
from hrf import hrf_dummy as dummy
from migan_tf.data import annotated_files


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(checks, "SIZE", dummy.SMALL)


def built(folder, data_dir):
    builder = hrf_builder.Builder(data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=str(folder))
    )
    return {
        split: list(tfds.as_numpy(builder.as_dataset(split=split)))
        for split in builder.info.splits
    }


def test_both_halves_are_built_one_photograph_at_a_time(tmp_path, monkeypatch):
    for split in ("train", "test"):
        dummy.write(tmp_path / "HRF" / "all", split)
    events, read = [], annotated_files.read_example

    def watched(entry, size=None):
        events.append(entry.image_id)
        return read(entry, size)

    monkeypatch.setattr(annotated_files, "read_example", watched)
    builder = hrf_builder.Builder(data_dir=tmp_path / "data")
    survey = checks.survey(tmp_path)
    assert survey.errors == [] and len(events) == 45
    # What a survey keeps is numbers: no picture stays.
    assert all(isinstance(digest, str) for digest, _ in survey.facts.values())
    examples = builder._generate_examples(survey.entries)
    next(examples), next(examples)
    assert len(events) == 47
    found = built(tmp_path, tmp_path / "data")
    ids = {s: [e["image_id"].decode() for e in found[s]] for s in found}
    assert ids["train"][:4] == ["01_dr", "01_g", "01_h", "02_dr"]
    assert ids["test"][-1] == "15_h"
    assert (len(ids["train"]), len(ids["test"])) == (15, 30)
    example, drawn = found["test"][0], dummy.draw("06_dr")
    for plane in ("vessel_map", "fov_mask"):
        np.testing.assert_array_equal(example[plane][..., 0], drawn[plane])
    assert not example["has_second_annotator"]


def test_zips_of_the_groups_are_found(tmp_path):
    """As the site gives them beside the whole: flat, by group and kind."""
    dummy.write(tmp_path / "files", "train")
    for group in checks.GROUPS:
        for folder, ending in (
            ("images", ""),
            ("manual1", "_manualsegm"),
            ("mask", "_fovmask"),
        ):
            place = tmp_path / "zips" / f"{group}{ending}.zip"
            place.parent.mkdir(exist_ok=True)
            with zipfile.ZipFile(place, "w") as zipped:
                for path in (tmp_path / "files" / folder).glob(f"*_{group}*"):
                    zipped.write(path, path.name)
    survey = checks.survey(tmp_path / "zips")
    assert survey.errors == [] and len(survey.entries) == 15
    assert survey.entries[0].fov_mask.name.endswith(
        "dr_fovmask.zip: 01_dr_mask.tif"
    )
    assert all(entry.vessel_map for entry in survey.entries)


def test_a_missing_map_is_named(tmp_path):
    dummy.write(tmp_path, "train")
    (tmp_path / "manual1" / "02_g.tif").unlink()
    (error,) = checks.survey(tmp_path).errors
    assert error == "train: vessel_map is missing for 1 of 15 photographs: 02_g"
