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

# Side by side with what people use now (side.py), lines a second without loss (lines.py), how cost grows
# (growth.py). ROUNDS=, SECONDS= (of traffic a run), and for side.py RATES= (packets a second; 0: flat out) and
# ONLY= (rows) are theirs.
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
bench-smoke: all $(SIDE)
	$(Q)$(PYTHON) -B tests/bench/side.py --smoke $(O)
	$(Q)$(PYTHON) -B tests/bench/lines.py --smoke $(O)

.PHONY: bench-side bench-figures bench-smoke
