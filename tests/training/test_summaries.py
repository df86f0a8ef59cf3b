"""What a run leaves: rows, events, pictures, also after it was cut off."""

import json

import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from migan_tf.training.summaries import NoLog, RunLog


def read_rows(folder):
    text = (folder / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def write_rows(folder, steps, first=0):
    log = RunLog(folder, first)
    for step in steps:
        log.scalars(step, {"loss": step / 8})
    log.close()


def test_rows_and_events(tmp_path):
    write_rows(tmp_path, [10, 20])
    assert read_rows(tmp_path) == [
        {"step": 10, "loss": 1.25},
        {"step": 20, "loss": 2.5},
    ]
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    found = [
        (event.step, float(tf.make_ndarray(event.tensor_proto)))
        for event in events.Tensors("loss")
    ]
    assert found == [(10, 1.25), (20, 2.5)]


def test_a_row_is_on_disk_as_soon_as_it_is_written(tmp_path):
    log = RunLog(tmp_path / "new" / "folder", 0)
    log.scalars(1, {"loss": 0.5})
    assert read_rows(tmp_path / "new" / "folder") == [{"step": 1, "loss": 0.5}]
    log.close()


def test_rows_after_the_restored_step_are_written_again(tmp_path):
    write_rows(tmp_path, [10, 20, 30, 40])
    write_rows(tmp_path, [30, 40, 50], first=20)
    assert [r["step"] for r in read_rows(tmp_path)] == [10, 20, 30, 40, 50]


def test_a_new_start_from_step_0_keeps_no_row(tmp_path):
    write_rows(tmp_path, [10, 20])
    write_rows(tmp_path, [5], first=0)
    assert [r["step"] for r in read_rows(tmp_path)] == [5]


# Wherever a kill or a full disk cuts the row of step 30, what is left is whole
# rows: a row that lost its end of line only must not swallow the next.
@pytest.mark.parametrize("kept", [0, 1, 5, 12, -2, -1])
def test_a_row_cut_in_two_is_mended(tmp_path, kept):
    write_rows(tmp_path, [10, 20])
    path = tmp_path / "metrics.jsonl"
    row = json.dumps({"step": 30, "loss": 3.75}) + "\n"
    path.write_text(path.read_text() + row[:kept])
    write_rows(tmp_path, [40], first=30)
    assert [r["step"] for r in read_rows(tmp_path)] in (
        [10, 20, 40],
        [10, 20, 30, 40],
    )


def test_rows_are_json_for_everybody(tmp_path):
    # NaN and Infinity are Python's, not JSON's: jq and pandas refuse them.
    def refuse(constant):
        pytest.fail(f"{constant} is not JSON")

    log = RunLog(tmp_path, 0)
    log.scalars(1, {"gradient_norm": float("inf"), "loss": 1.0})
    log.close()
    text = (tmp_path / "metrics.jsonl").read_text()
    assert json.loads(text, parse_constant=refuse)["loss"] == 1.0


def test_pictures(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    log = RunLog(tmp_path, 0)
    log.images(20, {"samples": image})
    log.images(30, {"samples": image, "overlay": image[::-1]})
    log.close()
    found = sorted(p.name for p in (tmp_path / "pictures").iterdir())
    assert found == [
        "overlay_0000030.png",
        "samples_0000020.png",
        "samples_0000030.png",
    ]
    path = str(tmp_path / "pictures" / "overlay_0000030.png")
    written = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(written, image[::-1])
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    width, height, data = tf.make_ndarray(
        events.Tensors("samples")[0].tensor_proto
    )
    assert (int(width), int(height)) == (7, 5)
    np.testing.assert_array_equal(tf.io.decode_png(data), image)


def test_texts(tmp_path):
    log = RunLog(tmp_path, 0)
    log.text("flags", "--seed=1")
    log.health(7, ["step 7: sick"])
    log.health(8, [])
    log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()

    def texts(name):
        return [
            (event.step, tf.make_ndarray(event.tensor_proto).item().decode())
            for event in events.Tensors(name)
        ]

    ((step, flags),) = texts("flags")
    assert step == 0 and "--seed=1" in flags
    assert texts("health") == [(7, "step 7: sick")]


def test_no_log_takes_the_same_calls_and_writes_nothing(tmp_path):
    log = NoLog()
    log.text("flags", "")
    log.scalars(1, {"loss": 1.0})
    log.images(1, {})
    log.health(1, [])
    log.close()
    public = {name for name in vars(RunLog) if not name.startswith("_")}
    assert public <= set(vars(NoLog))
    assert list(tmp_path.iterdir()) == []
