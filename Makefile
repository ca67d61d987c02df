# `make demo` shows the thing, `make test` checks it. Both make the environment first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
HEURON = $(BIN)/heuron
# What the demo trains goes here, so that it leaves the repository as it was.
DEMO = build/demo

.PHONY: demo test bench env models docs clean

env: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

demo: env
	@echo; echo '$$ heuron ask cancer worst_radius=20.1 worst_concave_points=0.19'
	@$(HEURON) ask cancer worst_radius=20.1 worst_concave_points=0.19
	@echo; echo '$$ heuron ask cancer worst_radius=20.1 worst_concave_points=0.19 --via all --why'
	@$(HEURON) ask cancer worst_radius=20.1 worst_concave_points=0.19 --via all --why
	@rm -rf $(DEMO) && mkdir -p $(DEMO)/rules $(DEMO)/models/cancer
	@cp rules/cancer.rules $(DEMO)/rules/ && cp models/cancer/*.toml $(DEMO)/models/cancer/
	@echo; echo '$$ heuron train cancer logistic'
	@cd $(DEMO) && $(abspath $(HEURON)) train cancer logistic
	@echo; echo '$$ heuron compare cancer'
	@$(HEURON) compare cancer

test: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m pytest -n 2 -q

bench: env
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	$(BIN)/python -m benchmarks

# Train every built-in model again, from its spec; what is compiled is committed.
models: env
	rm -rf models/*/*/
	for domain in models/*/; do $(HEURON) train "$$(basename $$domain)" || exit 1; done

# Write what is made from code, and what the commands shown in the documents print now.
docs: env
	$(BIN)/python docs/generate.py
	REWRITE=1 $(BIN)/python -m pytest -q tests/test_docs.py tests/cli

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
