"""Whether synthetic pairs helped: the scores of all arms, compared.

The question of each comparison, an arm against `real only` for one n, is
whether its AUC-PR differs on photographs that no network has seen. The
difference is taken image by image and seed by seed, averaged over the seeds,
and tested by an exact sign-flip test over the images; the p of all comparisons
are adjusted by Holm's method. A verdict needs an adjusted p below 0.05.
"""

import json

import numpy as np

from migan_tf.base import run_record
from migan_tf.base.errors import UserError
from migan_tf.metrics import paired_test
from migan_tf.utility_study.plan import (
    GENERATOR,
    REAL,
    SYNTHETIC,
    read_summary,
)

# The figures of the report and their titles.
FIGURES = {
    "auc_pr": "AUC-PR",
    "dice_otsu": "Dice, Otsu",
    "auc_roc": "AUC-ROC",
}
TESTED = "auc_pr"  # the figure that verdicts and TSTR gaps are of
LEVEL = 0.05  # an adjusted p below it makes a verdict
# Flags that may differ between two segmenters that are compared.
VARIED = frozenset(
    "workdir seed train_photographs extra_dataset extra_share "
    "extra_count extra_until".split()
)


def make(settings, cells, generator=None) -> dict:
    """Compares the arms of all cells.

    Args:
      settings: `flags.Settings`.
      cells: list of `plan.Cell`, all of them done.
      generator: what `given_generator.GivenGenerator.described` says of the
        one that painted all pairs; None where each cell has its own.

    Returns:
      The report as plain values, which `page.write` writes. `means` is
      {n: {arm: {figure: its mean}}}, `comparisons` has a dictionary for each
      verdict, `tstr` one for each n (see `tstr_gap`), `pools` one for the
      pairs of each cell, `runs` one for each arm of each cell.

    Raises:
      UserError: a score is missing or of other images, or arms were trained
        by other flags.
    """
    rows = [_scored(cell, arm) for cell in cells for arm in cell.arms]
    images = rows[0]["images"]
    for row in rows:
        if row["images"] != images:
            raise UserError(
                "all arms must be scored on the same images. Received: others "
                f"in {row['metrics']}. Remove that folder and run again"
            )
    _check_same_flags(cells, generator)
    arms = {arm.name: arm.title for arm in cells[0].arms}
    numbers = sorted({cell.real for cell in cells})
    compared = [
        _comparison(rows, n, name) for n in numbers for name in list(arms)[1:]
    ]
    adjusted = paired_test.holm([each["p"] for each in compared])
    for each, p in zip(compared, adjusted, strict=True):
        each["p_holm"] = p
        each["verdict"] = verdict(each["difference"], p)
    return {
        "dataset": settings.dataset,
        "seeds": list(settings.seeds),
        "pairs": settings.pairs,
        "images": images,
        "arms": arms,
        "means": {
            str(n): {name: _means(rows, n, name) for name in arms}
            for n in numbers
        },
        "generator": generator,
        "comparisons": compared,
        "tstr": [
            tstr_gap(rows, each)
            for each in compared
            if each["arm"] == SYNTHETIC
        ],
        "least_p_holm": least_p(len(compared), len(images)),
        "pools": [
            {"real": cell.real, "seed": cell.seed, **read_summary(cell.pool)}
            for cell in cells
        ],
        "runs": rows,
    }


def tstr_gap(rows, compared) -> dict:
    """Train on synthetic, test on real: what painted pairs alone lose.

    The gap is the AUC-PR, pooled over the test photographs, of the segmenter
    of photographs alone less that of the segmenter of painted pairs alone.

    Args:
      rows: list of the scores of each arm of each cell, the report's `runs`.
      compared: the comparison of the arm of pairs alone for one n.

    Returns:
      `real`, which is n; the means over the seeds `photographs`, `painted` and
      `gap`; `by_seed` with the same for each seed; and of the paired test
      `gap_by_image`, `p`, `p_holm` and `verdict`, which is of the pairs.
    """
    real = compared["real"]
    photographs, painted = (_of(rows, real, arm) for arm in (REAL, SYNTHETIC))
    by_seed = [
        {
            "seed": one["seed"],
            **_gap(one["pooled"][TESTED], two["pooled"][TESTED]),
        }
        for one, two in zip(photographs, painted, strict=True)
    ]
    means = (_means(rows, real, arm)[TESTED] for arm in (REAL, SYNTHETIC))
    return {
        "real": real,
        **_gap(*means),
        "by_seed": by_seed,
        "gap_by_image": -compared["difference"],
        **{name: compared[name] for name in ("p", "p_holm", "verdict")},
    }


def least_p(comparisons, images) -> float:
    """The least p that the tests allow after Holm's adjustment.

    Args:
      comparisons: number of verdicts.
      images: number of test images.
    """
    return min(1.0, comparisons * 2.0 ** (1 - images))


def verdict(difference, p) -> str:
    """Says what a difference of AUC-PR with its adjusted p means: a word."""
    if p >= LEVEL or not difference:
        return "no evidence"
    return "helps" if difference > 0 else "hurts"


def _gap(photographs, painted):
    gap = photographs - painted
    return {"photographs": photographs, "painted": painted, "gap": gap}


def _check_same_flags(cells, generator):
    """Raises `UserError` where the records of arms have other flags.

    A flagfile that was changed half-way would make the comparison one of
    flags.
    """
    first = {}
    for cell in cells:
        folders = [cell.folder / arm.name / "segmentation" for arm in cell.arms]
        if generator is None:
            folders.append(cell.folder / GENERATOR / "synthesis")
        for folder in folders:
            values = vars(run_record.read_config(folder))
            for name in values.keys() - VARIED:
                kept = first.setdefault((folder.name, name), values[name])
                if kept != values[name]:
                    raise UserError(
                        "all arms must be trained by the same flags. Received: "
                        f"--{name}={kept} and, in {folder.parent}, "
                        f"--{name}={values[name]}. Remove the runs of other "
                        "flags and run the same command again"
                    )


def _scored(cell, arm):
    """The scores of one arm of one cell."""
    path = cell.metrics(arm)
    try:
        scores = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise UserError(
            f"{path} must hold the score of an arm: {error}. Remove what is "
            "left of it and run the same command again"
        ) from None
    by_image = scores["per_image"]["images"]
    return {
        "real": cell.real,
        "seed": cell.seed,
        "arm": arm.name,
        "metrics": str(path.relative_to(cell.folder.parent)),
        "pooled": {name: scores["pooled"][name] for name in FIGURES},
        "images": [row["image_id"] for row in by_image],
        f"{TESTED}_by_image": [row[TESTED] for row in by_image],
    }


def _of(rows, real, arm):
    """The rows of all seeds, by rising seed."""
    found = [r for r in rows if (r["real"], r["arm"]) == (real, arm)]
    return sorted(found, key=lambda row: row["seed"])


def _means(rows, real, arm):
    """{figure: its mean over the seeds, pooled over the test images}."""
    found = _of(rows, real, arm)
    return {
        name: float(np.mean([row["pooled"][name] for row in found]))
        for name in FIGURES
    }


def _comparison(rows, real, arm):
    """Compares an arm with the arm of real photographs alone."""
    seeds, base = (
        np.array([row[f"{TESTED}_by_image"] for row in _of(rows, real, name)])
        for name in (arm, REAL)
    )
    differences = (seeds - base).mean(axis=0)
    return {
        "real": real,
        "arm": arm,
        "difference": float(differences.mean()),
        "by_seed": (seeds - base).mean(axis=1).tolist(),
        "images_better": int((differences > 0).sum()),
        "p": paired_test.sign_flip_p(differences),
    }
