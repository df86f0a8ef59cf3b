"""Decodes pictures as they are meant, by Pillow and OpenCV.

Pillow knows what a format says of itself (orientation, palettes, inks, the
maximum of a PNM, further images), but cuts colours of 16 bits to 8; those are
left to OpenCV.
"""

import warnings

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

# Pixels of a side. The largest fundus cameras have 7,750; a small file may tell
# of many more, and would fill the memory. Exported graphs pad to such a square.
MOST_SIDE = 8_000
LEAST_SIDE = 16  # pixels of a photograph; no smaller one can be searched
MOST_ASPECT = 8  # longer over shorter side of an image that shows a fundus
# Pillow takes JPEG of several images for MPO by itself.
FORMATS = "PNG JPEG JPEG2000 WEBP BMP GIF PPM".split()
# Further images of these are its preview or its depth, and not one of many.
_WITH_COMPANIONS = ("JPEG", "MPO")
# Modes of Pillow in which the stored numbers are no levels of grey or of RGB.
_CONVERTED = {
    **dict.fromkeys(("1", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV"), "RGB"),
    **{"RGBX": "RGB", "RGBa": "RGBA", "La": "LA"},
}
# EXIF orientation -> how the stored array becomes an upright one.
_UPRIGHT = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}
ORIENTATION = 0x0112  # the tag, in EXIF and in TIFF
_DEEP_PNG = b"\x10"  # bits of a sample, after the sizes in the header
_SIZES = b"\xff\x4f\xff\x51"  # the markers before the header of JPEG 2000


def check_size(height, width) -> None:
    """Refuses a picture whose header tells of a size that none has.

    The exported graphs have the same limit.

    Raises:
      OSError: a side has no pixel, or more than `MOST_SIDE`.
    """
    if not (0 < height <= MOST_SIDE and 0 < width <= MOST_SIDE):
        raise OSError(
            f"each side must have 1 to {MOST_SIDE} pixels. Received: {height} "
            f"× {width} (height × width). Next: save it smaller"
        )


def check(stream) -> None:
    """Raises what `decode` would raise, as far as the header tells."""
    with _opened(stream):
        pass


def decode(stream):
    """Decodes a picture of one of `FORMATS`.

    Args:
      stream: binary file, at its begin.

    Returns:
      (array, full): (H,W) or (H,W,C), C in RGB's order, upright, and the
      level of white that the file tells; None where it does not.

    Raises:
      OSError: it is damaged, of another format, or holds several images.
    """
    with _opened(stream) as image:
        # Pillow would decode a whole PNG to look for what few have.
        orientation = 1
        if image.format != "PNG" or "exif" in image.info:
            orientation = image.getexif().get(ORIENTATION, 1)
        full = None
        if image.format == "PPM" and image.mode == "I":
            # Pillow has brought the header's maximum to 16 bits.
            array, full = np.array(image).astype(np.uint16), 65535
        elif bits := _deep_bits(image, stream):
            array = _of_opencv(stream)
            full = 2**bits - 1 if bits < 16 else None
        else:
            array = array_of(image)
    return upright(array, orientation), full


def array_of(image) -> np.ndarray:
    """The levels of an open Pillow image of 8 bits: grey or RGB, and alpha."""
    # Pillow takes all CMYK for inverted, as Adobe writes it and says so.
    plain_inks = image.format == "JPEG" and "adobe" not in image.info
    if image.mode == "CMYK" and plain_inks:
        image = Image.fromarray(255 - np.array(image), "CMYK")
    if image.mode in _CONVERTED:
        image = image.convert(_CONVERTED[image.mode])
    return np.array(image)


def upright(array, orientation) -> np.ndarray:
    """Turns a stored array as the tag `ORIENTATION` says."""
    return _UPRIGHT.get(orientation, lambda stored: stored)(array)


def several(count) -> OSError:
    """The error of a file of more than one image."""
    return OSError(
        f"it holds {count} images, and a file must hold one. Next: save each "
        "as a file of its own"
    )


def opened(stream, formats):
    """Pillow's image of one of some formats, of which the header was read."""
    with warnings.catch_warnings():
        # Pillow's own limit, which it only warns of; `check_size` is ours.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(stream, formats=formats)


def _opened(stream):
    """A Pillow image of one of `FORMATS`, whose header is right."""
    try:
        image = opened(stream, FORMATS)
    except UnidentifiedImageError:
        raise OSError(
            "it is damaged, or of a format that is not read"
        ) from None
    width, height = image.size
    check_size(height, width)
    if image.format == "PPM":
        _check_length(image, stream)
    count = getattr(image, "n_frames", 1)
    if count > 1 and image.format not in _WITH_COMPANIONS:
        raise several(count)
    return image


def _check_length(image, stream):
    """Refuses a PNM that is cut short, before its pixels have room made."""
    stream.seek(0)
    kind = stream.read(2)
    width, height = image.size
    # The least that there are; of numbers as text at least a digit each.
    bits = {b"P4": 1, b"P3": 24, b"P6": 24}.get(kind, 8)
    least = -(-width * bits // 8) * height
    length = stream.seek(0, 2)
    stream.seek(0)
    if length < least:
        raise OSError(
            f"it is cut short: {length} bytes of a picture of {height} × "
            f"{width}"
        )


def _deep_bits(image, stream) -> int:
    """Bits of a sample where there are more than 8, else 0."""
    if image.format == "PNG":
        stream.seek(24)
        return 16 if stream.read(1) == _DEEP_PNG else 0
    if image.format == "JPEG2000":
        stream.seek(0)
        content = stream.read()
        depth = content.index(_SIZES) + len(_SIZES) + 38
        bits = (content[depth] & 0x7F) + 1
        return bits if bits > 8 else 0
    return 0


def _of_opencv(stream):
    stream.seek(0)
    content = np.frombuffer(stream.read(), np.uint8)
    array = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    if array is None:
        raise OSError("it is damaged, or its kind is not read")
    if array.ndim == 3 and array.shape[-1] >= 3:
        return array[..., [2, 1, 0, *range(3, array.shape[-1])]]
    return array
