# Every habit of the project has a target; each sets up what it needs.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-docker check format bench editors clean

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

demo: $(READY) ## Sweeps the library over the simulated sample
	$(BIN)/rheostat sample -o sample
	$(BIN)/rheostat inspect sample/search/*.recording
	$(BIN)/rheostat sweep sc asc esc parallel_probe cmc answer_convergence prune_to_one entropy_gate \
	  --on sample/search/sim-medium.recording \
	  --set n=4,16,64 --set esc.n=16,64 --beta 0:1:0.25 --seeds 5 --frontier

test: $(READY) ## Runs the ordinary tests
	$(BIN)/python -m pytest -n auto -m "not slow and not docker"

test-slow: $(READY) ## Runs the slow tests: every published row, thousands of damaged files
	$(BIN)/python -m pytest -n auto -m "slow"

check: $(READY) ## Runs all checks: ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Formats the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Measures speed over the simulated sample
	$(BIN)/rheostat sample -o sample
	$(BIN)/rheostat bench --on sample/search/*.recording

editors: $(READY) ## Writes the files for editors anew
	$(BIN)/python editors/generate.py

clean: ## Removes the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
