# Packages, units, and the tests of what is in them. Included by the Makefile at the top.
SYSCONFDIR ?= /etc
UNITDIR	?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
DOCDIR	?= $(PREFIX)/share/doc/xdptail
SOURCE_TARBALL = $(O)/dist/xdptail-$(VERSION).tar.gz

UNITS = $(wildcard packaging/systemd/*.service)
DROPINS = $(wildcard packaging/systemd/*.conf)

# What runs it as a service. Not part of install, which stays below PREFIX: logrotate and people
# look for files in /etc only. Settings that are there stay as they are; nothing is started.
install-service:
	install -d "$(DESTDIR)$(UNITDIR)"
	install -d "$(DESTDIR)$(DOCDIR)/examples"
	for file in $(UNITS:packaging/systemd/%=$(UNITDIR)/%) $(DROPINS:packaging/systemd/%=$(DOCDIR)/examples/%); do \
		sed 's|/usr/sbin/|$(SBINDIR)/|g; s|/etc/xdptail/|$(SYSCONFDIR)/xdptail/|g; s|/usr/share/doc/xdptail|$(DOCDIR)|g' \
			packaging/systemd/$${file##*/} > "$(DESTDIR)$$file" && \
		chmod 0644 "$(DESTDIR)$$file" || exit; done
	install -D -m 0644 packaging/systemd/xdptail.sysusers "$(DESTDIR)$(SYSUSERSDIR)/xdptail.conf"
	install -D -m 0644 packaging/systemd/xdptail.tmpfiles "$(DESTDIR)$(TMPFILESDIR)/xdptail.conf"
	install -D -m 0644 packaging/systemd/xdptail.logrotate "$(DESTDIR)$(SYSCONFDIR)/logrotate.d/xdptail"
	[ -e "$(DESTDIR)$(SYSCONFDIR)/xdptail/xdptail.json" ] || \
		install -D -m 0644 packaging/systemd/xdptail.json "$(DESTDIR)$(SYSCONFDIR)/xdptail/xdptail.json"

# Settings and logs stay.
uninstall-service:
	for unit in $(UNITS:packaging/systemd/%=%); do rm -f "$(DESTDIR)$(UNITDIR)/$$unit"; done
	rm -f "$(DESTDIR)$(SYSUSERSDIR)/xdptail.conf" "$(DESTDIR)$(TMPFILESDIR)/xdptail.conf" \
		"$(DESTDIR)$(SYSCONFDIR)/logrotate.d/xdptail"
	rm -rf "$(DESTDIR)$(DOCDIR)"

# Each time anew, of the same bytes when nothing has changed: what belongs to it is for git to know.
dist:
	$(Q)packaging/source.sh $(SOURCE_TARBALL) $(O)

# What dpkg-buildpackage would check, and more, is what make check does.
deb: export DEB_BUILD_OPTIONS ?= nocheck
deb: export DEB_BUILD_PROFILES ?= nocheck
deb: dist
	$(Q)packaging/deb.sh $(SOURCE_TARBALL) $(O)/deb
	$(Q)ls $(O)/deb/*.deb

rpm: dist
	$(Q)packaging/rpm.sh $(SOURCE_TARBALL) $(O)/rpm
	$(Q)ls $(O)/rpm/*.rpm

# What is tested where a package is built, without root: no interface, and no program of others.
check-unit: all $(UNIT_TESTS)
	$(Q)tests/run.sh $(O) unit

check-packages:
	$(Q)packaging/deps.sh build test deb rpm package-check
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all tests
	$(Q)tests/run.sh $(O) packaging

# On new systems, which are downloaded: releases of Debian, by default the one that this is.
SUITES ?= $(shell . /etc/os-release && echo "$$VERSION_CODENAME")
check-debootstrap:
	$(Q)packaging/deps.sh build test package-check
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all tests
	$(Q)for suite in $(SUITES); do \
		echo "$$suite:" && XDPTAIL_SUITE=$$suite tests/run.sh $(O) debootstrap || exit; done

.PHONY: dist deb rpm check-unit install-service uninstall-service check-packages check-debootstrap
