# SPDX-License-Identifier: BSD-2-Clause
"""A unit of systemd, as far as the units here use the format: systemd.syntax(7), systemd.exec(5)."""
import shlex

# [Unit]: when systemd starts it, and how often.
UNIT = {"Description", "Documentation", "After", "BindsTo", "StartLimitIntervalSec", "StartLimitBurst"}
# What systemd does about a service from outside: nothing that its process could run into.
OUTSIDE = {
    "ExecStart", "ExecReload", "Type", "Restart", "RestartSec", "RestartPreventExitStatus", "TimeoutStopSec",
    "RemoveIPC",
}
# Not tried: limits of control groups, most of them by BPF programs; and one that only gives, and
# not everybody may.
UNTRIED = {"DevicePolicy", "IPAddressAllow", "IPAddressDeny", "TasksMax", "LimitMEMLOCK"}
LISTS = {"CapabilityBoundingSet", "AmbientCapabilities", "RestrictAddressFamilies", "SystemCallFilter"}
# name: the only value that is known here
SWITCHES = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "ProtectProc": "invisible",
    "ProcSubset": "pid", "ProtectClock": "yes", "ProtectControlGroups": "yes", "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes", "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes",
    "PrivateDevices": "yes", "PrivateIPC": "yes", "PrivateMounts": "yes", "PrivateTmp": "yes",
    "KeyringMode": "private", "LockPersonality": "yes", "MemoryDenyWriteExecute": "yes",
    "RestrictNamespaces": "yes", "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native", "SystemCallErrorNumber": "EPERM",
}
# Only drop-ins have these.
OPTIONAL = {"StateDirectory", "StateDirectoryMode"}
VALUES = {"User", "Group", "UMask", "LogsDirectory", "LogsDirectoryMode", "WatchdogSec"}


class Service:
    """What [Service] of a unit and of its drop-ins says; what is not known here is an error."""

    def __init__(self, paths, instance=""):
        self.instance = instance
        self.lists = {name: [] for name in LISTS}
        self.values = {}
        for path in paths:
            self._read(path)
        absent = (SWITCHES.keys() | VALUES) - self.values.keys()
        if absent:
            raise ValueError(f"what is made here the unit does not ask for: {sorted(absent)}")

    def _read(self, path):
        section = ""
        with open(path, encoding="utf-8") as file:
            for line in map(str.strip, file):
                if line.startswith("["):
                    section = line
                elif not line or line[0] in "#;":
                    continue
                elif section == "[Service]":
                    self._set(*line.split("=", 1))
                elif section == "[Unit]" and line.split("=", 1)[0] not in UNIT:
                    raise ValueError(f"{line}: is not known in [Unit]: say what it does")

    def _set(self, name, value):
        if name in LISTS:
            self.lists[name] = self.lists[name] + [value] if value else []
        elif name in SWITCHES and value != SWITCHES[name]:
            raise ValueError(f"{name}={value}: only {SWITCHES[name]} is tried here")
        elif name in SWITCHES or name in VALUES | OPTIONAL | OUTSIDE | UNTRIED:
            self.values[name] = value
        else:
            raise ValueError(f"{name}= is not known here: say what it does to a process, or that it is not tried")

    def get(self, name):
        return self.values[name]

    def has(self, name):
        return name in self.values

    def words(self, name):
        return " ".join(self.lists[name]).split()

    def command(self, name, main_pid=""):
        text = self.values[name].replace("%I", self.instance).replace("$MAINPID", main_pid)
        return shlex.split(text)
