"""Lists the commands, or runs one of them.

python -m migan_tf [COMMAND …]
"""

import pathlib
import sys

from migan_tf.base import command_line, commands


def console():
    """Runs the command of a console script, such as `migan-segment`."""
    script = pathlib.Path(sys.argv[0]).stem
    sys.exit(command_line.guarded(commands.run, script.removeprefix("migan-")))


def main():
    """Runs the command that is named first, or lists all."""
    if sys.argv[1:] in ([], ["--help"], ["-h"]):
        print(commands.describe())
        sys.exit()
    sys.exit(command_line.guarded(commands.run, sys.argv.pop(1)))


if __name__ == "__main__":
    main()
