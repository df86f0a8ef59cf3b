"""Datasets that are folders alone: found, listed, refused when damaged."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import prepared
from tests import made_datasets

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
        assert "one of drive, phantom, stare, or one made" in text
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
