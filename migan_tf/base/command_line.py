"""What every command line of the project does around its `main`."""

import os
import pathlib
import sys

from absl import app, logging

from migan_tf.base import files, flagfiles
from migan_tf.base.errors import UserError

EXIT_SKIPPED = 1  # some of the user's files were not worked on
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def no_arguments(argv) -> None:
    """Raises `UserError` where something other than flags was given."""
    if len(argv) > 1:
        raise UserError(
            f"only --flags are taken. Received: {' '.join(argv[1:])}. See "
            "--help"
        )


def required(**values) -> None:
    """Raises `UserError` naming the flag that was left empty."""
    for name, value in values.items():
        if not value:
            raise UserError(f"--{name} is required. Received: {value!r}")


def choose_kernels(segmenter, generator="migan") -> None:
    """Chooses TensorFlow's CPU kernels; call it before TensorFlow's import.

    oneDNN makes the max-pool U-Net and the delta generator faster everywhere,
    and the paper's networks where the processor has AVX-512
    (benchmarks/README.md). Beside that only the networks decide, not the task:
    the kernels differ in the last digits, and a run that is resumed with
    another --task should go on as it began. Whoever has set
    TF_ENABLE_ONEDNN_OPTS keeps the last word.

    Args:
      segmenter: a run's --segmenter, `unet` or `migan`.
      generator: its --generator, `delta` or `migan`.
    """
    kernels = kernels_for(segmenter, generator)
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", kernels)


def kernels_for(segmenter, generator="migan") -> str:
    """TF_ENABLE_ONEDNN_OPTS of networks; see `choose_kernels`."""
    convolutional = segmenter == "unet" or generator == "delta"
    return "1" if convolutional or has_avx512() else "0"


def has_avx512(cpuinfo="/proc/cpuinfo") -> bool:
    """Whether the processor has AVX-512; no where Linux does not say.

    Args:
      cpuinfo: the file in which it does.
    """
    try:
        text = pathlib.Path(cpuinfo).read_text("utf-8")
    except OSError:
        return False
    return " avx512f " in text


def guarded(function, *arguments):
    """Calls a function, and tells in words what a user can put right.

    A `UserError` becomes one message on stderr and exit status 2, and so does
    a file that the system lets nobody write, as on a full disk. Ctrl-C becomes
    exit status 130; anything else is a bug and keeps its traceback.

    Args:
      function: what may raise them.
      *arguments: what it is called with.

    Returns:
      What the function returns (None or an exit status), or the exit status.
    """
    try:
        return function(*arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except OSError as error:
        if error.errno not in files.UNWRITABLE:
            raise
        print(
            f"error: {error.filename or 'a file'} could not be read or "
            f"written: {error.strerror}. Next: make room or give another "
            "place, and then the same command again",
            file=sys.stderr,
        )
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def run(main) -> None:
    """Parses the flags, calls `main(argv)` and ends the process.

    What goes wrong is told as `guarded` does it.

    Args:
      main: function of the positional arguments (argv, program name first);
        its return value (None or an int) is the exit status.
    """
    # What a console cannot show, be it a character or what of a file's name is
    # none, it shows by its number.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    def start():
        app.run(main, [sys.argv[0], *flagfiles.expand(sys.argv[1:])])

    logging.set_verbosity(logging.INFO)
    sys.exit(guarded(start))
