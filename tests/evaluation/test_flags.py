"""Which flags of `evaluate.py` go together."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.evaluation import flags
from migan_tf.evaluation.flags import Settings


def refused(**given):
    with pytest.raises(UserError) as error:
        flags.check(Settings(**given))
    return str(error.value)


def test_flags_of_the_other_task_are_refused():
    text = refused(task="synthesis", predictions="p", subset=True)
    assert (
        "--task=synthesis takes no --predictions, --subset, which are" in text
    )
    assert "Received: --task=synthesis --predictions=p --subset=True" in text
    text = refused(samples=8)
    assert "--task=segmentation takes no --samples, which is" in text
    assert "python -m migan_tf.evaluate --task=synthesis" in text


def test_flags_of_the_task_are_taken():
    flags.check(Settings(task="synthesis", seed=3))
    flags.check(Settings(task="synthesis", model="m", dataset="stare"))
    flags.check(Settings(subset=True, workdir="run", split="train"))
