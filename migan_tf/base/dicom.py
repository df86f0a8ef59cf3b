"""Reads the pictures of DICOM files, by pydicom, which is an extra.

A fundus camera writes one photograph a file: grey, RGB or YCbCr, as it is or
compressed. What else DICOM may hold (volumes, films, reports) is refused.
"""

import re

import numpy as np

from migan_tf.base import pictures

MAGIC, MAGIC_PLACE = b"DICM", 128
# A transfer syntax that unpacks to any size before its header is known, and the
# bytes at the begin of a file among which it is named.
_DEFLATED, _META = b"1.2.840.10008.1.2.1.99", 1024
_MONOCHROMES = ("MONOCHROME1", "MONOCHROME2")
_PALETTE = "PALETTE COLOR"
# pydicom makes RGB of the YBR ones; those of JPEG 2000 its decoders undo.
_PHOTOMETRIC = (
    *_MONOCHROMES,
    _PALETTE,
    *"RGB YBR_FULL YBR_FULL_422 YBR_ICT YBR_RCT".split(),
)
_PYDICOM_BITS = (1, 8, 16)  # allocated to a sample


def check(stream) -> None:
    """Raises what `decode` would raise, as far as the header tells."""
    _header(stream)


def decode(stream):
    """Decodes the one image of a DICOM file.

    Args:
      stream: binary file, at its begin.

    Returns:
      (array, full): (H,W) or (H,W,3) RGB, unsigned integers, black the least;
      and the level of white, by the bits that are stored. None for `full`
      where a palette of 16 bits does not tell it.

    Raises:
      OSError: pydicom or a decoder is not installed, the file is damaged, or
        holds not one photograph.
    """
    dataset = _header(stream)
    from pydicom import dcmread, pixels

    photometric = dataset.PhotometricInterpretation
    stream.seek(0)
    try:
        dataset = dcmread(stream)
        array = pixels.pixel_array(dataset)
        if photometric == _PALETTE:
            array = pixels.apply_color_lut(array, dataset)[..., :3]
            return array, None if array.dtype.itemsize > 1 else 255
    # Of a damaged file pydicom raises anything.
    except Exception as error:
        raise OSError(f"its DICOM is damaged or not read: {error}") from error
    full = 2**dataset.BitsStored - 1
    if full < np.iinfo(array.dtype).max:
        array &= full  # Older cameras keep overlays in the bits above.
    if photometric == "MONOCHROME1":
        array = full - array
    return array, full


def _header(stream):
    """The dataset without its pixels, of what can be decoded."""
    try:
        import pydicom
    except ImportError:
        raise OSError(
            "DICOM is read by pydicom, which is not installed. Next: "
            "python -m pip install pydicom"
        ) from None
    head = stream.read(_META)
    stream.seek(0)
    if _DEFLATED in head:
        raise OSError(
            "its DICOM is deflated, which is not read. Next: export it as JPEG "
            "or PNG"
        )
    try:
        dataset = pydicom.dcmread(stream, stop_before_pixels=True)
        syntax = dataset.file_meta.TransferSyntaxUID
        facts = _facts(dataset)
    # Of a damaged file pydicom raises anything.
    except Exception as error:
        raise OSError(f"its DICOM is damaged or not read: {error}") from error
    for what, (value, is_read) in facts.items():
        if not is_read:
            raise OSError(
                "DICOM is read of one photograph, unsigned, of 8 or 16 bits. "
                f"It has {what} {value}"
            )
    pictures.check_size(int(dataset.Rows), int(dataset.Columns))
    _check_decoder(syntax, dataset.BitsStored)
    return dataset


def _facts(dataset):
    """{what: (value, whether it is read)}; raises where it is no image."""
    if "Rows" not in dataset:
        kind = getattr(dataset.get("SOPClassUID"), "name", "without a class")
        return {"no image, but is": (kind, False)}
    frames = int(dataset.get("NumberOfFrames") or 1)
    photometric = dataset.PhotometricInterpretation
    bits = dataset.BitsAllocated
    return {
        "several images (NumberOfFrames)": (frames, frames == 1),
        "PhotometricInterpretation": (photometric, photometric in _PHOTOMETRIC),
        "BitsAllocated": (bits, bits in _PYDICOM_BITS),
        "signed values (PixelRepresentation)": (
            dataset.PixelRepresentation,
            dataset.PixelRepresentation == 0,
        ),
    }


def _check_decoder(syntax, bits):
    """Raises where nothing is installed that decodes a transfer syntax."""
    from pydicom.pixels import get_decoder

    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise OSError(
            f"its DICOM is compressed as {syntax.name}, which is not read. "
            "Next: export it as JPEG or PNG"
        ) from None
    missing = " ".join(decoder.missing_dependencies)
    # Pillow decodes the 8 bits of this one alone.
    deep = syntax.name.startswith("JPEG Extended") and bits > 8
    if decoder.is_available and not (deep and "pylibjpeg-libjpeg" in missing):
        return
    packages = sorted(set(re.findall(r"pylibjpeg(?:-\w+)?", missing)))
    raise OSError(
        f"its DICOM is compressed as {syntax.name}, whose decoder is not "
        f"installed. Next: python -m pip install {' '.join(packages)}"
    )
