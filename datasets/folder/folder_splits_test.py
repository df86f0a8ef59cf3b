"""Tables of splits, as spreadsheets leave them and as they must not be."""

import pytest

from folder import folder_dummy
from folder import folder_files as files
from migan_tf.base.errors import UserError


def splits(folder):
    """{image id: split}."""
    return {e.image_id: e.split for e in files.read_layout(folder).entries}


@pytest.mark.parametrize("table", ["image,split\n{}", "image;split\r\n{}"])
@pytest.mark.parametrize("suffix", ["", ".png"])
def test_a_table_tells_the_splits(tmp_path, table, suffix):
    folder_dummy.write(tmp_path, (1, 2, 3))
    mark = ";" if ";" in table else ","
    rows = [("01", "train"), ("02", "Testing"), ("03", "training")]
    text = "\n".join(f"{name}{suffix}{mark}{split}" for name, split in rows)
    (tmp_path / "splits.csv").write_text(table.format(text), "utf-8-sig")
    assert [*splits(tmp_path).values()] == [
        "train",
        "train",
        "test",
    ]


@pytest.mark.parametrize(
    "table, complaint",
    [
        ("image,split\n01,train", "does not name: 02"),
        ("image,split\n01,train\n02,test\n9,test", "without a photograph: 9"),
        ("image,split\n01,train\n02,val", "Received: 02,val"),
        ("image,split\n01,train\n01,test\n02,test", "Received: 01,test"),
        ("photo,set\n01,train", "columns image,split. Received: photo,set"),
        ("image,split\nx 01,train\ny 02,test", "without a photograph: x 01"),
        ("image,split,split\n01,train,test", "each once. Received: image,spl"),
        ("image,split\n01,train\n02,\n", "Received: 02, in line 3. Next"),
        ("image,split\n01,train\n02," + "x" * 2**18, "larger than field limit"),
        ("", "columns image,split"),
    ],
)
def test_a_table_that_leaves_something_open_is_refused(
    tmp_path, table, complaint
):
    folder_dummy.write(tmp_path, (1, 2))
    (tmp_path / "splits.csv").write_text(table)
    with pytest.raises(UserError, match=complaint):
        files.read_layout(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"Image, Split\n1,train\n2,test\n",
        b"image,split,,\n01,train,,\n,,,\n02,test,,\n,,,\n",
        b"note;split;image\n;train;1.png\n;test;2.png",
        b"image\tsplit\r\n01\ttrain\r\n02\ttest\r\n",
        b"sep=;\r\nimage;split\r\n01;train\r\n02;test\r\n",
        b"image,split,note (a;b)\n01,train,x\n02,test,y;z\n",
        "image,split\n01,train\n02,test\n".encode("utf-16"),
    ],
)
def test_a_table_may_be_as_spreadsheets_leave_it(tmp_path, content):
    folder_dummy.write(tmp_path, (1, 2))
    (tmp_path / "splits.csv").write_bytes(content)
    assert splits(tmp_path) == {
        "01": "train",
        "02": "test",
    }


def test_the_table_of_the_splits_may_be_in_capitals(tmp_path):
    folder_dummy.write(tmp_path, (1, 2))
    (tmp_path / "Splits.CSV").write_text("image,split\n01,train\n02,test\n")
    assert [*splits(tmp_path).values()] == ["train", "test"]


@pytest.mark.parametrize("place", ["split.csv", "images/splits.csv"])
def test_a_table_of_another_name_or_place_is_not_overlooked(tmp_path, place):
    folder_dummy.write(tmp_path, (1, 2))
    (tmp_path / place).write_text("image,split\n01,train\n02,test\n")
    with pytest.raises(UserError, match="one table .* Next: give it that name"):
        files.read_layout(tmp_path)
