# Everything a developer runs. `make test` installs what the tests need, by package name, and skips nothing.

CARGO ?= cargo
VENV := target/venv
INTEROP := target/interop
OPENAPI := target/openapi
UI := target/ui
# GitHub's examples of its webhooks, by version and hash.
EXAMPLES_VERSION := 7.6.1
EXAMPLES_SHA256 := 89e6cb1c6345d32e3dd775617fa54effbdc26c859e514898d7728e95e9738280
EXAMPLES := target/npm/webhooks-examples-$(EXAMPLES_VERSION)
# npm comes with Node.js as well: Debian's is installed only where there is none.
APT_PACKAGES := build-essential python3 python3-venv golang-go golang-golang-x-mod-dev curl ca-certificates jq postgresql-15 \
  chromium chromium-driver fonts-dejavu-core $(if $(shell command -v npm),,npm)
# A database of all countries, to be read as operators' are (CC BY 4.0, attribution to nro.net).
GEO := target/geo
GEO_VERSION := 2.3.2026061719
export CARGO_TERM_COLOR ?= auto

.PHONY: run test test-rust test-interop test-openapi test-ui lint bench bench-peers bench-ours bench-build docs fuzz packages clean

run:
	$(CARGO) run --release -- serve

# --- tests -----------------------------------------------------------------

test: packages test-rust test-interop test-openapi test-ui

test-rust: $(EXAMPLES)/ready $(GEO)/$(GEO_VERSION) $(UI)/venv/ready
	$(CARGO) build --release --bin veritrail
	VERITRAIL_BIN=$(CURDIR)/target/release/veritrail VERITRAIL_REQUIRE_POSTGRES=1 \
	  VERITRAIL_WEBHOOK_EXAMPLES=$(CURDIR)/$(EXAMPLES)/package \
	  VERITRAIL_OIDC_MOCK=$(CURDIR)/$(UI)/venv/bin/oidc-provider-mock \
	  VERITRAIL_GEO_DATA=$(CURDIR)/$(GEO) $(CARGO) test --workspace --locked

$(EXAMPLES)/ready:
	mkdir -p $(EXAMPLES)
	cd $(EXAMPLES) && npm pack --silent @octokit/webhooks-examples@$(EXAMPLES_VERSION) >/dev/null
	cd $(EXAMPLES) && mv octokit-webhooks-examples-$(EXAMPLES_VERSION).tgz examples.tgz
	cd $(EXAMPLES) && echo "$(EXAMPLES_SHA256)  examples.tgz" | sha256sum --check --quiet && tar xzf examples.tgz
	touch $@

$(GEO)/$(GEO_VERSION):
	rm -rf $(GEO) && mkdir -p $(GEO)
	cd $(GEO) && npm pack --silent @ip-location-db/geo-whois-asn-country-mmdb@$(GEO_VERSION)
	cd $(GEO) && tar -xzf *.tgz --strip-components=1 && rm *.tgz
	touch $@

# Software that nobody here wrote: Go's sumdb packages, rfc8785 and pymerkle.
test-interop: $(VENV)/ready
	mkdir -p $(INTEROP)
	tests/interop/selftest.sh $(INTEROP) $(VENV)/bin/python
	tests/interop/run.sh target/release/veritrail $(INTEROP)/logcheck $(VENV)/bin/python

$(VENV)/ready: tests/interop/python/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# The API's description, validated by foreign software, and the real server held to it by schemathesis.
test-openapi: $(OPENAPI)/venv/ready
	$(CARGO) run --quiet --locked --package veritrail-testkit --bin veritrail-load -- --emit-events 500 >$(OPENAPI)/events.jsonl
	tests/openapi/run.sh target/release/veritrail $(OPENAPI)/venv $(OPENAPI)/events.jsonl

$(OPENAPI)/venv/ready: tests/openapi/requirements.txt
	python3 -m venv $(OPENAPI)/venv
	$(OPENAPI)/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# The pages in a real browser; `make test-ui SUITES=story` for one suite. Screenshots go to target/screens.
test-ui: $(UI)/venv/ready $(UI)/npm
	$(CARGO) build --release --bin veritrail
	tests/ui/run.sh target/release/veritrail $(UI)/venv $(SUITES)

$(UI)/venv/ready: tests/ui/requirements.txt
	python3 -m venv $(UI)/venv
	$(UI)/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

$(UI)/npm: tests/ui/package-lock.json tests/ui/package.json
	cd tests/ui && npm ci --silent
	mkdir -p $(UI) && touch $@

# Debian packages; only what is missing, so that an installed machine needs neither root nor a network.
packages:
	@missing=""; for package in $(APT_PACKAGES); do \
	  [ $$package = npm ] && command -v npm >/dev/null && continue; \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing$$missing"; \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi

# --- style -----------------------------------------------------------------

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	@if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; \
	else echo "cargo-deny is not installed: crates/testkit/tests/tidy.rs checks licences, sources and bans"; fi

docs:
	$(CARGO) doc --workspace --no-deps --open

# --- speed -----------------------------------------------------------------

# The table of what is wanted, measured, and done by others with the same events; `make bench EVENTS=5000000` for more of
# them. `make bench-ours` measures again beside the peers' last numbers. Only a quiet machine gives numbers.
EVENTS ?= 500000
BENCH := target/bench
BENCH_VENV := target/bench-venv
LOAD := target/release/veritrail-load
# Events behind the loaded ones: for the peers' single inserts and for what is written beside the queries.
MORE := 60000
ROUNDS := 300

bench:
	$(MAKE) --no-print-directory packages APT_PACKAGES="python3 python3-venv postgresql-15"
	$(CARGO) bench --package veritrail-ledger
	$(MAKE) --no-print-directory bench-peers
	$(MAKE) --no-print-directory bench-ours

bench-peers: $(BENCH_VENV)/ready bench-build
	mkdir -p $(BENCH)
	$(LOAD) --emit-queries $(ROUNDS) --events $(EVENTS) >$(BENCH)/drawn.jsonl
	$(LOAD) --emit-events $$(($(EVENTS) + $(MORE))) | PYTHONDONTWRITEBYTECODE=1 $(BENCH_VENV)/bin/python tests/bench/peers.py \
	  --events - --count $(EVENTS) --drawn $(BENCH)/drawn.jsonl >$(BENCH)/peers-$(EVENTS).jsonl.part
	mv $(BENCH)/peers-$(EVENTS).jsonl.part $(BENCH)/peers-$(EVENTS).jsonl

bench-ours: bench-build
	$(LOAD) target/release/veritrail --events $(EVENTS) --peers $(BENCH)/peers-$(EVENTS).jsonl

bench-build:
	$(CARGO) build --release --bin veritrail
	$(CARGO) build --release --package veritrail-testkit --bin veritrail-load

$(BENCH_VENV)/ready: tests/bench/requirements.txt
	python3 -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# --- fuzzing: needs a nightly toolchain and cargo-fuzz ----------------------

fuzz:
	cd fuzz && for target in $$($(CARGO) +nightly fuzz list); do \
	  $(CARGO) +nightly fuzz run $$target -- -max_total_time=$${SECONDS_EACH:-60} || exit 1; done

clean:
	$(CARGO) clean
