# make bench: figures, as ratios in one run. Included by the Makefile at the top.

# Microbenchmarks (micro.py): parts of the work each, in turns with what they are compared with.
MICRO_BPF = $(patsubst %,$(O)/bpf/%.skel.h,ancestor single vary)
MICRO = $(patsubst %,$(O)/tests/bench/%,kernel_cost line_cost)

$(O)/bpf/ancestor.bpf.o $(O)/bpf/vary.bpf.o: $(O)/bpf/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(O)/tests/bench/kernel_cost.o $(O)/tests/bench/kernel_subject.o: $(SKELETONS) $(MICRO_BPF)
$(O)/tests/bench/kernel_cost: $(O)/tests/bench/kernel_subject.o

bench-micro: all tests $(MICRO)
	$(Q)$(PYTHON) tests/bench/micro.py $(O)

# Every figure is there, all that make the same line make the same, no sample is lost; of times it asserts nothing.
bench-micro-smoke: all tests $(MICRO)
	$(Q)$(PYTHON) tests/bench/micro.py --smoke $(O)

# What instructions are counted in is always made alike, in a tree of its own, whatever CC and CFLAGS are.
COUNTED = $(O)/counted
COUNTED_OBJS = $(patsubst %.c,$(COUNTED)/%.o,tests/bench/hot_paths.c \
	       $(wildcard src/lib/*.c src/line/*.c src/sink/*.c src/app/audit*.c) src/app/top.c src/app/log.c)

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
