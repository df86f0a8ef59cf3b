"""Reads TIFF: any layout, and samples of any depth.

Pillow reads 8 bits of every layout. Deeper samples it cuts to 8 bits or
refuses, and OpenCV takes some layouts for others without a word. They are read
here: each strip or tile is relabelled as a grey picture of its bytes, which
Pillow unpacks whatever the compression, and the samples are made of the bytes.
"""

import io
import struct

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from migan_tf.base import pictures

# The fourth of these, BigTIFF of the other byte order, Pillow does not know.
MAGICS = (b"II*\0", b"MM\0*", b"II+\0")
_BIG = b"+"
# The tags that are used, by their names in the specification.
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION = 254, 256, 257, 258, 259
_PHOTOMETRIC, _FILL_ORDER, _STRIPS, _SAMPLES = 262, 266, 273, 277
_ROWS, _STRIP_COUNTS, _PLANAR, _PREDICTOR = 278, 279, 284, 317
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_COUNTS = 322, 323, 324, 325
_SAMPLE_FORMAT = 339
_REDUCED_OR_MASK = 0b101  # of _SUBFILE: a thumbnail, or transparency
# None, LZW, Deflate twice, PackBits, LZMA, Zstandard: what packs mere bytes.
_MOST_SAMPLES = 8  # of a pixel
_MOST_PAGES = 1000  # such a file may have no end
_UNPACKED = 1
_OF_BYTES = (_UNPACKED, 5, 8, 32946, 32773, 34925, 50000)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INKS = 0, 1, 2, 5
_KINDS = {1: "u", 2: "i", 3: "f"}
_NO_PREDICTOR, _DIFFERENCES, _FLOAT_DIFFERENCES = 1, 2, 3


def check(stream) -> None:
    """Raises what `decode` would raise, as far as the header tells."""
    number, page = _only_page(stream)
    _check_sizes(page, stream)
    if _depth(page) > 8:
        _dtype(page, stream)
    else:
        _opened(stream, number)


def decode(stream):
    """Decodes the image of a TIFF, which may have its thumbnail beside it.

    Args:
      stream: binary file, at its begin.

    Returns:
      (array, full): (H,W) or (H,W,C) of any integer or float type, upright,
      and the level of white that the file tells; None where it does not.

    Raises:
      OSError: it is damaged, of a kind that is not read, or holds several
        images.
    """
    number, page = _only_page(stream)
    _check_sizes(page, stream)
    if _depth(page) <= 8:
        # Pillow turns it upright itself.
        return pictures.array_of(_opened(stream, number)), None
    dtype = _dtype(page, stream)
    array = _levels(_samples(page, stream, dtype), page)
    full = 4095 if _depth(page) == 12 else None
    return pictures.upright(array, _one(page, pictures.ORIENTATION, 1)), full


def _only_page(stream):
    """(number, tags) of the page that is no thumbnail of another."""
    pages = list(enumerate(_pages(stream)))
    whole = [
        (number, page)
        for number, page in pages
        if not _one(page, _SUBFILE, 0) & _REDUCED_OR_MASK
    ]
    if not pages:
        raise OSError("it is damaged: it has no page")
    if len(whole) > 1:
        raise pictures.several(len(whole))
    return (whole or pages)[0]


def _check_sizes(page, stream):
    """Refuses sizes that no picture has, before room is made for it."""
    pictures.check_size(_one(page, _HEIGHT), _one(page, _WIDTH))
    samples = _one(page, _SAMPLES, 1)
    if not 0 < samples <= _MOST_SAMPLES:
        raise OSError(f"it is damaged: it has {samples} samples a pixel")
    if _TILES in page:
        sides = _one(page, _TILE_WIDTH), _one(page, _TILE_HEIGHT)
        if not all(0 < side <= 2 * pictures.MOST_SIDE for side in sides):
            raise OSError(f"it is damaged: its tiles are of {sides}")


def _pages(stream):
    """Yields the tags of each page."""
    stream.seek(0)
    header = stream.read(8)
    if _BIG in header[2:4]:
        header += stream.read(8)
    try:
        page, known = ImageFileDirectory_v2(header), set()
        while page.next and page.next not in known and len(known) < _MOST_PAGES:
            known.add(page.next)
            start, page = page.next, ImageFileDirectory_v2(header)
            stream.seek(start)
            page.load(stream)
            yield page
    except (struct.error, SyntaxError, TypeError) as error:
        raise OSError(f"its tags are damaged: {error}") from error


def _depth(page):
    """Bits of a sample."""
    return max(_all(page, _BITS, default=1))


def _all(page, tag, default=None):
    value = page.get(tag, default)
    if value is None:
        raise OSError(f"it is damaged: it has no tag {tag}")
    return value if isinstance(value, tuple) else (value,)


def _one(page, tag, default=None):
    return int(_all(page, tag, default)[0])


def _opened(stream, number):
    stream.seek(0)
    try:
        image = pictures.opened(stream, ["TIFF"])
    except UnidentifiedImageError:
        raise OSError("it is damaged, or a kind of TIFF not read") from None
    image.seek(number)
    return image


def _dtype(page, stream):
    """The type of a deep page's samples; refuses what is not read."""
    depths = set(_all(page, _BITS))
    (kind,) = set(_all(page, _SAMPLE_FORMAT, default=1))
    compression = _one(page, _COMPRESSION, _UNPACKED)
    photometric = _one(page, _PHOTOMETRIC)
    predictor = _one(page, _PREDICTOR, _NO_PREDICTOR)
    undone = {
        _NO_PREDICTOR: True,
        _DIFFERENCES: depths != {12},
        _FLOAT_DIFFERENCES: kind == 3,
    }
    stored = {
        "bits": (sorted(depths), depths in ({12}, {16}, {32}, {64})),
        "sample format": (kind, kind in _KINDS),
        "compression": (compression, compression in _OF_BYTES),
        "photometric interpretation": (
            photometric,
            photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INKS),
        ),
        "predictor": (predictor, undone.get(predictor, False)),
    }
    for what, (value, is_read) in stored.items():
        if not is_read:
            raise OSError(
                f"a TIFF of {max(depths)} bits is not read with {what} "
                f"{value}. Next: save it as PNG or as an uncompressed TIFF"
            )
    if depths == {12}:
        return np.dtype(np.uint16)
    stream.seek(0)
    order = "<" if stream.read(2) == b"II" else ">"
    return np.dtype(f"{order}{_KINDS[kind]}{depths.pop() // 8}")


def _samples(page, stream, dtype):
    """The stored samples, (H,W) or (H,W,C), of all strips or tiles."""
    width, height = _one(page, _WIDTH), _one(page, _HEIGHT)
    samples, tiled = _one(page, _SAMPLES, 1), _TILES in page
    # Of the colours either all lie together in a piece, or each lies alone.
    together = 1 if _one(page, _PLANAR, 1) == 2 else samples
    places = _all(page, _TILES if tiled else _STRIPS)
    counts = _all(page, _TILE_COUNTS if tiled else _STRIP_COUNTS)
    across = _one(page, _TILE_WIDTH) if tiled else width
    down = (
        _one(page, _TILE_HEIGHT)
        if tiled
        else min(_one(page, _ROWS, height), height)
    )
    pieces_of_a_row = -(-width // across)
    pieces = pieces_of_a_row * -(-height // down)
    if len(places) != pieces * samples // together or len(counts) < len(places):
        raise OSError("it is damaged: parts of it are missing")
    array = np.empty((height, width, samples), dtype.newbyteorder("="))
    for number, (place, count) in enumerate(zip(places, counts, strict=False)):
        colour, number = divmod(number, pieces)
        row, column = divmod(number, pieces_of_a_row)
        target = array[
            row * down : (row + 1) * down,
            column * across : (column + 1) * across,
            colour : colour + together,
        ]
        stream.seek(place)
        rows = _bytes(
            stream.read(count),
            page,
            width=-(-across * together * _depth(page) // 8),
            height=down if tiled else len(target),
        )
        values = _values(rows, page, dtype=dtype, channels=together)
        target[:] = values[: len(target), : target.shape[1]]
    return array[..., 0] if samples == 1 else array


def _values(rows, page, dtype, channels):
    """The samples (h,w,channels) of the unpacked bytes (h,N) of a piece."""
    predictor = _one(page, _PREDICTOR, _NO_PREDICTOR)
    if _depth(page) == 12:
        values = _of_twelve_bits(rows)
        whole = values.shape[1] // channels * channels
        return values[:, :whole].reshape(len(rows), -1, channels)
    if predictor == _FLOAT_DIFFERENCES:
        rows = rows.reshape(len(rows), -1, channels)
        rows = np.cumsum(rows, axis=1, dtype=np.uint8)
        # The first bytes of all samples of a row come first.
        rows = rows.reshape(len(rows), dtype.itemsize, -1).swapaxes(1, 2)
        values = np.ascontiguousarray(rows).view(dtype.newbyteorder(">"))
        return values.reshape(len(rows), -1, channels)
    values = rows.view(dtype).reshape(len(rows), -1, channels)
    if predictor == _DIFFERENCES:
        native = values.astype(dtype.newbyteorder("="))
        whole = native.view(f"u{dtype.itemsize}")
        np.cumsum(whole, axis=1, dtype=whole.dtype, out=whole)
        return native
    return values


def _bytes(packed, page, width, height):
    """The bytes (height,width) of a strip or tile, unpacked.

    What is packed becomes a grey picture of one strip, which Pillow reads.
    """
    if _one(page, _COMPRESSION, _UNPACKED) == _UNPACKED:
        if len(packed) < height * width:
            raise OSError("it is damaged: it is cut short")
        rows = np.frombuffer(packed, np.uint8, count=height * width)
        return rows.reshape(height, width)
    tags = {
        _WIDTH: width,
        _HEIGHT: height,
        _BITS: 8,
        _COMPRESSION: _one(page, _COMPRESSION),
        _PHOTOMETRIC: _BLACK_IS_ZERO,
        _FILL_ORDER: _one(page, _FILL_ORDER, 1),
        _STRIPS: 8,
        _SAMPLES: 1,
        _ROWS: height,
        _STRIP_COUNTS: len(packed),
    }
    packed += b"\0" * (len(packed) % 2)
    header = b"II*\0" + struct.pack("<I", 8 + len(packed))
    entries = [struct.pack("<HHII", *(tag, 4, 1, tags[tag])) for tag in tags]
    directory = struct.pack("<H", len(tags)) + b"".join(entries) + b"\0" * 4
    labelled = io.BytesIO(b"".join([header, packed, directory]))
    with TiffImageFile(labelled) as grey:
        return np.array(grey)


def _of_twelve_bits(rows):
    """Two samples of three bytes each: (H,N) uint8 -> (H,N * 2 / 3) uint16."""
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 3))).astype(np.uint16)
    first, middle, last = rows[:, 0::3], rows[:, 1::3], rows[:, 2::3]
    pairs = (first << 4 | middle >> 4, (middle & 15) << 8 | last)
    return np.stack(pairs, axis=-1).reshape(len(rows), -1)


def _levels(array, page):
    """Levels of grey or RGB of what the samples are."""
    photometric = _one(page, _PHOTOMETRIC)
    if photometric == _WHITE_IS_ZERO and array.dtype.kind == "u":
        return np.uint64(2 ** _depth(page) - 1).astype(array.dtype) - array
    if photometric == _INKS and array.dtype == np.uint16:
        inks = Image.fromarray((array[..., :4] >> 8).astype(np.uint8), "CMYK")
        return pictures.array_of(inks)
    return array
