"""The whole experiment: planned, run, and reported."""

from absl import logging

from migan_tf.base.errors import UserError
from migan_tf.data import photographs, prepared
from migan_tf.utility_study import (
    given_generator,
    page,
    plan,
    record,
    report,
    runner,
)


def run(settings, generator=None) -> int:
    """Plans, runs what is not done yet, and reports.

    Args:
      settings: `flags.Settings`.
      generator: `inference.model_folder.ModelFolder` of --generator_model, or
        None.

    Returns:
      Exit status 0.

    Raises:
      UserError: the data do not suffice, or a step failed.
    """
    given = None if generator is None else given_generator.of(generator)
    wanted = record.of(settings, given)
    record.check(settings.output, wanted)
    available, tested = _photographs(settings)
    cells = plan.make(settings, available, len(tested), generator=given)
    described = None
    if given is not None:
        given.refuse_tested(settings.dataset, tested)
        described = _described(settings, cells, given)
    _warn_of_few(cells, len(tested))
    if settings.dry_run:
        print(plan.describe(cells))
        return 0
    steps = runner.Runner(settings.output, cells, settings.jobs)
    record.write(settings.output, wanted)
    steps.run()
    results = report.make(settings, cells, described)
    print(page.write(results, settings.output), end="")
    print(f"report: {settings.output / 'utility.md'}")
    return 0


def _described(settings, cells, generator):
    """What the report says of a given generator; warns of it, too."""
    training = photographs.load(
        photographs.Source(
            settings.dataset,
            settings.data_dir,
            settings.manual_dir,
            validation_images=0,
        ),
        "train",
    )
    outside = []
    for cell in cells:
        left, _ = photographs.split_validation(
            training, settings.validation_images, cell.seed
        )
        counted = photographs.subset(left, cell.real, cell.seed)
        images = generator.outside(settings.dataset, counted)
        if images:
            outside.append(
                {"real": cell.real, "seed": cell.seed, "images": images}
            )
    described = generator.described(outside)
    for caveat in given_generator.caveats(described):
        logging.warning("%s", caveat)
    return described


def _warn_of_few(cells, tested):
    """Says before hours of training that no verdict can come of them."""
    # Cells of several seeds are one comparison.
    comparisons = len({cell.real for cell in cells}) * len(cells[0].arms[1:])
    least = report.least_p(comparisons, tested)
    if least >= report.LEVEL:
        logging.warning(
            "%s",
            f"{tested} test images are too few for a verdict of {comparisons} "
            f"comparison{'s'[: comparisons > 1]}: the least adjusted p is "
            f"{least:.2g}. Take fewer of --real and --multiples",
        )


def _photographs(settings):
    """The photographs of --dataset, which is built if need be.

    Returns:
      (number of those of the training split, list of those of the test split).

    Raises:
      UserError: a test photograph has no vessel map to be scored by.
    """
    available, tested = 0, []
    for name in settings.dataset.split(","):
        builder = prepared.ensure_prepared(
            name, settings.data_dir, settings.manual_dir
        )
        splits = builder.info.splits
        if "train" in splits:
            available += splits["train"].num_examples
        test = photographs.read(builder, "test") if "test" in splits else []
        tested += test
        bare = [p.image_id for p in test if p.vessel_map is None]
        if bare:
            raise UserError(
                "--dataset must have a vessel map for every test photograph, "
                f"which the arms are scored by. Received: {name}, without one "
                f"for {', '.join(bare)}. Give --manual_dir files that have "
                "them (README, Data)"
            )
    return available, tested
