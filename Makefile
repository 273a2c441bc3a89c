.PHONY: check docs
check:          # what CI runs
	scripts/test
	scripts/test --lowest
docs:           # after a change of options, indicators or grammar
	.venv/bin/python scripts/make_man.py
