# Every target works on a fresh checkout: it first makes .venv with the pinned versions.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
EVENTS ?= 1000000 10000000
PROFILE ?= ci
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
export PYTHONWARNINGS ?= default
unexport PYTHONDONTWRITEBYTECODE # or every process would compile the program anew

.PHONY: help install demo test slow properties lint types doctest golden messages notebooks docs bench bench-peers bench-page results pictures format clean

help: ## What can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "churnscope needs Python 3.11 or newer; set PYTHON=python3.12 or the like"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -c 'import lightgbm' 2>/dev/null || { echo "LightGBM does not load: install libgomp1 (Debian, Ubuntu) or libgomp (Fedora), or libomp (macOS)"; exit 1; }
	@touch $@

install: $(VENV)/installed ## Make .venv with the pinned versions

demo: install ## Raw shop files to a call list and a page: check, train, evaluate, score, value, call-list, lifecycle, report
	@$(BIN)/python -m churnscope check configs/online_retail.toml
	@$(BIN)/python -m churnscope train configs/online_retail.toml
	@$(BIN)/python -m churnscope evaluate configs/online_retail.toml --no-backtest
	@echo "(without the backtest at earlier cutoffs, which takes a minute more: churnscope evaluate configs/online_retail.toml)"
	@$(BIN)/python -m churnscope score configs/online_retail.toml
	@$(BIN)/python -m churnscope value configs/online_retail.toml
	@$(BIN)/python -m churnscope call-list configs/online_retail.toml
	@$(BIN)/python -m churnscope lifecycle configs/online_retail.toml
	@$(BIN)/python -m churnscope report configs/online_retail.toml
	@echo
	@echo "Look at:"
	@echo "  outputs/online_retail/scores/2011-12-09/scores.csv         the customers, riskiest first, with reasons"
	@echo "  outputs/online_retail/call_lists/2011-12-09/call_list.xlsx whom to call first, a sheet per agent, with columns for what came of it"
	@echo "  outputs/online_retail/lifecycle/2011-12-09/                stages, moves, erosion, budget: tables and pictures"
	@echo "  outputs/online_retail/reports/2011-12-09/report.html       one page on all of it; open it in a browser"
	@echo "  outputs/online_retail/evaluation/2011-09-10/               calibration, gains and deciles as pictures"
	@echo "  configs/online_retail.toml, configs/reference.toml         how a business is described"

test: install ## The default tests, about three minutes on two cores
	$(BIN)/python -m pytest -q -m "not slow" -n 2 --dist worksteal

slow: install ## The tests left out of the default run
	$(BIN)/python -m pytest -q -m slow -n 2 --dist worksteal

properties: install ## What must hold of any input, on 500 examples each, 50 where files are read (PROFILE=nightly: 20,000)
	$(BIN)/python -m pytest -q -m property --hypothesis-profile=$(PROFILE) -n 2 --dist worksteal

lint: install ## Format and lint, as a check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: install ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: install ## mypy --strict
	$(BIN)/mypy

doctest: install ## The examples in docstrings
	$(BIN)/python -m pytest -q src

messages: install ## Bring the catalogues of translations up to date with what the program says
	$(BIN)/python docs/messages.py

notebooks: install ## Execute the notebooks and compare nothing but that they run
	$(BIN)/python notebooks/execute.py

golden: install ## Write what is read off the program again: help, reference pages, schema
	COLUMNS=100 $(BIN)/python -m churnscope --help > tests/cli/help.txt
	$(BIN)/python docs/generate.py

docs: install ## Build the documentation into build/docs, warnings as errors
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs
	@echo "Open build/docs/index.html"

$(VENV)/bench-installed: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@

$(PEERS)/installed: benchmarks/peers-constraints.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	PYTHONWARNINGS=ignore $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $< duckdb featuretools lifetimes pandas pyarrow
	@touch $@

bench: $(VENV)/bench-installed ## What features, model and value models cost: docs/benchmarks.md (EVENTS="1000000 10000000", ONLY=roles, RESUME=1)
	$(BIN)/python benchmarks/run.py --events $(EVENTS) $(if $(ONLY),--only $(ONLY)) $(if $(RESUME),--resume)

bench-peers: $(VENV)/bench-installed $(PEERS)/installed ## featuretools and lifetimes, in .venv-peers with the pandas they need
	$(BIN)/python benchmarks/run.py --peers-python $(PEERS)/bin/python $(if $(RESUME),--resume)

bench-page: install ## docs/benchmarks.md and its picture again, from docs/benchmarks.json
	$(BIN)/python benchmarks/run.py --page-only

results: install ## How good the models are on the example configs: docs/results.md (CHURNSCOPE_DATA for those not in data/)
	$(BIN)/python benchmarks/results.py

pictures: install ## Draw the pictures of README and documentation anew
	$(BIN)/python docs/pictures/draw.py

clean: ## Remove everything that was made
	rm -rf $(VENV) $(PEERS) outputs models/*/ .pytest_cache .mypy_cache .ruff_cache .hypothesis
