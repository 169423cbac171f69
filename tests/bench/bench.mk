# make bench: figures, as ratios in one run. Included by the Makefile at the top.

# Microbenchmarks (micro.py): parts of the work each, in turns with what they are compared with.
MICRO_BPF = $(patsubst %,$(O)/bpf/%.skel.h,baseline single vary)
MICRO = $(patsubst %,$(O)/tests/bench/%,kernel_cost line_cost)

$(O)/bpf/baseline.bpf.o $(O)/bpf/vary.bpf.o: $(O)/bpf/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(O)/tests/bench/kernel_cost.o $(O)/tests/bench/kernel_subject.o: $(SKELETONS) $(MICRO_BPF)
$(O)/tests/bench/kernel_cost: $(O)/tests/bench/kernel_subject.o

bench-micro: all tests $(MICRO)
	$(Q)$(PYTHON) tests/bench/micro.py $(O)

# Every figure is there, all that make the same line make the same, no sample is lost; of times it
# asserts nothing.
bench-micro-smoke: all tests $(MICRO)
	$(Q)$(PYTHON) tests/bench/micro.py --smoke $(O)

# What instructions are counted in is always made alike, in a tree of its own, whatever CC and
# CFLAGS are.
COUNTED = $(O)/counted
COUNTED_OBJS = $(patsubst %.c,$(COUNTED)/%.o,tests/bench/hot_paths.c \
	       $(wildcard src/lib/*.c src/base/*.c src/json/*.c src/record/*.c src/output/*.c src/app/audit*.c) src/app/answer.c src/app/top.c src/app/log.c)

$(COUNTED)/%: override CFLAGS = -O2 -g
$(COUNTED)/%: override SAN =
$(COUNTED)/tests/%: INCLUDES += -Itests
$(COUNTED)/src/lib/object.o: $(SKELETONS)
$(COUNTED)/%.o: %.c
	$(call say,GCC)
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(ALL_CFLAGS) -c $< -o $@

$(COUNTED)/hot_paths: $(COUNTED_OBJS)
	$(call say,LD)
	$(Q)gcc $(ALL_LDFLAGS) $^ $(ALL_LIBS) -o $@

# Against instructions.txt; needs no privileges.
bench-instructions: $(COUNTED)/hot_paths
	$(Q)packaging/deps.sh bench
	$(Q)$(PYTHON) tests/bench/instructions.py $<

-include $(wildcard $(COUNTED)/*/*/*.d)

bench: bench-micro
.PHONY: bench-micro bench-micro-smoke bench-instructions

# What ours is compared with.
$(O)/bpf/single.bpf.o: tests/bench/single.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

bench: all tests
	$(Q)tests/bench/live.sh $(O)

.PHONY: bench

# Side by side with what people use now (side.py), lines a second without loss (lines.py), how cost
# grows (growth.py). ROUNDS=, SECONDS= (of traffic a run), and for side.py RATES= (packets a second;
# 0: flat out) and ONLY= (rows) are theirs.
SIDE = $(O)/bpf/single.bpf.o $(O)/tests/bench/live_frames

$(O)/bpf/live.bpf.o: tests/bench/live.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(O)/tests/bench/live_frames.o: $(O)/bpf/live.skel.h

lint: $(O)/bpf/live.skel.h

bench: bench-side

bench-side: all $(SIDE)
	$(Q)$(PYTHON) -B tests/bench/side.py $(O)
	$(Q)$(PYTHON) -B tests/bench/lines.py $(O)

# The figures that are kept; some ten minutes, on a machine that does nothing else.
bench-figures: all $(SIDE)
	$(Q)mkdir -p tests/bench/figures
	$(Q)$(PYTHON) -B tests/bench/growth.py $(O) tests/bench/figures

# Each tool that is here, once and briefly: records are looked at, times are not.
bench-smoke: bench-micro-smoke $(SIDE)
	$(Q)$(PYTHON) -B tests/bench/side.py --smoke $(O)
	$(Q)$(PYTHON) -B tests/bench/lines.py --smoke $(O)

.PHONY: bench-side bench-figures bench-smoke
