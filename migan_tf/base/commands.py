"""The commands of the program, and how each is run from anywhere.

A command is a module that is run and not imported, as by `python -m`. Those
of `export/` lie inside an installed package, and beside it in a checkout.
"""

import ast
import difflib
import importlib.util
import pathlib
import runpy
import sys

from migan_tf.base.errors import UserError

_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
_EXPORTS = {"client": "client", "export": "saved_model", "onnx": "onnx"}


def modules() -> dict[str, str]:
    """{command: its module}, such as `segment` and `migan_tf.segment`."""
    own = sorted(path.stem for path in _PACKAGE.glob("[a-z]*.py"))
    found = {name.replace("_", "-"): f"migan_tf.{name}" for name in own}
    package = "export"
    if (_PACKAGE / package).is_dir():
        package = "migan_tf.export"
    return found | {
        command: f"{package}.{name}" for command, name in _EXPORTS.items()
    }


def run(command) -> None:
    """Runs a command on the arguments in `sys.argv[1:]`, and ends as it does.

    Args:
      command: a key of `modules`.

    Raises:
      UserError: there is no such command.
    """
    found = modules()
    if command not in found:
        nearest = difflib.get_close_matches(command, found, 1)
        raise UserError(
            f"the command must be one of {', '.join(found)}. Received: "
            f"{command!r}. Next: python -m migan_tf"
            + "".join(f" {name}, if that was meant" for name in nearest)
        )
    _find_exports()
    runpy.run_module(found[command], run_name="__main__", alter_sys=True)


def describe() -> str:
    """One line for each command: its console script and what it does."""
    _find_exports()
    rows = []
    for command, module in modules().items():
        source = pathlib.Path(importlib.util.find_spec(module).origin)
        told = ast.get_docstring(ast.parse(source.read_text("utf-8")))
        first = told.partition("\n")[0]
        rows.append(f"  {'migan-' + command:<24}{first}")
    return "\n".join(
        [
            "Commands; each tells its flags with --help. `migan-segment`,",
            "`python -m migan_tf segment` and `python -m migan_tf.segment`",
            "are one.",
            *rows,
        ]
    )


def _find_exports() -> None:
    """Lets `export` of a checkout be imported from any working directory."""
    checkout = str(_PACKAGE.parent)
    beside = (_PACKAGE.parent / "export").is_dir()
    if beside and checkout not in sys.path:
        sys.path.append(checkout)
