"""The experiment from its flags to its report."""

from migan_tf import (
    builders,
    utility_page,
    utility_plan,
    utility_report,
    utility_steps,
)


def run(settings) -> int:
    """Plans, runs what is not done yet, and reports.

    Args:
      settings: `utility_flags.Settings`.

    Returns:
      Exit status 0.

    Raises:
      UserError: the data do not suffice, or a step failed.
    """
    cells = utility_plan.make(settings, *_photographs(settings))
    if settings.dry_run:
        print(utility_plan.describe(cells))
        return 0
    utility_steps.Runner(settings.output, cells, settings.jobs).run()
    report = utility_report.make(settings, cells)
    print(utility_page.write(report, settings.output), end="")
    print(f"report: {settings.output / 'utility.md'}")
    return 0


def _photographs(settings):
    """(training, test) photographs of --dataset, built if need be."""
    counts = {"train": 0, "test": 0}
    for name in settings.dataset.split(","):
        builder = builders.ensure_prepared(
            name, settings.data_dir, settings.manual_dir
        )
        for split in counts:
            if split in builder.info.splits:
                counts[split] += builder.info.splits[split].num_examples
    return counts["train"], counts["test"]
