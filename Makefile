# What people do with this tree. Running and testing need only Go and make.

.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -X main.version=$(VERSION)

# Lends the tests a Postgres server of their own, if there is Postgres here.
WITHPG := go run ./internal/testdb/withpg

# What checks the code is no part of it and has a module of its own.
TOOL := go tool -modfile=tools/go.mod

# The Go client, a module of its own that the program uses.
CLIENT := clients/go/gate

# The packages in which several goroutines meet over the same data.
CONCURRENT := ./graph/... ./internal/apps/... ./internal/auth/... ./internal/catalog/... ./internal/change/... ./internal/command/... ./internal/database/... ./internal/eventlog/... ./internal/export/... ./internal/gateway/... \
	./internal/gqlhttp/... ./internal/identity/... ./internal/jobs/... ./internal/keyimport/... ./internal/keyring/... ./internal/leaks/... ./internal/mail/... ./internal/maintenance/... ./internal/redislimits/... ./internal/portal/... ./internal/requests/... ./internal/seed/... ./internal/server/... ./internal/usage/... ./migrate/...

# What play the matrix of roles again, one call after another: with each lock taken away
# and for tokens of every scope. Nothing meets in them that does not meet in TestMatrix,
# which stays.
REPEATED := ^(TestMatrixSees|TestScopes$$)

# SQLite is C that was translated to Go: no goroutine of ours is in it, and to watch each
# of its reads and writes takes five times as long. Its driver is watched.
UNWATCHED := -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false -gcflags=modernc.org/memory=-race=false

# One compilation serves everything; only the race detector needs C.
export CGO_ENABLED ?= 0

.PHONY: help run build test race bench microbench generate generated noun drift lint mutants vuln check

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run in development mode: demo data, playground, http://127.0.0.1:8080
	@go build -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/portico .
	@PORTICO_DEV=true exec bin/portico serve

build: ## Build bin/portico for release
	go build -buildvcs=false -trimpath -ldflags '-s -w $(LDFLAGS)' -o bin/portico .

test: ## Run all tests on SQLite and, where it is installed, on Postgres
	@$(WITHPG) sh -c 'go test -timeout 30m ./... && go -C $(CLIENT) test -timeout 30m ./... && go -C e2e test -timeout 30m ./...'

race: ## Run the tests of concurrent packages under the race detector (needs a C compiler)
	@CGO_ENABLED=1 $(WITHPG) go test -race $(UNWATCHED) -timeout 30m -skip '$(REPEATED)' $(CONCURRENT)
	@CGO_ENABLED=1 go -C $(CLIENT) test -race -timeout 30m ./...

bench: ## Measure the API beside a hand-written server, exports, the gate beside an empty handler, imports and searches
	@$(WITHPG) go run ./bench
	@$(WITHPG) go run ./bench/gate -raw bin/bench-gate
	@$(WITHPG) go test -run '^$$' -bench Import ./internal/keyimport
	@$(WITHPG) go test -run '^$$' -bench Search -timeout 60m ./internal/seed

microbench: ## Run the benchmarks of single packages
	@$(WITHPG) go test -run '^$$' -bench . -benchmem -timeout 60m ./...
	@go -C $(CLIENT) test -run '^$$' -bench . -benchmem -timeout 60m ./...

generate: ## Write again what is generated: ent, gqlgen, the published schemas, tables of the docs
	go generate ./ent
	go run ./graph/generate
	go test ./graph -count=1 -run "TestPublishedContracts|TestCostDocsMatchTheLimits" -update
	go test ./internal/architecture -count=1 -run TestContributingShowsWhoMayImportWhom -update
	go test ./internal/retention -count=1 -run TestOperatingShowsTheRules -update

# The tree as git sees it, new files included, in one line.
TREE = { git diff HEAD; git ls-files -z --others --exclude-standard | xargs -0 -r sha256sum; } | sha256sum

generated: ## Fail if make generate changes anything
	@before=$$($(TREE)); $(MAKE) --no-print-directory generate; after=$$($(TREE)); \
	if [ "$$before" != "$$after" ]; then git status --short; git --no-pager diff --stat HEAD; \
		echo 'What is generated was out of date: commit what `make generate` wrote.'; exit 1; fi

noun: ## Add a made-up noun to a copy of the tree, and count the files that it takes
	@PORTICO_NOUN=true go test -count=1 -timeout 20m -run TestANewNounWorks ./internal/architecture

tools/contract/node_modules: tools/contract/package-lock.json
	cd tools/contract && npm ci --no-audit --no-fund --silent
	@touch $@

schema-check: tools/contract/node_modules ## Hold the published schemas to the rules of their form, and compare them with the last release
	node --test tools/contract/compare.test.mjs
	@for file in schema*.graphql; do \
		echo "eslint $$file"; tools/contract/node_modules/.bin/eslint --config tools/contract/eslint.config.js --max-warnings 0 $$file || exit 1; done # a process has one schema
	node tools/contract/compare.mjs

drift: ## Fail if the migrations do not lead to the tables that the code expects
	@$(WITHPG) go test -count=1 -run 'Drift' ./migrate/...

lint: ## Check form and common mistakes: gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go -C $(CLIENT) vet ./...
	go -C e2e vet ./...
	$(TOOL) staticcheck ./...
	cd $(CLIENT) && go tool -modfile="$(CURDIR)/tools/go.mod" staticcheck ./...
	cd e2e && go tool -modfile=../tools/go.mod staticcheck ./...
	@mkdir -p bin
	@$(TOOL) kube-score score --ignore-container-cpu-limit --output-format ci deploy/kubernetes/*.yaml >bin/kube-score.txt || { cat bin/kube-score.txt; exit 1; }

# The packages that decide: mistakes in them are what the tests must notice.
KERNELS := internal/policy internal/lifecycle internal/apikey internal/input ent/rowpolicy \
	clients/go/gate/access clients/go/gate/keyheader clients/go/gate/pathmatch clients/go/gate/rawkey clients/go/gate/verdict

mutants: ## Play small mistakes into packages (PACKAGES=…) and show those that no test notices
	cd tools && go run ./mutants -least 90 $(or $(PACKAGES),$(KERNELS))

vuln: ## Look for known vulnerabilities; says NOT CHECKED where their database cannot be reached
	@tools/vuln.sh || [ $$? -eq 75 ]

check: test generated schema-check noun drift lint race vuln ## Everything that CI does; what could not be checked is said last
