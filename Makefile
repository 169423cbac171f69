# User-tunable; never appended to, so `make CFLAGS=-O0` keeps the flags that the code needs.
CC	?= cc
CLANG	?= clang
# Debian's is where only root's PATH leads.
BPFTOOL	?= $(or $(shell command -v bpftool),$(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool)),bpftool)
CLANG_FORMAT	?= clang-format
CLANG_TIDY	?= clang-tidy
OBJCOPY	?= objcopy
# The one that has the distribution's packages.
PYTHON	?= /usr/bin/python3
CFLAGS	?= -O2 -g
PREFIX	?= /usr/local
SBINDIR	?= $(PREFIX)/sbin
LIBDIR	?= $(PREFIX)/lib
INCLUDEDIR	?= $(PREFIX)/include
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
MANDIR	?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
DESTDIR	?=
O	?= build
JOBS	?= $(shell nproc)
T	?= 60
SOAK_PACKETS ?= 1000000000
SOAK_FLIPS ?= 10000
SOAK_MUTANTS ?= 10000000
SEED	?= 1
SOAK_ROTATIONS ?= 1000
SOAK_KILLS ?= 200
SOAK_RELOAD_SECONDS ?= 10
KERNELS	?= 5.10 6.1 6.12 6.18 newest
KERNEL_CASES ?= whole

VERSION	:= 0.1.0
SOMAJOR	:= 0
LIB_PKGS := libbpf libpcap libzstd zlib
PKGS	:= $(LIB_PKGS) json-c
WARN	:= -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
	   -Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wwrite-strings -Wvla -Wimplicit-fallthrough
DEPS	= -MMD -MP
SAN_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# Each room sees the headers that HACKING.md allows it; tests/layers.sh holds it to that.
# Skeletons are generated, so their warnings are not ours.
INCLUDES = -Iinclude -Ibpf -Isrc -isystem $(O)/bpf
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -pthread $(WARN) $(INCLUDES) \
	     $$(pkg-config --cflags $(PKGS)) $(DEPS) $(CPPFLAGS) $(CFLAGS) $(SAN)
ALL_LDFLAGS = -pthread $(CFLAGS) $(SAN) $(LDFLAGS)
LIB_LIBS = $$(pkg-config --libs $(LIB_PKGS))
ALL_LIBS = $$(pkg-config --libs $(PKGS)) -lelf
# Where asm/types.h is, which -target bpf does not find by itself on Debian.
ASM_INCLUDE := $(patsubst %/asm/types.h,%,$(firstword \
	       $(wildcard /usr/include/$(shell uname -m)-linux-gnu*/asm/types.h) /usr/include/asm/types.h))
# Its BTF names its sources: the same bytes, wherever they were.
BPF_CFLAGS = -g -O2 -Wall -Wextra -target bpf -mcpu=v2 $(DEPS) -Ibpf \
	     -idirafter $(ASM_INCLUDE) '-ffile-prefix-map=$(CURDIR)=.'

VARIANTS := frags ring perf
SKELETONS = $(VARIANTS:%=$(O)/bpf/xdptail_%.skel.h)
SYN_ONLY = $(O)/contrib/syn-only/syn_only.bpf.o
PRODUCT = $(O)/tests/kernels/product.bpf.o
WINDOW = $(O)/bpf/xdptail_window
LIB_OBJS = $(patsubst %.c,$(O)/%.o,$(wildcard src/base/*.c src/lib/*.c))
CMD_OBJS = $(patsubst %.c,$(O)/%.o,$(wildcard src/json/*.c src/record/*.c src/output/*.c src/app/*.c))
UNIT_TESTS = $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
PROG_TESTS = $(patsubst %.c,$(O)/%,$(wildcard tests/prog/test_*.c))
MAN_PAGES = $(wildcard packaging/man/*.[1-9])
SCHEMA = contrib/schema/xdptail-1.schema.json
SYSTEM_HELPERS = $(patsubst %.c,$(O)/%,$(wildcard tests/system/*.c)) $(O)/tests/system/stream_schema.py
PRELOADS = $(patsubst %.c,$(O)/%.so,$(wildcard tests/preload/*.c))
FUZZ = $(O)/fuzz
FUZZERS = $(patsubst tests/fuzz/%.c,$(FUZZ)/%,$(wildcard tests/fuzz/fuzz_*.c))
FLOOD_OBJS = $(O)/tests/prog/flood.o $(O)/tests/prog/ledger.o
SHELL_FILES = $(wildcard packaging/*.sh packaging/*/*.sh contrib/*/*.sh tests/*.sh tests/*/*.bash tests/*/*.bats \
	      tests/*/*.sh tests/kernels/init .ci/run)
C_FILES = $(wildcard contrib/*/*.c packaging/completion/*.c include/*.h bpf/*.h bpf/*.c src/*/*.h src/*/*.c tests/*.h tests/*/*.h tests/*/*.c)
# Tests are run under sanitizers; to analyze all paths through them, too, takes as long as all the
# others do.
TIDY_FILES = $(wildcard contrib/example/*.c packaging/completion/*.c src/*/*.c)
TIDY_TESTS = $(filter-out %.bpf.c,$(wildcard tests/*/*.c))
TIDY_FLAGS = -- -std=gnu11 -D_GNU_SOURCE $(INCLUDES) -Itests $$(pkg-config --cflags $(PKGS))

comma := ,
# What is built belongs to the owner of the directory that it goes into, also when root runs make
# (sudo make demo): what the owner makes next can write there. OWNER has the words that make a
# command the owner's; none, if that is us.
ifeq ($(shell id -u),0)
OWNER := $(shell dir=$$(realpath -m '$(O)'); until [ -d "$$dir" ]; do dir=$$(dirname "$$dir"); done; \
	 as="setpriv $$(stat -c '--reuid=%u --regid=%g' "$$dir") --clear-groups"; \
	 [ -O "$$dir" ] || ! $$as test -w "$$dir" -a -r Makefile 2>/dev/null || echo "$$as")
ifneq ($(OWNER),)
$(O)/% dist deb rpm lint fuzz: SHELL = $(firstword $(OWNER))
$(O)/% dist deb rpm lint fuzz: .SHELLFLAGS = $(wordlist 2,9,$(OWNER)) /bin/sh -c
endif
endif

ifneq ($(V),1)
Q := @
say = @printf '  %-6s %s\n' $(1) '$(@:$(O)/%=%)'
endif

all: $(O)/xdptail $(O)/libxdptail.so $(O)/libxdptail.a $(O)/completion/xdptail.bash $(O)/completion/xdptail.zsh

# With which compilers and flags it was built: what they bear on is built anew when they change, but
# not by install, which takes what is there. A library that pkg-config cannot find ends it here.
FLAGS = $(O)/flags
$(FLAGS): export TOLD = $(CC) $(CLANG) $(CPPFLAGS) $(CFLAGS) $(SAN) $(LDFLAGS)
$(FLAGS): $(if $(filter-out install install-service,$(or $(MAKECMDGOALS),all)),always)
	$(Q)mkdir -p $(@D)
	$(Q)pkg-config --print-errors --exists $(PKGS)
	$(Q)printf '%s\n' "$$TOLD" | cmp -s - $@ || printf '%s\n' "$$TOLD" > $@

$(O)/bpf/xdptail_%.bpf.o: bpf/xdptail.bpf.c $(FLAGS)
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DXDPTAIL_$(shell echo $* | tr a-z A-Z) -c $< -o $@

# Objects of one's own: another program, with the maps and the parser of ours.
$(SYN_ONLY) $(PRODUCT): $(O)/%.o: %.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DXDPTAIL_RING -c $< -o $@

syn-only: $(SYN_ONLY)

# For a test: a packet that has chosen its counter takes its time to add to it.
$(WINDOW).bpf.o: BPF_CFLAGS += -DXDPTAIL_RING \
	'-DTEST_WINDOW()=for (int i = 0; i < 2000; i++) (void)bpf_ktime_get_ns()'

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $(*F)_bpf > $@

$(O)/%.o: %.c $(FLAGS)
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

# The one file that includes the skeletons; its .d file takes over once there is one.
$(O)/src/lib/object.o: $(SKELETONS)

# One object, in which only what the header has is global: a program that links it may have a
# counts_open() of its own.
$(O)/libxdptail.o: $(LIB_OBJS)
	$(call say,LD)
	$(Q)$(LD) -r $^ -o $@
	$(Q)$(OBJCOPY) --localize-hidden -R '.gnu.lto_*' -R '.gnu.debuglto_*' $@

$(O)/libxdptail.a: $(O)/libxdptail.o
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/libxdptail.so: $(LIB_OBJS) src/lib/libxdptail.map
	$(call say,LD)
	$(Q)$(CC) -shared -Wl,-soname,libxdptail.so.$(SOMAJOR) \
		-Wl,--version-script=src/lib/libxdptail.map $(ALL_LDFLAGS) $(LIB_OBJS) $(LIB_LIBS) -o $@

$(O)/xdptail: $(CMD_OBJS) $(LIB_OBJS)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(ALL_LIBS) -o $@

# Runs here, to write the completions.
$(O)/completion/generate: $(O)/packaging/completion/generate.o $(filter-out $(O)/src/app/main.o,$(CMD_OBJS)) $(LIB_OBJS)
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(ALL_LIBS) -o $@

$(O)/completion/xdptail.%: packaging/completion/xdptail.%.in $(O)/completion/generate
	$(call say,GEN)
	$(Q)$(O)/completion/generate < $< > $@

# For the check of every stream in the tests.
$(O)/tests/system/stream_schema.py: $(SCHEMA) tests/system/compile_schema.py
	$(call say,PY)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tests/system/compile_schema.py $(SCHEMA) $@

# Everything but main(), for tests.
$(O)/tests/all.a: $(filter-out $(O)/src/app/main.o,$(CMD_OBJS)) $(LIB_OBJS)
	$(call say,AR)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

$(O)/tests/system/%: $(O)/tests/system/%.o
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(ALL_LIBS) -o $@

$(O)/tests/tsan/queue: $(O)/tests/tsan/queue.o $(O)/src/output/queue.o
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ -o $@

$(O)/tests/prog/soak $(O)/tests/prog/test_prog_soak: $(FLOOD_OBJS)

$(O)/tests/%: $(O)/tests/%.o $(O)/tests/all.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) -lcriterion $(ALL_LIBS) -o $@

$(O)/tests/%.o: INCLUDES += -Itests
# What never happens by itself: a record that is too long.
$(O)/tests/unit/test_report: ALL_LDFLAGS += $(addprefix -Wl$(comma)--wrap=,record_packet record_count record_clock \
	xdptail_time xdptail_stats)
$(PROG_TESTS:=.o): $(SKELETONS) $(WINDOW).skel.h

# Without sanitizers: it is loaded before them.
$(O)/tests/preload/%.so: tests/preload/%.c $(FLAGS)
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out $(SAN),$(ALL_CFLAGS)) -shared $(CFLAGS) $(LDFLAGS) $< -o $@ -ldl

tests: $(UNIT_TESTS) $(PROG_TESTS) $(SYSTEM_HELPERS) $(PRELOADS) $(SYN_ONLY) $(PRODUCT) $(O)/tests/prog/soak

install: all
	install -D -m 0755 $(O)/xdptail "$(DESTDIR)$(SBINDIR)/xdptail"
	install -D -m 0755 $(O)/libxdptail.so "$(DESTDIR)$(LIBDIR)/libxdptail.so.$(VERSION)"
	ln -sf libxdptail.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/libxdptail.so.$(SOMAJOR)"
	ln -sf libxdptail.so.$(SOMAJOR) "$(DESTDIR)$(LIBDIR)/libxdptail.so"
	install -D -m 0644 $(O)/libxdptail.a "$(DESTDIR)$(LIBDIR)/libxdptail.a"
	install -D -m 0644 include/xdptail.h "$(DESTDIR)$(INCLUDEDIR)/xdptail.h"
	install -d "$(DESTDIR)$(PKGCONFIGDIR)"
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
		packaging/libxdptail.pc.in > "$(DESTDIR)$(PKGCONFIGDIR)/libxdptail.pc"
	chmod 0644 "$(DESTDIR)$(PKGCONFIGDIR)/libxdptail.pc"
	install -D -m 0644 $(O)/completion/xdptail.bash "$(DESTDIR)$(BASHCOMPDIR)/xdptail"
	install -D -m 0644 $(O)/completion/xdptail.zsh "$(DESTDIR)$(ZSHCOMPDIR)/_xdptail"
	for page in $(MAN_PAGES); do install -D -m 0644 $$page "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}" || exit; done

uninstall:
	rm -f "$(DESTDIR)$(SBINDIR)/xdptail" "$(DESTDIR)$(LIBDIR)"/libxdptail.* "$(DESTDIR)$(INCLUDEDIR)/xdptail.h" \
		"$(DESTDIR)$(PKGCONFIGDIR)/libxdptail.pc" "$(DESTDIR)$(BASHCOMPDIR)/xdptail" "$(DESTDIR)$(ZSHCOMPDIR)/_xdptail"
	for page in $(MAN_PAGES); do rm -f "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}"; done

help:
	@echo 'make                  builds what is installed, in O=$(O) (CC=, CFLAGS=, LDFLAGS= are yours, V=1 shows commands)'
	@echo 'sudo make demo        shows it at work, between two virtual interfaces; installs what is missing'
	@echo 'sudo make check       all tests; installs what is missing'
	@echo 'make install          (PREFIX=, DESTDIR=) install-service: the systemd units; uninstall, uninstall-service'
	@echo 'make deb, make rpm    packages, in $(O)/deb and $(O)/rpm'
	@echo 'make clean            removes $(O)'
	@echo 'HACKING.md has the others.'

# These two start on a machine that has nothing: what they need may not be there before deps.sh.
demo:
	$(Q)packaging/deps.sh build
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all
	$(Q)packaging/deps.sh demo
	$(Q)tests/demo.sh $(O)/xdptail

check:
	$(Q)packaging/deps.sh build test
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all tests
	$(Q)tests/run.sh $(O)

# User space is what the sanitizers see: the BPF programs' own tests (prog) are left out, and system
# tests that go over the same ground again for another kernel's or transport's sake.
ASAN_SYSTEM = counts disk faults file interfaces journal live loss metrics notify outputs own_object privileges read reload \
	      rotate sockets stdout stop usage
# What contrib/ has for the programs that read our stream, run with those that Debian or npm has.
check-contrib:
	$(Q)packaging/deps.sh build test contrib
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all tests
	$(Q)tests/run.sh $(O) contrib

# Debian's kernels, each in an emulated machine with what was built here: KERNELS are series, of
# which the newest is fetched, once a day at most. KERNEL_CASES=brief: what .ci/run asks of them.
check-kernels:
	$(Q)packaging/deps.sh build test kernels
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all tests
	$(Q)[ "$(KERNEL_CASES)" = brief ] || tests/clangs.sh $(O)/clangs
	$(Q)tests/kernels/run.sh $(O) $(KERNEL_CASES) $(KERNELS)

# A different set of flags is a different tree, so the two never mix objects.
check-asan:
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O)/asan SAN="$(SAN_FLAGS)" all tests
	$(Q)tests/run.sh $(O)/asan unit $(ASAN_SYSTEM:%=system/%)

# The sanitizer keeps its own books at fixed addresses, which setarch keeps free.
check-tsan:
	$(Q)$(MAKE) --no-print-directory O=$(O)/tsan SAN="-fsanitize=thread" $(O)/tsan/tests/tsan/queue
	$(Q)TSAN_OPTIONS=halt_on_error=1 setarch -R $(O)/tsan/tests/tsan/queue

# Captures of yours, read by xdptail and by tshark: do they agree?
check-captures: all $(O)/tests/system/number_frames
	$(Q)[ -n "$(CAPTURES)" ] || { echo "make check-captures CAPTURES=DIR" >&2; exit 2; }
	$(Q)tests/check-captures.sh $(O) "$(CAPTURES)"

# Each of so many packets must be in exactly one of so many snapshots; and of so many frames,
# changed at random, the kernel must make what the host does, as of those in CAPTURES=DIR. Takes
# some minutes.
soak: $(O)/tests/prog/soak $(O)/tests/prog/test_prog_mutants
	$(Q)MUTANTS=$(SOAK_MUTANTS) SEED=$(SEED) CAPTURES="$(CAPTURES)" $(O)/tests/prog/test_prog_mutants
	$(Q)$(O)/tests/prog/soak $(SOAK_PACKETS) $(SOAK_FLIPS)

# As many rotations, crashes and reloads as nobody waits for in make check; they need 50 GB in
# TMPDIR.
soak-outputs: all tests
	$(Q)XDPTAIL_ROTATIONS=$(SOAK_ROTATIONS) XDPTAIL_RATE=100000 XDPTAIL_KILLS=$(SOAK_KILLS) \
		XDPTAIL_RELOAD_SECONDS=$(SOAK_RELOAD_SECONDS) tests/run.sh $(O) system/rotate system/reload

# Always by clang, which has libFuzzer, and in a tree of its own: other flags.
$(FUZZ)/%.o: %.c $(FLAGS)
	$(call say,FUZZCC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(ALL_CFLAGS) $(SAN_FLAGS) -fsanitize=fuzzer-no-link -Itests -c $< -o $@

$(FUZZ)/fuzz_%: $(FUZZ)/tests/fuzz/fuzz_%.o
	$(call say,FUZZLD)
	$(Q)$(CLANG) -pthread $(SAN_FLAGS) -fsanitize=fuzzer $^ $$(pkg-config --libs json-c libpcap libzstd zlib) -o $@

$(FUZZ)/fuzz_audit: $(patsubst %.c,$(FUZZ)/%.o,$(wildcard src/app/audit_*.c src/record/*.c src/json/*.c src/base/*.c) src/app/answer.c)
$(FUZZ)/fuzz_capture: $(patsubst %,$(FUZZ)/src/%.o,lib/capture_file lib/unpack lib/pcapng base/reason)
$(FUZZ)/fuzz_decode: $(FUZZ)/src/lib/decode.o
$(FUZZ)/fuzz_line: $(patsubst %,$(FUZZ)/src/%.o,record/record json/json json/reader record/record_values base/text)
$(FUZZ)/fuzz_metrics: $(patsubst %,$(FUZZ)/src/%.o,app/metrics base/text)
$(FUZZ)/fuzz_monitor: $(FUZZ)/src/lib/monitor.o
$(FUZZ)/fuzz_values: $(patsubst %,$(FUZZ)/src/%.o,record/record_values json/reader base/text)
OPTIONS_OBJS = $(patsubst %.c,$(FUZZ)/%.o,$(wildcard src/base/*.c src/app/options*.c src/app/config*.c src/app/answer.c src/output/*.c \
	       src/record/*.c src/json/*.c))
$(FUZZ)/fuzz_options $(FUZZ)/fuzz_config: $(OPTIONS_OBJS)

$(O)/tests/fuzz/make_corpus: $(O)/tests/fuzz/make_corpus.o $(O)/src/lib/decode.o
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $$(pkg-config --libs libzstd) -o $@

fuzz: $(FUZZERS) $(O)/tests/fuzz/make_corpus
	$(Q)$(O)/tests/fuzz/make_corpus $(FUZZ)/corpus
	$(Q)tests/fuzz/run.sh $(O) $(T)

include tests/bench/bench.mk packaging/package.mk

format:
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

lint: $(SKELETONS) $(WINDOW).skel.h $(MICRO_BPF)
	$(Q)$(CLANG_FORMAT) --dry-run --Werror $(C_FILES)
	$(Q)tests/layers.sh
	$(Q)tests/width.sh
	$(Q)$(CLANG) -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c include/xdptail.h
	$(Q)$(CLANG) -std=c++98 -Wall -Wextra -Werror -fsyntax-only -x c++ include/xdptail.h
	$(Q)shellcheck -x $(SHELL_FILES)
	$(Q)mandoc -T lint -W warning $(MAN_PAGES)
	$(Q)printf '%s\n' $(TIDY_FILES) | xargs -n 1 -P 2 sh -c '$(CLANG_TIDY) --quiet "$$@" $(TIDY_FLAGS)' tidy
	$(Q)printf '%s\n' $(TIDY_TESTS) | xargs -n 8 -P 2 sh -c '$(CLANG_TIDY) --quiet --checks=-clang-analyzer-* "$$@" $(TIDY_FLAGS)' tidy
	$(Q)$(CLANG_TIDY) --quiet bpf/xdptail.bpf.c -- $(filter-out $(DEPS),$(BPF_CFLAGS)) -DXDPTAIL_RING

clean:
	$(Q)rm -rf $(O)

.PHONY: all tests syn-only install uninstall help always demo check check-contrib check-kernels check-asan check-tsan check-captures soak soak-outputs fuzz format lint clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(wildcard $(O)/packaging/completion/*.d $(O)/contrib/*/*.d $(O)/bpf/*.d $(O)/src/*/*.d $(O)/tests/*/*.d $(FUZZ)/*/*/*.d)
