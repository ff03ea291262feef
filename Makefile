# infosec.principles: `make audit` looks at this machine, `make test` is everything that CI runs, `make help` lists the rest.
SHELL := /bin/bash -eo pipefail
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
BUILD := .build
COLLECTION := .collections/ansible_collections/infosec/principles
PIP := pip --quiet --disable-pip-version-check --no-input install

export PATH := $(CURDIR)/$(BIN):$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_HOST_PATTERN_MISMATCH := error

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# --- Environments -----------------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	@python=$$(tests/bootstrap/find-python 3.11 3.12 3.13 3.14) || { \
	  echo "No Python 3.11 or newer with venv found. On Debian: apt install python3 python3-venv" >&2; exit 1; }; \
	echo "Building $(VENV) with $$python ..."; "$$python" -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@$(BIN)/$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/.tests: tests/requirements.txt | $(VENV)/bin/python
	@echo "Installing the test tools into $(VENV) ..."
	@$(BIN)/$(PIP) --requirement tests/requirements.txt
	@touch $@ $(VENV)/.runtime

$(COLLECTION):
	@mkdir -p $(@D) && ln -s ../../.. $@

# --- Tests ------------------------------------------------------------------------------------------------------------

.PHONY: lint unit
lint: $(VENV)/.tests $(COLLECTION) ## Formatters, types, ansible-lint, documentation, changelog
	ruff check
	ruff format --check
	mypy plugins

unit: $(VENV)/.tests $(COLLECTION) ## pytest, in seconds
	pytest

.PHONY: clean
clean: ## Remove all that make has made
	rm -rf .build .cache .collections .venv .venv-2.21 .mypy_cache .ruff_cache .pytest_cache .hypothesis .ansible *.tar.gz
