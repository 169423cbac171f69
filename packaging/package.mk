# Packages, units, and the tests of what is in them. Included by the Makefile at the top.
SYSCONFDIR ?= /etc
UNITDIR	?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
DOCDIR	?= $(PREFIX)/share/doc/xdptail

UNITS = $(wildcard packaging/systemd/*.service)
DROPINS = $(wildcard packaging/systemd/*.conf)

# What runs it as a service. Not part of install, which stays below PREFIX: logrotate and people look for
# files in /etc only. Settings that are there stay as they are; nothing is started.
install-service:
	install -d $(DESTDIR)$(UNITDIR)
	for unit in $(UNITS:packaging/systemd/%=%); do \
		sed 's|/usr/sbin/|$(SBINDIR)/|g; s|/etc/xdptail/|$(SYSCONFDIR)/xdptail/|g; s|/usr/share/doc/xdptail|$(DOCDIR)|g' \
			packaging/systemd/$$unit > $(DESTDIR)$(UNITDIR)/$$unit && \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit || exit; done
	install -D -m 0644 packaging/systemd/xdptail.sysusers $(DESTDIR)$(SYSUSERSDIR)/xdptail.conf
	install -D -m 0644 packaging/systemd/xdptail.tmpfiles $(DESTDIR)$(TMPFILESDIR)/xdptail.conf
	install -D -m 0644 packaging/systemd/xdptail.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/xdptail
	[ -e $(DESTDIR)$(SYSCONFDIR)/xdptail/xdptail.json ] || \
		install -D -m 0644 packaging/systemd/xdptail.json $(DESTDIR)$(SYSCONFDIR)/xdptail/xdptail.json
	install -D -m 0644 -t $(DESTDIR)$(DOCDIR)/examples $(DROPINS)

check-packages:
	$(Q)packaging/deps.sh build test package
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) O=$(O) all tests
	$(Q)tests/run.sh $(O) packaging

.PHONY: install-service check-packages
