# Two targets do everything on a machine with Python 3.11 or newer, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One a processor, four at most: each takes a GiB or two.
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu); echo $$((n < 4 ? n : 4)))

.PHONY: demo test lint loop check setup setup-dev clean

demo: setup ## Set up, scan the two sample clips, and say where the PDF is.
	rm -rf demo-out && mkdir demo-out
	$(BIN)/lae-forensics demo --report demo-out/demo.pdf

# Whole files to a process: the datasets and trained runs that a file's tests share are made once.
test: setup-dev ## Set up with the development tools, and run the tests.
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile

lint: setup-dev ## Style, types and the direction of imports.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

loop: setup-dev ## The whole training loop, small: photographs to a scan with new weights.
	$(BIN)/python scripts/training_loop.py --short

check: lint loop test ## Everything that CI runs.

setup: $(VENV)/.installed

setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,train,sign]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) demo-out dist build
