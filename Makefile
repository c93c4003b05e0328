# make help lists what there is to make.

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
DESTDIR ?=

GO         ?= go
INSTALL    ?= install
VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
EPOCH      ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
STATIC     := CGO_ENABLED=0
BUILDFLAGS := -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
PLATFORMS  := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 freebsd/amd64 freebsd/arm64
FUZZTIME   ?= 30s
SEEDS      ?= 300
SOAK       ?= 1h
PAIRS      ?= 7
BYTES      ?= 2GiB
BUFFER     ?= 256MiB
# What else the machine does is kept out of the study where that is allowed.
REALTIME   = $(shell chrt -r 10 true 2>/dev/null && echo chrt -r 10)

BINARIES := bin/jobpipe bin/jobpipe-worker
FLEET    := jobpipe-ssh jobpipe-slurm
COMMANDS := jobpipe jobpipe-worker $(FLEET)
SOURCES  := $(shell find cmd codec engine -name '*.go' 2>/dev/null) go.mod $(wildcard go.sum)
BASHCOMP := $(DATADIR)/bash-completion/completions
ZSHCOMP  := $(DATADIR)/zsh/site-functions
FISHCOMP := $(DATADIR)/fish/vendor_completions.d
UNITDIR  := $(PREFIX)/lib/systemd/system
# Which system it is installed for: systemd's is Linux.
SYSTEM   ?= $(shell uname -s | tr A-Z a-z)

.NOTPARALLEL:
.PHONY: all build install uninstall test test-tools lint unit simulation integration faults soak \
	sweep fuzz race cross release reproducible bench memory scale demo study clean help attack

all: build ## build (the default)

build: ## build bin/jobpipe and bin/jobpipe-worker, static
	$(STATIC) $(GO) build $(BUILDFLAGS) -o bin/ ./cmd/jobpipe ./cmd/jobpipe-worker

# So that installing what has been built needs no Go: sudo make install
$(BINARIES): $(SOURCES)
	$(STATIC) $(GO) build $(BUILDFLAGS) -o $@ ./cmd/$(@F)

install: $(BINARIES) ## install binaries, man pages, completions, unit (PREFIX, DESTDIR)
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(MANDIR)/man7' \
		'$(DESTDIR)$(BASHCOMP)' '$(DESTDIR)$(ZSHCOMP)' '$(DESTDIR)$(FISHCOMP)' '$(DESTDIR)$(DATADIR)/jobpipe'
	$(INSTALL) -m 755 $(BINARIES) '$(DESTDIR)$(BINDIR)'
	$(INSTALL) -m 755 $(FLEET:%=scripts/%) '$(DESTDIR)$(BINDIR)'
	$(INSTALL) -m 644 $(COMMANDS:%=man/%.1) '$(DESTDIR)$(MANDIR)/man1'
	$(INSTALL) -m 644 man/jobpipe-protocol.7 man/jobpipe-scale.7 '$(DESTDIR)$(MANDIR)/man7'
	$(INSTALL) -m 644 man/result.schema.json '$(DESTDIR)$(DATADIR)/jobpipe'
	set -e; for c in $(COMMANDS); do \
		$(INSTALL) -m 644 scripts/completions/$$c.bash '$(DESTDIR)$(BASHCOMP)'/$$c; \
	done
	$(INSTALL) -m 644 $(COMMANDS:%=scripts/completions/_%) '$(DESTDIR)$(ZSHCOMP)'
	$(INSTALL) -m 644 $(COMMANDS:%=scripts/completions/%.fish) '$(DESTDIR)$(FISHCOMP)'
ifeq ($(SYSTEM),linux)
	$(INSTALL) -d '$(DESTDIR)$(UNITDIR)'
	$(INSTALL) -m 644 scripts/systemd/jobpipe-worker@.service '$(DESTDIR)$(UNITDIR)'
endif

uninstall: ## remove what install put in place (same PREFIX, DESTDIR)
	rm -f $(COMMANDS:%='$(DESTDIR)$(BINDIR)/%') $(COMMANDS:%='$(DESTDIR)$(MANDIR)/man1/%.1') \
		'$(DESTDIR)$(MANDIR)/man7/jobpipe-protocol.7' '$(DESTDIR)$(MANDIR)/man7/jobpipe-scale.7' \
		$(COMMANDS:%='$(DESTDIR)$(BASHCOMP)/%') \
		$(COMMANDS:%='$(DESTDIR)$(ZSHCOMP)/_%') $(COMMANDS:%='$(DESTDIR)$(FISHCOMP)/%.fish') \
		'$(DESTDIR)$(DATADIR)/jobpipe/result.schema.json' \
		'$(DESTDIR)$(UNITDIR)/jobpipe-worker@.service'
	@rmdir '$(DESTDIR)$(DATADIR)/jobpipe' 2> /dev/null || true

test: ## lint, unit, cross, fuzz, simulation, integration: what has to pass
	@set -e; for part in test-tools build lint unit cross 'fuzz FUZZTIME=20000x' simulation integration; do \
		$(MAKE) --no-print-directory $$part; \
	done
	@echo 'make test: everything passed'

test-tools: ## install what the tests use (as root on Debian), else say what will be skipped
	scripts/setup-tests

lint: ## gofmt, go vet, staticcheck, govulncheck, mandoc, shellcheck
	scripts/lint

unit: ## tests of all packages, with the race detector where there is a C compiler
	scripts/unit

simulation: ## play SEEDS hostile schedules in virtual time
	$(GO) test ./engine/simulation -seeds=$(SEEDS)

# Most of these tests wait, so more of them run at a time than there are processors.
integration: ## the real binaries, end to end
	$(GO) test -count=1 -timeout 8m -parallel 4 ./integration
	$(GO) -C integration/watch test -count=1 -timeout 8m .

faults: ## the cases of RELIABILITY.md, each with its outcome (CASES='B4 C' for some)
	$(GO) run ./scripts/faults $(CASES)

soak: ## random faults at random times for SOAK, or those of one SEED, and what was survived
	$(GO) test -count=1 -timeout 0 -v -run '^TestRandomFaults$$' ./integration -args $(if $(SEED),-seed $(SEED),-soak $(SOAK))

sweep: ## kill, or let fail, every system call that changes a journal or its results (long)
	JOBPIPE_LONG=1 $(GO) test -count=1 -timeout 60m -v -run 'TestSweep$$|TestKilledAtAnyTime' ./integration
	JOBPIPE_LONG=1 $(GO) test -count=1 -timeout 60m -v -run TestTroubleAnywhere ./engine/commit

race: ## the tests of make integration with the race detector in the binaries (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -count=1 -timeout 30m ./integration -args -raced

fuzz: ## run every fuzz target for FUZZTIME, a time or a count: 30s, 20000x
	scripts/fuzz $(FUZZTIME)

cross: ## build for Linux, macOS and FreeBSD into dist/
	@set -e; for p in $(PLATFORMS); do \
		echo "building for $$p"; mkdir -p dist/$$p; \
		$(STATIC) GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build $(BUILDFLAGS) -o dist/$$p/ ./cmd/jobpipe ./cmd/jobpipe-worker; \
	done

release: cross ## archives, .deb, .rpm, image, checksums, lists of parts, in dist/release
	@rm -rf dist/tree dist/release
	@set -e; for p in $(PLATFORMS); do \
		GOOS=$${p%/*} GOARCH=$${p#*/} $(MAKE) --silent install BINARIES="dist/$$p/jobpipe dist/$$p/jobpipe-worker" \
			SYSTEM=$${p%/*} DESTDIR=dist/tree/$$p PREFIX=/usr; \
	done
	@SOURCE_DATE_EPOCH=$(EPOCH) $(GO) -C scripts/release run . -version '$(VERSION)' \
		$(PLATFORMS:%=$(CURDIR)/dist/tree/%)
	@cat dist/release/SHA256SUMS

reproducible: ## make the release twice, far apart, and compare (long)
	scripts/release/twice

bench: build ## run jobpipe beside its peers, in turns, and show the ratios as a table and in man/bench.svg
	scripts/setup-bench
	$(GO) run ./scripts/bench -pairs $(PAIRS) -svg man/bench.svg

memory: build ## how much memory both sides take where results pile up, as a table (BYTES=10GiB BUFFER=256MiB)
	$(GO) run ./scripts/memory -bytes $(BYTES) -buffer $(BUFFER)

scale: build ## what it costs as the work grows: tables of slots, jobs, workers, coordinators (SCALE='-only slots')
	$(GO) build -o bin/scale ./scripts/scale
	bin/scale $(SCALE)

attack: build ## play attacks beside a run, and print what they cost (SECURITY.md has the table)
	$(GO) run ./scripts/attack

demo: build ## the word list through three workers, one of them killed (WORDS=n or all)
	scripts/demo

study: build ## the study that jobpipe began with: a blocking coordinator beside this one, drawn
	$(GO) build -o bin/ ./scripts/timeline ./integration/study
	$(REALTIME) bin/study

clean: ## remove what was built
	rm -rf bin dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
