"""A folder is of one job, and a block is made once."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis import job
from migan_tf.synthesis.flags import FORMATS
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.store import LocalStore
from tests.synthetic_parts import StandInMaker


def test_a_finished_block_is_not_made_again(tmp_path):
    plan, store = Plan("made", 25, "png"), LocalStore(tmp_path)
    maker, made = StandInMaker(), []
    job.make_block(
        plan, store, maker=maker, block=1, made=lambda: made.append(1)
    )
    assert maker.made == list(range(10, 20)) and len(made) == 10
    job.make_block(plan, store, maker=maker, block=1)
    assert len(maker.made) == 10
    assert job.missing(plan, store) == [0, 2]


def test_a_folder_is_of_one_job(tmp_path):
    store = LocalStore(tmp_path)
    settings = {"seed": 0, "count": 10, "model": {"model": "a"}}
    job.claim(store, settings)
    job.claim(store, settings)
    with pytest.raises(UserError) as error:
        job.claim(store, {**settings, "seed": 1})
    assert "seed is 0 there and 1 here" in str(error.value)
    assert "count" not in str(error.value)


def test_a_dataset_of_other_making_is_left_alone(tmp_path):
    info = tmp_path / "1.0.0" / "dataset_info.json"
    info.parent.mkdir()
    info.write_text("{}")
    with pytest.raises(UserError, match="of other making"):
        job.claim(LocalStore(tmp_path), {"seed": 0})
    assert not (tmp_path / "job.json").exists()


def test_a_damaged_record_of_the_job_is_named(tmp_path):
    (tmp_path / "job.json").write_text("")
    with pytest.raises(UserError, match="job.json is damaged"):
        job.claim(LocalStore(tmp_path), {"seed": 0})


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_refused_is_in_the_manifest_alone(form, tmp_path):
    plan, store = Plan("made", 25, form), LocalStore(tmp_path)
    job.make_block(plan, store, maker=StandInMaker(), block=0)
    lines = job.manifest(plan, store, 0)
    assert [line["number"] for line in lines] == list(range(10))
    assert [n for n in range(10) if lines[n]["image_id"] is None] == [3]
    if form == "png":
        assert len(list(tmp_path.glob("training/images/*.png"))) == 9
