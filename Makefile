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

all: $(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe $(BUILD)/bin/runway-tasks ## FFmpeg with the filter in it: build/bin/ffmpeg, build/bin/ffprobe
	@echo '$(BUILD)/bin/ffmpeg, $(BUILD)/bin/ffprobe and $(BUILD)/bin/runway-tasks are up to date'

deps: ## install missing packages (apt), or list them
	@scripts/deps && scripts/deps --list

demo: ## the filter at work, against a simulated service: build/demo/
	@scripts/deps demo
	@$(MAKE) --no-print-directory demo-programs
	@scripts/demo $(BUILD)

recording: ## the picture and the recording at the top of the README again
	@scripts/deps demo
	@$(MAKE) --no-print-directory demo-programs
	@scripts/recording $(BUILD) docs README.md

install: all ## copy ffmpeg and ffprobe to PREFIX/bin (PREFIX=/usr/local, DESTDIR=)
	install -m 755 -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe $(BUILD)/bin/runway-tasks '$(DESTDIR)$(PREFIX)/bin/'

# What has not the filter's name in it was not put there from here.
uninstall: ## remove what install and install-dropin installed
	@cd '$(DESTDIR)$(PREFIX)/bin' 2>/dev/null || exit 0; \
	for f in ffmpeg ffprobe ffmpeg-runway runway-tasks; do \
	    if grep -qs runway_v2v "$$f"; then echo "rm -f $$f"; rm -f "$$f"; fi; \
	done
	@if test -d '$(DESTDIR)$(DROPIN_LIB)'; then \
	    cd '$(DESTDIR)$(DROPIN_LIB)' && rm -f built-for libavfilter.so.* && cd .. && rmdir ffmpeg-runway; \
	fi

DROPIN_LIB = $(PREFIX)/lib/ffmpeg-runway

dropin: ## a libavfilter for the ffmpeg that is installed: build/bin/ffmpeg-runway
	@scripts/deps --list build || { echo 'These are needed first. To install them: make deps' >&2; exit 1; }
	@MAKE='$(MAKE)' scripts/dropin $(BUILD)
	@$(MAKE) --no-print-directory $(BUILD)/bin/runway-tasks
	@ln -sf ../dropin/bin/ffmpeg-runway $(BUILD)/bin/ffmpeg-runway

install-dropin: dropin ## copy it to PREFIX/bin and PREFIX/lib/ffmpeg-runway
	install -m 755 -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(DROPIN_LIB)'
	rm -f '$(DESTDIR)$(DROPIN_LIB)'/libavfilter.so.*
	install -m 644 $(BUILD)/dropin/lib/ffmpeg-runway/* '$(DESTDIR)$(DROPIN_LIB)/'
	install -m 755 $(BUILD)/dropin/bin/ffmpeg-runway $(BUILD)/bin/runway-tasks '$(DESTDIR)$(PREFIX)/bin/'

apply: ## put the filter into your own FFmpeg tree: make apply FFMPEG=DIR
	@test -n '$(FFMPEG)' || { echo 'Say which tree: make apply FFMPEG=DIR' >&2; exit 2; }
	@libavfilter-patch/apply '$(FFMPEG)'

PATCH = $(BUILD)/runway_v2v-ffmpeg-$(or $(shell head -n 1 '$(FFMPEG)/VERSION' 2>/dev/null),git).patch

patch: ## write the filter as one file for git am: make patch FFMPEG=DIR (PATCH=FILE)
	@test -n '$(FFMPEG)' || { echo 'Say for which tree: make patch FFMPEG=DIR' >&2; exit 2; }
	@libavfilter-patch/make-patch '$(FFMPEG)' '$(PATCH)'

simulator: $(SIMULATOR) ## the service on loopback, for your own tests: build/bin/runway-simulator
	@echo '$(SIMULATOR) is up to date'

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
	    /^## [A-Z]/ { printf "\n%s\n", substr($$0, 4) }' Makefile tests/Makefile
	@printf '%s\n' '' 'Variables' \
	    '  FFMPEG_SRC=DIR    build from that FFmpeg source tree (it is copied)' \
	    '  FFMPEG_URL=URL    build from that tarball, if its digest is the pinned one' \
	    '                    (or FFMPEG_SHA256=HEX)' \
	    '  FFMPEG_CONFIGURE= more switches for FFmpeg'\''s configure' \
	    '  CC=, BUILD=DIR    another compiler, another directory than build/' \
	    '  -jN               as many jobs (by itself: one for each processor)'

.PHONY: all deps demo recording install uninstall dropin install-dropin apply patch simulator \
    demo-programs clean distclean help FORCE

##
# FFmpeg's source, with the filter in it
##

# A change of where the source comes from is a change of the source.
$(BUILD)/src/.wanted: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(FFMPEG_SRC)|$(FFMPEG_URL)|$(FFMPEG_SHA256)|$(FFMPEG_RELEASE)' > $@.new
	@if cmp -s $@ $@.new; then rm -f $@.new; else mv $@.new $@; fi

# A tree of the user's own is checked each time, as it may have changed.
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
# Its build; the one for tests is in tests/Makefile
##

CONFIGURE_FILES = scripts/configure-ffmpeg scripts/libraries

$(BUILD)/ffmpeg/.configured: $(BUILD)/src/.applied $(CONFIGURE_FILES)
	@scripts/configure-ffmpeg $(BUILD)/src/ffmpeg $(BUILD)/ffmpeg full
	@touch $@

$(BUILD)/ffmpeg/.built: $(BUILD)/ffmpeg/.configured scripts/build-ffmpeg
	@MAKE='$(MAKE)' scripts/build-ffmpeg $(BUILD)/ffmpeg 'Building ffmpeg'
	@touch $@

$(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe: $(BUILD)/ffmpeg/.built
	@mkdir -p $(@D)
	@cp $(BUILD)/ffmpeg/$(@F) $@.new && mv $@.new $@

# The empty recipe keeps make from saying that there was nothing to do.
demo-programs: $(BUILD)/bin/ffmpeg $(BUILD)/bin/ffprobe $(SIMULATOR) ; @:

include tests/Makefile
