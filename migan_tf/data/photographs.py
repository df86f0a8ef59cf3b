"""The photographs of a dataset at their own size, and who validates.

Training holds all of its photographs, `load`; what looks at each of them once
goes through a `scan`, which holds one at a time, whatever their size.
"""

import dataclasses
import hashlib

import numpy as np
import tensorflow_datasets as tfds

from migan_tf.base.errors import UserError
from migan_tf.data import prepared

SPLITS = ("train", "validation", "test")
PLANES = ("fov_mask", "vessel_map", "second_annotator")
# Streams of one seed: 0 draws the split, 1 to 4, 6 and 7 are of `data`.
SUBSET_STREAM = 5


@dataclasses.dataclass(frozen=True)
class Photograph:
    """One dataset example at its own size."""

    image_id: str
    fundus: np.ndarray  # (H,W,3) uint8
    fov_mask: np.ndarray  # (H,W) bool
    vessel_map: np.ndarray | None  # (H,W) bool
    second_annotator: np.ndarray | None  # (H,W) bool

    def sha256(self) -> str:
        """The SHA-256 of the fundus, the FOV mask and the vessel map.

        One byte a value (masks 0 and 1), row by row; what files they came
        from does not matter.
        """
        planes = (self.fundus, self.fov_mask, self.vessel_map)
        content = b"".join(p.tobytes() for p in planes if p is not None)
        return hashlib.sha256(content).hexdigest()


@dataclasses.dataclass(frozen=True)
class Source:
    """Which photographs are meant; the names are those of the flags."""

    dataset: str  # a name, such as folder:DIR, or several with commas
    data_dir: str = ""
    manual_dir: str = ""
    validation_images: int = 1
    validation_split: str = "by_image"
    train_photographs: int = 0
    seed: int = 0

    @classmethod
    def of(cls, config) -> "Source":
        """The photographs of a run, from its `Config`."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: getattr(config, name) for name in names})

    def elsewhere(self, dataset="", data_dir="", manual_dir="") -> "Source":
        """The same, or another dataset or place where one is given."""
        given = dict(dataset=dataset, data_dir=data_dir, manual_dir=manual_dir)
        given = {name: value for name, value in given.items() if value}
        return dataclasses.replace(self, **given)


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is known of a photograph before it is decoded."""

    dataset: str  # as it is named in --dataset
    stored_id: str  # its image id in there
    image_id: str  # the same, or one that no other dataset has
    has_vessel_map: bool


@dataclasses.dataclass(frozen=True)
class Scan:
    """The photographs of a split, each decoded when its turn comes.

    Attributes:
      entries: their `Entry`s, by dataset, as named, and image id.
      builders: {name as in --dataset: TFDS builder}.
      split: of these, `train` or `test`.
    """

    entries: list[Entry]
    builders: dict
    split: str

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self):
        """The `Photograph`s, in the order in which they are stored."""
        for name, builder in self.builders.items():
            wanted = {
                entry.stored_id: entry.image_id
                for entry in self.entries
                if entry.dataset == name
            }
            for example in _stored(builder, self.split):
                image_id = wanted.get(_id_of(example))
                if image_id is not None:
                    yield _decoded(example, builder, image_id)


def load(source, split) -> list[Photograph]:
    """The photographs of one split, all at once and sorted; see `scan`."""
    found = scan(source, split)
    photographs = {photograph.image_id: photograph for photograph in found}
    return [photographs[entry.image_id] for entry in found.entries]


def scan(source, split) -> Scan:
    """Finds the photographs of one split, their dataset built if need be.

    Args:
      source: the `Source`.
      split: `test`, or `train` or `validation`, into which the dataset's
        training photographs are divided by --validation_split: whole images,
        or, for `augmented`, all of them in both. `train` holds no more than
        --train_photographs.

    Returns:
      Their `Scan`; nothing is decoded, but where there are several datasets,
      which must have photographs of their own.

    Raises:
      UserError: the split is unknown or absent, there is no such data, or
        there are too few photographs.
    """
    if split not in SPLITS:
        raise UserError(
            f"--split must be one of {', '.join(SPLITS)}. Received: {split}"
        )
    builders = {
        name: prepared.ensure_prepared(name, source.data_dir, source.manual_dir)
        for name in source.dataset.split(",")
    }
    tfds_split = "test" if split == "test" else "train"
    _check_has_split(builders, tfds_split)
    if len(builders) > 1:
        _check_apart(builders, tfds_split)
    entries = _entries(builders, tfds_split)
    if split != "test":
        _check_annotated(entries, source.dataset)
        entries = _divided(entries, source, split)
    return Scan(entries, builders, tfds_split)


def read(builder, split) -> list[Photograph]:
    """Reads a split of a prepared TFDS builder, sorted by image_id.

    Soft vessel maps, as made datasets have them, are cut at one half; those
    of --extra_dataset stay soft (`extra_pairs`).
    """
    photographs = [
        _decoded(example, builder, _id_of(example))
        for example in _stored(builder, split)
    ]
    return sorted(photographs, key=lambda photograph: photograph.image_id)


def split_validation(photographs, count, seed):
    """Holds out `count` whole photographs, before any augmentation.

    Args:
      photographs: list sorted by image_id.
      count: how many to hold out.
      seed: the choice is a function of it.

    Returns:
      (training, held_out), both in the order given.

    Raises:
      UserError: nothing would be left to train on.
    """
    if count >= len(photographs):
        raise UserError(
            "--validation_images must leave at least one of the "
            f"{len(photographs)} training images. Received: {count}"
        )
    order = np.random.default_rng([seed, 0]).permutation(len(photographs))
    held_out = set(order[:count])
    return (
        [p for i, p in enumerate(photographs) if i not in held_out],
        [p for i, p in enumerate(photographs) if i in held_out],
    )


def subset(photographs, count, seed):
    """The first `count` of a seeded permutation, 0: all.

    Of one seed the smaller subsets lie in the larger ones.

    Args:
      photographs: those of training, without what is held out.
      count: the value of --train_photographs.
      seed: the choice is a function of it.

    Returns:
      List in the order given.

    Raises:
      UserError: there are fewer.
    """
    if not count:
        return photographs
    if count > len(photographs):
        raise UserError(
            "--train_photographs must be at most the "
            f"{len(photographs)} that are left to train on, or 0 for all. "
            f"Received: {count}"
        )
    order = np.random.default_rng([seed, SUBSET_STREAM])
    chosen = set(order.permutation(len(photographs))[:count])
    return [p for i, p in enumerate(photographs) if i in chosen]


def _stored(builder, split):
    """The examples of a split as they lie, images not decoded."""
    undecoded = dict.fromkeys(("fundus", *PLANES), tfds.decode.SkipDecoding())
    # Nothing is kept for another time or read ahead.
    config = tfds.ReadConfig(
        try_autocache=False, skip_prefetch=True, interleave_cycle_length=1
    )
    yield from tfds.as_numpy(
        builder.as_dataset(split=split, decoders=undecoded, read_config=config)
    )


def _id_of(example):
    return example["image_id"].decode()


def _decoded(example, builder, image_id):
    """The `Photograph` of an example of `_stored`."""
    features = builder.info.features

    def decoded(name):
        return features[name].decode_example(example[name]).numpy()

    planes = {"fov_mask": decoded("fov_mask")[..., 0] > 127}
    for name in ("vessel_map", "second_annotator"):
        present = example[f"has_{name}"]
        planes[name] = decoded(name)[..., 0] > 127 if present else None
    return Photograph(image_id, decoded("fundus"), **planes)


def _divided(entries, source, split):
    """Those of a dataset's training photographs that train, or validate."""
    if source.validation_split == "augmented":
        # Validation sees turned copies of what is trained on, no others.
        return subset(entries, source.train_photographs, source.seed)
    training, held_out = split_validation(
        entries, source.validation_images, source.seed
    )
    if split == "validation":
        return held_out
    return subset(training, source.train_photographs, source.seed)


def _entries(builders, split):
    """The `Entry`s of several datasets, image ids and all their own.

    Args:
      builders: {name as in --dataset: TFDS builder}.
      split: one that all have.
    """
    entries = []
    for name, builder in builders.items():
        found = {
            _id_of(example): bool(example["has_vessel_map"])
            for example in _stored(builder, split)
        }
        entries += [
            Entry(name, one, image_id=one, has_vessel_map=found[one])
            for one in sorted(found)
        ]
    if len({entry.image_id for entry in entries}) == len(entries):
        return entries
    titles = _titles(builders)
    return [
        dataclasses.replace(e, image_id=f"{titles[e.dataset]}_{e.stored_id}")
        for e in entries
    ]


def _titles(builders):
    """{name: what its image ids begin with where some are the same}."""
    titles = {}
    for name, builder in builders.items():
        config = getattr(builder, "builder_config", None)
        title = getattr(config, "title", prepared.parted(name)[0])
        title = title.replace("/", "_")
        count = list(titles.values()).count(title)  # two folders of one name
        titles[name] = f"{title}_{count + 1}" if count else title
    return titles


def _check_apart(builders, split):
    """Raises a `UserError` where two datasets hold one photograph.

    One of the two could be trained on and the other validate.
    """
    seen = {}
    for name, builder in builders.items():
        for example in _stored(builder, split):
            photograph = _decoded(example, builder, _id_of(example))
            content = hashlib.sha256(photograph.fundus.tobytes()).digest()
            other, twin = seen.setdefault(content, (name, photograph.image_id))
            if other != name:
                raise UserError(
                    "--dataset: datasets of one run must have photographs of "
                    f"their own. Received: {twin} of {other}, which is "
                    f"{photograph.image_id} of {name}, too"
                )


def _check_annotated(entries, dataset):
    bare = [entry.image_id for entry in entries if not entry.has_vessel_map]
    if bare:
        raise UserError(
            f"--dataset={dataset}: training needs a vessel map for every "
            f"photograph. Received none for: {', '.join(bare)}. Next: "
            "python -m migan_tf.doctor --manual_dir=DIR"
        )


def _check_has_split(builders, split):
    for name, builder in builders.items():
        if split in builder.info.splits:
            continue
        advice = "name a dataset that has one, such as --dataset=drive"
        if prepared.parted(name)[0] == "folder":
            advice = (
                f"put photographs and their maps into folders called {split}, "
                "or name them in splits.csv (docs/own_photographs.md)"
            )
        if split == "test":
            advice += "; or score what was held out: --split=validation"
        raise UserError(
            f"--dataset: {builder.info.name} has no split `{split}`, only "
            f"{', '.join(builder.info.splits)}. Received: --dataset={name} "
            f"and a command that needs it. Next: {advice}"
        )
