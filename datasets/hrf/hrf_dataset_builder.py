"""TFDS builder of HRF, from files that the user has downloaded."""

import tensorflow_datasets as tfds

from migan_tf.data.named_builder import NamedBuilder

from . import hrf_checks as checks


class Builder(NamedBuilder):
    """HRF: 15 training and 30 test fundus photographs, 2336 x 3504."""

    CHECKS = checks
    HOMEPAGE = "https://www5.cs.fau.de/research/data/fundus-images/"
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put the zip of the whole dataset into manual_dir as it is downloaded,
    under any name, or its folders images/, manual1/ and mask/.
    """
