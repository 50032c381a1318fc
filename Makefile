# make help lists the targets. The same steps without make stand in README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests at a time; each may take 4 GB of memory.
TEST_JOBS ?= 2
ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

SITE := $(VENV)/site
# Only if typed behind make: some systems set a variable of that name themselves.
CODE := $(if $(filter command%,$(origin LANGUAGE)),$(LANGUAGE))
TOYS := TRANSFER_DATA=toys TRANSFER_WEIGHTS=imagenet TRANSFER_SIZE=default TRANSFER_SIDE= TRANSFER_PRECISION= TRANSFER_LANGUAGE= TRANSFER_OUTPUTS=

.PHONY: help setup run test test-all faults lab lint format refresh experiments record site show workshop check kit clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/ready  ## set up the environment, which the others do first if it is missing

run: $(VENV)/ready  ## execute notebooks 01 to 05 and show the scoreboard; ALL=1: all; ONLY="08": this one
	@$(BIN)/python -m utils.publish.execute $(if $(ALL),--all) $(ONLY)

test: $(VENV)/ready  ## unit tests and every cell of every notebook
	@$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder -m "not slow"

test-all: $(SITE)  ## all tests: also a browser, the kit, all notebooks answered and on photographs; ONLY="not whole": without these
	@$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder $(if $(ONLY),-m "$(ONLY)")

faults: $(VENV)/ready  ## kill, damage, fill the disk, and see what happens (hours); ONLY="servers inputs": parts of it
	@$(BIN)/python -m tests.faults $(ONLY)

# The environment's programs and its kernel come first, whatever else is installed.
lab: $(VENV)/ready  ## open JupyterLab on the first notebook; LANGUAGE=zh_CN: in Chinese
	@$(if $(CODE),TRANSFER_LANGUAGE=$(CODE)) PATH="$(CURDIR)/$(BIN):$$PATH" JUPYTER_PATH="$(CURDIR)/$(VENV)/share/jupyter$${JUPYTER_PATH:+:$$JUPYTER_PATH}" $(BIN)/jupyter lab --ip 127.0.0.1 $(ROOT) --ServerApp.root_dir="$(CURDIR)" notebooks/$(addsuffix /,$(firstword $(subst _, ,$(CODE))))01-download.ipynb

lint: $(VENV)/ready  ## check code and notebooks with ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(VENV)/ready  ## format code and notebooks with ruff
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

refresh: $(VENV)/ready  ## execute the committed notebooks in place, on the toys, and record their scoreboard
	@$(TOYS) $(BIN)/python -m utils.publish.execute --in-place --all
	@$(TOYS) $(BIN)/python -m utils.publish.pages toys --command "make refresh"
	@$(BIN)/python -m utils.publish.languages

experiments: $(VENV)/ready  ## record what notebooks 04, 06, 07 and 09 quote (CIFAR-10, hours); ONLY="amount speed": parts of it
	@$(BIN)/python -m utils.experiments $(or $(ONLY),amount fine-tuning speed old-recipe ingredients machines)

record: $(VENV)/ready  ## fine-tune on all of CIFAR-10 within an hour and record it; can be resumed
	@TRANSFER_SIZE=full $(BIN)/python -m utils.experiments record

site: $(SITE)  ## build the site of the notebooks into outputs/site
	@$(BIN)/python -m utils.publish.site

show: site  ## build the site and show it on 127.0.0.1:8000
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory outputs/site 8000

workshop: $(VENV)/ready  ## notebooks for participants and teachers into outputs/workshop; LANGUAGE=zh_CN: in Chinese
	@$(BIN)/python -m utils.publish.workshop $(if $(CODE),--language $(CODE))

check:  ## say whether this computer is ready; works before anything is installed
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m utils.publish.check_computer; else $(PYTHON) -m utils.publish.check_computer; fi

kit: $(VENV)/ready  ## everything for a room without internet into outputs/kit
	@$(BIN)/python -m utils.publish.kit

clean:  ## delete the environment; outputs/ stays
	rm -rf $(VENV)

$(VENV)/ready: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and f"Python 3.11, 3.12 or 3.13 is needed (TensorFlow 2.21 runs on these); $(PYTHON) is {sys.version.split()[0]}. Try: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m utils.publish.check_computer --before-install
	@echo "Creating the environment in $(VENV) (once; some minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(SITE): $(VENV)/ready requirements-site.txt
	@echo "Installing what the site and its tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-site.txt -c constraints.txt
	@touch $@
