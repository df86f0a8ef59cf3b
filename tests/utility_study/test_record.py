"""Which experiment a folder holds: it takes no other one."""

import json

import pytest

from migan_tf.base.errors import UserError
from migan_tf.utility_study import record

USUAL = {"tstr": False, "generator": None}
PAINTER = {"model": "painter", "version": 1, "weights_sha256": "5eed" * 16}


@pytest.fixture
def begun(tmp_path):
    """A folder in which a step was begun."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "n2_seed0_real_train.log").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (USUAL, {**USUAL, "tstr": True}),
        (USUAL, {**USUAL, "generator": PAINTER}),
        ({**USUAL, "generator": PAINTER}, USUAL),
        (
            {**USUAL, "generator": PAINTER},
            {**USUAL, "generator": {**PAINTER, "weights_sha256": "f00d" * 16}},
        ),
    ],
)
def test_another_experiment_is_refused(begun, there, wanted):
    record.check(begun, USUAL)
    record.write(begun, there)
    record.check(begun, there)
    with pytest.raises(UserError) as caught:
        record.check(begun, wanted)
    text = str(caught.value)
    assert "--output must hold no other experiment" in text
    assert f"Received: {begun}" in text and "Next: give another" in text
    (begun / "logs" / "n2_seed0_real_train.log").unlink()
    record.check(begun, wanted)  # Nothing was begun.


def test_the_same_weights_are_the_same_generator(begun):
    record.write(begun, {"tstr": True, "generator": PAINTER})
    later = {**PAINTER, "version": "0.9"}
    record.check(begun, {"tstr": True, "generator": later})


def test_a_folder_from_before_there_were_records_is_a_usual_one(begun):
    record.check(begun, USUAL)
    for wanted in ({**USUAL, "tstr": True}, {**USUAL, "generator": PAINTER}):
        with pytest.raises(UserError, match="--notstr and a generator trained"):
            record.check(begun, wanted)


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"tstr": True})])
def test_a_damaged_record_is_said(begun, text):
    (begun / record.RECORD).write_text(text)
    with pytest.raises(UserError, match="study.json cannot be read"):
        record.check(begun, USUAL)
