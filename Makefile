# Every target starts from nothing but python3 (with venv), make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base.stamp
CHECK := $(VENV)/.check.stamp
DEV := $(VENV)/.dev.stamp
WHEELS := .wheels
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
PYTEST_ARGS ?= -q -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo run quick test test-real test-models check lint types imports schemas tests coverage bench clean venv

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

setup: $(DEV) ## everything a developer needs, in .venv

demo: $(BASE) ## open a service that misbehaves; without a terminal, print the diagnosis
	@$(BIN)/python examples/demo.py

run: demo ## the same as demo

quick: $(CHECK) lint types imports ## before each commit: rules, types and the fast tests; under a minute, nothing is compiled
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow and not real" $(QUICK_ARGS)

test: check ## the same as check

check: lint types imports tests ## what CI runs (the first time it builds llama.cpp)

lint: $(CHECK) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(CHECK) ## mypy --strict
	$(BIN)/mypy

imports: $(CHECK) ## the import rule of ARCHITECTURE.md
	@$(BIN)/lint-imports --no-cache > $(VENV)/.imports.log 2>&1 || { cat $(VENV)/.imports.log; exit 1; }
	@echo "import rule kept"

tests: $(DEV) ## pytest
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-real: $(DEV) ## attach to real packages on every Python of this machine (minutes; environments are kept)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m real tests/real

test-models: $(DEV) ## run real models (the files of IQDEBUG_TEST_MODELS, CONTRIBUTING.md says which), the 1.5B too
	$(BIN)/python -m pytest -q -n 0 --timeout 600 -m "models or not models" tests/llm/test_real_models.py tests/llm/test_prefix_states.py tests/assistant/test_tool_choice.py

coverage: $(CHECK) ## how much the fast tests cover; fails below the floor in pyproject.toml, which only rises
	$(BIN)/python -m coverage run -m pytest -q -p no:xdist -m "not slow and not real"
	$(BIN)/python -m coverage report --skip-covered --sort=cover | tail -n 40

schemas: $(CHECK) ## write docs/schemas anew from the types of what --json prints
	$(BIN)/python -m iqdebug.cli.schemas docs/schemas

bench: $(DEV) ## ratios against named rivals (minutes)
	$(BIN)/python -m bench

clean: ## remove .venv and what tools left behind
	rm -rf $(VENV) .demo build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# A venv whose interpreter has gone (or was moved) is made anew.
venv:
	@command -v $(PYTHON) > /dev/null 2>&1 || { echo "iqdebug needs Python 3.10 or newer, and there is no '$(PYTHON)' here; name one with: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "iqdebug needs Python 3.10 or newer, and $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'); name another with: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || { $(PYTHON) -c 'import venv, ensurepip' 2> /dev/null && $(PYTHON) -m venv --clear $(VENV) > /dev/null 2>&1; } || { echo "$(PYTHON) cannot make a virtual environment (its venv or ensurepip is missing or broken); on Debian or Ubuntu: apt install python3-venv"; exit 1; }

$(BASE): pyproject.toml constraints.txt | venv
	@echo "setting up $(VENV) ..."
	@$(PIP) -e .
	@touch $@

$(CHECK): pyproject.toml constraints.txt | venv
	@echo "setting up $(VENV) for checks ..."
	@$(PIP) -e '.[check]'
	@touch $(BASE) $@

# llama.cpp is built once; the wheel outlives `make clean`.
$(WHEELS)/.stamp: constraints.txt | venv
	@mkdir -p $(WHEELS)
	@ls $(WHEELS)/llama_cpp_python-*.whl > /dev/null 2>&1 || { echo "building llama.cpp, once (about 5 minutes on 2 cores) ..."; \
	    $(BIN)/python -m pip wheel -q --disable-pip-version-check --no-deps -c constraints.txt -w $(WHEELS) llama-cpp-python > $(WHEELS)/build.log 2>&1 \
	    || { tail -n 20 $(WHEELS)/build.log; echo "llama.cpp could not be built: a C and a C++ compiler are needed (on Debian or Ubuntu: apt install build-essential); all of it is in $(WHEELS)/build.log"; exit 1; }; }
	@touch $@

$(DEV): pyproject.toml constraints.txt $(WHEELS)/.stamp | venv
	@echo "setting up $(VENV) for development ..."
	@$(PIP) --find-links $(WHEELS) -e '.[dev]'
	@touch $(BASE) $(CHECK) $@
