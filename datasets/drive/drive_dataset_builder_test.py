import tensorflow_datasets as tfds

from drive import drive_dataset_builder as drive_builder


class DriveTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own checks, on dummy_data/training.zip and test.zip."""

    DATASET_CLASS = drive_builder.Builder
    SPLITS = {"train": 20, "test": 20}
    MOCK_OUT_FORBIDDEN_OS_FUNCTIONS = False  # pathlib and zipfile need them
