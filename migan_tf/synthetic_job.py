"""A job of many pairs: whose folder it is, and one block after the other.

A store is `synthetic_store.LocalStore` or anything with its methods.
"""

import json

from migan_tf import synthetic_pictures, synthetic_records
from migan_tf.errors import UserError
from migan_tf.synthetic_plan import VERSION

JOB = "job.json"


def claim(store, settings) -> None:
    """Writes what the job is, or checks that the folder holds the same one.

    Args:
      store: of the job's files.
      settings: plain values that the files' contents are a function of.

    Raises:
      UserError: another job's files are there.
    """
    text = json.dumps(settings, indent=1, ensure_ascii=False) + "\n"
    if not store.exists(JOB):
        if store.exists(f"{VERSION}/dataset_info.json"):
            raise UserError(
                "--output must not be a dataset of other making. Received: a "
                f"folder with {VERSION}/ and no {JOB}. Give another"
            )
        store.write(JOB, text.encode())
        return
    there = _parsed(JOB, store.read(JOB))
    names = sorted(
        name
        for name in settings.keys() | there.keys()
        if settings.get(name) != there.get(name)
    )
    if names:
        different = ", ".join(
            f"{name} is {_short(there.get(name))} there and "
            f"{_short(settings.get(name))} here"
            for name in names
        )
        raise UserError(
            f"--output holds another job ({JOB}): {different}. Give the flags "
            "and data it has, or another --output"
        )


def make_block(plan, store, maker, block, made=lambda: None) -> None:
    """Makes and writes one block, unless it is there.

    Args:
      plan: the `synthetic_plan.Plan`.
      store: of the job's files.
      maker: a `synthetic_pairs.Maker`.
      block: its number.
      made: called after each pair.
    """
    if store.exists(plan.manifest(block)):
        return
    records, lines = [], []
    for number in plan.numbers(block):
        pair, facts = maker.make(number)
        lines.append(json.dumps(facts, ensure_ascii=False) + "\n")
        if pair is None:
            pass
        elif plan.format == "png":
            for name, content in synthetic_pictures.files_of(pair):
                store.write(name, content)
        else:  # Compressed, so that a block takes little memory.
            records.append(synthetic_records.record_of(pair))
        made()
    if plan.format == "tfrecord":
        store.write(plan.record(block), synthetic_records.file_of(records))
    # Last: a block that has it is whole.
    store.write(plan.manifest(block), "".join(lines).encode())


def missing(plan, store) -> list[int]:
    """The blocks that are not there yet."""
    return [b for b in range(plan.blocks) if not store.exists(plan.manifest(b))]


def manifest(plan, store, block) -> list[dict]:
    """The lines of a finished block's part of the manifest."""
    name = plan.manifest(block)
    lines = store.read(name).splitlines()
    return [_parsed(name, line) for line in lines]


def _parsed(name, content):
    try:
        return json.loads(content)
    except ValueError as error:
        raise UserError(
            f"--output: {name} is damaged: {error}. Remove it and give the "
            "same command again"
        ) from None


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
