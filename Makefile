# make demo   set up and run a whole library with simulated devices
# make test   set up and run every check
# make help   all other words
SHELL := /bin/sh
VISITS ?= 200
SEED ?= 1
SEEDS ?= 1000
FIRST ?= 1
CUTS ?= 200
MINUTES ?= 5
HOURS ?= 24
PY := .venv/bin/python
.DEFAULT_GOAL := help

help: ## these words
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make this machine ready to run (Debian packages, .venv)
	@demo/setup.sh run

setup-test: ## make this machine ready for the checks too (Chromium, libnfc)
	@demo/setup.sh test

demo: setup ## run two libraries with simulated devices; Ctrl-C stops everything
	@exec .venv/bin/shelfwire-demo up

demo-day: setup ## a scripted library day: VISITS=200 SEED=1
	@exec .venv/bin/shelfwire-demo day --visits $(VISITS) --seed $(SEED)

demo-reset: setup ## forget the demo's data and start over
	@exec .venv/bin/shelfwire-demo reset

format: setup-test ## put the code in its form
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix -q .

lint: setup-test ## form, lint, types, import contracts
	@echo "== form";      .venv/bin/ruff format --check .
	@echo "== lint";      .venv/bin/ruff check .
	@echo "== types";     .venv/bin/mypy
	@echo "== contracts"; .venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports

test: lint ## every check that CI runs
	@echo "== tests";         $(PY) -m pytest -q -n 2 --dist loadfile -m "not system and not browser and not power"
	@echo "== browser tests"; $(PY) -m pytest -q -n 2 -m browser
	@echo "== system tests";  $(PY) -m pytest -q -m "system and not power"

bench: setup-test ## measure; prints ratios against peers of the same run: PARTS="journal drain"
	@$(PY) bench/run.py $(PARTS)

soak-drivers: setup-test ## drivers under traffic, nothing may grow: MINUTES=5
	@$(PY) bench/soak_drivers.py --seconds $$(( $(MINUTES) * 60 ))

soak: setup-test ## the whole system under SEEDS=n seeds of every fault, from FIRST=s
	@$(PY) tests/simulation/soak.py --seeds $(SEEDS) --first $(FIRST)

mutants: setup-test ## wrong programs, and the seed that finds each out
	@$(PY) tests/simulation/mutants.py

soak-power: setup-test ## a power cut at every write, then CUTS=200 of a running demo's disks (root)
	@CUTS=$(CUTS) $(PY) -m pytest -q -s -m power

soak-day: setup-test ## 24 hours of questions to every device, as fast as they come: HOURS=24
	@$(PY) bench/soak_day.py --hours $(HOURS)

screens: setup-test ## every screen of the kiosk: two languages, four sizes, all looks, on one page (.artifacts/screens)
	@rm -rf .artifacts/screens
	@SHELFWIRE_SCREENS=all $(PY) -m pytest -q -n 2 $(addprefix tests/browser/kiosk/test_,pictures.py proving.py classes.py)
	@$(PY) tests/browser/sheet.py

voice: setup-test ## record the spoken sentences of the kiosk (espeak-ng, opus-tools)
	@$(PY) -m kiosk.speech

docs: setup-test ## write the reference parts of docs/ from the code
	@$(PY) docs/reference.py

lock: setup-test ## pin requirements again (versions and hashes, no addresses)
	@$(PY) -m pip install -q uv
	@for f in requirements requirements-dev; do .venv/bin/uv pip compile -q --generate-hashes --universal \
	    --python-version 3.11 --no-emit-index-url --no-header --no-annotate $$f.in -o $$f.lock; done

clean: ## remove everything that the other words made
	rm -rf .venv .demo .artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help setup setup-test demo demo-day demo-reset format lint test bench soak mutants soak-drivers soak-power screens voice docs lock clean
