"""What the TFDS builders of sets whose files have known names do alike."""

import tensorflow_datasets as tfds

from migan_tf.data import annotated_files


class NamedBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Builds a `named_files.NamedSet` from files that the user downloaded.

    Attributes:
      CHECKS: the set's module of checks, with `SIZE`, `known` and `survey`.
      HOMEPAGE: where the files come from.
    """

    CHECKS = HOMEPAGE = None

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=annotated_files.features(self.CHECKS.SIZE),
            supervised_keys=("fundus", "vessel_map"),
            homepage=self.HOMEPAGE,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        """Checks every file before the first example is written."""
        manual_dir, name = dl_manager.manual_dir, self.CHECKS.known().name
        survey = self.CHECKS.survey(manual_dir)
        if not survey.places:
            survey.errors.append(f"{name}: no file of it is here")
        annotated_files.check(survey, f"{name} in {manual_dir}")
        parts = annotated_files.by_split(survey.entries)
        return {
            split: self._generate_examples(entries)
            for split, entries in parts.items()
        }

    def _generate_examples(self, entries):
        """Yields (image_id, example), one photograph at a time."""
        for entry in entries:
            yield entry.image_id, annotated_files.read_example(entry)
