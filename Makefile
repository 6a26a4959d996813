.DEFAULT_GOAL := help
.PHONY: help run run-cluster test simulate cel-conformance lint types format bench image image-test image-test-langchain test-sanitizers crash docs examples clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

run: ## Build, start the server on 127.0.0.1:8080, run the example, keep serving
	@scripts/run.sh

run-cluster: ## Build, start three brokers, a server on 127.0.0.1:8080 and three workers, run an example, keep serving
	@scripts/cluster.sh

test: ## Run every test
	@scripts/test.sh

simulate: ## Simulate the engine with crashes and other faults (SEEDS=1000 FIRST=1 ARGS=--verbose)
	@scripts/bootstrap.sh
	@swift build -c release --product flowcore-simulate
	@"$$(swift build -c release --show-bin-path)/flowcore-simulate" --seeds "$${SEEDS:-1000}" --first "$${FIRST:-1}" $(ARGS)

cel-conformance: ## Run the expression language's conformance cases in the folder DIR
	@scripts/cel-conformance.sh "$(DIR)"

lint: ## Check the layout of the code and its rules
	@scripts/lint.sh

types: ## Check the types of what is written in Python
	@scripts/types.sh

format: ## Lay out the code
	@swift format --in-place --parallel --recursive Package.swift Sources Tests Examples

bench: ## Measure against other servers (ONLY=name for one table, SECONDS_PER_CELL=3)
	@Benchmarks/bench.sh

image: ## Build the container image with docker or podman
	@scripts/image.sh

image-test: ## Build and run the image, and the cluster of its compose file, without a registry
	@scripts/image-test.sh

image-test-langchain: ## The same for the variant with Python and langchain-core
	@scripts/image-test.sh langchain

test-sanitizers: ## Run the tests of the HTTP layer, the API and the engine under the address and thread sanitizers
	@scripts/test-sanitizers.sh

crash: ## Kill the server at random moments, CYCLES times, and check what it kept
	@scripts/bootstrap.sh
	@swift build --build-tests
	@swift build -c release --product flowcore --static-swift-stdlib
	@FLOWCORE_BINARY=$$(swift build -c release --static-swift-stdlib --show-bin-path)/flowcore CYCLES=$${CYCLES:-100} swift test --skip-build --filter CrashTests

docs: ## Render openapi.yaml as the page of /docs
	@.build/venv-openapi/bin/python scripts/openapi/docs.py

examples: ## Write docs/examples into the pages that show them
	@python3 scripts/docs/examples.py

clean: ## Remove what was built
	@rm -rf .build
