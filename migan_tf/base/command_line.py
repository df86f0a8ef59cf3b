"""What every command line of the project does around its `main`."""

import difflib
import os
import pathlib
import signal
import sys
from dataclasses import fields

from absl import app, flags, logging

from migan_tf.base import files, flagfiles, help_text, native_log, settings
from migan_tf.base.errors import UserError

EXIT_SKIPPED = 1  # some of the user's files were not worked on
EXIT_BAD_INPUT = 2
EXIT_STOPPED = 128  # plus the signal's number, as shells do
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
        # Ending takes a moment, in which another one would be a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
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
        given = sys.argv[1:]
        if asks_for_help(given):
            told = sys.modules["__main__"].__doc__
            print(help_text.describe(told, settings.DEFINED), end="")
            return
        argv = [sys.argv[0], *flagfiles.expand(given)]
        native_log.hush()
        app.run(main, argv, flags_parser=_parse)

    logging.set_verbosity(logging.INFO)
    sys.exit(guarded(start))


def asks_for_help(given) -> bool:
    """Whether --help is among the arguments, before a -- on its own."""
    flags_given = given[: given.index("--")] if "--" in given else given
    return not {"--help", "-h", "-help", "--helpshort"}.isdisjoint(flags_given)


def _parse(argv):
    """The positional arguments; the flags are in absl's `FLAGS` then.

    Raises:
      UserError: a flag is not known, or its value is of another type.
    """
    if not {"--helpfull", "--helpxml"}.isdisjoint(argv):
        print(flags.FLAGS.get_help())
        raise SystemExit(0)
    try:
        return flags.FLAGS(argv)
    except flags.UnrecognizedFlagError as error:
        own = [one.name for k in settings.DEFINED for one in fields(k)]
        own = own or list(flags.FLAGS)
        nearest = difflib.get_close_matches(error.flagname, own, 1)
        raise UserError(
            f"there is no flag of that name. Received: --{error.flagname}"
            + "".join(f". Did you mean --{name}?" for name in nearest)
            + f" Next: {_own_name()} --help"
        ) from None
    except flags.Error as error:
        raise UserError(f"{error}. Next: {_own_name()} --help") from None


def _own_name() -> str:
    """How this command was called, such as `python -m migan_tf.train`."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return f"python -m {spec.name}" if spec else sys.argv[0]
