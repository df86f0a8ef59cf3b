"""Records by number, and what becomes of a file that was cut off."""

from concurrent import futures

import pytest
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.data.extra_pairs import RecordFile

CONTENTS = [bytes([n]) * (97 * n) for n in range(20)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for content in CONTENTS:
            writer.write(content)
    return path


def test_records_are_those_that_were_written(path):
    records = RecordFile(path)
    assert len(records) == len(CONTENTS)
    numbers = [7, 0, 19, 3] * 50
    with futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(records.__getitem__, numbers))
    assert found == [CONTENTS[n] for n in numbers]


@pytest.mark.parametrize("lost", [1, 4, 5, 1900])
def test_a_file_that_was_cut_off_is_refused(path, lost):
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(UserError) as caught:
        RecordFile(path)
    text = str(caught.value)
    assert str(path) in text and "cut off" in text and "rm -r" in text


def test_a_file_that_shrinks_later_is_refused_then(path):
    records = RecordFile(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert records[3] == CONTENTS[3]
    with pytest.raises(UserError, match="record 19 is cut off"):
        records[19]


def test_another_kind_of_file_is_refused(path):
    path.write_bytes(b"These are not records at all.")
    with pytest.raises(UserError, match="damaged"):
        RecordFile(path)


def test_the_digest_tells_contents_apart(path):
    before = RecordFile(path).sha256
    assert RecordFile(path).sha256 == before
    with tf.io.TFRecordWriter(str(path)) as writer:
        for content in CONTENTS[:-1]:
            writer.write(content)
        writer.write(CONTENTS[-1][:-1] + b"x")
    assert RecordFile(path).sha256 != before


def test_an_empty_file_has_no_records(tmp_path):
    (tmp_path / "none").touch()
    assert len(RecordFile(tmp_path / "none")) == 0
