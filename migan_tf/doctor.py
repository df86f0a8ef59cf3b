"""Says what a folder of downloads holds, before anyone waits for a build.

python -m migan_tf.doctor --manual_dir=DIR

Exit status 0: every dataset that was found can be built; 2: it cannot, or
none was found.
"""

from absl import flags

from migan_tf.base import command_line
from migan_tf.data import inspection

FLAGS = flags.FLAGS

flags.DEFINE_string(
    "manual_dir", None, "Folder that the downloads lie in.", required=True
)


def main(argv) -> int:
    """Prints the reports on --manual_dir and returns the exit status."""
    del argv
    reports = inspection.inspect(FLAGS.manual_dir)
    print(inspection.describe(reports, FLAGS.manual_dir))
    buildable = bool(reports) and all(r.buildable for r in reports)
    return 0 if buildable else command_line.EXIT_BAD_INPUT


if __name__ == "__main__":
    command_line.run(main)
