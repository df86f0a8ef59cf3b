"""A generator that exists already: which one it is, and what it has seen.

A cell of n photographs asks what pairs add to these n. A generator that has
learned from others brings them along in its pairs, and one that has learned
from test photographs brings the answers: the first is said, the second
refused, as far as the generator's record tells.
"""

import dataclasses
import json
import pathlib

from migan_tf.base import run_record
from migan_tf.base.errors import UserError

NAMED = 3  # image ids that a line names


@dataclasses.dataclass(frozen=True)
class GivenGenerator:
    """The generator of --generator_model, in place of one for each cell."""

    folder: pathlib.Path  # of a SavedModel, or of a run's task
    identity: dict[str, str]  # model, version and weights_sha256
    dataset: str  # that it was trained on
    # {image_id: SHA-256, empty where it is not known} of what it was trained
    # on, and of what chose its weights; None: there is no record.
    learned_from: dict[str, str] | None
    held_out: dict[str, str] | None

    def refuse_tested(self, dataset, tested) -> None:
        """Refuses a generator that knows a photograph of the test.

        Args:
          dataset: of the experiment.
          tested: its list of test `Photograph`s.

        Raises:
          UserError: it has learned from one, or was chosen by one.
        """
        seen = {**(self.learned_from or {}), **(self.held_out or {})}
        leaked = self._beside(seen, dataset, tested)[0]
        if leaked:
            raise UserError(
                "--generator_model must not have seen a test photograph of "
                f"{dataset}, which the arms are scored by. Received: "
                f"{self.folder}, whose record has {_names(leaked)}. Next: "
                "python -m migan_tf.train --task=synthesis "
                f"--dataset={dataset} …, which learns from training "
                "photographs alone"
            )

    def outside(self, dataset, counted) -> list[str]:
        """What it has learned from that a cell does not count among its n.

        Args:
          dataset: of the experiment.
          counted: list of the cell's n `Photograph`s.

        Returns:
          Image ids; none where there is no record.
        """
        return self._beside(self.learned_from or {}, dataset, counted)[1]

    def described(self, outside) -> dict:
        """Plain values for the report.

        Args:
          outside: list of {real, seed, images}, one for each cell in which
            there are `images` that it has learned from and that are `outside`.
        """
        learned = self.learned_from
        return {
            **self.identity,
            "folder": str(self.folder),
            "learned_from": None if learned is None else sorted(learned),
            "outside": outside,
        }

    def _beside(self, seen, dataset, photographs):
        """Image ids of `seen` that are among photographs, and the others.

        A photograph is known by its content. Where both are of one dataset its
        name tells, too: other annotators make another content of it.
        """
        known = {p.sha256() for p in photographs}
        if set(self.dataset.split(",")) & set(dataset.split(",")):
            known |= {p.image_id for p in photographs}
        among = [name for name in seen if known & {name, seen[name]}]
        return among, [name for name in seen if name not in among]


def of(folder) -> GivenGenerator:
    """Reads what is written beside a generator.

    Args:
      folder: its `inference.model_folder.ModelFolder`.

    Raises:
      UserError: it is no generator, or has no weights yet.
    """
    if not folder.is_saved_model and folder.path.name == "segmentation":
        raise UserError(
            "--generator_model must be a generator. Received: the segmenter "
            f"of a run, {folder.path}. Next: its folder `synthesis`, or one "
            "that has it: python -m migan_tf.train --task=synthesis …"
        )
    records = _records(folder)
    learned_from = held_out = None
    if all(records):
        made = _joined(records, "extra")  # names of datasets
        made = {f"dataset {name}": digest for name, digest in made.items()}
        learned_from = {**_joined(records, "train"), **made}
        held_out = _joined(records, "validation")
        style = pathlib.Path(folder.config.style_image).stem
        if style and folder.config.deviation == "style":
            learned_from.setdefault(style, "")
    return GivenGenerator(
        folder.path,
        folder.identity(),
        dataset=folder.config.dataset,
        learned_from=learned_from,
        held_out=held_out,
    )


def caveats(described) -> list[str]:
    """What must be borne in mind of pairs of a given generator, as sentences.

    Args:
      described: from `GivenGenerator.described`.
    """
    if described["learned_from"] is None:
        return [
            "There is no record of the photographs that the generator learned "
            "from: they may be others than a cell's n, or test photographs."
        ]
    cells = [
        f"n = {cell['real']}, seed {cell['seed']}: {len(cell['images'])} "
        f"({_names(cell['images'])})"
        for cell in described["outside"]
    ]
    if not cells:
        return []
    return [
        "The generator learned from photographs that a cell does not count "
        f"among its n: {'; '.join(cells)}. There its pairs bring more "
        "than these n photographs: what they do is not what a generator of n "
        "photographs could do."
    ]


def _records(folder):
    """{split: {image_id: SHA-256}} of each run that a network comes from."""
    if folder.is_saved_model:
        runs = folder.card.get("members", [folder.card["training"]])
        return [run.get("photographs_sha256") for run in runs]
    record = json.loads((folder.path / run_record.RECORD).read_text("utf-8"))
    return [record.get("data")]


def _joined(records, split):
    return {
        name: digest
        for record in records
        for name, digest in record.get(split, {}).items()
    }


def _names(images):
    more = len(images) - NAMED
    listed = ", ".join(images[:NAMED])
    return f"{listed} and {more} more" if more > 0 else listed
