# For people who work on Retort. For your own project see: migrate init --makefile
.PHONY: all install build check test chaos demo bench docs executables clean
.DEFAULT_GOAL := all

all: build

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

install: node_modules/.package-lock.json

build: install
	npm run -s build

check: install
	npm run -s check

test: build check
	npm run -s test

# Faults at random moments of upgrades, and mutated files: make chaos FAULTS=1000 SEED=7
chaos: build
	CHAOS_FAULTS=$(or $(FAULTS),400) CHAOS_MUTATIONS=$(or $(MUTATIONS),10000) $(if $(SEED),CHAOS_SEED=$(SEED)) \
	  npx vitest run --reporter default test/pg/chaos.test.ts test/io/mutations.test.ts

demo: build
	@scripts/demo

# Some rows only, or beside other tools: make bench ARGS="--only 'apply|far' --peers"
bench: build
	@node scripts/run.mjs scripts/bench.ts $(ARGS)

site/node_modules/.package-lock.json: site/package.json site/package-lock.json
	npm ci --prefix site --no-audit --no-fund
	@touch $@

# The pages as a site, in build/site. To look at it: npx --prefix site vitepress preview site
docs: site/node_modules/.package-lock.json
	npm run -s build --prefix site

# The program in one file for each processor, in build/. With Node 26: npx -p node@26 make executables
executables: build
	for arch in x64 arm64; do npm run -s executable -- --arch $$arch $(if $(EMULATOR),--emulator "$(EMULATOR)") || exit 1; done

clean:
	rm -rf dist demo build/site node_modules site/node_modules
