"""Which flags of `evaluate.py` go together."""

import pytest
from absl import flags

from migan_tf.base.errors import UserError
from migan_tf.evaluation import flags as evaluation_flags


def refused(**given):
    values = {"task": "segmentation", **given}
    with pytest.raises(UserError) as error:
        evaluation_flags.check(values, set(given))
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
    evaluation_flags.check({"task": "synthesis", "seed": 3}, {"task", "seed"})


def test_every_flag_is_defined_once_with_its_default(monkeypatch):
    values = flags.FlagValues()
    for kind in ("string", "bool", "enum", "integer", "float"):
        define = getattr(flags, f"DEFINE_{kind}")

        def own(*arguments, define=define):
            return define(*arguments, flag_values=values)

        monkeypatch.setattr(flags, f"DEFINE_{kind}", own)
    holders = evaluation_flags.define()
    values(["evaluate", "--features=vgg19", "--subset"])
    assert holders["features"].value == "vgg19"
    assert holders["subset"].value is True
    assert holders["protocol"].value == "paper"
    assert holders["validation_threshold"].value is None
    assert holders["samples"].value == 4
    with pytest.raises(flags.IllegalFlagValueError):
        values(["evaluate", "--bootstrap_samples=-1"])
