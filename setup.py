"""Packaging of MI-GAN for TensorFlow; settings of tools: pyproject.toml.

In a checkout the TFDS builders lie in `datasets/`, the export tools in
`export/` and the flagfiles in `experiments/`, outside the package: a top-level
package named `datasets` would shadow Hugging Face's, also inside TFDS. A wheel
holds them as `migan_tf.datasets`, `migan_tf.export` and `migan_tf.experiments`.
Editable installs do not see these names, so no code of ours imports them.
"""

import pathlib
import re

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).resolve().parent
DATA_FILES = ["README.md", "CITATIONS.bib", "TAGS.txt", "checksums.tsv"]

# Not whatever else lies in export/models: exports of one's own stay there.
SHIPPED = [
    f"models/migan_{name}/**/*"
    for name in (
        "segmentation",
        "segmentation_drive",
        "segmentation_stare",
        "synthesis",
    )
]

# The releases that the tests run with, and their fixes. TensorFlow, Keras and
# TFDS are held to a minor release: checkpoints, export and dataset layout
# depend on behaviour that a minor release of each has changed before.
INSTALL_REQUIRES = [
    "tensorflow>=2.21.0,<2.22",
    "tensorflow-datasets>=4.9.10,<4.10",
    "keras>=3.15.1,<3.16",
    "numpy>=2.4,<2.5",
    "opencv-python>=5.0.0.93,<6",
    "scikit-learn>=1.7,<2",
    "matplotlib>=3.10,<4",
    "absl-py>=2.3,<3",
    # Needed by the ones above, or by our use of them, but not declared there.
    "tensorboard>=2.21.0,<2.22",  # tf.summary; TF 2.21 no longer asks for it
    "importlib_resources>=6",  # TFDS imports it while it builds a dataset
    "pillow>=12,<14",  # GIF and TIFF as DRIVE has them
    "scipy>=1.13,<2",  # distances between distributions; of scikit-learn
    "protobuf>=6.31.1,<8",  # the range that TF and tensorboard share
    "tqdm>=4.66,<5",  # progress bars
]
EXTRAS_REQUIRE = {
    "gpu": ["tensorflow[and-cuda]>=2.21.0,<2.22"],
    "benchmark": ["torch>=2.10,<3"],  # what benchmarks/ compare with
    "serving": [
        "tensorflow-serving-api>=2.21,<2.22",
        "grpcio>=1.62,<2",
    ],
    "beam": ["apache-beam>=2.77,<3"],  # migan_tf.synthesize_beam
    "dicom": ["pydicom>=3.0,<4"],  # photographs as DICOM
    "onnx": ["tf2onnx>=1.17,<2", "onnx>=1.23,<2", "onnxruntime>=1.32,<2"],
    "test": [
        "pytest>=9,<10",
        "pytest-xdist>=3.8,<4",
        "ruff>=0.15,<1",
        "dill>=0.4,<0.5",  # TFDS's DatasetBuilderTestCase, not declared
        "setuptools>=77",  # tests/test_packaging.py builds a wheel
        "openvino>=2026.4,<2027",  # a second runtime for the SavedModels
    ],
}
for extra in ("serving", "beam", "dicom", "onnx"):
    EXTRAS_REQUIRE["test"] += EXTRAS_REQUIRE[extra]


def read_version() -> str:
    """Version from migan_tf/__init__.py, read and not imported."""
    path = HERE / "migan_tf" / "__init__.py"
    pattern = r'^__version__ = "([^"]+)"$'
    found = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(
            f'{path} must hold one line __version__ = "X.Y.Z". Received: none.'
        )
    return found.group(1)


def read_long_description() -> str:
    """The README, or nothing while there is none."""
    path = HERE / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def mapped_packages() -> dict[str, str]:
    """Names in a wheel -> folders of the checkout that are packaged there."""
    mapping = {}
    for folder in ("export", "experiments"):
        if (HERE / folder).is_dir():
            mapping[f"migan_tf.{folder}"] = folder
    for builder in sorted(HERE.glob("datasets/*/*_dataset_builder.py")):
        mapping["migan_tf.datasets"] = "datasets"
        name = builder.parent.name
        mapping[f"migan_tf.datasets.{name}"] = f"datasets/{name}"
    return mapping


def console_scripts() -> list[str]:
    """One script for each command; `migan_tf.base.commands` has the same."""
    names = [path.stem for path in sorted(HERE.glob("migan_tf/[a-z]*.py"))]
    return [
        f"migan-{name.replace('_', '-')} = migan_tf.__main__:console"
        for name in (*names, "client", "export", "onnx")
    ]


class BuildWithoutTests(build_py):
    """Leaves the builders' tests, which lie beside them, out of wheels."""

    def find_package_modules(self, package, package_dir):
        """Modules of a package as (package, module, file), less `*_test`."""
        modules = super().find_package_modules(package, package_dir)
        if not package.startswith("migan_tf.datasets"):
            return modules
        return [entry for entry in modules if not entry[1].endswith("_test")]


MAPPED = mapped_packages()

setup(
    name="migan-tf",
    version=read_version(),
    description=(
        "MI-GAN in TensorFlow: synthesis of annotated fundus photographs "
        "and segmentation of their vessels"
    ),
    long_description=read_long_description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["migan_tf", "migan_tf.*"]) + list(MAPPED),
    package_dir=MAPPED,
    package_data={
        name: DATA_FILES
        for name in MAPPED
        if name.startswith("migan_tf.datasets.")
    }
    | {
        "migan_tf": ["py.typed"],
        "migan_tf.experiments": ["**/*.flags"],
        "migan_tf.export": ["serving/*", *SHIPPED],
    },
    entry_points={"console_scripts": console_scripts()},
    include_package_data=False,
    cmdclass={"build_py": BuildWithoutTests},
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
    classifiers=[
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Medical Science Apps.",
    ],
)
