# Two commands: `make run` and `make test`. Each does its own set-up.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
MODELS := $(VENV)/models
INSTALL := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PIP    := $(BIN)/python $(INSTALL)

CONFIG ?= configs/burgers_pinn.yaml

.PHONY: help setup run test test-models test-gpu lint types docs clean

help:
	@echo "make run    solve Burgers' equation with a spectral gating network (about 4 minutes)"
	@echo "make test   run the tests (about 9 minutes on two cores)"
	@echo "make test-models    the tests with networks of timm and transformers (half a minute)"
	@echo "make test-gpu       the tests that need a GPU (skipped where torch sees none)"
	@echo "make docs           build the site into build/docs, without a network (half a minute)"
	@echo "make lint types clean    style, types, remove the environment"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (a few minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) torch
	@$(PIP) --editable ".[dev]"
	@touch $@

data/burgers_reference.h5: | $(READY)
	@$(BIN)/sgn data make burgers-reference -o $@

run: $(READY) data/burgers_reference.h5
	@$(BIN)/sgn fit --config $(CONFIG)
	@$(BIN)/sgn test --config $(CONFIG) --ckpt_path best

# With byte code, wherever the environment says otherwise: pytest rewrites 340 modules for each process
# else, and commands in processes of their own compile ours.
test: $(READY)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

# In an environment of their own upon the other one: torchmetrics imports transformers wherever it
# finds it, so each command would start a second later; and timm asks for torchvision, whose build
# in PyPI does not load beside a torch without CUDA and breaks transformers, too.
$(MODELS)/.ready: $(READY)
	@$(BIN)/python -m venv --without-pip $(MODELS)
	@$(BIN)/python -c 'import sysconfig as s; print(s.get_path("purelib"))' > $(MODELS)/below
	@mv $(MODELS)/below $$($(MODELS)/bin/python -c 'import sysconfig as s; print(s.get_path("purelib"))')/below.pth
	@$(MODELS)/bin/python $(INSTALL) transformers scikit-learn
	@$(MODELS)/bin/python $(INSTALL) --no-deps timm
	@touch $@

test-models: $(MODELS)/.ready
	@$(MODELS)/bin/python -m pytest -n 0 tests/networks/test_models.py

test-gpu: $(READY)
	@$(BIN)/python -m pytest -n 0 -m gpu -rs tests/gpu

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

# Every warning is an error: dead links, references to nothing, formulas that cannot be read.
docs: $(READY)
	@$(BIN)/python -m sphinx -q --fail-on-warning --keep-going -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

clean:
	rm -rf $(VENV)
