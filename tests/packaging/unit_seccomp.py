# SPDX-License-Identifier: BSD-2-Clause
"""The seccomp filters that systemd makes of a unit's directives: systemd.exec(5). By libseccomp, which
systemd has, too; groups of system calls are those that this systemd has.
"""
import ctypes
import errno
import os
import socket
import subprocess

ALLOW = 0x7FFF0000
EQ, LT, GT, MASKED_EQ = 4, 2, 6, 7
# cgroup, IPC, network, mount, PID, user, UTS
CLONE_NEW = (0x02000000, 0x08000000, 0x40000000, 0x00020000, 0x20000000, 0x10000000, 0x04000000)
O_CREAT, S_ISUID, S_ISGID = 0o100, 0o4000, 0o2000
PROT_WRITE_EXEC, PROT_EXEC, SHM_EXEC = 6, 4, 0o100000
SCHED_FIFO, SCHED_RR, SCHED_IDLE, PER_LINUX = 1, 2, 5, 0
# by ProtectClock, ProtectHostname, ProtectKernelLogs, ProtectKernelModules and PrivateDevices
DENIED = ("@clock", "sethostname", "setdomainname", "syslog", "@module", "@raw-io")


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


LIB = ctypes.CDLL("libseccomp.so.2")
LIB.seccomp_init.restype = ctypes.c_void_p


def refuse(number):
    return 0x00050000 | number


def check(result, what):
    if result:
        raise OSError(-result, f"{what}: {os.strerror(-result)}")


class Filter:
    def __init__(self, default=ALLOW):
        self.default = default
        self.context = ctypes.c_void_p(LIB.seccomp_init(default))
        self.rules = 0

    def add(self, action, name, *compares):
        """Nothing, if this processor has no such call, or the action is what happens anyway."""
        number = LIB.seccomp_syscall_resolve_name(name.encode())
        if number < 0 or action == self.default:
            return
        check(LIB.seccomp_rule_add_array(self.context, action, number, len(compares),
                                         (Compare * len(compares))(*compares)), name)
        self.rules += 1

    def load(self):
        if self.rules:
            check(LIB.seccomp_load(self.context), "seccomp_load")


def groups():
    """name: its words, which are calls and other groups."""
    text = subprocess.run(["systemd-analyze", "syscall-filter"], check=True, capture_output=True,
                          text=True).stdout
    ret = {}
    for line in text.splitlines():
        if line.startswith("@"):
            ret[line.strip()] = words = []
        elif line.startswith(" ") and line.strip()[0] != "#":
            words.append(line.strip())
    return ret


def names(word, known):
    if not word.startswith("@"):
        return {word}
    return set().union(*(names(inner, known) for inner in known[word]))


def allowed(lines, known):
    """What lines of SystemCallFilter= come to, of which the first begins a list of what is allowed."""
    if lines[0].startswith("~"):
        raise ValueError("SystemCallFilter= does not begin with what is allowed")
    ret = names("@default", known)
    for line in lines:
        words = set().union(*(names(word, known) for word in line.lstrip("~").split()))
        ret = ret - words if line.startswith("~") else ret | words
    return ret


def system_call_filter(service, known):
    """A name that there isn't is left out, as by systemd, which says so in systemd-analyze verify."""
    good = allowed(service.lists["SystemCallFilter"], known)
    ret = Filter(refuse(errno.ENOSYS))
    for name in names("@known", known) | good:
        ret.add(ALLOW if name in good else refuse(errno.EPERM), name)
    return ret


def deny_groups(known):
    ret = Filter()
    for word in DENIED:
        for name in names(word, known):
            ret.add(refuse(errno.EPERM), name)
    return ret


def restrict_address_families(service):
    wanted = {int(getattr(socket, word)) for word in service.words("RestrictAddressFamilies")}
    no = refuse(errno.EAFNOSUPPORT)
    ret = Filter()
    ret.add(no, "socket", Compare(0, LT, min(wanted)))
    ret.add(no, "socket", Compare(0, GT, max(wanted)))
    for family in set(range(min(wanted), max(wanted))) - wanted:
        ret.add(no, "socket", Compare(0, EQ, family))
    return ret


def restrict_namespaces():
    ret = Filter()
    for flag in CLONE_NEW:
        for name in ("unshare", "clone"):
            ret.add(refuse(errno.EPERM), name, Compare(0, MASKED_EQ, flag, flag))
    ret.add(refuse(errno.EPERM), "setns")
    ret.add(refuse(errno.ENOSYS), "clone3")  # its flags are in memory, where no filter looks
    return ret


def memory_deny_write_execute():
    ret = Filter()
    no = refuse(errno.EPERM)
    ret.add(no, "mmap", Compare(2, MASKED_EQ, PROT_WRITE_EXEC, PROT_WRITE_EXEC))
    for name in ("mprotect", "pkey_mprotect"):
        ret.add(no, name, Compare(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    ret.add(no, "shmat", Compare(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    return ret


def restrict_suid_sgid():
    ret = Filter()
    no = refuse(errno.EPERM)
    for bit in (S_ISUID, S_ISGID):
        for name, mode in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2),
                           ("mknod", 1), ("mknodat", 2), ("creat", 1)):
            ret.add(no, name, Compare(mode, MASKED_EQ, bit, bit))
        for name, flags in (("open", 1), ("openat", 2)):
            ret.add(no, name, Compare(flags, MASKED_EQ, O_CREAT, O_CREAT),
                    Compare(flags + 1, MASKED_EQ, bit, bit))
    ret.add(refuse(errno.ENOSYS), "openat2")
    return ret


def lock_personality():
    ret = Filter()
    ret.add(refuse(errno.EPERM), "personality", Compare(0, GT, PER_LINUX))
    return ret


def restrict_realtime():
    ret = Filter()
    no = refuse(errno.EPERM)
    ret.add(no, "sched_setscheduler", Compare(1, GT, SCHED_IDLE))
    for policy in SCHED_FIFO, SCHED_RR:
        ret.add(no, "sched_setscheduler", Compare(1, EQ, policy))
    return ret


def load(service):
    """From here on, of this thread and of all that comes of it. The one that lets nothing more be loaded
    is last."""
    known = groups()
    made = [restrict_address_families(service), restrict_namespaces(), memory_deny_write_execute(),
            restrict_suid_sgid(), lock_personality(), restrict_realtime(), deny_groups(known),
            system_call_filter(service, known)]
    for one in made:
        one.load()
