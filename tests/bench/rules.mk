# SPDX-License-Identifier: GPL-2.0-only
#
# tests/bench/rules.mk - builds the workload program of the measurements and
# runs them: make bench, make bench BENCH="replay loss" for parts.

.PHONY: bench bench-build cost
BENCH     ?=
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))

$(eval $(call stamp,$(B)/tests/.list-bench,$(BENCH_SRC)))
$(BENCH_SRC:%.c=$(B)/%.o): $(B)/%.o: %.c $(B)/tests/.flags | $(B)/.tools
	@mkdir -p $(@D)
	@$(call say,CC,$@)
	$(Q)$(CC) $(C_STD) $(CPPFLAGS) -O2 -g -MMD -MP -c $< -o $@

$(B)/static/bench: $(BENCH_SRC:%.c=$(B)/%.o) $(B)/tests/.list-bench
	@mkdir -p $(@D)
	@$(call say,LD,$@)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $(filter %.o,$^) $(STATIC_LIBS)
-include $(BENCH_SRC:%.c=$(B)/%.d)

bench-build: all static $(B)/static/bench

bench: bench-build ## measure what watching costs (sudo); BENCH=part for parts
	$(Q)tests/bench/run $(BENCH)

cost: ## has watching become dearer? instructions against a baseline
	$(Q)tests/run $@
