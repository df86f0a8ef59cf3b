"""Gives a prepared dataset, building it first where its files are there.

A name may say where its files lie, as in `folder:DIR`; else --manual_dir does.
A dataset that was made by `migan_tf.synthesize` has no code. That of the
others lies in `datasets/` beside the package in a checkout and in
`migan_tf/datasets` in an installed wheel. Either folder goes on sys.path, so
that a builder has one import name, `<name>.<name>_dataset_builder`; imported
under two names TFDS refuses it as already registered.
"""

import contextlib
import importlib
import os
import pathlib
import shutil
import sys
import tempfile
import textwrap

import tensorflow_datasets as tfds
from absl import logging

from migan_tf.base import files, locks
from migan_tf.base.errors import UserError, quoted

_INFO = "dataset_info.json"


def ensure_prepared(
    dataset: str, data_dir: str = "", manual_dir: str = ""
) -> tfds.core.DatasetBuilder:
    """Returns the builder of a prepared dataset; builds it when it is not.

    A prepared dataset is used as it lies. Only one process builds a dataset
    at a time, others wait for it; a build that fails or is stopped leaves
    nothing behind, one that is killed is cleared away by the next call.

    Args:
      dataset: "drive", "stare", "phantom" … or with a configuration, such as
        "phantom/demo", or with the folder of its files, such as "folder:DIR";
        or a made dataset that lies in `data_dir`.
      data_dir: where prepared datasets lie; empty: ~/tensorflow_datasets.
      manual_dir: where the downloaded archives lie, for a name that does not
        say it; empty: <data_dir>/downloads/manual.

    Raises:
      UserError: unknown dataset, or its files are absent or damaged; says
        where to get them, where to put them and what to run next.
    """
    files.refuse_patterns(prepared_folder(data_dir), "data_dir")
    dataset, place = parted(dataset)
    if dataset.partition("/")[0] not in names():
        return _made(dataset, data_dir)
    manual_dir = place or manual_dir
    builder = _builder(dataset, data_dir, manual_dir)
    if is_prepared(builder):
        return builder
    root = pathlib.Path(builder.data_dir).parents[
        1 if builder.builder_config is None else 2
    ]
    manual_dir = manual_dir or str(root / "downloads" / "manual")
    manual_dir = _absolute(manual_dir)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (
            locks.hold(root / f".{builder.name}.lock"),
            locks.sigterm_as_exit(),
        ):
            _remove_leftovers(builder)
            if not is_prepared(builder):
                _build(builder, root, manual_dir)
    except OSError as error:
        raise UserError(
            f"{dataset} could not be built in {root}: {error}. "
            "Next: make room, or choose another folder with --data_dir"
        ) from error
    return _builder(dataset, data_dir, manual_dir)


@contextlib.contextmanager
def leaving_nothing(datasets, data_dir="", manual_dir=""):
    """Has datasets that are not prepared built for as long as they are needed.

    Args:
      datasets: names, as of `ensure_prepared`.
      data_dir: see `ensure_prepared`.
      manual_dir: see `ensure_prepared`.

    Yields:
      (data_dir, manual_dir) to take in their place: the same where all are
      prepared, else a folder with links to those that are.

    Raises:
      UserError: as of `ensure_prepared`.
    """
    root = prepared_folder(data_dir)
    missing = set()
    for name, place in map(parted, datasets):
        own = name.partition("/")[0]
        if own in names() and not is_prepared(
            _builder(name, data_dir, place or manual_dir)
        ):
            missing.add(own)
    if not missing:
        yield data_dir, manual_dir
        return
    with tempfile.TemporaryDirectory() as folder:
        for place in root.iterdir() if root.is_dir() else ():
            if place.name not in missing and place.is_dir():
                pathlib.Path(folder, place.name).symlink_to(place.absolute())
        yield folder, manual_dir or str(root / "downloads" / "manual")


def parted(dataset: str) -> tuple[str, str]:
    """Parts `folder:DIR` into the dataset's name and where its files lie.

    The latter is empty where the name does not say it.
    """
    name, _, place = dataset.partition(":")
    return name, place


def doctor_command(manual_dir: str) -> str:
    """The command that looks at a folder of downloads."""
    flag = f"--manual_dir={quoted(manual_dir)}"
    return f"python -m migan_tf.doctor {flag}"


def train_command(name: str, manual_dir: str) -> str:
    """The command that trains on a dataset, which it builds first.

    Args:
      name: of the dataset; experiments/NAME.flags are its flags.
      manual_dir: where its files lie.
    """
    flag = f"--manual_dir={quoted(manual_dir)}"
    return (
        f"python -m migan_tf.train --flagfile=experiments/{name}.flags "
        f"{flag} --workdir=runs/{name}"
    )


def public_name(datasets: str) -> str:
    """The value of --dataset with `folder:NAME` for `folder:/path/to/NAME`.

    What is passed on, as a model's card is, does not tell its maker's folders.
    """
    parts = [parted(dataset) for dataset in datasets.split(",")]
    return ",".join(
        f"{name}:{pathlib.Path(place).name}" if place else name
        for name, place in parts
    )


def is_prepared(builder: tfds.core.DatasetBuilder) -> bool:
    """Whether a dataset is there; raises UserError if part of it is gone."""
    place = pathlib.Path(builder.data_dir)
    if not place.exists():
        return False
    shards = (
        path for split in builder.info.splits.values()
        for path in split.filepaths
    )  # fmt: skip
    gone = [str(path) for path in shards if not os.path.exists(path)]
    if gone or not builder.is_prepared():
        raise UserError(
            f"the prepared dataset {place} is damaged: "
            f"{gone[0] if gone else _INFO} is missing. "
            f"Remove it and run the command again: rm -r {quoted(place)}"
        )
    return True


def names() -> list[str]:
    """The datasets that can be built, e.g. ["drive", "folder", …]."""
    found = code_dir().glob("*/*_dataset_builder.py")
    return sorted(path.parent.name for path in found)


def made_names(data_dir: str = "") -> list[str]:
    """Names of the folders in `data_dir` that hold a prepared version."""
    root = prepared_folder(data_dir)
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if _versions(path))


def prepared_folder(data_dir: str = "") -> pathlib.Path:
    """Where prepared datasets lie; empty: TFDS's own folder."""
    return files.at_home(data_dir or tfds.core.constants.DATA_DIR)


def code_dir() -> pathlib.Path:
    """The folder that holds `drive/`, `stare/` and `phantom/`.

    Raises:
      UserError: the package was installed without its builders.
    """
    package = pathlib.Path(__file__).resolve().parents[1]
    candidates = (package.parent / "datasets", package / "datasets")
    for folder in candidates:
        # `datasets` alone may be the package of Hugging Face.
        if (folder / "drive" / "drive_dataset_builder.py").is_file():
            return folder
    raise UserError(
        "the dataset builders are not installed: expected drive/, stare/ and "
        f"phantom/ in one of {', '.join(map(str, candidates))}. Install the "
        "project again: pip install ."
    )


def load_module(dataset: str, suffix: str):
    """Imports `<dataset>.<dataset>_<suffix>` from the builders' folder."""
    folder = str(code_dir())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"{dataset}.{dataset}_{suffix}")


def made_builder(
    name: str, data_dir: str = ""
) -> tfds.core.DatasetBuilder | None:
    """The newest prepared version of a made dataset, None without one.

    Raises:
      UserError: its prepared_folder is damaged.
    """
    root = prepared_folder(data_dir)
    if not name or pathlib.Path(name).name != name:
        return None
    versions = _versions(root / name)
    if not versions:
        return None
    newest = root / name / str(max(versions))
    try:
        made = tfds.builder_from_directory(newest)
    except Exception as error:  # of many kinds: JSON, protobuf, features
        raise UserError(
            f"the prepared dataset {newest} is damaged: {error}. Remove it "
            "and make it again: python -m migan_tf.synthesize "
            f"--format=tfrecord --output={quoted(root / name)} …"
        ) from error
    is_prepared(made)
    return made


def _made(dataset: str, data_dir: str) -> tfds.core.DatasetBuilder:
    made = made_builder(dataset, data_dir)
    if made is None:
        raise UserError(
            "--dataset and --extra_dataset must be one of "
            f"{', '.join(names())}, or one made by "
            "migan_tf.synthesize --format=tfrecord in "
            f"{prepared_folder(data_dir)} (there: "
            f"{', '.join(made_names(data_dir)) or 'none'}). "
            f"Received: {dataset!r}"
        )
    return made


def _versions(path: pathlib.Path) -> list[tfds.core.Version]:
    if not path.is_dir():
        return []
    return [
        tfds.core.Version(place.name)
        for place in path.iterdir()
        if tfds.core.Version.is_valid(place.name) and (place / _INFO).is_file()
    ]


def _builder(
    dataset: str, data_dir: str, manual_dir: str
) -> tfds.core.DatasetBuilder:
    name, _, config = dataset.partition("/")
    builder_class = load_module(name, "dataset_builder").Builder
    if hasattr(builder_class, "config_of") and not config:
        # Its files are the dataset: other ones are another dataset.
        place = manual_dir and _absolute(manual_dir)
        try:
            config = builder_class.config_of(place)
        except UserError as error:
            if not os.path.isdir(place):
                raise
            raise UserError(
                f"{error}\nLook at the folder: {doctor_command(place)}\n"
                f"Then: {train_command(name, place)}"
            ) from error
        return builder_class(config=config, data_dir=data_dir or None)
    configs = sorted(builder_class.builder_configs)
    if config and config not in configs:
        raise UserError(
            f"--dataset={dataset}: {name} has "
            + (f"the configurations {', '.join(configs)}" if configs else
               "no configurations")
            + f". Received: {config!r}"
        )  # fmt: skip
    return builder_class(config=config or None, data_dir=data_dir or None)


def _absolute(manual_dir):
    return os.path.abspath(files.at_home(manual_dir))


def _build(builder, root: pathlib.Path, manual_dir: str) -> None:
    logging.info("Building %s into %s", builder.info.full_name, root)
    config = tfds.download.DownloadConfig(manual_dir=manual_dir)
    try:
        builder.download_and_prepare(
            download_dir=str(root / "downloads"), download_config=config
        )
    except BaseException as error:
        _remove_empty(root, builder.name)
        if _is_about_files(error, builder.name):
            raise UserError(
                _advice(builder, root, manual_dir=manual_dir, error=error)
            ) from error
        import tensorflow as tf  # It is loaded by now.

        if isinstance(error.__cause__, (OSError, tf.errors.OpError)):
            raise OSError(str(error.__cause__)) from error  # of the disk
        raise


def _is_about_files(error: BaseException, name: str) -> bool:
    """Whether the user's files or network are at fault, not our code."""
    origin = type(error).__module__.partition(".")[0]
    no_folder = isinstance(error, AssertionError) and "anual dir" in str(error)
    download = isinstance(error, tfds.download.DownloadError)
    user = isinstance(error, UserError)
    ours = origin in (name, "requests", "urllib3")
    return user or no_folder or download or ours


def _advice(builder, root, manual_dir: str, error: BaseException) -> str:
    """A few lines: what is wrong, where to get it, what to run next."""
    reason = str(error)
    if isinstance(error, AssertionError):
        reason = f"{manual_dir} does not exist or is empty."
    where = textwrap.dedent(builder.MANUAL_DOWNLOAD_INSTRUCTIONS or "")
    return "\n".join(
        line
        for line in (
            f"{builder.name} is not built in {root}, and cannot be yet.",
            reason,
            where.strip().replace("manual_dir", manual_dir, 1),
            f"Look at the folder: {doctor_command(manual_dir)}",
            f"Then: {train_command(builder.name, manual_dir)}",
        )
        if line
    )


def _remove_leftovers(builder) -> None:
    """Clears what a killed build left; the lock says nobody builds now."""
    folder = pathlib.Path(builder.data_dir)
    for leftover in folder.parent.glob(f"incomplete.*_{folder.name}"):
        logging.info("Removing %s, left by a stopped build", leftover)
        shutil.rmtree(leftover)


def _remove_empty(root: pathlib.Path, name: str) -> None:
    """Removes the empty folders that TFDS makes before it fails."""
    made = sorted((root / name).rglob("*"), reverse=True) + [root / name]
    made += [root / "downloads" / "extracted", root / "downloads"]
    for folder in made:
        with contextlib.suppress(OSError):
            folder.rmdir()  # refuses a file and a folder with content
