"""TFDS builder of DRIVE, from files that the user has downloaded."""

import tensorflow as tf
import tensorflow_datasets as tfds

from . import drive_checks as checks
from . import drive_files as files

HOMEPAGE = "https://drive.grand-challenge.org/"
ERRORS_SHOWN = 5


class Builder(tfds.core.GeneratorBasedBuilder):
    """DRIVE: 20 training and 20 test fundus photographs, 584 x 565."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""
    Register at {HOMEPAGE}, download the archive and put it into manual_dir,
    zipped (DRIVE.zip, datasets.zip, or training.zip with test.zip) or
    unpacked (training/ and test/, also inside DRIVE/).
    """

    def _info(self) -> tfds.core.DatasetInfo:
        one_channel = (checks.HEIGHT, checks.WIDTH, 1)
        features = {
            "image_id": tfds.features.Text(),
            "fundus": tfds.features.Image(
                shape=(checks.HEIGHT, checks.WIDTH, 3), encoding_format="png"
            ),
            "has_vessel_map": tfds.features.Scalar(tf.bool),
            "has_second_annotator": tfds.features.Scalar(tf.bool),
        }
        for name in ("vessel_map", "fov_mask", "second_annotator"):
            features[name] = tfds.features.Image(
                shape=one_channel, encoding_format="png"
            )
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("fundus", "vessel_map"),
            homepage=HOMEPAGE,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        """Checks every file before the first example is written."""
        survey = checks.survey(dl_manager.manual_dir)
        if survey.errors:
            more = len(survey.errors) - ERRORS_SHOWN
            raise checks.DriveFileError(
                f"DRIVE in {dl_manager.manual_dir} cannot be built:\n- "
                + "\n- ".join(survey.errors[:ERRORS_SHOWN])
                + (f"\n- and {more} more" if more > 0 else "")
            )
        return {
            "train": self._generate_examples(survey.pixel_arrays, "training"),
            "test": self._generate_examples(survey.pixel_arrays, "test"),
        }

    def _generate_examples(self, pixel_arrays, split):
        """Yields (image_id, example), absent annotations as zeros."""
        for number in files.IMAGE_IDS[split]:

            def pixels_of(folder, number=number):
                path = files.official_path(split, folder, number)
                return pixel_arrays.get(path)

            fov_mask = pixels_of("mask")[..., None]
            vessel_map = pixels_of("1st_manual")
            second_annotator = pixels_of("2nd_manual")
            blank = fov_mask * 0
            image_id = f"{number:02d}_{split}"
            yield (
                image_id,
                {
                    "image_id": image_id,
                    "fundus": pixels_of("images"),
                    "fov_mask": fov_mask,
                    "vessel_map": blank
                    if vessel_map is None
                    else vessel_map[..., None],
                    "second_annotator": blank
                    if second_annotator is None
                    else second_annotator[..., None],
                    "has_vessel_map": vessel_map is not None,
                    "has_second_annotator": second_annotator is not None,
                },
            )
