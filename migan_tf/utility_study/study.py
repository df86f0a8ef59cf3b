"""The whole experiment: planned, run, and reported."""

from absl import logging

from migan_tf.base.errors import UserError
from migan_tf.data import photographs, prepared
from migan_tf.utility_study import page, plan, report, runner


def run(settings) -> int:
    """Plans, runs what is not done yet, and reports.

    Args:
      settings: `flags.Settings`.

    Returns:
      Exit status 0.

    Raises:
      UserError: the data do not suffice, or a step failed.
    """
    available, tested = _photographs(settings)
    cells = plan.make(settings, available, tested)
    _warn_of_few(cells, tested)
    if settings.dry_run:
        print(plan.describe(cells))
        return 0
    runner.Runner(settings.output, cells, settings.jobs).run()
    results = report.make(settings, cells)
    print(page.write(results, settings.output), end="")
    print(f"report: {settings.output / 'utility.md'}")
    return 0


def _warn_of_few(cells, tested):
    """Says before hours of training that no verdict can come of them."""
    # Cells of several seeds are one comparison.
    comparisons = len({cell.real for cell in cells}) * len(cells[0].arms[1:])
    least = report.least_p(comparisons, tested)
    if least >= report.LEVEL:
        logging.warning(
            "%s",
            f"{tested} test images are too few for a verdict of {comparisons} "
            f"comparisons: the least adjusted p is {least:.2g}. Take fewer of "
            "--real and --multiples",
        )


def _photographs(settings):
    """Counts the photographs of --dataset, which is built if need be.

    Returns:
      (those of the training split, those of the test split).

    Raises:
      UserError: a test photograph has no vessel map to be scored by.
    """
    available = tested = 0
    for name in settings.dataset.split(","):
        builder = prepared.ensure_prepared(
            name, settings.data_dir, settings.manual_dir
        )
        splits = builder.info.splits
        if "train" in splits:
            available += splits["train"].num_examples
        test = photographs.read(builder, "test") if "test" in splits else []
        tested += len(test)
        bare = [p.image_id for p in test if p.vessel_map is None]
        if bare:
            raise UserError(
                "--dataset must have a vessel map for every test photograph, "
                f"which the arms are scored by. Received: {name}, without one "
                f"for {', '.join(bare)}. Give --manual_dir files that have "
                "them (README, Data)"
            )
    return available, tested
