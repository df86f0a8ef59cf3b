"""The page of `docs/make_phantom_sheet.py`, in a process of its own."""

import cv2
import numpy as np

from migan_tf.phantom import retina
from tests.docs.docs_scripts import run

SCRIPT = "make_phantom_sheet.py"


def test_the_page_is_written(tmp_path):
    output = tmp_path / "new" / "page.png"
    done = run(
        SCRIPT,
        f"--output={output}",
        "--rows=1",
        "--columns=2",
        "--height=48",
        "--width=48",
        "--shown=48",
        "--seed=4",
    )
    assert done.returncode == 0, done.stderr
    assert str(output) in done.stdout
    page = cv2.imread(str(output))[..., ::-1]
    expected = retina.contact_sheet(1, 2, height=48, width=48, seed=4, shown=48)
    np.testing.assert_array_equal(page, expected)


def test_another_suffix_is_refused(tmp_path):
    done = run(SCRIPT, f"--output={tmp_path / 'page.jpg'}")
    assert done.returncode == 2
    assert "--output must end in .png" in done.stderr
    assert "Traceback" not in done.stderr
