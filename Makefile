# infosec.principles: `make audit` looks at this machine, `make test` is everything that CI runs, `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PIP := -m pip --quiet --disable-pip-version-check --no-input install
COLLECTION := .collections/ansible_collections/infosec/principles
# What internal_ca.yml needs: for its tests, and for ansible-lint to know its modules.
CRYPTO := .collections/ansible_collections/community/crypto/MANIFEST.json
# Those joined by + run at once: linters while images are fetched, an emulated machine (one core, much of it waiting) beside what
# minds no clock.
STAGES := lint+images sanity+vm unit unit-2.21 browser+network build molecule

# The tools of .venv, whatever else is in PATH; the settings of this repository, whatever the site's own are.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# What Python and pytest have compiled once is not compiled again, whatever the site's own wish is.
unexport PYTHONDONTWRITEBYTECODE
# A play that reaches no host must never look like a pass.
audit demo molecule: export ANSIBLE_HOST_PATTERN_MISMATCH := error

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z0-9.-]+):[^#]*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

# --- This machine -----------------------------------------------------------------------------------------------------

# The module runs in .venv's Python: another one in PATH may be a shim that does not start. Nobody is asked for a password.
LOCALLY := --inventory localhost, --connection local \
	--extra-vars ansible_python_interpreter=$(CURDIR)/.venv/bin/python --extra-vars infosec_become=false

.PHONY: audit
audit: .venv/.runtime $(COLLECTION) ## Look at this machine and change nothing (more arguments: ARGS="-e @services.yml")
	@ansible-playbook $(LOCALLY) --check --diff $(ARGS) playbooks/harden.yml

# --- Tests ------------------------------------------------------------------------------------------------------------

.PHONY: test $(subst +, ,$(STAGES))
test: ## Everything that CI runs, stage by stage: all that follow
	@tests/bootstrap/find-python 3.11 3.12 3.13 >/dev/null || tests/bootstrap/need "Python 3.11 with venv" python3-venv
	@MAKE="$(MAKE)" tests/bootstrap/stages $(STAGES)

lint: .venv/.tests $(COLLECTION) $(CRYPTO) ## Style, types, Ansible's best practice, documentation, changelog
	ruff check
	ruff format --check
	@python=$$(tests/bootstrap/find-python 3.9) || { echo "NOTE: no Python 3.9 here to compile what runs on hosts"; exit 0; }; \
	set -x; "$$python" -m compileall -q plugins/module_utils plugins/modules
	antsibull-changelog lint
	$(MAKE) --jobs=2 --keep-going --output-sync=line lint-ansible lint-types lint-docs

# Each on one core, and ansible-lint as long as all others.
.PHONY: lint-ansible lint-types lint-docs
lint-ansible:
	ansible-lint --offline
lint-types:
	mypy $(COLLECTION)/plugins
lint-docs:
	antsibull-docs lint-collection-docs . --plugin-docs

sanity: .venv/.tests ## ansible-test sanity, nothing ignored
	nice tests/sanity/run # The machine that is emulated beside it has limits of time.

unit: .venv/.tests $(COLLECTION) $(CRYPTO) ## pytest with ansible-core 2.19 (more arguments: ARGS="-k sshd")
	pytest --numprocesses auto --dist worksteal $(ARGS)

# What looks at the sources, or at the tests themselves, sees the same with every ansible-core.
ONCE := test_architecture.py bootstrap

unit-2.21: $(COLLECTION) $(CRYPTO) ## pytest with ansible-core 2.21 on Python 3.12 or newer
	@if tests/bootstrap/find-python 3.13 3.12 3.14 >/dev/null; then \
	  $(MAKE) .venv-2.21/.tests && .venv-2.21/bin/python -m pytest --numprocesses auto --dist worksteal $(ONCE:%=--ignore=tests/unit/%) $(ARGS); \
	else \
	  printf '%s\n' '!!!' '!!! NOT TESTED with ansible-core 2.21: it needs Python 3.12 or newer, and there is none here' '!!!'; \
	fi

browser: .venv/.tests $(COLLECTION) ## The HTML report in a headless browser
	tests/bootstrap/need chromium chromium
	tests/bootstrap/need chromedriver chromium-driver
	pytest tests/browser

network: .venv/.tests $(COLLECTION) ## Rules between hosts on a real router, and probes in network namespaces
	tests/bootstrap/need ip iproute2
	tests/bootstrap/need nft nftables
	tests/bootstrap/need iptables-restore iptables
	pytest tests/network

vm: .venv/.tests $(COLLECTION) ## Disk encryption on a kernel with dm-crypt, in an emulated machine (VM_SUITE=bookworm)
	tests/bootstrap/need qemu-system-x86_64 qemu-system-x86
	tests/bootstrap/need qemu-img qemu-utils
	tests/bootstrap/need mmdebstrap mmdebstrap
	tests/bootstrap/need sfdisk fdisk
	tests/bootstrap/need cryptsetup cryptsetup-bin
	tests/bootstrap/need ssh openssh-client
	pytest -o faulthandler_timeout=1200 tests/vm # The first test has an image built.

build: .venv/.tests ## The built collection, installed elsewhere, audits this machine
	tests/build

images: ## What the containers of the fleet are made of
	tests/bootstrap/engine
	molecule/images/build.sh

molecule: .venv/.tests $(COLLECTION) $(CRYPTO) ## Real daemons in containers, judged from outside
	tests/bootstrap/engine
	tests/bootstrap/need npm npm
	molecule reset # A machine that was restarted has no fleet, whatever Molecule remembers.
	molecule test --all

.PHONY: openssh
openssh: .venv/.tests $(COLLECTION) ## The traps of sshd on the real ones of Debian 11, 12 and 13, in containers: minutes
	tests/bootstrap/engine
	molecule/images/build.sh gate:11 gate:12 gate:13
	pytest tests/openssh

.PHONY: demo
demo: .venv/.tests $(COLLECTION) ## A small fleet: before, hardened, after (`molecule destroy` ends it)
	@tests/bootstrap/engine
	@molecule reset
	@molecule create
	@for playbook in audit harden audit; do \
	  ansible-playbook --inventory molecule/inventory/hosts.yml --extra-vars 'infosec_hosts=molecule:!clients' playbooks/$$playbook.yml; \
	done

# --- Documentation ----------------------------------------------------------------------------------------------------

.PHONY: docs
docs: .venv/.tests $(COLLECTION) ## Write docs/controls.md and the changelog's list of plugins anew
	python docs/generate.py
	cd $(COLLECTION) && antsibull-changelog release --update-existing --reload-plugins --refresh-plugins

# --- Environments -----------------------------------------------------------------------------------------------------

.venv/bin/python:
	@python=$$(tests/bootstrap/find-python 3.11 3.12 3.13 3.14) || { \
	  echo "No Python 3.11 or newer that can make virtual environments (Debian: apt install python3-venv)" >&2; exit 1; }; \
	echo "Building .venv with $$python ..."; "$$python" -m venv .venv

.venv/.runtime: requirements.txt | .venv/bin/python
	@.venv/bin/python $(PIP) --requirement $<
	@touch $@

.venv/.tests: tests/requirements.txt | .venv/bin/python
	@echo "Installing the test tools into .venv ..."
	@.venv/bin/python $(PIP) --requirement $<
	@touch $@ .venv/.runtime

.venv-2.21/.tests: tests/requirements-2.21.txt
	@python=$$(tests/bootstrap/find-python 3.13 3.12 3.14); \
	echo "Building .venv-2.21 with $$python ..."; "$$python" -m venv .venv-2.21
	@.venv-2.21/bin/python $(PIP) --requirement $<
	@touch $@

$(COLLECTION):
	@mkdir -p $(@D) && ln -sfn ../../.. $@

$(CRYPTO): | .venv/.tests
	@tests/bootstrap/collection community.crypto 3.5.0 14.5.0

.PHONY: clean
clean: ## Remove all that make has made
	rm -rf .ansible .build .cache .collections .hypothesis .mypy_cache .pytest_cache .ruff_cache .venv .venv-2.21
	rm -f infosec-principles-*.tar.gz
