"""What the TFDS builders of sets whose files have known names do alike."""

from migan_tf.data import annotated_files
from migan_tf.data.annotated_builder import AnnotatedBuilder


class NamedBuilder(AnnotatedBuilder, skip_registration=True):
    """Builds a `named_files.NamedSet` from files that the user downloaded.

    Attributes:
      CHECKS: the set's module of checks, with `SIZE`, `known` and `survey`.
    """

    CHECKS = None

    def size(self) -> tuple[int, int]:
        """See `AnnotatedBuilder`."""
        return self.CHECKS.SIZE

    def surveyed(self, manual_dir) -> annotated_files.Survey:
        """See `AnnotatedBuilder`."""
        name, survey = self.CHECKS.known().name, self.CHECKS.survey(manual_dir)
        if not survey.places:
            survey.errors.append(f"{name}: no file of it is here")
        annotated_files.check(survey, f"{name} in {manual_dir}")
        return survey
