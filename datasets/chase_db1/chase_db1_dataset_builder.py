"""TFDS builder of CHASE_DB1, from files that the user has downloaded."""

import tensorflow_datasets as tfds

from migan_tf.data import annotated_files

from . import chase_db1_checks as checks

HOMEPAGE = "https://blogs.kingston.ac.uk/retinal/chasedb1/"


class Builder(tfds.core.GeneratorBasedBuilder):
    """CHASE_DB1: 20 training and 8 test fundus photographs, 960 x 999."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put CHASEDB1.zip into manual_dir as it is downloaded, under any name, or
    its unpacked files: Image_01L.jpg, Image_01L_1stHO.png and so on.
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
            survey.errors.append("CHASE_DB1: no file of it is here")
        annotated_files.check(survey, f"CHASE_DB1 in {manual_dir}")
        parts = annotated_files.by_split(survey.entries)
        return {
            split: self._generate_examples(entries)
            for split, entries in parts.items()
        }

    def _generate_examples(self, entries):
        """Yields (image_id, example), one photograph at a time."""
        for entry in entries:
            yield entry.image_id, annotated_files.read_example(entry)
