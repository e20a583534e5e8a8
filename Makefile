# runway_v2v: an FFmpeg filter. `make help` lists what can be made.
#
# Everything is made out of tree, in $(BUILD).

BUILD  = build
PREFIX = /usr/local
CC     = cc
PKG_CONFIG = pkg-config
SIMULATOR  = $(BUILD)/bin/runway-simulator

ifneq ($(words $(CURDIR)),1)
$(error FFmpeg cannot be built below a directory with blanks in its name: $(CURDIR))
endif
ifeq ($(filter undefine,$(.FEATURES)),)
$(error this takes GNU make 3.82 or later (on some systems it is called gmake))
endif

# make's built-in rules are not used; without them it is quick and says less.
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

export CC PKG_CONFIG FFMPEG_SRC FFMPEG_URL FFMPEG_SHA256 FFMPEG_RELEASE FFMPEG_CONFIGURE BUILD

include vf_runway/runway/Makefile

##
## Using it
##

.DEFAULT_GOAL := all

all: $(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe ## FFmpeg with the filter in it: build/bin/ffmpeg, build/bin/ffprobe
	@echo '$(BUILD)/bin/ffmpeg and $(BUILD)/bin/ffprobe are up to date'

deps: ## install what is missing (apt), or list it
	@scripts/deps && scripts/deps --list

demo: ## the filter at work, against a simulated service: build/demo/
	@scripts/deps demo
	@$(MAKE) --no-print-directory demo-programs
	@scripts/demo $(BUILD)

install: all ## copy ffmpeg and ffprobe to PREFIX/bin (PREFIX=/usr/local, DESTDIR=)
	install -m 755 -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe '$(DESTDIR)$(PREFIX)/bin/'

# What has not the filter's name in it was not put there from here.
uninstall: ## remove them again, and what install-dropin put there
	@cd '$(DESTDIR)$(PREFIX)/bin' 2>/dev/null || exit 0; \
	for f in ffmpeg ffprobe ffmpeg-runway; do \
	    if grep -qs runway_v2v "$$f"; then echo "rm -f $$f"; rm -f "$$f"; fi; \
	done
	@if test -d '$(DESTDIR)$(DROPIN_LIB)'; then \
	    cd '$(DESTDIR)$(DROPIN_LIB)' && rm -f built-for libavfilter.so.* && cd .. && rmdir ffmpeg-runway; \
	fi

DROPIN_LIB = $(PREFIX)/lib/ffmpeg-runway

dropin: ## a libavfilter for the ffmpeg that is installed: build/bin/ffmpeg-runway
	@scripts/deps --list build || { echo 'These are needed first. To install them: make deps' >&2; exit 1; }
	@MAKE='$(MAKE)' scripts/dropin $(BUILD)
	@mkdir -p $(BUILD)/bin
	@ln -sf ../dropin/bin/ffmpeg-runway $(BUILD)/bin/ffmpeg-runway

install-dropin: dropin ## copy it to PREFIX/bin and PREFIX/lib/ffmpeg-runway
	install -m 755 -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(DROPIN_LIB)'
	rm -f '$(DESTDIR)$(DROPIN_LIB)'/libavfilter.so.*
	install -m 644 $(BUILD)/dropin/lib/ffmpeg-runway/* '$(DESTDIR)$(DROPIN_LIB)/'
	install -m 755 $(BUILD)/dropin/bin/ffmpeg-runway '$(DESTDIR)$(PREFIX)/bin/'

apply: ## put the filter into a FFmpeg tree of your own: make apply FFMPEG=DIR
	@test -n '$(FFMPEG)' || { echo 'Say which tree: make apply FFMPEG=DIR' >&2; exit 2; }
	@libavfilter-patch/apply '$(FFMPEG)'

PATCH = $(BUILD)/runway_v2v-ffmpeg-$(or $(shell head -n 1 '$(FFMPEG)/VERSION' 2>/dev/null),git).patch

patch: ## write the filter as one file for git am: make patch FFMPEG=DIR (PATCH=FILE)
	@test -n '$(FFMPEG)' || { echo 'Say for which tree: make patch FFMPEG=DIR' >&2; exit 2; }
	@libavfilter-patch/make-patch '$(FFMPEG)' '$(PATCH)'

##
## Working on it
##

simulator: $(SIMULATOR) ## the service on loopback, for tests: build/bin/runway-simulator
	@echo '$(SIMULATOR) is up to date'

check: ## all tests, or one: make check T=tests/e2e/x.t
	@scripts/deps
	@$(MAKE) --no-print-directory check-programs
	@scripts/check $(BUILD) $(or $(T),$(UNIT_TESTS) $(E2E_TESTS))

check-unit: ## the tests that need no FFmpeg (T=tests/unit/base/test_error.c)
	@$(MAKE) --no-print-directory check-unit-programs
	@scripts/check $(BUILD) $(or $(T),$(UNIT_TESTS))

check-e2e: ## the tests through a built ffmpeg (T=tests/e2e/x.t)
	@$(MAKE) --no-print-directory check-e2e-programs
	@scripts/check $(BUILD) $(or $(T),$(E2E_TESTS))

# Without RUNS, none is begun after MINUTES. The next one has the next seed.
MINUTES = 15

soak: ## random faults and deaths, and what was billed: MINUTES=15, or RUNS=, SEED=
	@scripts/deps
	@$(MAKE) --no-print-directory check-e2e-programs
	@SOAK_SEED='$(SEED)' SOAK_RUNS='$(RUNS)' SOAK_SECONDS=$$((60 * $(MINUTES))) \
	    TEST_TIMEOUT=$(or $(RUNS:%=86400),$$((60 * $(MINUTES) + 1800))) \
	    scripts/check $(BUILD) tests/e2e/soak.t

RELEASES = 7.1 9.0

check-releases: ## the tests on FFmpeg 7.1 and 9.0, or on one: VERSION=7.1 (or 5.1)
	@scripts/deps
	@MAKE='$(MAKE)' scripts/check-releases $(BUILD) '$(T)' $(or $(VERSION),$(RELEASES))

check-asan: ## all tests under ASan, LeakSanitizer and UBSan, or one: T=
	@scripts/deps
	@MAKE='$(MAKE)' scripts/check-sanitized $(BUILD) asan '$(T)'

check-tsan: ## all tests under ThreadSanitizer, or one: T=
	@scripts/deps
	@MAKE='$(MAKE)' scripts/check-sanitized $(BUILD) tsan '$(T)'

check-valgrind: ## the unit tests under valgrind, or one: T=
	@scripts/deps tools
	@$(MAKE) --no-print-directory check-unit-programs
	@scripts/check-valgrind $(BUILD) $(or $(T),$(UNIT_TESTS))

# For so many seconds each; SECONDS=0 only runs what is known.
SECONDS = 60

fuzz: ## look for inputs that break a module: SECONDS=60 for each target, or T=reply
	@scripts/deps tools
	@$(MAKE) --no-print-directory fuzz-programs
	@scripts/fuzz $(BUILD) $(SECONDS) $(or $(T),$(FUZZ_TARGETS))

bench: ## speed and memory, beside what else one would do; a part of it: make bench B=memory
	@scripts/deps
	@$(MAKE) --no-print-directory bench-programs
	@tests/bench/bench $(B)

lint: ## clang-tidy, cppcheck, clang-format, and all warnings, over the sources
	@scripts/deps lint
	@DIALECT='$(DIALECT)' WARNINGS='$(WARNINGS) $(STRICT)' scripts/lint $(RUNWAY_CORE:%=vf_runway/runway/%.c)

DROPIN_TESTS = colour downstream generate interrupt private resume size timing

check-dropin: dropin $(SIMULATOR) ## what dropin makes, with some of the tests
	@mkdir -p $(BUILD)/dropin/assert
	@ln -sf ../bin/ffmpeg-runway $(BUILD)/dropin/assert/ffmpeg
	@ln -sf "$$(dirname "$$(sed -n "s/^ffmpeg='\(.*\)'/\1/p" $(BUILD)/dropin/bin/ffmpeg-runway)")/ffprobe" $(BUILD)/dropin/assert/ffprobe
	@ln -sf ../../bin/runway-simulator $(BUILD)/dropin/bin/runway-simulator
	@scripts/check $(BUILD)/dropin $(or $(T),$(DROPIN_TESTS:%=tests/e2e/%.t))

clean: ## remove what was built, keep the downloaded source
	rm -rf $(BUILD)/bin $(BUILD)/ffmpeg $(BUILD)/assert $(BUILD)/unit \
	    $(BUILD)/simulator $(BUILD)/demo $(BUILD)/check $(BUILD)/*.log \
	    $(BUILD)/standalone $(BUILD)/asan $(BUILD)/tsan $(BUILD)/fuzz \
	    $(foreach d,bin lib build check assert,$(BUILD)/dropin/$(d)) \
	    $(foreach d,bin assert simulator check standalone,$(BUILD)/releases/*/$(d))

distclean: ## remove build/ altogether
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 } \
	    /^## [A-Z]/ { printf "\n%s\n", substr($$0, 4) }' Makefile
	@printf '%s\n' '' 'Variables' \
	    '  FFMPEG_SRC=DIR    build from that FFmpeg source tree (it is copied)' \
	    '  FFMPEG_URL=URL    build from that tarball, if its digest is the pinned one' \
	    '                    (or FFMPEG_SHA256=HEX)' \
	    '  FFMPEG_CONFIGURE= more switches for FFmpeg'\''s configure' \
	    '  CC=, BUILD=DIR    another compiler, another directory than build/' \
	    '  -jN               as many jobs (by itself: one for each processor)'

.PHONY: all deps demo install uninstall dropin install-dropin apply patch simulator check \
    check-unit check-e2e soak check-releases check-dropin check-asan check-tsan check-valgrind \
    check-ffmpeg check-programs check-unit-programs check-e2e-programs unit-programs fuzz \
    fuzz-programs demo-programs bench bench-programs lint clean distclean help FORCE

##
# FFmpeg's source, with the filter in it
##

# A change of where the source comes from is a change of the source.
$(BUILD)/src/.wanted: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(FFMPEG_SRC)|$(FFMPEG_URL)|$(FFMPEG_SHA256)|$(FFMPEG_RELEASE)' > $@.new
	@if cmp -s $@ $@.new; then rm -f $@.new; else mv $@.new $@; fi

# A tree of the user's own is looked at each time: he works on it.
$(BUILD)/src/.fetched: $(BUILD)/src/.wanted $(if $(FFMPEG_SRC),FORCE)
	@scripts/deps --list build || { echo 'These are needed first. To install them: make deps' >&2; exit 1; }
	@scripts/fetch-source $(BUILD)
	@if test -z '$(FFMPEG_SRC)' || test ! -f $@ || test $(BUILD)/src/.changed -nt $@; then touch $@; fi

FILTER_FILES := $(shell find vf_runway)
HOOK_FILES   := $(wildcard libavfilter-patch/*)

$(BUILD)/src/.applied: $(BUILD)/src/.fetched $(FILTER_FILES) $(HOOK_FILES)
	@RUNWAY_APPLY_QUIET=1 libavfilter-patch/apply $(BUILD)/src/ffmpeg
	@touch $@

##
# The two builds of it
##

CONFIGURE_FILES = scripts/configure-ffmpeg scripts/libraries

$(BUILD)/ffmpeg/.configured: $(BUILD)/src/.applied $(CONFIGURE_FILES)
	@scripts/configure-ffmpeg $(BUILD)/src/ffmpeg $(BUILD)/ffmpeg full
	@touch $@

$(BUILD)/assert/.configured: $(BUILD)/src/.applied $(CONFIGURE_FILES)
	@scripts/configure-ffmpeg $(BUILD)/src/ffmpeg $(BUILD)/assert assert
	@touch $@

$(BUILD)/ffmpeg/.built: $(BUILD)/ffmpeg/.configured scripts/build-ffmpeg
	@MAKE='$(MAKE)' scripts/build-ffmpeg $(BUILD)/ffmpeg 'Building ffmpeg'
	@touch $@

$(BUILD)/assert/.built: $(BUILD)/assert/.configured scripts/build-ffmpeg
	@MAKE='$(MAKE)' scripts/build-ffmpeg $(BUILD)/assert 'Building the ffmpeg for tests'
	@touch $@

$(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe: $(BUILD)/ffmpeg/.built
	@mkdir -p $(@D)
	@cp $(BUILD)/ffmpeg/$(@F) $@.new && mv $@.new $@

check-ffmpeg: $(BUILD)/assert/.built

##
# Programs that need no FFmpeg
##

# The compiler is told what FFmpeg tells it, so that what FFmpeg's build would
# refuse is refused here within a second.
WARNINGS  = -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes \
            -Wdeclaration-after-statement -Wpointer-arith -Wundef    \
            -Werror=implicit-function-declaration -Werror=vla
# The core is plain C, and is held to more.
STRICT    = -Wshadow -Wconversion
DIALECT   = -std=c11 -D_ISOC11_SOURCE -D_FILE_OFFSET_BITS=64         \
            -D_POSIX_C_SOURCE=200112 -D_XOPEN_SOURCE=600
OPTIMIZE  = -O1 -g
CCACHE   := $(if $(findstring ccache,$(CC)),,$(shell command -v ccache 2>/dev/null))
COMPILE   = $(CCACHE) $(CC) $(OPTIMIZE) -MMD -MP -c
SANITIZED = $(SANITIZE:%=-fsanitize=%)

# make check-unit SANITIZE=address,undefined
comma    := ,
UNIT_DIR := $(BUILD)/unit$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))

export UNIT_DIR

UNIT_SOURCES  := $(sort $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c))
UNIT_HELPERS  := $(filter-out $(UNIT_SOURCES),$(sort $(wildcard tests/unit/*.c)))
UNIT_TESTS    := $(UNIT_SOURCES)
UNIT_PROGRAMS := $(UNIT_SOURCES:tests/unit/%.c=$(UNIT_DIR)/%)
E2E_TESTS     := $(sort $(wildcard tests/e2e/*.t))

$(UNIT_DIR)/core/%.o: vf_runway/runway/%.c
	@mkdir -p $(@D)
	@$(COMPILE) $(SANITIZED) $(DIALECT) $(WARNINGS) $(STRICT) -Werror \
	    $(shell $(PKG_CONFIG) --cflags libcurl libcjson) -o $@ $<

$(UNIT_DIR)/libcore.a: $(RUNWAY_CORE:%=$(UNIT_DIR)/core/%.o)
	@rm -f $@
	@$(AR) rcs $@ $^

$(UNIT_DIR)/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	@$(COMPILE) $(SANITIZED) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	    -Wall -Wextra -Wno-unused-parameter -Werror -iquote tests/unit -iquote vf_runway/runway \
	    $(shell $(PKG_CONFIG) --cflags cmocka libcurl libcjson libmicrohttpd) -o $@ $<

# The core once more, for the tests in which the C library fails: faults.h
$(UNIT_DIR)/faulty/%.o: vf_runway/runway/%.c tests/unit/faults.h
	@mkdir -p $(@D)
	@$(COMPILE) $(SANITIZED) $(DIALECT) -D_DEFAULT_SOURCE -DCORE_FAULTS -include tests/unit/faults.h \
	    $(WARNINGS) -Werror $(shell $(PKG_CONFIG) --cflags libcurl libcjson) -o $@ $<

$(UNIT_DIR)/libfaulty.a: $(RUNWAY_CORE:%=$(UNIT_DIR)/faulty/%.o)
	@rm -f $@
	@$(AR) rcs $@ $^

UNIT_HELPER_OBJECTS := $(UNIT_HELPERS:tests/unit/%.c=$(UNIT_DIR)/%.o)
FAULTY_PROGRAMS     := $(filter $(UNIT_DIR)/test_faults_%,$(UNIT_PROGRAMS))

$(filter-out $(FAULTY_PROGRAMS),$(UNIT_PROGRAMS)): $(UNIT_DIR)/libcore.a
$(FAULTY_PROGRAMS): $(UNIT_DIR)/libfaulty.a

$(UNIT_PROGRAMS): $(UNIT_DIR)/%: $(UNIT_DIR)/%.o $(UNIT_HELPER_OBJECTS)
	@$(CC) $(OPTIMIZE) $(SANITIZED) -o $@ $(filter %.o,$^) $(filter %.a,$^) -pthread \
	    $(shell $(PKG_CONFIG) --libs cmocka libcurl libcjson libmicrohttpd) -lb64 -lm

##
# Fuzz targets: the core with clang's libFuzzer, ASan and UBSan
##

FUZZ_CC       = clang
FUZZ_FLAGS    = -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CORE     = reply record upload body boxes
FUZZ_FFMPEG   = options result
FUZZ_TARGETS  = $(FUZZ_CORE) $(FUZZ_FFMPEG)
FUZZ_PROGRAMS = $(FUZZ_TARGETS:%=$(BUILD)/fuzz/fuzz_%)

$(BUILD)/fuzz/core/%.o: vf_runway/runway/%.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $(DIALECT) \
	    $(shell $(PKG_CONFIG) --cflags libcurl libcjson) -o $@ $<

$(BUILD)/fuzz/libcore.a: $(RUNWAY_CORE:%=$(BUILD)/fuzz/core/%.o)
	@rm -f $@
	@$(AR) rcs $@ $^

$(FUZZ_CORE:%=$(BUILD)/fuzz/fuzz_%): $(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h $(BUILD)/fuzz/libcore.a
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	    -Wall -Wextra -Werror -iquote tests/unit -iquote vf_runway/runway \
	    $(shell $(PKG_CONFIG) --cflags libcurl libcjson) -o $@ $< $(BUILD)/fuzz/libcore.a \
	    -pthread $(shell $(PKG_CONFIG) --libs libcurl libcjson) -lb64 -lm

# FFmpeg as clang compiles it, with what UBSan finds in FFmpeg's own code left out.
$(BUILD)/fuzz/ffmpeg/.configured: $(BUILD)/src/.applied $(CONFIGURE_FILES) tests/fuzz/ubsan-ignore
	@CC=$(FUZZ_CC) scripts/configure-ffmpeg $(BUILD)/src/ffmpeg $(BUILD)/fuzz/ffmpeg fuzz
	@touch $@

$(BUILD)/fuzz/ffmpeg/.built: $(BUILD)/fuzz/ffmpeg/.configured scripts/build-ffmpeg
	@MAKE='$(MAKE)' scripts/build-ffmpeg $(BUILD)/fuzz/ffmpeg "Building FFmpeg's libraries for fuzzing"
	@touch $@

$(FUZZ_FFMPEG:%=$(BUILD)/fuzz/fuzz_%): $(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h $(BUILD)/fuzz/ffmpeg/.built
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	    -Wall -Wextra -Werror -Wno-unused-parameter -Wno-deprecated-declarations \
	    -I$(BUILD)/fuzz/ffmpeg -I$(BUILD)/src/ffmpeg -iquote vf_runway/runway -o $@ $< \
	    $(foreach l,avfilter avformat avcodec swscale swresample avutil,$(BUILD)/fuzz/ffmpeg/lib$l/lib$l.a) \
	    $$(sed -n 's/^EXTRALIBS-[a-z0-9]*=//p' $(BUILD)/fuzz/ffmpeg/ffbuild/config.mak) -pthread

# What a result may look like; the clip that was sent is one second long.
$(BUILD)/fuzz/corpus/result: $(BUILD)/assert/.built
	@rm -rf $@ && mkdir -p $@
	@set -e; n=0; for codec in 'libx264 -preset ultrafast' 'mpeg4 -qscale 31' 'mjpeg -qscale 31' 'libx264 -pix_fmt yuv420p10'; do \
	    n=$$((n + 1)); $(BUILD)/assert/ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=32x32:r=4:d=1 -c:v $$codec $@/$$n.mp4; done; \
	$(BUILD)/assert/ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=32x32:r=4:d=1 -c:v prores -profile:v 0 $@/prores.mov; \
	$(BUILD)/assert/ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=32x32:r=4:d=1 -f lavfi -i sine=d=1 -c:v libx264 \
	    -c:a aac -movflags +frag_keyframe+empty_moov $@/fragments.mp4

SIMULATOR_SOURCES := $(sort $(wildcard tests/simulator/*.c))

$(BUILD)/simulator/%.o: tests/simulator/%.c
	@mkdir -p $(@D)
	@$(COMPILE) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra \
	    -Wno-unused-parameter $(shell $(PKG_CONFIG) --cflags libmicrohttpd libcjson) -o $@ $<

$(SIMULATOR): $(SIMULATOR_SOURCES:tests/simulator/%.c=$(BUILD)/simulator/%.o)
	@mkdir -p $(@D)
	@test -n '$^' || { echo 'tests/simulator/ is empty' >&2; exit 1; }
	@$(CC) $(OPTIMIZE) -o $@ $^ -pthread \
	    $(shell $(PKG_CONFIG) --libs libmicrohttpd libcjson) -lb64 -lm

# Runway's own client, for two of the tests: fetched where one of them is wanted.
$(BUILD)/sdk/.fetched: tests/sdk/package.json tests/sdk/package-lock.json
	@scripts/fetch-sdk $(BUILD)

SDK = $(if $(filter-out %sdk.t,$(T)),,$(BUILD)/sdk/.fetched)

# The empty recipes keep make from saying that there was nothing to do.
demo-programs: $(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe $(SIMULATOR) ; @:
bench-programs: demo-programs $(BUILD)/sdk/.fetched ; @:
fuzz-programs: $(FUZZ_PROGRAMS) $(BUILD)/fuzz/corpus/result ; @:
unit-programs: $(UNIT_PROGRAMS) ; @:
check-unit-programs: $(UNIT_PROGRAMS) $(SIMULATOR) ; @:
check-e2e-programs: check-ffmpeg $(SIMULATOR) $(SDK) ; @:
check-programs: check-unit-programs check-e2e-programs ; @:

AR = ar

.SECONDARY:
-include $(wildcard $(BUILD)/fuzz/core/*/*.d $(UNIT_DIR)/*.d $(UNIT_DIR)/*/*.d $(UNIT_DIR)/*/*/*.d \
    $(BUILD)/simulator/*.d)
