"""The served segmentation on photographs of DRIVE and STARE."""

import gzip
import io
import tarfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from export import signatures
from migan_tf.base.config import Config
from migan_tf.data import fov
from migan_tf.inference import run_networks
from migan_tf.models.build import build_network

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def drive(folder):
    for path in sorted((folder / "DRIVE").glob("*/images/*.tif")):
        yield path.stem, np.array(Image.open(path).convert("RGB"))


def stare(folder):
    with tarfile.open(folder / "STARE" / "stare-images.tar") as archive:
        for member in archive:
            if member.name.endswith(".ppm.gz"):
                content = gzip.decompress(archive.extractfile(member).read())
                image = Image.open(io.BytesIO(content)).convert("RGB")
                yield member.name, np.array(image)


@pytest.mark.parametrize(
    "photographs, geometry, count, size",
    [
        (drive, "center_square", 40, (584, 565)),
        (stare, "stretch", 20, (605, 700)),
    ],
)
def test_served_and_python_agree(real_data, photographs, geometry, count, size):
    """Looks at one photograph in four."""
    config = Config(
        image_size=512,
        geometry=geometry,
        segmenter="unet",
        unet_depth=2,
        segmenter_filters=4,
    )
    network = build_network(config, "segmentation")
    segmenter = run_networks.NetworkSegmenter(network, config)
    _, functions = signatures.segmentation(network, config)
    images = list(photographs(real_data))
    assert len(images) == count
    for name, fundus in images[::4]:
        assert fundus.shape[:2] == size
        fov_mask = fov.find_fov_mask(fundus).numpy()
        expected = segmenter(fundus, fov_mask).vessel_probability
        assert np.ptp(expected[fov_mask]) > 1e-3, name
        served = functions["serving_default"](tf.constant(fundus[None]))
        np.testing.assert_allclose(
            served["vessel_probability"][0, ..., 0],
            expected,
            rtol=0,
            atol=1e-4,
            err_msg=name,
        )
