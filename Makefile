# The front door: `make app` and `make test` are all a fresh clone needs. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
CHROMIUM := $(or $(DMIL_CHROMIUM),/usr/bin/chromium)
PY := $(VENV)/bin/python

# A stamp carries a hash of all that the environment depends on, so an unchanged one is reused.
stamp = $(VENV)/.installed-$(1)-$(shell { cat $(2) pyproject.toml; pwd -P; $(PYTHON) -VV || true; } 2>&1 | sha256sum | cut -c1-16)
APP_FILES := requirements-hashes.txt requirements.txt
DEV_FILES := requirements-dev-hashes.txt requirements-dev.txt
APP_ENV := $(call stamp,app,$(APP_FILES))
DEV_ENV := $(call stamp,dev,$(APP_FILES) $(DEV_FILES))
# The tools for scripts and styles, from package-lock.json.
JS_ENV := node_modules/.installed-$(shell { cat package-lock.json; pwd -P; } | sha256sum | cut -c1-16)

##@ Use
.PHONY: app
app: $(APP_ENV) ## Start the app on the shipped checkpoints; ARGS="--server.port 8600" goes to streamlit
	exec $(PY) -m streamlit run dashboard/app.py $(ARGS)

.PHONY: setup
setup: $(APP_ENV) ## Make the environment .venv alone, from requirements.txt
	@echo "Ready: $(VENV)"

##@ Check
.PHONY: test
test: $(DEV_ENV) chromium node ## Run the whole test suite, browser tests included; ARGS="-k words" goes to pytest
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore $(RAY_TESTS) $(ARGS)

# Two nodes of Ray are ten processes, which would slow the other tests down.
RAY_TESTS := tests/core/engine/test_ray.py
.PHONY: test-ray
test-ray: $(DEV_ENV) ## Run the tests of --engine ray, on a cluster of two nodes on this machine
	$(PY) -m pytest $(RAY_TESTS) $(ARGS)

.PHONY: lint
lint: $(DEV_ENV) $(JS_ENV) ## Check style, formatting and, of scripts, types: ruff, biome and tsc
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	npm run --silent lint

.PHONY: format
format: $(DEV_ENV) $(JS_ENV) ## Let ruff and biome sort imports and format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	npm run --silent format

.PHONY: types
types: $(DEV_ENV) ## Check types with mypy
	$(PY) -m mypy

.PHONY: wheel
wheel: $(DEV_ENV) ## Build the wheel, with the app and a demonstration in it, into dist/
	$(PY) -m build --wheel --outdir dist

.PHONY: versions
versions: $(DEV_ENV) ## Print the versions that matter
	@$(PY) -VV
	@$(PY) -m pip list --format freeze | grep -iE '^(torch|numpy|pandas|streamlit|plotly|pytest|ruff|mypy|playwright)='

##@ Make again
.PHONY: checkpoints
checkpoints: $(APP_ENV) ## Train and map every shipped checkpoint; ARGS="mfeat --overwrite" picks and restarts
	$(PY) -m checkpoints.build $(ARGS)

.PHONY: data
data: $(APP_ENV) ## Build the bundled data sets, all but emoji-minilm, from their sources; sample_data/build/ says what that needs
	$(PY) -m pip install --quiet -r sample_data/build/requirements.txt
	for name in avdigits pairs watch mfeat diamonds segments emoji; do $(PY) -m "sample_data.build.$$name"; done

.PHONY: screenshots
screenshots: $(DEV_ENV) chromium ## Picture every page, light and dark, wide and narrow, into screenshots/; renew the pictures of docs/
	$(PY) -m tests.browser.screenshots --out screenshots
	$(PY) -m tests.browser.tour --out docs/tour.gif

.PHONY: bench
bench: bench-avdigits bench-speed ## Run the short benchmarks; each also writes benchmarks/results/

.PHONY: bench-fidelity
bench-fidelity: $(APP_ENV) ## Does the decomposition agree with the known one? 15 distributions, 5 seeds; hours, resumable
	$(PY) -m benchmarks.fidelity $(ARGS)

.PHONY: bench-compare
bench-compare: $(APP_ENV) ## All paradigms on all sets, tuned, 5 seeds; many hours, goes on when stopped
	$(PY) -m benchmarks.comparison $(ARGS)

.PHONY: bench-ablations
bench-ablations: $(APP_ENV) ## What is each of our changes to the method worth? Goes on when stopped
	$(PY) -m benchmarks.ablations $(ARGS)

.PHONY: bench-recipes
bench-recipes: $(APP_ENV) ## How much of a ranking is due to the training recipe? 4 sets, 3 seeds; hours, goes on when stopped
	$(PY) -m benchmarks.recipes $(ARGS)

.PHONY: bench-three
bench-three: $(APP_ENV) ## Three inputs: is the gate right, and against joint and ensemble; goes on when stopped
	$(PY) -m benchmarks.three $(ARGS)

.PHONY: bench-corruption
bench-corruption: $(APP_ENV) ## Accuracy and gates where one input is corrupted at test time; takes the runs of bench-compare
	$(PY) -m benchmarks.corruption $(ARGS)

.PHONY: bench-unseen
bench-unseen: $(APP_ENV) ## Do frozen components describe classes that training never saw? 5 seeds
	$(PY) -m benchmarks.unseen $(ARGS)

.PHONY: bench-architectures
bench-architectures: $(APP_ENV) ## The same paradigms with other encoders, 5 seeds; an hour or more
	$(PY) -m benchmarks.architectures $(ARGS)

.PHONY: bench-information
bench-information: $(APP_ENV) ## Are exact decompositions exact, and estimates near the truth? 5 seeds, 15 minutes
	$(PY) -m pip install --quiet -r benchmarks/requirements.txt
	$(PY) -m benchmarks.information $(ARGS)

.PHONY: bench-dominance
bench-dominance: $(APP_ENV) ## Does joint learning neglect the weaker input? 5 seeds; takes the runs of bench-compare
	$(PY) -m benchmarks.dominance $(ARGS)

.PHONY: bench-theorem
bench-theorem: $(APP_ENV) ## Why do the paradigms rank so? Theorem 1 in numbers, on runs of bench-fidelity
	$(PY) -m benchmarks.theorem $(ARGS)

.PHONY: bench-grading
bench-grading: $(APP_ENV) ## Does post-hoc analysis find known interaction types? On runs of bench-fidelity
	$(PY) -m benchmarks.grading $(ARGS)

.PHONY: bench-collapse
bench-collapse: $(APP_ENV) ## Why does the gate of the released losses collapse? On runs of bench-fidelity
	$(PY) -m benchmarks.collapse $(ARGS)

.PHONY: bench-avdigits
bench-avdigits: $(APP_ENV) ## Does the gate move where the picture or the sound is corrupted?
	$(PY) -m benchmarks.avdigits

.PHONY: bench-speed
bench-speed: $(APP_ENV) ## Rows a second of inference, seconds of training
	$(PY) -m benchmarks.speed

.PHONY: bench-live
bench-live: $(APP_ENV) ## Are three models trained in 20 seconds while a class watches? 5 seeds, 5 minutes
	$(PY) -m benchmarks.live $(ARGS)

.PHONY: bench-app
bench-app: $(DEV_ENV) chromium ## How long does a visitor wait, beside two other tools? 30 minutes on an idle machine
	$(PY) -m benchmarks.app $(ARGS)

.PHONY: bench-scale
bench-scale: $(DEV_ENV) ## How does cost grow with the number of rows? 10^3 to 10^6, half an hour on an idle machine
	$(PY) -m benchmarks.scale $(ARGS)

.PHONY: bench-soak
bench-soak: $(DEV_ENV) ## Does the server hold out? Four visitors for ten minutes; ARGS="--minutes 4"
	$(PY) -m benchmarks.app.soak $(ARGS)

.PHONY: bench-real
bench-real: $(DEV_ENV) ## Do sets of other people go from their files to a finding? Fetches them; half an hour, goes on when stopped
	$(PY) -m benchmarks.real_sets $(ARGS)

.PHONY: bench-kills
bench-kills: $(APP_ENV) ## Does a killed process leave anything half-written? 40 kills, half an hour; ARGS="--kills 5"
	$(PY) -m benchmarks.kills $(ARGS)

# The compiler of the requirements files, in an environment of its own.
LOCK := build/lock
LOCK_ENV := $(LOCK)/.installed-uv-0.13.9
COMPILE := $(LOCK)/bin/uv pip compile --quiet --universal --custom-compile-command "make lock"
COMPILE_APP := $(COMPILE) pyproject.toml --extra app --extra maps
COMPILE_DEV := $(COMPILE) --group dev --constraints $(LOCK)/requirements.txt
HASHED := --generate-hashes --no-emit-package torch

.PHONY: lock
lock: $(LOCK_ENV) ## Compile the requirements files from pyproject.toml, keeping versions; ARGS="--upgrade" renews them
	$(COMPILE_APP) $(ARGS) --output-file requirements.txt
	cp requirements.txt $(LOCK)/requirements.txt
	printf '%s\n' '# The program itself' '-e .' >> requirements.txt
	$(COMPILE_DEV) $(ARGS) --output-file requirements-dev.txt
	cp requirements-dev.txt $(LOCK)/requirements-dev.txt
	$(COMPILE_APP) $(HASHED) --constraints $(LOCK)/requirements.txt --output-file requirements-hashes.txt
	$(COMPILE_DEV) $(HASHED) --constraints $(LOCK)/requirements-dev.txt --output-file requirements-dev-hashes.txt

.PHONY: notebook
notebook: $(DEV_ENV) ## Write the notebooks in examples/ from their scripts
	$(PY) -m jupytext --to ipynb examples/*.py

.PHONY: results
results: $(APP_ENV) ## Write the generated parts of README.md and docs/: results, methods, glossary
	$(PY) -m benchmarks.tables

.PHONY: docs
docs: $(DEV_ENV) ## Build the documentation as a site into build/site; fails for a broken link
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "Open build/site/index.html"

##@ Other
.PHONY: clean
clean: ## Remove the environment, caches and what benchmarks left in build/
	rm -rf $(VENV) node_modules build dist screenshots *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- what the targets need ----------------------------------------------------------------------

define need_python
@command -v $(PYTHON) >/dev/null || { \
	echo "$(PYTHON) was not found. Install Python 3.11 or newer; on Debian: apt-get install python3 python3-venv" >&2; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "This needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "$(PYTHON) cannot make environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
endef

# Two files: all but torch, compared with their hashes; then everything, which adds torch. pip wants
# the hashes of all packages of a file or of none.
define pip_install
$(PY) -m pip install --disable-pip-version-check --require-hashes --no-deps -r $(firstword $(1))
$(PY) -m pip install --disable-pip-version-check -r $(lastword $(1))
endef

# Two Pythons in one environment break each other, so another one starts it anew.
base := import os, sys; print(os.path.realpath(sys._base_executable), sys.version)

$(APP_ENV):
	$(need_python)
	@if [ -e $(VENV) ] && [ "$$($(PY) -c '$(base)' 2>&1)" != "$$($(PYTHON) -c '$(base)')" ]; then \
		echo "$(VENV) was made by another Python; making it anew."; rm -rf $(VENV); \
	fi
	$(PYTHON) -m venv $(VENV)
	$(call pip_install,$(APP_FILES))
	@rm -f $(VENV)/.installed-app-*
	@touch $@

$(LOCK_ENV):
	$(need_python)
	rm -rf $(LOCK)
	$(PYTHON) -m venv $(LOCK)
	$(LOCK)/bin/python -m pip install --disable-pip-version-check --quiet uv==$(patsubst $(LOCK)/.installed-uv-%,%,$@)
	@touch $@

$(DEV_ENV): $(APP_ENV)
	$(call pip_install,$(DEV_FILES))
	@rm -f $(VENV)/.installed-dev-*
	@touch $@

.PHONY: chromium
chromium:
	@if [ ! -x $(CHROMIUM) ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Browser tests need Chromium; installing Debian's."; \
		apt-get update -qq; \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation; \
	fi
	@[ -x $(CHROMIUM) ] || { \
		echo "Browser tests need Chromium, and there is none at $(CHROMIUM). On Debian: apt-get install chromium; elsewhere set DMIL_CHROMIUM to its path." >&2; exit 1; }

$(JS_ENV): | node npm
	npm ci --no-audit --no-fund
	@touch $@

# A program of Debian's, installed where that can be done: its name, the package, why it is needed.
define need_program
@if ! command -v $(1) >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "$(3); installing Debian's."; \
	apt-get update -qq; \
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2); \
fi
@command -v $(1) >/dev/null || { \
	echo "$(3), and $(1) was not found. On Debian: apt-get install $(2); elsewhere see nodejs.org." >&2; exit 1; }
endef

.PHONY: node
node:
	$(call need_program,node,nodejs,Checks of the scripts need Node.js 18 or newer)
	@node -e 'process.exit(Number(process.versions.node.split(".")[0] < 18))' || { \
		echo "Checks of the scripts need Node.js 18 or newer; node is $$(node --version)." >&2; exit 1; }

.PHONY: npm
npm: | node
	$(call need_program,npm,npm,Biome and TypeScript are installed by npm)
