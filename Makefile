# Everything is in tasks.py; this file only calls it. Without make: `python3 tasks.py run`.
PYTHON ?= python3

.PHONY: help run test check-all lint format build deb bench hard screenshots lock clean

help run test check-all lint format build deb bench lock clean:
	@$(PYTHON) tasks.py $@

# make hard N=1000 ONLY=R1,R3-save
hard:
	@$(PYTHON) tasks.py hard $(if $(N),--n "$(N)") $(if $(ONLY),--only "$(ONLY)")

# make screenshots OUT=DIR
screenshots:
	@$(PYTHON) tasks.py screenshots $(if $(OUT),--out "$(OUT)")
