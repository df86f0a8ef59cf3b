"""How long an experiment will take still, and on which cores."""

import os


def minutes_left(steps, done, jobs=1):
    """An estimate: each step takes as long as others of its kind did.

    Args:
      steps: list of `utility_plan.Step`.
      done: for each its seconds, None where it is still to be done.
      jobs: how many run at the same time.

    Returns:
      Minutes, or None while there is nothing to judge by.
    """
    taken = {}
    for step, seconds in zip(steps, done, strict=True):
        if seconds is not None:
            taken.setdefault(step.kind, []).append(seconds)
    if not taken:
        return None
    means = {kind: sum(row) / len(row) for kind, row in taken.items()}
    usual = sum(means.values()) / len(means)
    left = [
        s for s, seconds in zip(steps, done, strict=True) if seconds is None
    ]
    return sum(means.get(step.kind, usual) for step in left) / jobs / 60


def core_shares(jobs) -> list[set[int]]:
    """The cores of this process in `jobs` shares, none of them empty."""
    cores = sorted(os.sched_getaffinity(0))
    return [set(cores[i::jobs]) or set(cores) for i in range(jobs)]
