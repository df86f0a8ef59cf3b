# MI-GAN for TensorFlow. `make` lists the commands.
# Variables may be set on the command line, e.g. `make setup PYTHON=python3.12`.

# The first of these that runs and is new enough makes the environment.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo $$python && break; done)
VENV ?= .venv
EXTRAS ?= test
RUN = $(VENV)/bin/python

# Everything the demo makes lies here.
override DEMO = runs/demo

# Test files are spread over this many processes; 0 runs them in one.
# MIGAN_REAL_DATA=DIR adds the tests on real photographs (CONTRIBUTING.md).
PYTEST_WORKERS ?= 2
PYTEST_DIST = -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint format clean clean-venv

help: ## List the commands.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

setup: $(VENV)/.installed ## Make the virtual environment and install into it.

# OpenCV's ordinary wheel needs the system's libGL. Where that is missing (bare
# servers, containers) the headless wheel takes its place: the same library
# without windows, of which none are opened here.
$(VENV)/.installed: setup.py pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "make setup needs Python 3.11 or newer. Received: none" \
			"on PATH. Next: make setup PYTHON=/path/to/python3.11" >&2; \
		exit 2; \
	fi
	@echo "== Installing into $(VENV) (TensorFlow is a 570 MB download)."
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --disable-pip-version-check \
		--editable ".[$(EXTRAS)]"
	@$(RUN) -c 'import cv2' || { \
		echo "== opencv-python does not load (see above), so" \
			"opencv-python-headless is installed in its place."; \
		echo "   For the ordinary one: apt-get install libgl1" \
			"libglib2.0-0, then make clean-venv setup."; \
		$(RUN) -m pip uninstall --quiet --yes opencv-python && \
		$(RUN) -m pip install --disable-pip-version-check --quiet \
			--no-deps --force-reinstall \
			"opencv-python-headless>=5.0.0.93,<6" && \
		$(RUN) -c 'import cv2'; }
	@touch $@

# Two phantoms that the demo's data do not hold, as files of one's own.
define DEMO_PHOTOGRAPHS
import pathlib, cv2
from migan_tf.phantom.retina import phantom_retina
for seed in (90001, 90002):
    retina = phantom_retina(256, 256, seed)
    pictures = {"photographs": retina.fundus[..., ::-1],
                "vessel_maps": retina.vessel_map}
    for kind, picture in pictures.items():
        folder = pathlib.Path("$(DEMO)", "own", kind)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"phantom_{seed}.png"), picture)
endef
export DEMO_PHOTOGRAPHS

demo: setup ## Train, score and draw on phantom data: see it work (5 minutes).
	@rm -rf $(DEMO)/run $(DEMO)/segmented $(DEMO)/synthesized
	$(RUN) -m migan_tf.train --flagfile=experiments/demo.flags \
		--task=segmentation --workdir=$(DEMO)/run --data_dir=$(DEMO)/data
	$(RUN) -m migan_tf.train --flagfile=experiments/demo_delta.flags \
		--workdir=$(DEMO)/run --data_dir=$(DEMO)/data
	$(RUN) -m migan_tf.evaluate --workdir=$(DEMO)/run --split=test
	@$(RUN) -c "$$DEMO_PHOTOGRAPHS"
	$(RUN) -m migan_tf.segment $(DEMO)/own/photographs \
		--workdir=$(DEMO)/run --output=$(DEMO)/segmented
	$(RUN) -m migan_tf.synthesize --vessel_maps=$(DEMO)/own/vessel_maps \
		--samples=2 --workdir=$(DEMO)/run --output=$(DEMO)/synthesized
	@echo
	@echo "Done. Both networks, the scores and their curves are in" \
		"$(DEMO)/run, two segmented photographs in $(DEMO)/segmented," \
		"four synthetic ones in $(DEMO)/synthesized. Next: look at the" \
		"training with '$(VENV)/bin/tensorboard --logdir=$(DEMO)/run'," \
		"or train on DRIVE (README.md)."

test: setup ## Run every test, the slow ones too (a quarter of an hour).
	$(RUN) -m pytest -m "" $(PYTEST_DIST) $(PYTEST_ARGS)

test-fast: setup ## Run the tests that take seconds.
	$(RUN) -m pytest $(PYTEST_DIST) $(PYTEST_ARGS)

lint: setup ## Check style, imports and docstrings with ruff.
	$(RUN) -m ruff check .

format: setup ## Let ruff put style and layout right.
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

clean: ## Remove what the demo and the tools made; keeps .venv and other runs.
	rm -rf runs/demo build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune \
		-exec rm -rf {} +

clean-venv: ## Remove the virtual environment.
	rm -rf $(VENV)
