"""DICOM of every kind that is read, made by pydicom, against what went in."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from migan_tf.base import image_files
from migan_tf.base.errors import UserError

ROWS, COLUMNS = np.mgrid[:24, :40]
RGB = np.dstack([COLUMNS * 6, ROWS * 10, (COLUMNS + ROWS) * 4])
RGB = RGB.astype(np.uint8)
GREY = RGB[..., 1]


def dataset(stored, photometric, *, bits=None, **more):
    """A dataset of stored values (H,W) or (H,W,3)."""
    pydicom = pytest.importorskip("pydicom", reason="needs the extra dicom")
    found = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    found.SOPClassUID = pydicom.uid.OphthalmicPhotography8BitImageStorage
    found.SOPInstanceUID = "1.2.3"
    found.Rows, found.Columns = stored.shape[:2]
    found.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    if stored.ndim == 3:
        found.PlanarConfiguration = 0
    found.PhotometricInterpretation = photometric
    found.BitsAllocated = stored.dtype.itemsize * 8
    found.BitsStored = bits or found.BitsAllocated
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = 0
    found.PixelData = stored.tobytes()
    found["PixelData"].VR = "OB" if found.BitsAllocated == 8 else "OW"
    for name, value in more.items():
        setattr(found, name, value)
    return found


def packed(stored, photometric, syntax, *, content, **more):
    """A dataset whose pixels are a file of another format."""
    found = dataset(stored, photometric, **more)
    import pydicom

    found.file_meta.TransferSyntaxUID = getattr(pydicom.uid, syntax)
    found.PixelData = pydicom.encaps.encapsulate([content])
    found["PixelData"].VR = "OB"
    found["PixelData"].is_undefined_length = True
    return found


def saved(image, kind, **more):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **more)
    return buffer.getvalue()


def write(path, found):
    found.save_as(path, enforce_file_format=True)
    return image_files.image_file(path)


def photograph(path, found):
    file = write(path, found)
    image_files.check(file)
    return image_files.read_photograph(file)


@pytest.mark.parametrize("suffix", ["dcm", "DICOM", "dcm.gz"])
def test_colours(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    found = photograph(path, dataset(RGB, "RGB"))
    np.testing.assert_array_equal(found, RGB)


def test_colours_that_lie_apart(tmp_path):
    planes = np.ascontiguousarray(np.moveaxis(RGB, -1, 0))
    made = dataset(RGB, "RGB", PlanarConfiguration=1)
    made.PixelData = planes.tobytes()
    np.testing.assert_array_equal(photograph(tmp_path / "a", made), RGB)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_grey_by_the_bits_that_are_stored(tmp_path, photometric, bits):
    """By the formula, level · 255 / (2ᵇⁱᵗˢ - 1); also where all is dark."""
    full = 2**bits - 1
    levels = np.round(GREY / 255 * full / 20)
    stored = full - levels if photometric == "MONOCHROME1" else levels
    stored = stored.astype(np.uint8 if bits == 8 else np.uint16)
    made = dataset(stored, photometric, bits=bits)
    expected = np.round(levels * (255 / full))
    found = photograph(tmp_path / "a.dcm", made)
    np.testing.assert_array_equal(found, np.repeat(expected[..., None], 3, -1))
    plane = image_files.read_plane(image_files.image_file(tmp_path / "a.dcm"))
    assert (
        np.abs(plane / np.iinfo(plane.dtype).max - levels / full).max() < 1e-4
    )


def test_an_overlay_in_the_bits_above_is_no_light(tmp_path):
    stored = GREY.astype(np.uint16) * 16
    stored[:6] |= 0x8000
    made = dataset(stored, "MONOCHROME2", bits=12)
    found = photograph(tmp_path / "a.dcm", made)
    expected = np.round(GREY * (16 * 255.0 / 4095))
    np.testing.assert_array_equal(found[..., 0], expected)


def test_luma_and_chroma(tmp_path):
    stored = np.array(Image.fromarray(RGB).convert("YCbCr"))
    found = photograph(tmp_path / "a.dcm", dataset(stored, "YBR_FULL"))
    # Chroma is rounded to whole levels, which blue has 1.8 times.
    assert np.abs(found.astype(int) - RGB).max() <= 3


@pytest.mark.parametrize("depth", [8, 16])
def test_a_palette_is_looked_up(tmp_path, depth):
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (3, 256)).astype(np.uint16)
    colours[:, 0] = 255  # the range is used in full
    made = dataset(GREY, "PALETTE COLOR")
    kind = np.uint8 if depth == 8 else np.uint16
    for name, lut in zip(("Red", "Green", "Blue"), colours, strict=True):
        lut = lut * (257 if depth == 16 else 1)
        start = f"{name}PaletteColorLookupTable"
        setattr(made, f"{start}Descriptor", [256, 0, depth])
        setattr(made, f"{start}Data", lut.astype(kind).tobytes())
    found = photograph(tmp_path / "a.dcm", made)
    expected = np.moveaxis(colours[:, GREY], 0, -1)
    np.testing.assert_array_equal(found, expected)


def test_runs_of_equal_bytes(tmp_path):
    made = dataset(RGB, "RGB")
    import pydicom

    made.compress(pydicom.uid.RLELossless)
    np.testing.assert_array_equal(photograph(tmp_path / "a.dcm", made), RGB)


@pytest.mark.parametrize("photometric", ["YBR_RCT", "RGB"])
def test_jpeg_2000(tmp_path, photometric):
    content = saved(
        RGB, "JPEG2000", no_jp2=True, mct=int(photometric == "YBR_RCT")
    )
    made = packed(RGB, photometric, "JPEG2000Lossless", content=content)
    np.testing.assert_array_equal(photograph(tmp_path / "a.dcm", made), RGB)


@pytest.mark.parametrize(
    "photometric, subsampling", [("YBR_FULL", 0), ("YBR_FULL_422", 1)]
)
def test_jpeg_against_the_same_jpeg(tmp_path, photometric, subsampling):
    content = saved(RGB, "JPEG", quality=95, subsampling=subsampling)
    made = packed(RGB, photometric, "JPEGBaseline8Bit", content=content)
    expected = np.array(Image.open(io.BytesIO(content)))
    found = photograph(tmp_path / "a.dcm", made)
    assert np.abs(found.astype(int) - expected).max() <= 2


def refused(path, made, words):
    file = write(path, made)
    for function in (image_files.check, image_files.read_photograph):
        with pytest.raises(UserError, match=f"{path.name}.*{words}"):
            function(file)


def test_what_is_no_photograph_is_refused_from_its_header(tmp_path):
    film = dataset(np.stack([GREY] * 3).reshape(72, 40), "MONOCHROME2")
    film.Rows, film.NumberOfFrames = 24, 3
    refused(tmp_path / "film.dcm", film, r"several images .* 3")
    signed = dataset(GREY, "MONOCHROME2", PixelRepresentation=1)
    refused(tmp_path / "signed.dcm", signed, "signed values")
    strange = dataset(RGB, "CMYK")
    refused(tmp_path / "inks.dcm", strange, "PhotometricInterpretation CMYK")
    report = dataset(
        GREY, "MONOCHROME2", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"
    )
    del report.Rows
    refused(tmp_path / "report.dcm", report, "no image, .*PDF")


def test_a_compression_without_a_decoder_names_what_to_install(tmp_path):
    made = packed(GREY, "MONOCHROME2", "JPEGLosslessSV1", content=b"\xff\xd8")
    from pydicom.pixels import get_decoder

    if get_decoder(made.file_meta.TransferSyntaxUID).is_available:
        pytest.skip("its decoder is installed")
    words = "JPEG Lossless.*pip install pylibjpeg pylibjpeg-libjpeg"
    refused(tmp_path / "a.dcm", made, words)
    made = packed(GREY, "MONOCHROME2", "MPEG2MPML", content=b"\0\0")
    refused(tmp_path / "b.dcm", made, "MPEG2.*Next: export it")
    deep = packed(
        GREY.astype(np.uint16),
        "MONOCHROME2",
        "JPEGExtended12Bit",
        content=b"\xff\xd8",
        bits=12,
    )
    refused(tmp_path / "c.dcm", deep, "JPEG Extended.*pylibjpeg-libjpeg")


def test_a_file_that_is_cut_is_named(tmp_path):
    path = tmp_path / "a.dcm"
    write(path, dataset(RGB, "RGB"))
    content = path.read_bytes()
    for end in (133, 200, 300, 400, len(content) - 50):
        path.write_bytes(content[:end])
        with pytest.raises(UserError, match="a.dcm is not readable"):
            image_files.read_photograph(image_files.image_file(path))


def test_without_pydicom_the_command_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    path = tmp_path / "a.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(UserError, match="a.dcm .*pip install pydicom"):
        image_files.check(image_files.image_file(path))


def test_files_without_suffix_are_found_by_their_magic(tmp_path):
    for name in ("IM0001", "1.2.840.11", "a.dcm", "DICOMDIR"):
        (tmp_path / name).write_bytes(b"\0" * 128 + b"DICM")
    (tmp_path / "README").write_text("no image")
    found = image_files.find_images([tmp_path])
    stems = [file.stem for file in found.images]
    assert stems == ["1.2.840.11", "IM0001", "a"]
    assert found.others == [str(tmp_path / "README")]
