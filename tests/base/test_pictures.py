"""Each format against its lossless twin, Pillow, or the format's own rule."""

import gzip
import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from migan_tf.base import image_files
from migan_tf.base.errors import UserError

ROWS, COLUMNS = np.mgrid[:24, :40]
RGB = np.dstack([COLUMNS * 6, ROWS * 10, (COLUMNS + ROWS) * 4])
RGB = RGB.astype(np.uint8)
GREY = RGB[..., 1]


def photograph(path, content):
    path.write_bytes(content)
    file = image_files.image_file(path)
    image_files.check(file)
    return image_files.read_photograph(file)


def saved(image, kind, **more):
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


# suffix: (format, how it is saved, how far it may be off)
KINDS = {
    "png": ("PNG", {}, 0),
    "jpg": ("JPEG", {"quality": 100, "subsampling": 0}, 4),
    "jpeg": ("JPEG", {"quality": 100, "subsampling": 0}, 4),
    "jfif": ("JPEG", {"quality": 100, "subsampling": 0}, 4),
    "jpe": ("JPEG", {"quality": 100, "progressive": True, "subsampling": 0}, 4),
    "jp2": ("JPEG2000", {}, 0),
    "webp": ("WEBP", {"lossless": True}, 0),
    "bmp": ("BMP", {}, 0),
    "tif": ("TIFF", {}, 0),
    "tiff": ("TIFF", {"compression": "tiff_lzw"}, 0),
    "ppm": ("PPM", {}, 0),
    "pnm": ("PPM", {}, 0),
}


@pytest.mark.parametrize("suffix", KINDS)
def test_each_suffix_in_capitals_and_zipped(tmp_path, suffix):
    kind, how, tolerance = KINDS[suffix]
    content = saved(Image.fromarray(RGB), kind, **how)
    for name in (f"a.{suffix}", f"b.{suffix.upper()}"):
        found = photograph(tmp_path / name, content)
        assert np.abs(found.astype(int) - RGB).max() <= tolerance
    packed = gzip.compress(content)
    zipped = photograph(tmp_path / f"c.{suffix.title()}.GZ", packed)
    np.testing.assert_array_equal(zipped, found)
    assert list(image_files.list_by_stem("fundus", tmp_path)) == list("abc")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("clear", [{}, {"transparency": 3}])
def test_palettes_are_looked_up(tmp_path, kind, clear):
    image = Image.fromarray(RGB).quantize(32)
    expected = np.array(image.convert("RGB"))
    found = photograph(tmp_path / "a.png", saved(image, kind, **clear))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", ["PNG", "JPEG2000", "TIFF"])
def test_grey_with_alpha(tmp_path, kind):
    image = Image.fromarray(np.dstack([GREY, RGB[..., 0]]))
    found = photograph(tmp_path / "a.png", saved(image, kind))
    np.testing.assert_array_equal(found, np.repeat(GREY[..., None], 3, -1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG2000", "TIFF", "WEBP"])
def test_colours_with_alpha(tmp_path, kind):
    image = Image.fromarray(np.dstack([RGB, GREY | 1]))
    more = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    found = photograph(tmp_path / "a.png", saved(image, kind, **more))
    np.testing.assert_array_equal(found, RGB)


@pytest.mark.parametrize("suffix", [".png", ".jp2"])
@pytest.mark.parametrize("factor", [16, 257])
def test_sixteen_bits_and_twelve_in_sixteen(tmp_path, suffix, factor, caplog):
    large = RGB.repeat(2, axis=0).repeat(2, axis=1)  # as JPEG 2000 needs it
    stored = large[..., ::-1].astype(np.uint16) * factor
    content = cv2.imencode(suffix, stored)[1].tobytes()
    full = {16: 4095, 257: 65535}[factor]
    caplog.set_level("INFO", logger="absl")
    found = photograph(tmp_path / f"a{suffix}", content)
    expected = np.round(large * (factor * 255.0 / full))
    np.testing.assert_array_equal(found, expected)
    assert f"16 bits, read as levels up to {full}" in caplog.text


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG", "TIFF"])
def test_exif_turns_every_format_also_zipped(tmp_path, kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {"lossless": True} if kind == "WEBP" else {}
    content = saved(Image.fromarray(RGB), kind, exif=exif, **more)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    found = photograph(tmp_path / "a.jpg.gz", gzip.compress(content))
    np.testing.assert_array_equal(found, np.array(upright.convert("RGB")))


def test_exif_turns_sixteen_bits(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(GREY.astype(np.uint16) * 257)
    found = photograph(tmp_path / "a.png", saved(deep, "PNG", exif=exif))
    np.testing.assert_array_equal(found[..., 0], np.rot90(GREY, -1))


def jpeg_of_inks(inks):
    """A JPEG of inks as Pillow writes it, inverted; and without Adobe's mark.

    The second then holds the inks of which the first says 255 less.
    """
    image = Image.fromarray(inks, "CMYK")
    content = saved(image, "JPEG", quality=100, subsampling=0)
    start = content.index(b"\xff\xee")
    length = int.from_bytes(content[start + 2 : start + 4], "big")
    return content, content[:start] + content[start + 2 + length :]


@pytest.mark.filterwarnings("ignore:'mode' parameter:DeprecationWarning")
@pytest.mark.parametrize("black", [0, 90])
def test_inks_as_they_are_and_inverted_by_adobe(tmp_path, black):
    """By hand: a colour is what its ink and the black ink leave of white."""
    inks = np.dstack([RGB, np.full_like(GREY, black)])
    left = 1 - inks / 255.0
    expected = 255 * left[..., :3] * left[..., 3:]
    adobe, _ = jpeg_of_inks(inks)
    found = photograph(tmp_path / "adobe.jpg", adobe)
    assert np.abs(found - expected).max() <= 8
    _, plain = jpeg_of_inks(255 - inks)
    found = photograph(tmp_path / "plain.jpg", plain)
    assert np.abs(found - expected).max() <= 8


@pytest.mark.parametrize("most", [1, 7, 63, 255, 4095, 65535])
@pytest.mark.parametrize("number", "2356")
def test_a_pnm_is_read_by_the_maximum_in_its_header(tmp_path, most, number):
    levels = np.round((GREY if number in "25" else RGB) / 255.0 * most)
    head = f"P{number}\n40 24\n# of a camera\n{most}\n".encode()
    if number in "23":
        body = "\n".join(map(str, levels.astype(int).ravel())).encode()
    else:
        body = levels.astype("u1" if most < 256 else ">u2").tobytes()
    found = photograph(tmp_path / "a.pnm", head + body)
    expected = np.round(levels * 255 / most)
    if number in "25":
        expected = np.repeat(expected[..., None], 3, axis=-1)
    np.testing.assert_array_equal(found, expected)


def test_a_dark_pnm_stays_dark(tmp_path):
    """The header's maximum decides, and not the range that is used."""
    levels = (GREY // 32).astype(">u2") * 257
    content = b"P5 40 24 65535\n" + levels.astype(">u2").tobytes()
    found = photograph(tmp_path / "a.pgm", content)
    np.testing.assert_array_equal(found[..., 0], GREY // 32)


@pytest.mark.parametrize("number", "14")
def test_in_a_pbm_zero_is_white(tmp_path, number):
    black = GREY < 100
    head = f"P{number}\n40 24\n".encode()
    body = np.packbits(black, axis=1).tobytes()
    if number == "1":
        body = " ".join(map(str, black.astype(int).ravel())).encode()
    found = photograph(tmp_path / "a.pbm", head + body)
    np.testing.assert_array_equal(found[..., 0], np.where(black, 0, 255))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_refused_by_name_from_its_header(tmp_path, kind):
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)
    more = {"save_all": True, "append_images": [second]}
    path = tmp_path / "a.gif"
    path.write_bytes(saved(first, kind, **more))
    file = image_files.image_file(path)
    for function in (
        image_files.check,
        image_files.read_photograph,
        image_files.read_plane,
    ):
        with pytest.raises(UserError, match="a.gif .*holds 2 images.*Next"):
            function(file)


def test_the_preview_of_a_camera_is_no_second_photograph(tmp_path):
    first, second = Image.fromarray(RGB), Image.fromarray(RGB[::2, ::2])
    how = {"quality": 100, "subsampling": 0}
    more = {"save_all": True, "append_images": [second], **how}
    found = photograph(tmp_path / "a.jpg", saved(first, "MPO", **more))
    assert np.abs(found.astype(int) - RGB).max() <= 4


@pytest.mark.parametrize("kind", ["ICO", "TGA", "PCX"])
def test_other_formats_are_refused_by_name(tmp_path, kind):
    path = tmp_path / "a.png"
    path.write_bytes(saved(Image.fromarray(RGB), kind))
    with pytest.raises(UserError, match="a.png is not readable: .*format"):
        image_files.read_photograph(image_files.image_file(path))
