# The README's two commands are `make app` and `make test`.
PYTHON ?= python3
# On Linux the ordinary build of torch carries CUDA along. Where only the processor will be used, let pip see
# an index of CPU builds (its own setting PIP_EXTRA_INDEX_URL) or give TORCH=<a wheel>.
TORCH ?= torch==2.13.0
ARGS ?=

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help app test lint report domains chromium clean

help:  ## show this text
	@echo "LaViC Chat: a shopper asks, the system looks and picks"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done
	@echo
	@echo "  make app ARGS='--port 8000 --catalog DIR'   options go to lavic-chat app"
	@echo "  make PYTHON=python3.12 app                  another Python, 3.11 or newer"

app: .venv/.installed-app  ## install, assemble the model, index the catalogue, open the chat on 127.0.0.1:7860
	$(BIN)/lavic-chat app $(ARGS)

test: .venv/.installed-test chromium lint  ## install, lint, run all tests (the browser test needs Chromium)
	$(BIN)/pytest -q $(ARGS)

lint: .venv/.installed-test  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# An evaluation each, about ten minutes with the model on two cores; what is there is made again only for another
# adapter or other dialogues. PHOTOS names a catalogue of real photos (python -m catalog.make.photos), which is not shipped.
PHOTOS ?=
ADAPTER := assets/lavic-mini/adapter.json
# An adapter that was tuned without stage 1, or to choose from a list, lies in the shipped one's folder.
PARTS := $(notdir $(patsubst %/adapter.json,%,$(wildcard assets/lavic-mini/*/adapter.json)))
CHOICES := $(if $(filter list,$(PARTS)),list generate)
HOME_RUNS := $(addprefix out/report/,looking $(CHOICES) $(filter no-distill,$(PARTS)) no-search search no-images shuffled-images all-tokens two-tower sbert bm25 random)
PHOTO_RUNS := $(if $(PHOTOS),$(addprefix out/real-photos/,looking $(filter no-distill,$(PARTS)) no-images two-tower random))
FOUND_RUNS := $(addprefix out/retrieved/,looking no-search sbert)
talks = $(if $(findstring real-photos,$@),$(PHOTOS)/dialogues,catalog/dialogues)
$(HOME_RUNS:%=%/predictions.jsonl): options = --dialogues $(talks)/test.jsonl
$(PHOTO_RUNS:%=%/predictions.jsonl): options = --dialogues $(talks)/test.jsonl --catalog $(PHOTOS)
%/no-distill/predictions.jsonl %/no-images/predictions.jsonl %/no-search/predictions.jsonl %/shuffled-images/predictions.jsonl: more = --ablate $(notdir $(@D))
%/list/predictions.jsonl %/generate/predictions.jsonl: more = --adapter assets/lavic-mini/list --decode $(notdir $(@D)) --ablate no-search
%/all-tokens/predictions.jsonl: more = --ablate all-tokens --limit 40  # three quarters of a minute each
%/search/predictions.jsonl %/sbert/predictions.jsonl %/bm25/predictions.jsonl %/random/predictions.jsonl: more = --ranker $(notdir $(@D))
%/two-tower/predictions.jsonl: more = --ranker two-tower --learn $(talks)/train.jsonl
$(FOUND_RUNS:%=%/predictions.jsonl): options = --dialogues catalog/dialogues/test.jsonl --retrieve --top 20
$(addsuffix /predictions.jsonl,$(HOME_RUNS) $(FOUND_RUNS) $(PHOTO_RUNS)): $(ADAPTER) catalog/dialogues/test.jsonl | .venv/.installed-app
	$(BIN)/lavic-chat evaluate $(options) $(more) --out $(@D)

report: $(addsuffix /predictions.jsonl,$(HOME_RUNS) $(FOUND_RUNS) $(PHOTO_RUNS))  ## measure the shipped adapter and its rivals, write assets/reports (two hours)
	$(BIN)/lavic-chat report out/report --dialogues catalog/dialogues/test.jsonl --out assets/reports --beside out/retrieved $(if $(PHOTOS),--beside out/real-photos)

# Stage 2 three times from the same start, in as many steps: on home, on the photos (clothes), on both by turns; each asked
# about both. Shipped are the tower and the projector alone, so the LLM first learns anew to say what they show.
PUPILS := out/domains/home out/domains/clothing out/domains/both
ASKED := $(foreach pupil,$(PUPILS),$(addprefix out/domains/asked/$(notdir $(pupil))-about-,home clothing))
at_home = --dialogues catalog/dialogues/train.jsonl --valid catalog/dialogues/valid.jsonl
out/domains/home/adapter.json: lessons = $(at_home)
out/domains/clothing/adapter.json: lessons = --catalog $(PHOTOS) $(subst catalog/,$(PHOTOS)/,$(at_home))
out/domains/both/adapter.json: lessons = $(at_home) --also $(PHOTOS) --also-share 0.5
out/domains/start/adapter.json: | .venv/.installed-app
	@test -n "$(PHOTOS)" || { echo "Name a catalogue of photos: make domains PHOTOS=out/photos"; exit 1; }
	$(BIN)/lavic-chat align --from assets/lavic-mini --also $(PHOTOS) --caption-steps 120 --limit 500 --out $(@D)
$(PUPILS:%=%/adapter.json): out/domains/start/adapter.json
	$(BIN)/lavic-chat tune $(lessons) --from $(<D) --out $(@D) --steps 160 --plain-steps 0 --plain-share 0.1 --lr 8e-4 \
		--fewest 3 --most 5 --noise 0.2 --wish-weight 0.5 --valid-limit 60 --valid-every 160
out/domains/asked/%-about-home/predictions.jsonl: out/domains/%/adapter.json
	$(BIN)/lavic-chat evaluate --adapter $(<D) --dialogues catalog/dialogues/test.jsonl --limit 300 --out $(@D)
out/domains/asked/%-about-clothing/predictions.jsonl: out/domains/%/adapter.json
	$(BIN)/lavic-chat evaluate --adapter $(<D) --catalog $(PHOTOS) --dialogues $(PHOTOS)/dialogues/test.jsonl --out $(@D)

domains: $(ASKED:%=%/predictions.jsonl)  ## one model for both domains against one for each, with PHOTOS (two hours)
	$(BIN)/lavic-chat table out/domains/asked --out assets/reports/domains

clean:  ## remove .venv and caches; models and data under $LAVIC_HOME stay
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis

chromium:
	@if { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation; } \
			|| echo "Chromium could not be installed: the browser test will be skipped."; \
	else echo "There is no Chromium here: the browser test will be skipped; install it and run again."; fi

# The stamps are newer than pyproject.toml once its requirements are installed.
.venv/.installed-app: pyproject.toml | .venv/.made
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

.venv/.installed-test: pyproject.toml | .venv/.made
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ .venv/.installed-app

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 app"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@
