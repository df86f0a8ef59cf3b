"""Files as other programs write them, by PIL and OpenCV."""

import gzip
import io
import tarfile

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from migan_tf.base import image_files
from migan_tf.base.errors import UserError

GREY = np.arange(60, dtype=np.uint8).reshape(6, 10) * 4


def read(path):
    (file,) = image_files.list_by_stem("predictions", path.parent).values()
    return image_files.read_plane(file)


@pytest.mark.parametrize(
    "suffix", ["png", "tif", "bmp", "gif", "pgm", "ppm", "PNG", "npy"]
)
def test_lossless_grey_formats_come_back_as_they_were(tmp_path, suffix):
    path = tmp_path / f"01_test.{suffix}"
    if suffix == "npy":
        np.save(path, GREY)
    elif suffix == "ppm":
        Image.fromarray(np.repeat(GREY[..., None], 3, 2)).save(path)
    else:
        Image.fromarray(GREY).save(path)
    np.testing.assert_array_equal(read(path), GREY)


def test_jpeg_stored_as_rgb_is_near(tmp_path):
    rgb = Image.fromarray(np.repeat(GREY[..., None], 3, 2))
    rgb.save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read(tmp_path / "a.jpg").astype(int) - GREY).max() <= 8


def test_sixteen_bits_are_kept(tmp_path):
    stored = GREY.astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "a.png"), stored)
    found = read(tmp_path / "a.png")
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, stored)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_float_tiff_and_npy_are_kept(tmp_path, kind):
    stored = (GREY / 255).astype(kind)
    cv2.imwrite(str(tmp_path / "a.tiff"), stored)
    np.testing.assert_array_equal(read(tmp_path / "a.tiff"), stored)
    (tmp_path / "n").mkdir()
    np.save(tmp_path / "n" / "a.npy", stored[None, ..., None])
    np.testing.assert_array_equal(read(tmp_path / "n" / "a.npy"), stored)


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_a_palette_is_looked_up(tmp_path, suffix):
    # Index 0 is white and 1 black, as some annotation tools have it.
    image = Image.fromarray((GREY > 100).astype(np.uint8))
    image = image.convert("P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(tmp_path / f"a.{suffix}")
    expected = np.where(GREY > 100, 0, 255)
    np.testing.assert_array_equal(read(tmp_path / f"a.{suffix}"), expected)


def test_one_bit_images_become_two_values(tmp_path):
    Image.fromarray(GREY > 100).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    np.testing.assert_array_equal(found > found.min(), GREY > 100)


def test_an_opaque_alpha_channel_is_dropped(tmp_path):
    rgba = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), GREY)


def test_coloured_and_transparent_pictures_are_refused(tmp_path):
    (tmp_path / "c").mkdir()
    Image.fromarray(np.dstack([GREY, GREY, 255 - GREY])).save(
        tmp_path / "c" / "a.png"
    )
    with pytest.raises(UserError, match="a.png must be grey.*coloured"):
        read(tmp_path / "c" / "a.png")
    rgba = np.dstack([GREY, GREY, GREY, GREY])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="transparent"):
        read(tmp_path / "a.png")


def test_several_planes_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 6, 10)))
    with pytest.raises(UserError, match=r"one image plane.*\(2, 6, 10\)"):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize("content", [b"", b"no image", b"\x1f\x8bbroken"])
def test_damaged_files_are_named(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UserError, match="a.png is not readable"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif"])
def test_truncated_files_are_named(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 255, (90, 90), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind)
    (tmp_path / "a.png").write_bytes(buffer.getvalue()[:2500])
    with pytest.raises(UserError, match="a.png is not readable"):
        read(tmp_path / "a.png")


def ppm_gz():
    buffer = io.BytesIO()
    Image.fromarray(GREY).save(buffer, "ppm")
    return gzip.compress(buffer.getvalue())


def test_gzipped_ppm_in_folders_and_tars(tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "im0162.ah.ppm.gz").write_bytes(ppm_gz())
    with tarfile.open(tmp_path / "labels.tar", "w") as tar:
        tar.add(folder / "im0162.ah.ppm.gz", "some/im0162.ah.ppm.gz")
    for place in (folder, tmp_path / "labels.tar"):
        files = image_files.list_by_stem("ground_truth", place)
        assert list(files) == ["im0162.ah"]
        plane = image_files.read_plane(files["im0162.ah"])
        np.testing.assert_array_equal(plane, GREY)


@pytest.mark.parametrize(
    "name, stem",
    [
        ("01_test.png", "01_test"),
        ("im0162.ah.ppm.gz", "im0162.ah"),
        ("im0162.ppm.png", "im0162"),
        ("Image_01L.JPG", "Image_01L"),
        ("notes.txt", "notes.txt"),
        ("a.b.tiff", "a.b"),
    ],
)
def test_stems(name, stem):
    assert image_files.stem_of(name) == stem


def test_other_files_are_told_and_twins_refused(tmp_path, caplog):
    Image.fromarray(GREY).save(tmp_path / "b.png")
    Image.fromarray(GREY).save(tmp_path / "a.png")
    for name in ("notes.txt", ".hidden.png", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.png").mkdir()
    assert list(image_files.list_by_stem("predictions", tmp_path)) == ["a", "b"]
    told = f"no images, passed over: {tmp_path / 'notes.txt'}"
    assert f"--predictions: {told}\n" in caplog.text
    assert (
        f"sub-folders, not searched: {tmp_path / 'folder.png'}" in caplog.text
    )
    Image.fromarray(GREY).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match="one file for each.*a.png and .*a.tif"):
        image_files.list_by_stem("predictions", tmp_path)


def test_missing_and_empty_places_are_named_with_their_flag(tmp_path):
    with pytest.raises(UserError, match="--fov_masks must be a folder"):
        image_files.list_by_stem("fov_masks", tmp_path / "none")
    with pytest.raises(UserError, match="--fov_masks must hold images"):
        image_files.list_by_stem("fov_masks", tmp_path)


def test_a_photograph_is_rgb(tmp_path):
    rgb = np.dstack([GREY, GREY // 2, GREY // 4])
    Image.fromarray(rgb).save(tmp_path / "a.tif")
    (file,) = image_files.list_by_stem("fundus", tmp_path).values()
    np.testing.assert_array_equal(image_files.read_photograph(file), rgb)


def read_photograph(path):
    return image_files.read_photograph(image_files.image_file(path))


RGB = np.dstack([GREY, GREY // 2, 255 - GREY])


@pytest.mark.parametrize("kind", ["grey", "alpha", "gz", "ppm"])
def test_all_kinds_of_photographs_are_read(tmp_path, kind):
    path = tmp_path / f"eye.{'ppm' if kind == 'ppm' else 'png'}"
    stored = {"grey": GREY, "alpha": np.dstack([RGB, GREY])}.get(kind, RGB)
    Image.fromarray(stored).save(path)
    if kind == "gz":
        packed = path.with_name("eye.png.gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    expected = np.repeat(GREY[..., None], 3, 2) if kind == "grey" else RGB
    np.testing.assert_array_equal(read_photograph(path), expected)


def test_a_pnm_is_read_by_the_maximum_in_its_header(tmp_path):
    stored = GREY // 4  # 0 … 59
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5\n10 6\n# of a camera\n63\n" + stored.tobytes())
    expected = stored.astype(float) * 255 / 63
    assert np.abs(read_photograph(path)[..., 0] - expected).max() <= 0.5
    plane = image_files.read_plane(image_files.image_file(path))
    assert np.abs(plane - expected).max() <= 0.5
    words = (GREY.astype(int) * 16).astype(">u2").tobytes()
    path.write_bytes(b"P5\n10 6\n4095\n" + words)
    plane = image_files.read_plane(image_files.image_file(path))
    assert plane.dtype == np.uint16
    expected = GREY.astype(float) * 16 / 4095
    assert np.abs(plane / 65535 - expected).max() < 1e-4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "tif", "png"])
def test_photographs_and_maps_are_turned_as_exif_says(
    tmp_path, suffix, orientation
):
    """Against Pillow's own turning of the same file."""
    path = tmp_path / f"a.{suffix}"
    stored = Image.fromarray(np.repeat(GREY[..., None], 3, 2))
    exif = stored.getexif()
    exif[0x0112] = orientation
    stored.save(path, exif=exif)
    expected = np.array(ImageOps.exif_transpose(Image.open(path)))
    np.testing.assert_array_equal(read_photograph(path), expected)
    plane = image_files.read_plane(image_files.image_file(path))
    np.testing.assert_array_equal(plane, expected[..., 1])


def test_a_float_image_is_no_photograph(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tiff"), (RGB / 255).astype(np.float32))
    with pytest.raises(UserError, match="a.tiff must be a photograph of 8 or"):
        read_photograph(tmp_path / "a.tiff")


@pytest.fixture
def camera_card(tmp_path):
    """A folder as a colleague sends it."""
    names = """b.PNG a.ppm.gz c.npy notes.txt .hidden.png ._a.jpg .DS_Store
    Thumbs.db desktop.ini __MACOSX/._b.png left/b.PNG left/old/b.jpg left/x.xls
    right/b.png right/.git/c.png right/__MACOSX/c.png results/b.png"""
    for name in names.split():
        path = tmp_path / "card" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "card"


def test_a_folder_gives_its_images_and_tells_the_rest(camera_card):
    found = image_files.find_images([camera_card])
    assert [file.place for file in found.images] == ["a", "b", "c"]
    assert found.others == [str(camera_card / "notes.txt")]
    names = ("left", "results", "right")
    assert found.folders == [str(camera_card / name) for name in names]
    alone = image_files.find_images([camera_card / "notes.txt"])
    assert [file.stem for file in alone.images] == ["notes.txt"]


def test_sub_folders_are_searched_and_kept_apart(camera_card):
    # A link to what is above would go round for ever.
    (camera_card / "left" / "up").symlink_to(camera_card)
    found = image_files.find_images(
        [camera_card], recursive=True, without=camera_card / "results"
    )
    places = ["a", "b", "c", "left/b", "left/old/b", "right/b"]
    assert [file.place for file in found.images] == places
    below = [file.below for file in found.images]
    assert below[3:] == ["left/b.PNG", "left/old/b.jpg", "right/b.png"]
    others = [str(camera_card / name) for name in ("left/x.xls", "notes.txt")]
    assert found.others == others and found.folders == []


def test_a_tar_is_searched_by_the_same_rules(camera_card, tmp_path, caplog):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(
            camera_card, ".", filter=lambda m: m if "b." not in m.name else None
        )
        tar.addfile(tarfile.TarInfo("some\\d.png"))
    found = image_files.list_by_stem("predictions", tmp_path / "a.tar")
    assert list(found) == ["a", "c", "d"]
    assert "notes.txt" in caplog.text and "x.xls" in caplog.text
    for name in ("MACOSX", "DS_Store", "Thumbs", "._"):
        assert name not in caplog.text


def test_nothing_to_list_is_an_error(tmp_path):
    with pytest.raises(UserError, match="no images"):
        image_files.list_images([tmp_path])
    with pytest.raises(UserError, match="--fundus: no such file"):
        image_files.list_images([tmp_path / "absent"], "fundus")
    (tmp_path / "left").mkdir()
    with pytest.raises(UserError, match="not searched: .*left.*--recursive"):
        image_files.list_images([tmp_path])


def test_what_is_passed_over_is_said(camera_card, caplog):
    assert len(image_files.list_images([camera_card], "vessel_maps")) == 3
    assert "notes.txt" in caplog.text and "left" in caplog.text


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "gif", "npy"])
def test_a_check_reads_the_header_and_not_the_pixels(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 255, (300, 300), np.uint8)
    path = tmp_path / f"a.{suffix}"
    if suffix == "npy":
        np.save(path, noise)
    else:
        Image.fromarray(noise).save(path)
    file = image_files.image_file(path)
    image_files.check(file)
    path.write_bytes(b"PK" + path.read_bytes())
    with pytest.raises(UserError, match=f"a.{suffix} is not readable"):
        image_files.check(file)
    path.write_bytes(b"")
    with pytest.raises(UserError, match=f"a.{suffix} .*empty"):
        image_files.check(file)
