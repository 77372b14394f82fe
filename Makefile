# Everything a contributor can do. Each target is one line that can be typed by hand as well.
.DEFAULT_GOAL := help
.PHONY: help setup engine build check up test test-unit test-integration test-engine-26 test-conformance test-simulation test-fuzz test-bench bench images clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-17s %s\n", $$1, $$2 }'

setup: ## check or install what is missing, install packages, compile
	scripts/setup.sh

engine: ## make sure a container engine answers
	scripts/engine.sh ensure

build: ## install packages when they changed, compile
	scripts/setup.sh --no-engine

check: build ## types, lint and format
	scripts/check.sh

up: ## set up, build an example's images and start it; EXAMPLE=shop, PORT=4000 for others
	scripts/up.sh

test: ## set up, then every suite
	scripts/test.sh

test-unit: ## no engine, no network; on this Node.js and on the current LTS
	scripts/test.sh unit

test-integration: ## our parts on a real engine, with the contract suites
	scripts/test.sh contract integration

test-engine-26: ## the engine's suites on Debian trixie's docker.io, unpacked into a cache
	scripts/engine-26.sh

test-conformance: ## real AWS clients
	scripts/test.sh conformance

test-simulation: ## pools and lifecycle under virtual time, with faults
	scripts/test.sh simulation

test-fuzz: ## hostile input at both doors, a million streams through both parsers; FUZZ_SEED, FUZZ_RUNS, FUZZ_STREAMS
	scripts/test.sh fuzz

test-bench: ## a short bench; fails only on ratios far out of line
	scripts/test.sh bench

bench: ## measure and compare; SECTIONS="warm cold", ROUNDS=5, UPDATE=1, README=1
	scripts/bench.sh $(SECTIONS) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(UPDATE),--update) $(if $(README),--readme)

images: ## build the image of every runtime this machine can build
	scripts/images.sh all

clean: ## remove what was compiled
	rm -rf dist dist-*
