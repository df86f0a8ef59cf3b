"""What is found in a folder of downloads, and under which names."""

import io
import zipfile

from migan_tf.base import downloads


def zipped(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo("x")
            info.filename = name  # ZipFile would turn backslashes on Windows
            archive.writestr(info, data)
    return file.getvalue()


def test_files_of_folders_and_zips_are_listed_with_their_bytes(tmp_path):
    (tmp_path / "A" / "a").mkdir(parents=True)
    (tmp_path / "A" / "a" / "1.TIF").write_bytes(b"one")
    inner = zipped({"b/2.gif": b"two"})
    members = {"c\\d\\3.png": b"three", "in (1).ZIP": inner, "c\\": b""}
    (tmp_path / "x (1).Zip").write_bytes(zipped(members))
    found = downloads.find_files(tmp_path)
    assert not found.damaged
    assert {file.parts: file.read() for file in found.files} == {
        ("A", "a", "1.TIF"): b"one",
        ("x (1).Zip", "c", "d", "3.png"): b"three",
        ("x (1).Zip", "in (1).ZIP", "b", "2.gif"): b"two",
    }
    # Folders first, then zips, then zips in zips.
    assert [file.zips for file in found.files] == [0, 1, 2]
    assert [file.folder for file in found.files] == [
        f"{tmp_path}/A/a",
        f"{tmp_path}/x (1).Zip: c/d",
        f"{tmp_path}/x (1).Zip: in (1).ZIP: b",
    ]


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    members = {"__MACOSX/._1.png": b"x", "a/.DS_Store": b"x", "a/1.png": b"1"}
    (tmp_path / "a.zip").write_bytes(zipped(members))
    (tmp_path / "._a.zip").write_bytes(b"x")
    for folder in (".git", "__MACOSX"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(b"x")
    (file,) = downloads.find_files(tmp_path).files
    assert file.read() == b"1"


def test_a_zip_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "cut.zip").write_bytes(zipped({"1.png": b"1" * 99})[:60])
    found = downloads.find_files(tmp_path)
    assert found.files == []
    assert f"{tmp_path}/cut.zip cannot be read as a zip" in found.damaged[0]


def test_an_absent_folder_holds_nothing(tmp_path):
    assert downloads.find_files(tmp_path / "absent").files == []
