"""TFDS builder of annotated photographs of one's own, from any folder."""

import dataclasses
import functools
import hashlib
import pathlib
import re

import tensorflow_datasets as tfds
from absl import logging

from migan_tf.base.errors import UserError
from migan_tf.data import annotated_files
from migan_tf.data.annotated_builder import AnnotatedBuilder

from . import folder_checks as checks
from . import folder_files as files

DIGITS = 12  # of the hash: two folders have the same one by chance never


@dataclasses.dataclass(kw_only=True)
class FolderConfig(tfds.core.BuilderConfig):
    """One state of one folder.

    Its name ends in a hash of what is built from: the contents of the files,
    what each is taken for, and the splits. So folders never share a cache, a
    copy of a folder has the same one, and a change makes another.
    """

    title: str = "folder"  # the folder's own name, in small letters


class Builder(AnnotatedBuilder):
    """Annotated fundus photographs of one's own, of any sizes."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    manual_dir holds images/ and vessel_maps/, or folders of other names, which
    are told by their content: see docs/own_photographs.md.
    """

    @classmethod
    def config_of(cls, manual_dir) -> FolderConfig:
        """The configuration that stands for a folder as it is now.

        Raises:
          UserError: there is no such folder, or it cannot be recognised.
        """
        folder = pathlib.Path(manual_dir)
        if not manual_dir or not folder.is_dir():
            raise UserError(
                "--dataset=folder needs a folder of photographs: "
                "--manual_dir=DIR or --dataset=folder:DIR. Received: "
                f"{str(manual_dir)!r}"
            )
        return _config(folder, _as_they_are(folder))

    def surveyed(self, manual_dir) -> annotated_files.Survey:
        """See `AnnotatedBuilder`; what it found is logged."""
        survey = checks.survey(manual_dir)
        annotated_files.check(survey, manual_dir)
        for sentence in survey.complete + survey.missing:
            logging.info("%s: %s", manual_dir, sentence)
        return survey


@functools.lru_cache(maxsize=64)
def _config(folder, files_as_they_are) -> FolderConfig:
    """The configuration of a folder; a command asks for it several times."""
    del files_as_they_are  # only tells whether it is still the same
    entries = files.read_layout(folder).entries
    if not entries:
        raise UserError(checks.explain_nothing(folder))
    title = re.sub("[^a-z0-9]+", "_", folder.resolve().name.lower())
    title = title.strip("_") or "folder"
    digest = _digest(entries)[:DIGITS]
    return FolderConfig(name=f"{title}_{digest}", title=title)


def _as_they_are(folder):
    """Names, sizes and times of all files below a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        # A link may lead nowhere.
        status = path.stat() if path.exists() else path.lstat()
        found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(found)


def _digest(entries) -> str:
    """SHA-256 of the files of `AnnotatedFiles` and of what each is."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(f"{entry.split}/{entry.image_id}\n".encode())
        for name in ("fundus", *annotated_files.PLANES):
            if file := getattr(entry, name):
                content = hashlib.sha256(file.content()).hexdigest()
                digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()
