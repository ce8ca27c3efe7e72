# SPDX-License-Identifier: GPL-2.0-only
#
# tests/build.mk - builds what the tests run: unit tests, fuzz targets, the
# static binaries that guests boot with. Included by the Makefile, whose
# variables it uses. It never runs a test: that is tests/run.

.PHONY: unit-build unit-asan-build replay-asan-build fuzz-build death-build \
	ktest-build witness-build vm-build
TEST_CFLAGS := -Itests -Itests/unit

$(B)/.test-tools: .ci/deps.sh
	@CC='$(CC)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' sh $< check test
	@mkdir -p $(@D) && touch $@

# ---- unit: tests/unit/test_<what>.c is one program; the rest is shared ------

UNIT_SRC  := $(sort $(wildcard tests/unit/*.c))
UNIT_MAIN := $(filter tests/unit/test_%,$(UNIT_SRC))
UNIT_HELP := $(filter-out $(UNIT_MAIN),$(UNIT_SRC))

# unit_rules(folder, flags)
define unit_rules
$(1)/tests/unit/%.o: tests/unit/%.c $(1)/.flags | $(B)/.tools $(B)/.test-tools
	@mkdir -p $$(@D)
	@$$(call say,CC,$$@)
	$(Q)$(CC) $(C_STD) $(CPPFLAGS) $(TEST_CFLAGS) $(CFLAGS) $(2) -MMD -MP \
		-c $$< -o $$@
$(UNIT_MAIN:%.c=$(1)/%): $(1)/tests/unit/%: $(1)/tests/unit/%.o \
		$(UNIT_HELP:%.c=$(1)/%.o) $(1)/libobit.a
	@$$(call say,LD,$$@)
	$(Q)$(CC) $(2) $(LDFLAGS) -o $$@ $$(filter %.o,$$^) \
		$$(filter %.a,$$^) -Wl,--as-needed -lcmocka -ljansson \
		$(LIBS) -lpthread
# Of the commands what can be tested without a witness.
$(1)/tests/unit/test_child: $(1)/user/cmd/child.o $(1)/user/cmd/run_as.o
-include $(UNIT_SRC:%.c=$(1)/%.d)
endef
$(eval $(call unit_rules,$(B),$(HARDEN)))
$(eval $(call unit_rules,$(B)/asan,$(ASAN)))

unit-build: $(UNIT_MAIN:%.c=$(B)/%)
unit-asan-build: $(UNIT_MAIN:%.c=$(B)/asan/%)
replay-asan-build: $(B)/asan/obit

# ---- fuzz: tests/fuzz/fuzz_<what>.c with libFuzzer and both sanitizers ------

FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ     := -fsanitize=address,undefined -fno-sanitize-recover=all
$(eval $(call user_rules,$(B)/fuzz,$(CLANG),$(FUZZ) -fsanitize=fuzzer-no-link))

$(B)/fuzz/tests/fuzz/%.o: tests/fuzz/%.c $(B)/fuzz/.flags \
		| $(B)/.tools $(B)/.test-tools
	@mkdir -p $(@D)
	@$(call say,CC,$@)
	$(Q)$(CLANG) $(C_STD) -Wno-missing-prototypes $(CPPFLAGS) $(CFLAGS) \
		$(FUZZ) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
$(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%): $(B)/fuzz/%: \
		$(B)/fuzz/tests/fuzz/%.o $(B)/fuzz/libobit.a
	@$(call say,LD,$@)
	$(Q)$(CLANG) $(FUZZ) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)
-include $(FUZZ_SRC:%.c=$(B)/fuzz/%.d)

fuzz-build: $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)

# ---- static programs: one suite of deaths, and what guests start with -------

DEATH_SRC := $(sort $(wildcard tests/death/*.c tests/death/*/*.c))
VM_SRC    := $(sort $(wildcard tests/vm/*.c))
KTEST_SRC := $(sort $(wildcard tests/kmod/*.c))
WITNESS_SRC := $(sort $(wildcard tests/witness/*.c))
# Deaths are compiled as written: no optimiser may remove a fault.
$(patsubst %.c,$(B)/%.o,$(DEATH_SRC) $(WITNESS_SRC)): \
	OPT := -O0 -g -fno-builtin -fno-stack-protector
$(VM_SRC:%.c=$(B)/%.o) $(KTEST_SRC:%.c=$(B)/%.o): OPT := -O2 -g
$(eval $(call stamp,$(B)/tests/.flags,$(CC) $(C_STD)))
$(eval $(call stamp,$(B)/tests/.list,$(DEATH_SRC)))
$(eval $(call stamp,$(B)/tests/.list-kmod,$(KTEST_SRC)))
$(eval $(call stamp,$(B)/tests/.list-witness,$(WITNESS_SRC)))
$(patsubst %.c,$(B)/%.o,$(DEATH_SRC) $(VM_SRC) $(KTEST_SRC) $(WITNESS_SRC)): \
		$(B)/%.o: %.c $(B)/tests/.flags | $(B)/.tools $(B)/.test-tools
	@mkdir -p $(@D)
	@$(call say,CC,$@)
	$(Q)$(CC) $(C_STD) $(CPPFLAGS) -Itests -Itests/death $(OPT) \
		-MMD -MP -c $< -o $@

$(B)/static/death: $(DEATH_SRC:%.c=$(B)/%.o) $(B)/tests/.list
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $(filter %.o,$^) -ljansson -lpthread

$(B)/static/kmod-test: $(KTEST_SRC:%.c=$(B)/%.o) $(B)/tests/.list-kmod
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $(filter %.o,$^) $(STATIC_LIBS) \
		-lpthread

$(B)/static/witness: $(WITNESS_SRC:%.c=$(B)/%.o) $(B)/tests/.list-witness
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $(filter %.o,$^) -lpthread

$(VM_SRC:tests/vm/%.c=$(B)/static/%): $(B)/static/%: $(B)/tests/vm/%.o
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $^ -lpthread
-include $(DEATH_SRC:%.c=$(B)/%.d) $(VM_SRC:%.c=$(B)/%.d) \
	$(KTEST_SRC:%.c=$(B)/%.d) $(WITNESS_SRC:%.c=$(B)/%.d)

death-build: $(B)/static/death
ktest-build: $(B)/static/kmod-test
witness-build: $(B)/static/witness
vm-build: static death-build ktest-build witness-build \
	$(VM_SRC:tests/vm/%.c=$(B)/static/%)

# A folder of tests may bring rules of its own.
-include $(wildcard tests/*/rules.mk)
