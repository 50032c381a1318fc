# make help lists the targets. The same steps without make stand in README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests at a time; each may take 4 GB of memory.
TEST_JOBS ?= 2
ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

SITE := $(VENV)/site

.PHONY: help run test lab lint format refresh evidence record site show workshop doctor bundle clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/ready  ## execute the notebooks and show the scoreboard
	@$(BIN)/python -m utils.run_notebooks

test: $(SITE)  ## run all tests, among them every cell of every notebook
	@$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile

# With the environment's programs on the path, or notebooks would not find tensorboard.
lab: $(VENV)/ready  ## open JupyterLab on the first notebook
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter lab --ip 127.0.0.1 $(ROOT) notebooks/01-download.ipynb

lint: $(VENV)/ready  ## check code and notebooks with ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(VENV)/ready  ## format code and notebooks with ruff
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

refresh: $(VENV)/ready  ## execute the committed notebooks in place, on the bundled edition
	@rm -rf outputs/keras-home  # so that drawing the toys is among the minutes
	@TRANSFER_DATA=toys TRANSFER_WEIGHTS=bundled TRANSFER_SIZE=default TRANSFER_SIDE= \
		TRANSFER_OUTPUTS= KERAS_HOME="$(CURDIR)/outputs/keras-home" \
		$(BIN)/python -m utils.run_notebooks --in-place
	@TRANSFER_DATA=toys TRANSFER_WEIGHTS=bundled TRANSFER_SIZE=default TRANSFER_SIDE= \
		TRANSFER_OUTPUTS= KERAS_HOME="$(CURDIR)/outputs/keras-home" \
		$(BIN)/python -m utils.record toys --command "make refresh"
	@[ ! -e $(SITE) ] || $(BIN)/python -m utils.site --catalogues

evidence: $(VENV)/ready  ## measure anew what notebooks 06 and 07 quote (CIFAR-10, two hours); ONLY="amount speed": parts of it
	@$(BIN)/python -m utils.evidence $(ONLY)

record: $(VENV)/ready  ## fine-tune on all of CIFAR-10 within an hour and record it; can be resumed
	@TRANSFER_SIZE=full TRANSFER_WEIGHTS=bundled $(BIN)/python -m utils.record_run --write
	@$(BIN)/python -m utils.evidence sentences

site: $(SITE)  ## build the site of the notebooks into outputs/site
	@$(BIN)/python -m utils.site

show: site  ## build the site and show it on 127.0.0.1:8000
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory outputs/site 8000

workshop: $(VENV)/ready  ## notebooks for participants and teachers into outputs/workshop
	@$(BIN)/python -m utils.workshop

doctor:  ## say whether this computer is ready, and what to mend; works before anything is installed
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m utils.doctor; else $(PYTHON) -m utils.doctor; fi

bundle: $(VENV)/ready  ## everything for a room without internet into outputs/bundle
	@$(BIN)/python -m utils.bundle

clean:  ## delete the environment; outputs/ stays
	rm -rf $(VENV)

$(VENV)/ready: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and f"Python 3.11, 3.12 or 3.13 is needed (TensorFlow 2.21 runs on these); $(PYTHON) is {sys.version.split()[0]}. Try: make PYTHON=python3.11 ...")'
	@echo "Creating the environment in $(VENV) (once; some minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(SITE): $(VENV)/ready requirements-site.txt
	@echo "Installing what the site and its tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-site.txt -c constraints.txt
	@touch $@
