# Podium. "make run" and "make test" set up everything they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PYTHONPATH := src
# kedro-mlflow and Jupyter start other programs of the environment by their names.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export UV_FIND_LINKS := $(PIP_FIND_LINKS)
export KEDRO_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test coverage soak lint new-challenge viz ui notebook screenshots bench bench-hearme bench-echoes bench-museum bench-amazon lock clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(STAMP) ## Make the environment in .venv

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(0 if ok else "Podium needs Python 3.11 to 3.13; name one with: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	touch $@

run: setup ## Run HearMe: raw files (or sample data) to a checked submission
	$(BIN)/kedro run --pipeline=hearme

test: setup ## Run every test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/project tests

coverage: setup ## Lines and branches of the algorithms that their tests reach; below 90 % fails
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term --cov-report=json:.coverage.json \
		tests/common tests/recommendation tests/fusion tests/retrieval tests/vision tests/pricing
	$(BIN)/python tests/branch_share.py .coverage.json

soak: setup ## Full disk, two runs at once, and 50 random kills of every challenge (two hours)
	PODIUM_SOAK=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/project/test_hostile_machine.py tests/project/test_overview.py
	$(BIN)/python tests/soak.py $(ARGS)

lint: setup ## Style, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

new-challenge: setup ## Render a new challenge: make new-challenge NAME=x
	@test -n "$(NAME)" || { echo 'name the challenge: make new-challenge NAME=x'; exit 1; }
	$(BIN)/kedro new-challenge "$(NAME)"

viz: setup ## Show the pipelines in a browser
	$(BIN)/kedro viz run

ui: setup ## Compare runs in MLflow's UI on http://127.0.0.1:5000
	$(BIN)/kedro mlflow ui

notebook: setup ## Open JupyterLab with the catalog in it (as root: make notebook ARGS=--allow-root)
	$(BIN)/kedro jupyter lab $(ARGS)

screenshots: setup ## Take the pictures of the README again (needs Chromium and chromedriver)
	$(BIN)/python docs/screenshots.py

bench: bench-hearme bench-echoes bench-museum bench-amazon ## Measure against peers (long)

bench-hearme: setup ## HearMe at the competition's size, and beside RecTools and pandas
	$(BIN)/python benchmarks/hearme.py

bench-echoes: setup ## Echoes at 10,000 rows, beside AutoGluon, and its reader beside pandas
	$(BIN)/python benchmarks/echoes_whole.py
	$(BIN)/python benchmarks/echoes_reading.py
	$(BIN)/python benchmarks/echoes_folds.py
	$(BIN)/python benchmarks/blend_or_choose.py
	$(BIN)/python benchmarks/echoes.py

bench-museum: setup ## Museum at 20,000 images, and its search beside faiss
	$(BIN)/python benchmarks/museum_whole.py
	$(BIN)/python benchmarks/museum_top_k.py
	$(BIN)/python benchmarks/image_decoding.py

bench-amazon: setup ## Amazon at 75,000 + 75,000 rows, and beside AutoGluon
	$(BIN)/python benchmarks/image_download.py
	$(BIN)/python benchmarks/amazon_whole.py
	$(BIN)/python benchmarks/amazon.py
	$(BIN)/python benchmarks/text_encoders.py

lock: setup ## Pin the newest allowed versions in requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --no-annotate --no-header --quiet \
		| sed 's/+cpu//' > requirements.lock.part
	mv requirements.lock.part requirements.lock

clean: ## Remove the environment and caches, never data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
