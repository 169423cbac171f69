# make bench: figures, as ratios in one run. Included by the Makefile at the top.
BENCHES = $(O)/tests/bench/kernel_cost

# What ours is compared with.
$(O)/bpf/single.bpf.o: tests/bench/single.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BENCHES:=.o): $(SKELETONS) $(O)/bpf/single.skel.h

bench: all tests $(BENCHES)
	$(Q)$(O)/tests/bench/kernel_cost
	$(Q)tests/bench/live.sh $(O)
	$(Q)tests/bench/replay.sh $(O)

.PHONY: bench
