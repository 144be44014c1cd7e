# Every target sets itself up: an environment in .venv, made from pyproject.toml alone.
# Needs Python 3.11 or newer and make. Choose another interpreter with PYTHON=/path/to/python3.

VENV := .venv
PY := $(VENV)/bin/python

# The distribution's interpreter comes first: it is an optimised build, which starts the screen soonest.
# Without ensurepip (Debian keeps it in python3-venv) a pip outside the environment can still fill it.
interpreters := /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11
succeeds_in = $(firstword $(foreach each,$(interpreters),$(shell $(each) -c '$(1)' >/dev/null 2>&1 && echo $(each))))
is_new_enough := import sys; assert sys.version_info >= (3, 11)
can_install := from importlib.util import find_spec; assert find_spec("ensurepip") or find_spec("pip")
PYTHON ?= $(or $(call succeeds_in,$(is_new_enough); $(can_install)),$(call succeeds_in,$(is_new_enough)))

define install
	@echo "Setting up $(VENV) $(2): only when pyproject.toml has changed."
	@if $(PY) -m pip --version >/dev/null 2>&1; then pip="$(PY) -m pip"; \
	else pip="$(PYTHON) -m pip --python $(PY)"; fi; \
	$$pip install -qq --disable-pip-version-check --editable '$(1)' || { \
		echo "The packages could not be installed: see pip's words above, then run make again." >&2; exit 1; }
endef

.DEFAULT_GOAL := help
.PHONY: help demo test check bench screenshots soak clean

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(VENV)/.runtime ## start the client on its own small server, with a cast that answers
	@$(VENV)/bin/tui-xmpp --demo

test: $(VENV)/.dev ## run every test, those against Prosody and ejabberd where they are installed
	@CHAOS_SEED=$${CHAOS_SEED:-1} $(PY) -m pytest -q -n 2 --dist loadgroup --session-timeout 570 -m "not soak"

check: $(VENV)/.dev ## lint, format, types, and the order of the layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/.dev ## measure speed and memory beside an empty app and bare lxml
	@$(PY) -m tests.bench

screenshots: $(VENV)/.dev ## draw screenshots/ anew from the demo's scenes
	@$(PY) -m tests.screenshots

soak: $(VENV)/.dev ## run the long tests
	@$(PY) -m pytest -q -m soak --timeout 0

clean: ## remove the environment and everything made from the sources
	rm -rf $(VENV) build dist htmlcov .coverage snapshot_report.html
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@if ! $(PYTHON) -c '$(is_new_enough)' >/dev/null 2>&1; then \
		echo "tui_xmpp needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3." >&2; \
		exit 1; fi
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv --clear $(VENV); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then $(PYTHON) -m venv --clear --without-pip $(VENV); \
	else \
		echo "Python has neither ensurepip nor pip here: install the package python3-venv, then run make again." >&2; \
		exit 1; fi

$(VENV)/.runtime: pyproject.toml | $(PY)
	$(call install,.,to run)
	@touch $@

$(VENV)/.dev: pyproject.toml | $(PY)
	$(call install,.[dev],to work on the code)
	@touch $@ $(VENV)/.runtime
