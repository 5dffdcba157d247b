# The two commands a newcomer needs, and the ones a developer does; `make help` lists them.
# Each installs what is missing, can be repeated, and needs no other step before it.

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
CMAKE ?= cmake

# SANITIZE=address or thread builds and tests in a folder of its own.
SANITIZE ?=
ifneq ($(filter-out address thread,$(SANITIZE)),)
$(error SANITIZE is address or thread, not '$(SANITIZE)')
endif
PRESET := $(if $(SANITIZE),$(SANITIZE),release)
BUILD := build$(if $(SANITIZE),/$(SANITIZE))
REPORT := $(BUILD)/report

# What to build and which tests to run; all of them without.
TARGETS ?= all
CTEST_ARGS ?=
# More arguments for keywalk-conform, such as ARGS="--select 'retry-*'".
ARGS ?=

# The cache then serves any checkout of the same source.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
# It needs to be told that precompiled headers are in use.
export CCACHE_SLOPPINESS := pch_defines,time_macros

.PHONY: help
help:
	@echo 'make conformance   run the conformance suite on the reference implementation'
	@echo '                   (ARGS="--list" and the like are passed on)'
	@echo 'make test          build everything and run every test'
	@echo '                   (SANITIZE=address or thread: under a sanitizer)'
	@echo 'make test-page     the HTML reports in headless Chromium, which make test does if one is there'
	@echo 'make bench         what core and bodies cost, with the bars: build/report/bench.json'
	@echo '                   (ARGS="--benchmark_filter=next_key"; ARGS=--check fails below the bars)'
	@echo 'make bench-compare A=old.json B=new.json   results of bench or bench-peers side by side;'
	@echo '                   fails if something is worse (THRESHOLD=10%; ARGS="--changes")'
	@echo 'make instructions  how many instructions the core takes, beside the committed figures'
	@echo '                   (UPDATE=1 writes new ones into bench/instructions.json)'
	@echo 'make hostile       the table of hostile requests: keywalk beside nginx and haproxy'
	@echo 'make protections   switch off what SECURITY.md names, one by one: the tests named must notice'
	@echo '                   (ARGS="--select NAME..."; goes on where it was interrupted)'
	@echo 'make soak          faults at full speed, every answer explained by the upstream: build/report/'
	@echo '                   (MINUTES=10 SEED=1 CLIENTS=48 of each proxy; SANITIZE=address)'
	@echo 'make secrets       look for keys in everything that is written during the whole suite'
	@echo 'make fuzz          fuzz every parser and both ends of a connection with libFuzzer (SECONDS=60)'
	@echo 'make bench-mock    keywalk-mock beside nginx, WireMock, mockttp and aimock, with wrk'
	@echo '                   (DURATION=4 REPEATS=5; ARGS=--check fails below the bars)'
	@echo 'make bench-peers   what a failover costs, beside nginx, haproxy and Portkey: build/report/'
	@echo '                   (QUICK=1: a minute; ARGS="--servers direct,nginx,keywalk --bodies 1k")'
	@echo 'make sim           compare failover policies on virtual traffic'
	@echo '                   (WORLD=sim/worlds/401-outage.json ARGS="--policy coder-v1,FILE")'
	@echo 'make hunt          draw worlds from seeds and check invariants in them (MINUTES=10)'
	@echo 'make ci-full       sanitizers, valgrind, static analysis, coverage, fuzzers: an hour'
	@echo '                   (STEPS="cppcheck coverage"; a table at the end)'
	@echo 'make install       install under PREFIX (now $(PREFIX)), inside DESTDIR if set'
	@echo 'make format        format the C++ sources with clang-format'
	@echo 'make tidy          check them with clang-tidy'
	@echo 'make clang         compile everything with clang++'
	@echo 'make clean         remove build/'
	@echo 'Missing Debian or Ubuntu packages are installed first. Binaries are put in build/bin.'

.PHONY: conformance
conformance: deps-build configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-conform
	@mkdir -p $(REPORT)
	@$(BUILD)/bin/keywalk-conform --junit $(REPORT)/junit.xml --json $(REPORT)/report.json \
	  --html $(REPORT)/report.html $(ARGS)

.PHONY: test
test: deps-test configured-for-tests
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target $(TARGETS)
	@scripts/fetch-npm.sh tests/sdk $(BUILD)/sdk
	@scripts/fetch-npm.sh tests/conformance/readers $(BUILD)/readers
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS) $(CTEST_ARGS) \
	  $$($(CURDIR)/scripts/install-deps.sh --list page | grep -q chromium && echo -LE browser)

# The HTML reports in headless Chromium, which is installed if there is none: 100 MB.
.PHONY: test-page
test-page: deps-test configured-for-tests
	@scripts/install-deps.sh page
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-conform keywalk-sim
	@cd $(BUILD) && ctest --output-on-failure -L browser

# Looks for keys in everything that the programs write during the whole suite.
.PHONY: secrets
secrets: deps-test configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-proxy keywalk-mock keywalk-conform keywalk-sim
	@tests/secrets/everything_test.py $(BUILD)/bin --whole

# Peers that are not installed are listed as not there.
.PHONY: hostile
hostile: deps-test configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-proxy keywalk-mock
	@mkdir -p $(REPORT)
	@tests/hostile/run.py --proxy $(BUILD)/bin/keywalk-proxy --mock $(BUILD)/bin/keywalk-mock --peers \
	  --json $(REPORT)/hostile.json --markdown $(REPORT)/hostile.md $(ARGS)

# In a copy of the sources, which is built once for all of them.
.PHONY: protections
protections: deps-test
	@mkdir -p $(REPORT)
	@tests/protections/run.py --build build/protections --jobs $(JOBS) \
	  --json $(REPORT)/protections.json --markdown $(REPORT)/protections.md $(ARGS)

# Ends with a balance sheet; 1 if something is unexplained or leaked.
MINUTES ?= 10
SEED ?= 1
CLIENTS ?= 48
.PHONY: soak
soak: deps-build configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-proxy keywalk-mock keywalk-soak-clients
	@mkdir -p $(REPORT)
	@python3 -B tests/soak/run.py --proxy $(BUILD)/bin/keywalk-proxy --mock $(BUILD)/bin/keywalk-mock \
	  --load $(BUILD)/bin/keywalk-soak-clients --seconds $$(($(MINUTES) * 60)) --seed $(SEED) \
	  --clients $(CLIENTS) --json $(REPORT)/soak.json --html $(REPORT)/soak.html $(ARGS); \
	  code=$$?; echo 'page: $(REPORT)/soak.html'; exit $$code

# Every target for so many seconds, with clang; what is found stays in build/fuzz/work.
# Shells count SECONDS themselves, so the environment's is not taken for one that was given.
FUZZ_SECONDS ?= 60
ifeq ($(origin SECONDS),command line)
FUZZ_SECONDS := $(SECONDS)
endif
.PHONY: fuzz
fuzz: deps-test
	@scripts/install-deps.sh fuzz
	@test -f build/fuzz/build.ninja || $(CMAKE) --preset fuzz
	@$(CMAKE) --build build/fuzz -j $(JOBS) --target keywalk-fuzz
	@python3 -B tests/fuzz/run.py --program build/fuzz/bin/keywalk-fuzz --work build/fuzz/work \
	  --seconds $(FUZZ_SECONDS) --jobs $(JOBS) $(ARGS)

.PHONY: bench
bench: deps-test configured-for-tests
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-bench
	@mkdir -p $(REPORT)
	@$(BUILD)/bin/keywalk-bench --benchmark_repetitions=5 --benchmark_min_time=0.05 \
	  --benchmark_enable_random_interleaving=true --benchmark_out_format=json \
	  --benchmark_out=$(REPORT)/bench.json $(filter-out --check,$(ARGS)) >/dev/null
	@python3 -B bench/report_bench.py $(REPORT)/bench.json $(filter --check,$(ARGS))

# Two files of `make bench`, or two of `make bench-peers`.
THRESHOLD ?= 10%
.PHONY: bench-compare
bench-compare:
	@test -n '$(A)' -a -n '$(B)' || { echo 'usage: make bench-compare A=OLD.json B=NEW.json' >&2; exit 2; }
	@bench/compare '$(A)' '$(B)' --threshold '$(THRESHOLD)' $(ARGS)

# Counted with Callgrind; a test of `make test` too.
UPDATE ?=
.PHONY: instructions
instructions: deps-test configured-for-tests
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-instructions
	@python3 -B bench/instructions.py --program $(BUILD)/bin/keywalk-instructions \
	  --report $(REPORT)/instructions.txt $(if $(UPDATE),--update)

# The mock upstream's throughput beside other servers'. What it needs in addition (wrk, nginx, peers)
# it installs itself; what it cannot install is a line in the report.
DURATION ?= 4
REPEATS ?= 5
.PHONY: bench-mock
bench-mock: deps-build configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-mock
	@python3 bench/mock/bench_mock.py --mock $(BUILD)/bin/keywalk-mock --work $(BUILD)/bench-mock \
	  --report $(REPORT) --duration $(DURATION) --repeats $(REPEATS) $(ARGS)

# What a failover costs, in keywalk-proxy and in other gateways (nginx, haproxy, Portkey), which are
# installed if they are missing.
QUICK ?=
.PHONY: bench-peers
bench-peers: deps-build configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-mock keywalk-proxy keywalk-load
	@python3 -B bench/peers/bench_peers.py --mock $(BUILD)/bin/keywalk-mock \
	  --proxy $(BUILD)/bin/keywalk-proxy --load $(BUILD)/bin/keywalk-load \
	  --work $(BUILD)/bench-peers --report $(REPORT) $(if $(QUICK),--quick) $(ARGS)

# Which policy loses least: a world under several policies, as a table and a page.
WORLD ?= sim/worlds/401-outage.json
.PHONY: sim
sim: deps-build configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-sim
	@mkdir -p $(REPORT)
	@$(BUILD)/bin/keywalk-sim compare $(WORLD) --seeds 1..5 --jobs $(JOBS) \
	  --json $(REPORT)/sim.json --html $(REPORT)/sim.html $(ARGS)
	@echo 'page: $(REPORT)/sim.html'

# Draws worlds for so many minutes and checks the shipped failover in them; see sim/README.md.
.PHONY: hunt
hunt: deps-build configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target keywalk-sim
	@mkdir -p $(REPORT)
	@$(BUILD)/bin/keywalk-sim --check --minutes $(MINUTES) --jobs $(JOBS) \
	  --json $(REPORT)/hunt.json --write-world $(REPORT)/hunt.world.json $(ARGS)

# What checks the code beyond its tests; a step's output is in build/report/ci-full/.
STEPS ?=
.PHONY: ci-full
ci-full: deps-full
	@JOBS=$(JOBS) scripts/ci-full.sh $(STEPS)

.PHONY: install
install: deps-build configured
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target installable
	@$(CMAKE) --install $(BUILD) --prefix '$(PREFIX)'

# --- what those need -----------------------------------------------------------------------------

.PHONY: deps-build deps-test deps-full
deps-build:
	@scripts/install-deps.sh build
deps-test:
	@scripts/install-deps.sh test
deps-full:
	@scripts/install-deps.sh full

# A folder configured once stays as it is; ninja itself notices changed CMake files.
.PHONY: configured configured-for-tests
configured:
	@test -f $(BUILD)/build.ninja || $(CMAKE) --preset $(PRESET) -DKEYWALK_TESTS=OFF -DKEYWALK_BENCH=OFF
configured-for-tests:
	@{ test -f $(BUILD)/build.ninja && grep -q '^KEYWALK_TESTS:BOOL=ON$$' $(BUILD)/CMakeCache.txt; } \
	  || $(CMAKE) --preset $(PRESET) -DKEYWALK_TESTS=ON -DKEYWALK_BENCH=$(if $(SANITIZE),OFF,ON)

# --- for developers ------------------------------------------------------------------------------

SOURCES = $(shell git ls-files '*.cc' '*.h')

.PHONY: format
format:
	clang-format -i $(SOURCES)

.PHONY: tidy
tidy: clang
	@printf '%s\n' $(filter lib/% mockupstream/% conformance/%,$(filter %.cc,$(SOURCES))) \
	  | xargs -P $(JOBS) -n 1 clang-tidy --quiet -p build/clang

.PHONY: clang
clang: deps-test
	@test -f build/clang/build.ninja || $(CMAKE) --preset clang
	@$(CMAKE) --build build/clang -j $(JOBS)

.PHONY: clean
clean:
	rm -rf build
