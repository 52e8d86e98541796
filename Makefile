# The one door to everything. `make run` serves, `make test` is what CI runs, `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ENGINE := deploy/engine/node_modules/.installed
GEO := deploy/geo/node_modules/.installed
SDK := sdk-js/dist/playhead.js
DASHBOARD := dashboards/dist/index.html
BROWSER_TESTS := tests/browser/node_modules/.installed
SDK_SOURCES := $(shell find sdk-js/src sdk-js/scripts sdk-js/*.json -type f)
DASHBOARD_SOURCES := $(shell find dashboards/src dashboards/public dashboards/scripts dashboards/*.html dashboards/*.ts dashboards/*.json -type f)

say = @printf '\033[1m▸ %s\033[0m\n' "$(1)"

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

.PHONY: run
run: build ## install what is missing, build, serve on http://127.0.0.1:8080 (KAFKA=1: with a broker of its own)
ifdef KAFKA
	$(call say,starting Kafka)
	@export PLAYHEAD_KAFKA_BROKERS="$$(deploy/kafka/kafka.sh start data/kafka --while-pid $$$$)"; \
		exec target/release/playhead serve
else
	@exec target/release/playhead serve
endif

.PHONY: build
build: setup pages ## the release binary with everything in it
	$(call say,building playhead (the first time takes some minutes))
	@cargo build --release --bin playhead

.PHONY: setup
setup: tools $(ENGINE) $(GEO) ## the engine's library and the files about addresses and robots

.PHONY: tools
tools:
	@deploy/setup.sh build

.PHONY: pages
pages: $(SDK) $(DASHBOARD) ## SDK and dashboard, built for embedding

%/node_modules/.installed: %/package-lock.json
	$(call say,npm packages of $*)
	@cd $* && { npm ci --no-audit --no-fund --loglevel=error || { echo "npm failed; check the network, then run: make setup" >&2; exit 1; }; }
	@touch $@

.PRECIOUS: %/node_modules/.installed

$(SDK): sdk-js/node_modules/.installed $(SDK_SOURCES)
	$(call say,building the SDK)
	@cd sdk-js && npm run --silent build
	@touch $@

$(DASHBOARD): dashboards/node_modules/.installed $(DASHBOARD_SOURCES)
	$(call say,building the dashboard)
	@cd dashboards && npm run --silent build -- --logLevel warn
	@touch $@

# Rust's tests wait for engines and brokers more than they work, so there are more of them at a time than processors.
.PHONY: test
test: ## everything CI runs: lint, Rust with real engine and Kafka, SDK, dashboard, browser
	@deploy/setup.sh test
	@$(MAKE) setup pages $(BROWSER_TESTS)
	@deploy/kafka/kafka.sh fetch
	@cargo fmt --check || { echo "run: cargo fmt" >&2; exit 1; }
	@$(MAKE) -j2 test-pages compile
	@$(MAKE) -j2 watch-players compile-rest
	$(call say,Rust tests (embedded engine and a real Kafka))
	@RUST_TEST_THREADS=$${RUST_TEST_THREADS:-3} cargo test --lib --bins --test it

# Tests in a browser mostly wait; what is left of the machine compiles, and gives way to them. First the program that the
# players' tests run, then what nobody waits for.
.PHONY: compile compile-rest
compile:
	@nice -n 19 cargo test --no-run --test it
compile-rest:
	@nice -n 19 cargo clippy --all-targets --quiet -- -D warnings
	@nice -n 19 cargo test --no-run --lib --bins --test it

.PHONY: test-go
test-go: setup pages ## ClickHouse's Go client against the SQL port, as Grafana's plugin uses it (wants Go 1.26)
	@cargo test --test go

.PHONY: faults
faults: setup pages ## kills, frozen and missing parts, overload: a ledger against the real thing (KILLS=1000 SEED=n ROWS=T093,…)
	@deploy/setup.sh test
	@deploy/kafka/kafka.sh fetch
	@KILLS="$(KILLS)" SEED="$(SEED)" ROWS="$(ROWS)" cargo test --quiet --test faults

.PHONY: test-pages
test-pages: pages ## SDK and dashboard alone
	@$(MAKE) check-pages
	@$(MAKE) watch-pages

# Nothing here builds pages: they are being compiled in meanwhile.
.PHONY: check-pages
check-pages: pages
	$(call say,SDK: lints$(comma) types$(comma) tests$(comma) sizes$(comma) the built files$(comma) API report)
	@cd sdk-js && npm run --silent check:built
	$(call say,dashboard: lints$(comma) types$(comma) tests$(comma) size)
	@cd dashboards && npm run --silent check:built

.PHONY: watch-pages
watch-pages: pages
	$(call say,dashboard: every state in a browser)
	@cd dashboards && npm run --silent e2e

.PHONY: test-browser
test-browser: pages $(BROWSER_TESTS) ## the whole path: a real player in a real browser, through to the chart
	@cargo build --bin playhead
	@$(MAKE) watch-players

.PHONY: watch-players
watch-players:
	$(call say,browser tests against the real binary)
	@cd tests/browser && npm run --silent test

.PHONY: lint
lint: sdk-js/node_modules/.installed dashboards/node_modules/.installed ## formatting and lints of all languages
	$(call say,lint)
	@cargo fmt --check || { echo "run: cargo fmt" >&2; exit 1; }
	@cargo clippy --all-targets --quiet -- -D warnings
	@cd sdk-js && npm run --silent lint
	@cd dashboards && npm run --silent lint

.PHONY: deny
deny: ## licences, sources and (where the advisory database is reachable) advisories of all crates
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	@cargo deny check licenses bans sources

.PHONY: bench
bench: pages setup ## what taking in and reading cost, beside servers that do nothing and plain SQL, and part by part (QUICK=1 for minutes)
	@cargo build --release --bin playhead
	@cargo bench --bench load -- $(if $(QUICK),--quick)
	@cargo bench --bench read -- $(if $(QUICK),--quick,--full)
	@cargo bench --bench pipeline -- $(if $(QUICK),--quick)
	@cargo bench --bench disk
	@cargo bench --bench live -- $(if $(QUICK),--quick)
	@cargo bench --bench micro
	@command -v valgrind >/dev/null || { echo "instructions are not counted: valgrind is not installed" >&2; exit 0; }; \
		cargo bench --bench micro -- --instructions

.PHONY: bench-pages
bench-pages: pages $(BROWSER_TESTS) $(ENGINE) ## how fast the pages are, measured in a browser (QUICK=1 for minutes)
	@cargo build --release --bin playhead
	@PLAYHEAD_BIN=$(CURDIR)/target/release/playhead node benches/pages/main.mjs $(if $(QUICK),--quick)

.PHONY: kafka
kafka: ## start a real broker by hand; stop it with deploy/kafka/kafka.sh stop data/kafka
	@deploy/kafka/kafka.sh start data/kafka

.PHONY: clean
clean: ## remove what was built (not data/)
	@rm -rf target sdk-js/dist dashboards/dist */node_modules deploy/*/node_modules tests/*/node_modules

comma := ,
