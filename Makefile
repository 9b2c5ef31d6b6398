# Two commands: `make run` and `make test`. Each does its own set-up.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

CONFIG ?= configs/burgers_pinn.yaml

.PHONY: help setup run test lint types clean

help:
	@echo "make run    solve Burgers' equation with a spectral gating network (about 4 minutes)"
	@echo "make test   run the tests (under 6 minutes)"
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

test: $(READY)
	@$(BIN)/python -m pytest

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

clean:
	rm -rf $(VENV)
