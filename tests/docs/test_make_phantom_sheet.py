import subprocess
import sys

import cv2
import numpy as np

from migan_tf.phantom import retina


def run_sheet(*flags):
    return subprocess.run(
        [sys.executable, "-m", "migan_tf.phantom_sheet", *flags],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_page_is_written(tmp_path):
    output = tmp_path / "new" / "page.png"
    done = run_sheet(
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
    done = run_sheet(f"--output={tmp_path / 'page.jpg'}")
    assert done.returncode == 2
    assert "--output must end in .png" in done.stderr
    assert "Traceback" not in done.stderr
