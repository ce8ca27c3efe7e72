# SPDX-License-Identifier: GPL-2.0-only
#
# Makefile - for people: what to build, test and install. Try `make help`.
# Owns every rule that makes something out of user/ and bpf/; what the tests
# need is built by tests/build.mk, the module by the kernel's own build and
# Kbuild. It never writes outside build/ and never downloads: that is `deps`.

# Several targets are also names of folders here: without .PHONY make would
# find the folder, say "up to date" and do nothing.
.PHONY: all bpf bpf-arm64 user kmod dkms static unit replay live vm death fuzz test \
	test-debug test-module test-mutants test-witness lint format docs install uninstall \
	clean distclean \
	compile_commands.json deps run help FORCE
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

B       := build
PREFIX  ?= /usr/local
DESTDIR ?=
V       ?=
WERROR  ?=
CLANG   ?= clang
BPFTOOL ?= bpftool
ifeq ($(origin CC),default)
CC      := gcc
endif

# Debian keeps bpftool in sbin, which is not in everybody's PATH.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

# V=1 shows whole commands; otherwise one short line for each.
Q   := $(if $(V),,@)
say  = $(if $(V),true,printf '  %-8s %s\n' '$(1)' '$(2)')

# A tag names a release, a commit anything else. The work tree may belong to
# somebody else than the one building it (sudo): git has to be told.
ifndef VERSION
VERSION := $(shell GIT_OPTIONAL_LOCKS=0 git -c safe.directory='*' \
	describe --always --dirty --tags 2>/dev/null || echo unknown)
endif

ARCH     := $(shell uname -m)
BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(ARCH)))

BPF_SRC  := $(sort $(wildcard bpf/*.bpf.c))
USER_SRC := $(sort $(wildcard user/*.c user/cmd/*.c user/source/*.c \
	user/core/*.c user/core/*/*.c user/sink/*.c user/lib/*.c))
SKEL_SRC := $(shell grep -l 'obit\.skel\.h' $(USER_SRC) /dev/null)
VERSION_SRC := $(shell grep -l OBIT_VERSION $(USER_SRC) /dev/null)
# All but the command itself and what drives the kernel: tests link with this.
# Of a command what they test is named.
PART_SRC := $(filter-out user/main.c user/cmd/% $(SKEL_SRC),$(USER_SRC)) \
	    user/cmd/target.c

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Werror=switch -Werror=implicit-function-declaration
CPPFLAGS += -D_GNU_SOURCE= -DOBIT_VERSION='"$(VERSION)"' -Ikmod -Iuser -I$(B)
CFLAGS   ?= -O2 -g
C_STD    := -std=gnu11 $(WARN) $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2
LIBS     := -lbpf -lelf -lz
# What the static libraries need in turn differs by release; ask them.
STATIC_LIBS = $(or $(shell pkg-config --static --libs libbpf libelf \
	2>/dev/null),$(LIBS))
ASAN     := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

# v3 is the instruction set that every kernel from 5.1 on accepts. DWARF (-g)
# is what BTF is made of. The unused parameter is BPF_PROG()'s own ctx.
BPF_CFLAGS := -target bpf -std=gnu11 -O2 -g -mcpu=v3 -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-missing-field-initializers \
	-Ikmod -Ibpf -idirafter /usr/include/$(ARCH)-linux-gnu

all: user ## build build/obit (the default; needs no privilege)
	@sh .ci/own.sh $(B)

user: $(B)/obit ## the obit command
bpf: $(B)/obit.bpf.o ## the BPF object
static: $(B)/static/obit ## obit without shared libraries

# Missing tools are named once, with their Debian packages, before any
# compiler can complain in its own words.
$(B)/.tools: .ci/deps.sh
	@CC='$(CC)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' sh $< check build
	@mkdir -p $(@D) && touch $@

# stamp(file, content): a file that is newer than what depends on it exactly
# when the content (flags, a list of sources) is not what it was.
define stamp
$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$(subst ','\'',$(2))' | cmp -s - $$@ || \
		printf '%s\n' '$(subst ','\'',$(2))' > $$@
endef

# ---- BPF: the stories as one translation unit, and its skeleton ------------
#
# Not one object a story linked by `bpftool gen object`: up to 7.1 that cannot
# link a kfunc that two of them call.

# bpf_rules(folder, architecture)
define bpf_rules
$(call stamp,$(1)/.flags,$(CLANG) $(BPF_CFLAGS))
$(call stamp,$(1)/.list,$(BPF_SRC))
$(1)/obit.bpf.c: $(1)/.list
	@printf '#include "%s"\n' $(notdir $(BPF_SRC)) > $$@
$(1)/obit.bpf.o: $(1)/obit.bpf.c $(1)/.flags | $(B)/.tools
	@$$(call say,BPF,$$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -D__TARGET_ARCH_$(2) -MMD -MP -c $$< -o $$@
-include $(1)/obit.bpf.d
endef
$(eval $(call bpf_rules,$(B)/bpf-$(BPF_ARCH),$(BPF_ARCH)))
ifneq ($(BPF_ARCH),arm64)
$(eval $(call bpf_rules,$(B)/bpf-arm64,arm64))
endif

$(B)/obit.bpf.o: $(B)/bpf-$(BPF_ARCH)/obit.bpf.o
	$(Q)cp $< $@

$(B)/obit.skel.h: $(B)/obit.bpf.o
	@$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name obit_bpf > $@.new && mv $@.new $@

bpf-arm64: $(B)/bpf-arm64/obit.bpf.o ## does it compile there?

# ---- user: the same sources in several variants -----------------------------

# user_rules(folder, compiler, flags): objects, libobit.a, their dependencies
define user_rules
$(call stamp,$(1)/.flags,$(2) $(C_STD) $(3) $(CFLAGS))
$(call stamp,$(1)/.version,$(VERSION))
$(call stamp,$(1)/.list,$(USER_SRC) $(PART_SRC))
$(1)/user/%.o: user/%.c $(1)/.flags | $(B)/.tools
	@mkdir -p $$(@D)
	@$$(call say,CC,$$@)
	$(Q)$(2) $(C_STD) $(CPPFLAGS) $(CFLAGS) $(3) -MMD -MP -c $$< -o $$@
$(1)/libobit.a: $(PART_SRC:%.c=$(1)/%.o) $(1)/.list
	@$$(call say,AR,$$@)
	$(Q)rm -f $$@ && $(AR) rcsD $$@ $$(filter %.o,$$^)
$(VERSION_SRC:%.c=$(1)/%.o): $(1)/.version
$(SKEL_SRC:%.c=$(1)/%.o): | $(B)/obit.skel.h
-include $(USER_SRC:%.c=$(1)/%.d)
endef
$(eval $(call user_rules,$(B),$(CC),$(HARDEN)))
$(eval $(call user_rules,$(B)/asan,$(CC),$(ASAN)))

$(B)/obit: $(USER_SRC:%.c=$(B)/%.o) $(B)/.list
	@$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)

$(B)/asan/obit: $(USER_SRC:%.c=$(B)/asan/%.o) $(B)/asan/.list
	@$(call say,LD,$@)
	$(Q)$(CC) $(ASAN) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)

$(B)/static/obit: $(USER_SRC:%.c=$(B)/%.o) $(B)/.list
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $(filter %.o,$^) $(STATIC_LIBS)

# ---- the module --------------------------------------------------------------

KDIR ?= /lib/modules/$(shell uname -r)/build
# The file kernel.release holds another string in Debian's headers.
KREL  = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	'$(KDIR)/include/generated/utsrelease.h' 2>/dev/null)
KOUT  = $(abspath $(B))/kmod-$(KREL)

# The kernel's build writes beside the sources it is given: it gets a farm of
# links for each release, so that many kernels fit and the tree stays clean.
kmod: ## obit.ko for the running kernel, or KDIR=/usr/src/linux-headers-...
	@[ -e '$(KDIR)/include/generated/utsrelease.h' ] || { \
		echo "obit: no kernel headers in $(KDIR): install Debian's" \
		"linux-headers package of that kernel, or give KDIR=" >&2; \
		exit 1; }
	@mkdir -p '$(KOUT)' && find '$(KOUT)' -type l -delete
	@cp -rsf '$(CURDIR)/kmod' '$(CURDIR)/Kbuild' '$(KOUT)/'
	$(Q)$(MAKE) -C '$(KDIR)' M='$(KOUT)' OBIT_VERSION='$(VERSION)' \
		modules
	@sh .ci/own.sh $(B)

# DKMS wants a folder named after package and version with dkms.conf on top. Give
# it that (dkms add FOLDER), or make it in place with DESTDIR=/.
DKMS_SRC = $(if $(DESTDIR),$(DESTDIR:/=),$(B)/dkms)/usr/src/obit-$(VERSION)
dkms: ## the module's sources as DKMS wants them, in build/dkms or DESTDIR=
	$(Q)rm -rf '$(DKMS_SRC)' && mkdir -p '$(DKMS_SRC)/LICENSES'
	$(Q)cp -r Kbuild kmod '$(DKMS_SRC)/'
	$(Q)cp LICENSES/GPL-2.0* LICENSES/Linux-syscall-note* LICENSES/MIT* \
		'$(DKMS_SRC)/LICENSES/'
	$(Q)sed 's/@VERSION@/$(VERSION)/' kmod/dkms.conf \
		> '$(DKMS_SRC)/dkms.conf' && rm '$(DKMS_SRC)/kmod/dkms.conf'
	@$(if $(DESTDIR),,sh .ci/own.sh $(B))
	@echo 'next: dkms add $(DKMS_SRC) && dkms install obit/$(VERSION)'

# ---- tests: each target is one sub-suite of tests/run ------------------------

include tests/build.mk

unit replay fuzz death live vm lint: ## one part of `make test`
	$(Q)tests/run $@

test: ## install what is missing, build, test as every change is (sudo make test)
	$(Q)sh .ci/deps.sh install build test lint
	$(Q)tests/run

test-module: ## the module's own tests: device, fuzz, lossless, stress (30 min)
	$(Q)sh .ci/deps.sh install build test
	$(Q)$(MAKE) -j$$(nproc) vm-build
	$(Q)tests/vm/suite.py --tier none --cycles 50 --seconds 10

test-debug: ## the module in a kernel that checks itself (built once, 10 min)
	$(Q)sh .ci/deps.sh install build test debug
	$(Q)$(MAKE) -j$$(nproc) vm-build
	$(Q)tests/vm/suite.py --debug

test-witness: ## 20,000 random deaths, seen by both BPF and the module
	$(Q)sh .ci/deps.sh install build test
	$(Q)$(MAKE) -j$$(nproc) vm-build
	$(Q)tests/vm/suite.py --witness 20000

test-mutants: ## break one rule at a time: each must turn a named test red
	$(Q)tests/mutants/run

C_FILES = $(shell find bpf kmod user tests -name '*.[ch]' 2>/dev/null)
format: ## bring every C file into line with .clang-format
	$(Q).ci/format.py --fix $(C_FILES)

# ---- for people ----------------------------------------------------------------

deps: ## install the Debian packages that are missing, and say which
	$(Q)sh .ci/deps.sh install build test lint

run: ## install what is missing, build, and watch (sudo make run ARGS=...)
	$(Q)sh .ci/deps.sh install build
	$(Q)$(MAKE) -j$$(nproc) all
	$(Q)exec $(B)/obit trace $(ARGS)

# Both are made of what the program says of itself, and of its tables.
$(B)/docs/words: .ci/words.c $(B)/libobit.a
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) $(C_STD) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/docs/obit.8 $(B)/docs/obit.bash: $(B)/docs/obit.%: $(B)/obit \
		$(B)/docs/words .ci/docs.sh .ci/completion.bash
	@$(call say,DOC,$@)
	$(Q)sh .ci/docs.sh $* $(B)/obit $(B)/docs/words > $@

docs: $(B)/docs/obit.8 $(B)/docs/obit.bash ## man page and bash completion
	@sh .ci/own.sh $(B)

# Not sbin, which is not in everybody's PATH: explain, wait, zombies and a replay
# need no privilege.
BINDIR  = $(DESTDIR)$(PREFIX)/bin
MANDIR  = $(DESTDIR)$(PREFIX)/share/man/man8
COMPDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
install: $(B)/obit docs ## into DESTDIR=, under PREFIX=/usr/local
	install -D -m 755 $(B)/obit '$(BINDIR)/obit'
	install -D -m 644 $(B)/docs/obit.8 '$(MANDIR)/obit.8'
	install -D -m 644 $(B)/docs/obit.bash '$(COMPDIR)/obit'

uninstall: ## remove exactly what install put there
	rm -f '$(BINDIR)/obit' '$(MANDIR)/obit.8' '$(COMPDIR)/obit'

compile_commands.json: ## for clangd and other tools
	@$(call say,GEN,$@)
	$(Q)python3 .ci/compile-commands.py > $@
	@sh .ci/own.sh $@

clean: ## remove build/
	rm -rf $(B)

distclean: clean ## and what editors and tools left
	rm -f compile_commands.json tags TAGS cscope.*
	rm -rf .cache

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9_. -]*\):[^#]*## \(.*\)/\1|\2/p' \
		$(MAKEFILE_LIST) | awk -F'|' '{ printf "  %-24s %s\n", $$1, $$2 }'
