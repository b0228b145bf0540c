# Everything that a developer does, by name; `make help` lists it. ARGS="..." goes to the program.

VENV := .venv
BIN := $(VENV)/bin
ARGS :=
WORKERS := auto

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev dashboard run test coverage lint check fix bench screenshots lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Make .venv with the locked requirements (needs Python 3.11 or newer)
	@scripts/setup

setup-dev:
	@scripts/setup dev

dashboard:  ## Build the dashboard in web/ (needs Node 20 or newer); the daemon then serves it
	@scripts/dashboard --need

run: setup  ## Start the daemon on the apps in examples/; Ctrl-C stops the apps and then it
	@scripts/dashboard
	@mkdir -p -m 700 run
	@exec $(BIN)/octyne --config=examples/config.json --users=run/users.json --state=run/state $(ARGS)

test: setup-dev  ## Run all tests; ARGS="-k console" runs some
	@scripts/system-packages
	@scripts/dashboard --need
	@npm run --prefix web --silent test -- --reporter=dot
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses=8 $(ARGS)

coverage: setup-dev  ## Run all tests and show which lines none of them reaches
	@$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage report --show-missing --skip-covered

lint: setup-dev  ## Lint, formatting, types, layers, spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell $$(git ls-files)
	@scripts/dashboard --tools
	npm run --prefix web --silent gen -- --silent
	npm run --prefix web --silent types
	npm run --prefix web --silent lint

check: lint test  ## Everything that CI checks

fix: setup-dev  ## Mend what the linter and the formatter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	@scripts/dashboard --tools
	npm run --prefix web --silent fix

bench: setup-dev  ## Run the benchmarks; see benchmarks/README.md
	@scripts/dashboard
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: setup-dev  ## Pictures of every page and state, into screenshots/
	@scripts/system-packages
	@scripts/dashboard --need
	@$(BIN)/python -m pytest tests/e2e/dashboard/test_*screenshots.py -n 0 -q --screenshots=screenshots $(ARGS)

lock:  ## Lock the newest requirements that fit pyproject.toml (needs uv)
	@scripts/lock

clean:  ## Remove what can be made again; run/ (accounts, logs, state) stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist build
	rm -rf web/node_modules src/octyne/dashboard screenshots
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
