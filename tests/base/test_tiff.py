"""TIFF of all layouts and depths, written here by the specification."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from migan_tf.base import image_files, pictures
from migan_tf.base.errors import UserError

ROWS, COLUMNS = np.mgrid[:12, :20]
RGB = np.dstack([COLUMNS * 12, ROWS * 20, (COLUMNS + ROWS) * 8])
RGB = RGB.astype(np.uint8)
DEFLATE, FLOAT, INKS = 8, 3, 5


def tiff(pages, order="<"):
    """The bytes of a file of pages (chunks, {tag: value or values})."""
    content = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "H", 42)
    link = len(content)
    content += b"\0\0\0\0"
    for chunks, tags in pages:
        places = []
        for chunk in chunks:
            places.append(len(content))
            content += chunk
        tiled = 322 in tags
        tags = tags | {
            (324 if tiled else 273): tuple(places),
            (325 if tiled else 279): tuple(map(len, chunks)),
        }
        start, entries, beside = len(content), b"", b""
        end = start + 2 + 12 * len(tags) + 4
        for tag, values in sorted(tags.items()):
            values = values if isinstance(values, tuple) else (values,)
            kind, code = (4, "I") if tag in (273, 279, 324, 325) else (3, "H")
            packed = struct.pack(f"{order}{len(values)}{code}", *values)
            if len(packed) > 4:
                place = struct.pack(order + "I", end + len(beside))
                beside, packed = beside + packed, place
            entries += struct.pack(order + "HHI", tag, kind, len(values))
            entries += packed.ljust(4, b"\0")
        content = (
            content[:link]
            + struct.pack(order + "I", start)
            + content[link + 4 :]
            + struct.pack(order + "H", len(tags))
            + entries
        )
        link = len(content)
        content += b"\0\0\0\0" + beside
    return content


def page(stored, *, planar=1, order="<", deflated=False, predictor=1, **more):
    """(chunks, tags) of an array (H,W,C): strips of 5 rows, or tiles of 16."""
    height, width, samples = stored.shape
    bits = stored.dtype.itemsize * 8
    tile = more.pop("tile", None)
    planes = [stored]
    if planar == 2:
        planes = [stored[..., channel : channel + 1] for channel in range(3)]
    chunks = []
    for plane in planes:
        if tile:
            room = (-height % tile, -width % tile)
            plane = np.pad(plane, ((0, room[0]), (0, room[1]), (0, 0)))
        across, down = tile or width, tile or 5
        for top in range(0, len(plane), down):
            for left in range(0, plane.shape[1], across):
                piece = plane[top : top + down, left : left + across].copy()
                if predictor == 2:
                    piece[:, 1:] -= piece[:, :-1].copy()
                chunks.append(piece.astype(stored.dtype.newbyteorder(order)))
    chunks = [chunk.tobytes() for chunk in chunks]
    tags = {
        256: width,
        257: height,
        258: (bits,) * samples,
        259: DEFLATE if deflated else 1,
        262: 2 if samples >= 3 else 1,
        277: samples,
        284: planar,
        317: predictor,
    }
    if deflated:
        chunks = [zlib.compress(chunk) for chunk in chunks]
    tags |= {322: tile, 323: tile} if tile else {278: 5}
    return chunks, tags | {int(tag[1:]): more[tag] for tag in more}


def photograph(path, content):
    path.write_bytes(content)
    file = image_files.image_file(path)
    image_files.check(file)
    return image_files.read_photograph(file)


def plane(path, content):
    path.write_bytes(content)
    return image_files.read_plane(image_files.image_file(path))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("tile", [None, 16])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "packed", [{}, {"deflated": True}, {"deflated": True, "predictor": 2}]
)
def test_all_layouts_hold_the_same_photograph(
    tmp_path, order, planar, tile, kind, packed
):
    stored = RGB.astype(kind)
    if kind == np.uint16:
        stored *= 257
    one = page(stored, planar=planar, tile=tile, order=order, **packed)
    found = photograph(tmp_path / "a.tif", tiff([one], order))
    np.testing.assert_array_equal(found, RGB)


@pytest.mark.parametrize("planar", [1, 2])
def test_a_deep_photograph_is_turned_upright(tmp_path, planar):
    one = page(RGB.astype(np.uint16) * 257, planar=planar, _274=6)
    found = photograph(tmp_path / "a.tif", tiff([one]))
    np.testing.assert_array_equal(found, np.rot90(RGB, -1))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_alpha_beside_the_colours_is_left_out(tmp_path, kind):
    full = np.iinfo(kind).max
    stored = RGB.astype(kind) * kind(full // 255)
    stored = np.dstack([stored, stored[..., 0]])
    one = page(stored, _338=2)
    found = photograph(tmp_path / "a.tif", tiff([one]))
    np.testing.assert_array_equal(found, RGB)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_where_white_is_zero_the_levels_are_inverted(tmp_path, kind):
    full = np.iinfo(kind).max
    stored = (full - RGB[..., :1].astype(kind) * kind(full // 255)).astype(kind)
    found = photograph(tmp_path / "a.tif", tiff([page(stored, _262=0)]))
    np.testing.assert_array_equal(found, np.repeat(RGB[..., :1], 3, -1))


def test_inks_of_sixteen_bits_become_colours(tmp_path):
    """By hand: without black, a colour is what its ink leaves of white."""
    inks = np.dstack([255 - RGB, np.zeros_like(RGB[..., 0])])
    one = page(inks.astype(np.uint16) * 257, _262=INKS)
    found = photograph(tmp_path / "a.tif", tiff([one]))
    np.testing.assert_array_equal(found, RGB)


@pytest.mark.parametrize("width", [20, 19])
def test_twelve_bits_without_room_between_them(tmp_path, width):
    levels = RGB[:, :width, 0].astype(np.uint16) * 16
    bits = (levels[..., None] >> np.arange(11, -1, -1)) & 1
    rows = np.packbits(bits.reshape(len(levels), -1).astype(np.uint8), axis=1)
    chunks, tags = page(levels[..., None], _258=12)
    chunks = [rows[top : top + 5].tobytes() for top in range(0, 12, 5)]
    content = tiff([(chunks, tags)])
    expected = np.round(levels * (255 / 4095))
    found = photograph(tmp_path / "a.tif", content)
    np.testing.assert_array_equal(found[..., 0], expected)
    found = plane(tmp_path / "a.tif", content)
    assert np.abs(found / 65535 - levels / 4095).max() < 1e-5


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floats_and_the_differences_of_their_bytes(tmp_path, order, kind):
    stored = (RGB[..., 0] / 255).astype(kind)
    plain = tiff([page(stored[..., None], order=order, _339=FLOAT)], order)
    found = plane(tmp_path / "a.tif", plain)
    np.testing.assert_array_equal(found, stored)
    # Predictor 3: of each row first all highest bytes, then all next ones ….
    apart = stored.astype(stored.dtype.newbyteorder(">")).view(np.uint8)
    apart = apart.reshape(*stored.shape, -1).swapaxes(1, 2).reshape(12, -1)
    apart = np.diff(apart, axis=1, prepend=np.uint8(0))
    chunks, tags = page(stored[..., None], _339=FLOAT, _317=3, deflated=True)
    chunks = [
        zlib.compress(apart[top : top + 5].tobytes()) for top in (0, 5, 10)
    ]
    found = plane(tmp_path / "a.tif", tiff([(chunks, tags)], order))
    np.testing.assert_array_equal(found, stored)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_several_pages_are_refused_and_a_thumbnail_is_none(tmp_path, kind):
    whole = page(RGB.astype(kind) * kind(np.iinfo(kind).max // 255))
    thumbnail = page(RGB[::2, ::2].copy(), _254=1)
    for pages in ([whole, thumbnail], [thumbnail, whole]):
        found = photograph(tmp_path / "a.tif", tiff(pages))
        np.testing.assert_array_equal(found, RGB)
    (tmp_path / "b.tif").write_bytes(tiff([whole, whole]))
    file = image_files.image_file(tmp_path / "b.tif")
    for function in (image_files.check, image_files.read_photograph):
        with pytest.raises(UserError, match="b.tif .*holds 2 images.*Next"):
            function(file)


@pytest.mark.parametrize(
    "tags, words",
    [
        ({"_259": 7}, "compression 7"),
        ({"_262": 6}, "photometric interpretation 6"),
        ({"_258": (10, 10, 10)}, r"bits \[10\]"),
        ({"_317": 9}, "predictor 9"),
    ],
)
def test_deep_kinds_that_are_not_read_are_named(tmp_path, tags, words):
    content = tiff([page(RGB.astype(np.uint16), **tags)])
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(UserError, match=f"a.tif is not readable.*{words}.*Nex"):
        image_files.check(image_files.image_file(tmp_path / "a.tif"))


def test_the_limit_is_one_of_sides(tmp_path, monkeypatch):
    """Against bombs: the larger side of 12 × 20 pixels is 20."""
    content = tiff([page(RGB.astype(np.uint16) * 257)])
    most = max(RGB.shape[:2])
    monkeypatch.setattr(pictures, "MOST_SIDE", most)
    found = photograph(tmp_path / "a.tif", content)
    np.testing.assert_array_equal(found, RGB)
    monkeypatch.setattr(pictures, "MOST_SIDE", most - 1)
    with pytest.raises(UserError, match=f"a.tif .*1 to {most - 1} pixels"):
        photograph(tmp_path / "a.tif", content)


@pytest.mark.filterwarnings("ignore:(Corrupt EXIF|Truncated File):UserWarning")
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_file_that_is_cut_anywhere_is_named(tmp_path, kind):
    content = tiff([page(RGB.astype(kind), deflated=True)])
    for end in range(4, len(content), 9):
        with pytest.raises(UserError, match="a.tif"):
            photograph(tmp_path / "a.tif", content[:end])


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "jpeg"])
def test_what_pillow_packs_is_read(tmp_path, compression):
    path = tmp_path / "a.tif"
    best = {"quality": 100} if compression == "jpeg" else {}
    Image.fromarray(RGB).save(path, compression=compression, **best)
    expected = np.array(Image.open(path).convert("RGB"))
    assert np.abs(expected.astype(int) - RGB).max() <= 8
    np.testing.assert_array_equal(photograph(path, path.read_bytes()), expected)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_tags_never_raise_anything_else(tmp_path):
    content = tiff([page(RGB.astype(np.uint16), deflated=True)])
    refused = 0
    for place in range(len(content) - 180, len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        try:
            photograph(tmp_path / "a.tif", damaged)
        except UserError as error:
            refused += "a.tif is not readable" in str(error)
    assert refused > 60
