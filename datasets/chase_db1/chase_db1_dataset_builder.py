"""TFDS builder of CHASE_DB1, from files that the user has downloaded."""

import tensorflow_datasets as tfds

from migan_tf.data.named_builder import NamedBuilder

from . import chase_db1_checks as checks


class Builder(NamedBuilder):
    """CHASE_DB1: 20 training and 8 test fundus photographs, 960 x 999."""

    CHECKS = checks
    HOMEPAGE = "https://blogs.kingston.ac.uk/retinal/chasedb1/"
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put CHASEDB1.zip into manual_dir as it is downloaded, under any name, or
    its unpacked files: Image_01L.jpg, Image_01L_1stHO.png and so on.
    """
