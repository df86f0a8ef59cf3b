"""TFDS builder of HRF, from files that the user has downloaded."""

import tensorflow_datasets as tfds

from migan_tf.data import annotated_files

from . import hrf_checks as checks

HOMEPAGE = "https://www5.cs.fau.de/research/data/fundus-images/"


class Builder(tfds.core.GeneratorBasedBuilder):
    """HRF: 15 training and 30 test fundus photographs, 2336 x 3504."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put the zip of the whole dataset into manual_dir as it is downloaded,
    under any name, or its folders images/, manual1/ and mask/.
    """

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=annotated_files.features(checks.SIZE),
            supervised_keys=("fundus", "vessel_map"),
            homepage=HOMEPAGE,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        """Checks every file before the first example is written."""
        manual_dir = dl_manager.manual_dir
        survey = checks.survey(manual_dir)
        if not survey.places:
            survey.errors.append("HRF: no file of it is here")
        annotated_files.check(survey, f"HRF in {manual_dir}")
        parts = annotated_files.by_split(survey.entries)
        return {
            split: self._generate_examples(entries)
            for split, entries in parts.items()
        }

    def _generate_examples(self, entries):
        """Yields (image_id, example), one photograph at a time."""
        for entry in entries:
            yield entry.image_id, annotated_files.read_example(entry)
