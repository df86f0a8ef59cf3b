"""Files that are either whole or not there."""

import contextlib
import os
import pathlib
import tempfile


@contextlib.contextmanager
def atomic_path(path):
    """Yields a temporary path beside `path` that replaces it on success.

    The temporary file keeps the suffixes of `path` (`.weights.h5`), since
    libraries choose the format by them. After an exception nothing is left
    behind and an older `path` stays as it was.

    Args:
      path: the file to write; its folder is made.

    Yields:
      `pathlib.Path` to write to.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    stem, dot, suffixes = path.name.partition(".")
    handle, name = tempfile.mkstemp(
        prefix=f".{stem}-", suffix=dot + suffixes, dir=path.parent
    )
    os.close(handle)
    temporary = pathlib.Path(name)
    try:
        yield temporary
        # mkstemp makes files private; results are meant to be read by others.
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text: str) -> None:
    """Writes `text` to `path`, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
