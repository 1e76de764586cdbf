# The README's two commands are `make app` and `make test`.
PYTHON ?= python3
# On Linux the ordinary build of torch carries CUDA along. Where only the processor will be used, let pip see
# an index of CPU builds (its own setting PIP_EXTRA_INDEX_URL) or give TORCH=<a wheel>.
TORCH ?= torch==2.13.0
ARGS ?=

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup app test lint train report audit clean

help:  ## show this text
	@echo "LaViC Chat: a shopper asks, the system looks and picks"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done
	@echo
	@echo "  make app ARGS='--port 8000 --catalog DIR'     options go to lavic-chat app"
	@echo "  make train ARGS='--set photos=DIR --dry-run'  options go to lavic-chat train; of report as well"
	@echo "  make PYTHON=python3.12 app                    another Python, 3.11 or newer"

setup: .venv/.installed-test  ## install everything, the tools for tests included, into .venv

app: .venv/.installed-app  ## install, assemble the model, index the catalogue, open the chat on 127.0.0.1:7860
	$(BIN)/lavic-chat app $(ARGS)

test: .venv/.installed-test lint  ## install, lint, run all tests (the browser test needs Chromium)
	@if { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation; } \
			|| echo "Chromium could not be installed: the browser test will be skipped."; \
	else echo "There is no Chromium here: the browser test will be skipped; install it and run again."; fi
	$(BIN)/pytest -q $(ARGS)

lint: .venv/.installed-test  ## ruff: rules and format; ty: types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ty check --quiet

train: .venv/.installed-app  ## make the shipped adapter anew under out/ (a day of two cores); a stopped run goes on
	$(BIN)/lavic-chat train assets/lavic-mini/recipe.toml --out out $(ARGS)

report: .venv/.installed-app  ## measure the shipped adapter and its rivals, write assets/reports (two hours)
	$(BIN)/lavic-chat train assets/reports/recipe.toml --out out $(ARGS)

audit: .venv/.installed-app .venv-audit/.made  ## check the shipped catalogue, and the installed packages for known holes
	$(BIN)/lavic-chat catalog check catalog
	$(BIN)/python -m pip list --format=freeze --exclude-editable | sed 's/+.*//' > .venv-audit/installed.txt
	.venv-audit/bin/pip-audit --requirement .venv-audit/installed.txt --no-deps --disable-pip --strict

clean:  ## remove .venv and caches; models and data under $LAVIC_HOME stay
	rm -rf .venv .venv-audit .pytest_cache .ruff_cache .hypothesis

# The stamps are newer than pyproject.toml once its requirements are installed.
.venv/.installed-app: pyproject.toml | .venv/.made
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -e '.[import]'
	@touch $@

.venv/.installed-test: pyproject.toml | .venv/.made
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ .venv/.installed-app

.venv-audit/.made:  # of its own: what audits is no part of what is audited
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet pip-audit==2.10.1
	@touch $@

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 app"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@
