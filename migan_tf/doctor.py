"""Says what a folder of downloads holds, before anyone waits for a build.

python -m migan_tf.doctor --manual_dir=DIR

Exit status 0: every dataset that was found can be built; 2: it cannot, or
none was found.
"""

from migan_tf.base import command_line, settings
from migan_tf.data import inspection


def main(argv) -> int:
    """Prints the reports on --manual_dir and returns the exit status."""
    del argv
    manual_dir = settings.read(inspection.Settings).manual_dir
    command_line.required(manual_dir=manual_dir)
    reports = inspection.inspect(manual_dir)
    print(inspection.describe(reports, manual_dir))
    buildable = bool(reports) and all(r.buildable for r in reports)
    return 0 if buildable else command_line.EXIT_BAD_INPUT


if __name__ == "__main__":
    settings.define(inspection.Settings)
    command_line.run(main)
