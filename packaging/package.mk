# Packages, and the tests of what is in them. Included by the Makefile at the top.
check-packages:
	$(Q)packaging/deps.sh build test package
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all tests
	$(Q)tests/run.sh $(O) packaging

.PHONY: check-packages
