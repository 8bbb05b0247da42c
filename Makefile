# make demo     plays one complaint from mail to decision letter
# make test     runs every check, as .ci/run does
# make letters  renders sample letters of every kind, as PDF and page images, into letters-out
# The first two install what is missing on Debian or Ubuntu; nothing else is fetched at run time.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GO ?= go
# Flags for "complaintsd demo", such as ARGS="-lang en" or ARGS=-keep.
ARGS ?=
# Packages and flags for a shorter test run: make test PKG=./store/... TESTFLAGS=-v
PKG ?= ./...
TESTFLAGS ?=
# One row of the matrix of faults: make soak ROW=kills; all of it takes hours.
# SOAK_KILLS=300, SOAK_CUTS=… make a row shorter, COMPLAINTSD_SEED repeats one.
ROW ?=
# How long each fuzz target runs.
FUZZTIME ?= 10m
# Share of the root package's statements that its tests must run.
COVERAGE := 90

.PHONY: build demo letters test lint coverage bench soak fuzz clean

build:
	$(GO) build -o bin/complaintsd ./cmd/complaintsd

demo:
	.ci/install demo
	$(GO) build -o bin/complaintsd ./cmd/complaintsd
	bin/complaintsd demo -out demo-out $(ARGS)

letters:
	$(GO) build -o bin/complaintsd ./cmd/complaintsd
	bin/complaintsd letter -gallery letters-out $(ARGS) letters/testdata/*.json

test:
	.ci/install test
	$(MAKE) --no-print-directory lint
	@# The matrix of faults is ten times as slow under the race detector, and runs without it.
	$(GO) test -race -shuffle=on -timeout 30m -p 2 -parallel 4 -skip '^TestSoak$$' $(TESTFLAGS) $(PKG)
	@if $(GO) list $(PKG) | grep -q '/cmd/complaintsd$$'; then set -x; $(GO) test -run '^TestSoak$$' -timeout 30m ./cmd/complaintsd; fi
	$(MAKE) --no-print-directory coverage

lint:
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l .); [[ -z $$unformatted ]] || { echo "gofmt: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 -run '^TestLayout' .

coverage:
	$(GO) test -coverprofile=coverage.out .
	@total=$$($(GO) tool cover -func=coverage.out | awk '$$1 == "total:" { print $$3 + 0 }'); \
	echo "root package: $$total % of the statements tested, at least $(COVERAGE) wanted"; \
	awk -v t="$$total" 'BEGIN { exit t < $(COVERAGE) }'

bench:
	.ci/install test
	$(GO) test -run '^$$' -bench . -benchmem -timeout 60m -p 1 $(PKG)

soak:
	.ci/install test
	COMPLAINTSD_SOAK=1 $(GO) test ./cmd/complaintsd -count=1 -run '^TestSoak$$/$(ROW)' -v -timeout 12h

# Every fuzz target, one after the other. What it finds stands in testdata/fuzz
# then, and fails "make test" until it is mended.
fuzz:
	@grep -rE '^func Fuzz[A-Za-z]*\(' --include='*_test.go' . | sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z]*).*|\1 \2|' | sort | while read -r dir target; do \
		echo "== $$dir $$target"; \
		$(GO) test "$$dir" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -parallel 1; \
	done

clean:
	rm -rf bin demo-out letters-out coverage.out
