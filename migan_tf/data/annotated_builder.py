"""What the TFDS builders of annotated photographs do alike."""

import abc

import tensorflow_datasets as tfds

from migan_tf.data import annotated_files


class AnnotatedBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Builds a dataset from the files that a `Survey` lists.

    Attributes:
      HOMEPAGE: where the files come from.
    """

    HOMEPAGE = None

    @abc.abstractmethod
    def surveyed(self, manual_dir) -> annotated_files.Survey:
        """The `Survey` of a folder that can be built.

        Raises:
          UserError: it cannot be built.
        """

    def size(self) -> tuple[int | None, int | None]:
        """(height, width) of every photograph, None for any."""
        return None, None

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=annotated_files.features(self.size()),
            supervised_keys=("fundus", "vessel_map"),
            homepage=self.HOMEPAGE,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        """Checks every file before the first example is written."""
        survey = self.surveyed(dl_manager.manual_dir)
        parts = annotated_files.by_split(survey.entries)
        return {
            split: self._generate_examples(entries)
            for split, entries in parts.items()
        }

    def _generate_examples(self, entries):
        """Yields (image_id, example), one photograph at a time."""
        for entry in entries:
            yield entry.image_id, annotated_files.read_example(entry)
