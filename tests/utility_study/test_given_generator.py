"""What a generator has seen, beside the photographs of cells and tests."""

import hashlib
import json

import numpy as np
import pytest

from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data.photographs import Photograph
from migan_tf.inference.model_folder import ModelFolder
from migan_tf.utility_study import given_generator


def make_photograph(number, annotated=True):
    """One of 2 × 2 pixels, all of them `number`."""
    return Photograph(
        f"{number:02d}",
        np.full((2, 2, 3), number, np.uint8),
        fov_mask=np.ones((2, 2), bool),
        vessel_map=np.zeros((2, 2), bool) if annotated else None,
        second_annotator=None,
    )


def digest_of(number, vessels=bytes(4)):
    content = bytes([number] * 12) + bytes([1] * 4) + vessels
    return hashlib.sha256(content).hexdigest()


def write_run(folder, data, **flags):
    """A run's generator with weights of six bytes, on data as recorded."""
    config = Config(workdir=str(folder.parent), **flags)
    run_record.write(folder, config, [], data)
    weights = folder / run_record.BEST_WEIGHTS
    weights.parent.mkdir(exist_ok=True)
    weights.write_bytes(b"weight")
    return ModelFolder(folder, "synthesis", config)


def generator_of(folder, learned, held_out=(), **flags):
    seen = {"train": learned, "validation": held_out}
    data = {
        split: {f"{n:02d}": digest_of(n) for n in numbers}
        for split, numbers in seen.items()
    }
    return given_generator.of(write_run(folder / "synthesis", data, **flags))


def test_a_run_tells_who_it_is_and_what_it_has_learned_from(tmp_path):
    found = generator_of(tmp_path, [3, 1], [7])
    assert found.folder == tmp_path / "synthesis"
    digest = hashlib.sha256(b"weight").hexdigest()
    assert found.identity["weights_sha256"] == digest
    assert found.learned_from == {"03": digest_of(3), "01": digest_of(1)}
    assert found.held_out == {"07": digest_of(7)}
    described = found.described([])
    assert described["learned_from"] == ["01", "03"]
    assert described["weights_sha256"] == digest
    assert json.loads(json.dumps(described)) == described


def test_a_saved_model_tells_it_by_its_card(tmp_path):
    def member(number):
        data = {"train": {f"{number:02d}": digest_of(number)}, "validation": {}}
        return {"photographs_sha256": data}

    card = {
        "model": "migan_synthesis",
        "version": 4,
        "network": {"weights_sha256": "5eed"},
        "training": member(1),
    }
    folder = ModelFolder(tmp_path, "synthesis", Config(), card=card)
    found = given_generator.of(folder)
    assert found.identity == {
        "model": "migan_synthesis",
        "version": 4,
        "weights_sha256": "5eed",
    }
    assert found.learned_from == {"01": digest_of(1)} and not found.held_out
    # The mean of several has learned from what each of them has.
    card["members"] = [member(1), member(2)]
    assert [*given_generator.of(folder).learned_from] == ["01", "02"]
    card["members"].append({"photographs_sha256": None})
    assert given_generator.of(folder).learned_from is None


def test_what_a_cell_does_not_count_is_outside(tmp_path):
    found = generator_of(tmp_path, [1, 2, 3], held_out=[4])
    counted = [make_photograph(n) for n in (1, 3, 9)]
    assert found.outside("drive", counted) == ["02"]
    counted.append(make_photograph(2))
    assert found.outside("drive", counted) == []
    # Of another annotator: the name tells, in the same dataset alone.
    counted[-1] = make_photograph(2, annotated=False)
    assert found.outside("stare,drive", counted) == []
    assert found.outside("stare", counted) == ["02"]


def test_made_datasets_and_styles_are_learned_from_too(tmp_path):
    folder = tmp_path / "synthesis"
    data = {"train": {"01": digest_of(1)}, "validation": {}}
    data["extra"] = {"made": "0" * 64}
    style = {"style_image": "photographs/05.jpg", "deviation": "style"}
    found = given_generator.of(write_run(folder, data, **style))
    only = [make_photograph(1)]
    assert found.outside("drive", only) == ["dataset made", "05"]
    found.refuse_tested("drive", [make_photograph(6)])
    with pytest.raises(UserError, match="has 05. Next"):
        found.refuse_tested("drive", [make_photograph(5)])


@pytest.mark.parametrize("split", ["learned", "held_out"])
def test_a_test_photograph_that_was_seen_is_refused(tmp_path, split):
    seen = {"learned": [1], "held_out": [2]}
    seen[split] = [*seen[split], 8]
    found = generator_of(tmp_path, **seen)
    found.refuse_tested("drive", [make_photograph(n) for n in (3, 9)])
    tested = [make_photograph(n) for n in (3, 8)]
    with pytest.raises(UserError) as caught:
        found.refuse_tested("drive", tested)
    text = str(caught.value)
    assert "--generator_model must not have seen a test photograph" in text
    assert f"Received: {found.folder}, whose record has 08. Next: " in text
    # By its content under the name of another dataset, too.
    with pytest.raises(UserError, match="photograph of chase"):
        found.refuse_tested("chase", tested)


def test_without_a_record_nothing_is_known(tmp_path):
    found = given_generator.of(write_run(tmp_path / "synthesis", None))
    found.refuse_tested("drive", [make_photograph(1)])
    described = found.described([])
    assert described["learned_from"] is None
    (said,) = given_generator.caveats(described)
    assert "no record of the photographs" in said


def test_cells_in_which_a_generator_brings_others_along_are_listed(tmp_path):
    found = generator_of(tmp_path, range(1, 6))
    outside = [
        {"real": 2, "seed": 0, "images": ["01", "02", "04"]},
        {"real": 2, "seed": 1, "images": ["01", "03", "04", "05"]},
    ]
    (said,) = given_generator.caveats(found.described(outside))
    assert "n = 2, seed 0: 3 (01, 02, 04); " in said
    assert "n = 2, seed 1: 4 (01, 03, 04 and 1 more)." in said
    assert given_generator.caveats(found.described([])) == []


def test_a_segmenter_is_no_generator(tmp_path):
    folder = write_run(tmp_path / "segmentation", {"train": {}})
    with pytest.raises(UserError, match="must be a generator. .*segmenter"):
        given_generator.of(folder)


def test_a_run_without_weights_is_refused(tmp_path):
    folder = write_run(tmp_path / "synthesis", {"train": {}})
    (folder.path / run_record.BEST_WEIGHTS).unlink()
    with pytest.raises(UserError, match="no best/"):
        given_generator.of(folder)
