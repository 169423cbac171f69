#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSD-2-Clause
"""confine.py [OPTION…] UNIT [DROP-IN…] [-- COMMAND…]: become what a unit's ExecStart= says, as it says.

User, capabilities, mounts and seccomp filters are those of the unit, made as systemd makes them; what of
a unit is not known here is an error, so that none of it is left out unseen. Wants to be root in mount and
PID namespaces that are there for it. -- COMMAND: that in place of ExecStart.
"""
import argparse
import ctypes
import grp
import os
import pwd
import subprocess
import sys
import tempfile

import unit_file
import unit_seccomp

LIBC = ctypes.CDLL(None, use_errno=True)
PR_CAPBSET_DROP, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 8, 38, 47
CAP_AMBIENT_RAISE = 2
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_IPC_LOCK": 14, "CAP_SYS_ADMIN": 21, "CAP_PERFMON": 38, "CAP_BPF": 39}
CAP_VERSION_3 = 0x20080522
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
SYS_CAPSET = {"x86_64": 126, "aarch64": 91, "riscv64": 91}[os.uname().machine]
SYS_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}[os.uname().machine]
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1


def must(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def set_read_only(path, on, deep=AT_RECURSIVE):
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY if on else 0, 0 if on else MOUNT_ATTR_RDONLY, 0, 0)
    must(LIBC.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), deep, attributes, ctypes.sizeof(attributes)),
         f"{path} read-only")


def hide(path):
    if os.path.isdir(path):
        mount("-t", "tmpfs", "-o", "mode=0,ro", "tmpfs", path)
    elif os.path.exists(path):
        mount("--bind", "/dev/null", path)


def own_devices():
    new = tempfile.mkdtemp(dir="/run")
    mount("-t", "tmpfs", "-o", "mode=0755,nosuid,noexec", "tmpfs", new)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        with open(f"{new}/{name}", "w", encoding="ascii"):
            pass
        mount("--bind", f"/dev/{name}", f"{new}/{name}")
    os.symlink("/run/systemd/journal/dev-log", f"{new}/log")
    mount("--move", new, "/dev")


def own_directory(service, name, path):
    os.makedirs(path, exist_ok=True)
    os.chmod(path, int(service.get(f"{name}Mode"), 8))
    os.chown(path, pwd.getpwnam(service.get("User")).pw_uid, grp.getgrnam(service.get("Group")).gr_gid)
    mount("--bind", path, path)


def make_mounts(service):
    must(LIBC.unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS), "unshare")
    mount("--make-rprivate", "/")
    own = [f"/var/log/{service.get('LogsDirectory')}"]
    own_directory(service, "LogsDirectory", own[0])
    if service.has("StateDirectory"):
        own += [f"/var/lib/{service.get('StateDirectory')}"]
        own_directory(service, "StateDirectory", own[1])
    own_devices()
    for path in ("/tmp", "/var/tmp"):
        mount("-t", "tmpfs", "-o", "mode=1777,nosuid,nodev", "tmpfs", path)
    for path in ("/home", "/root", "/run/user", "/usr/lib/modules"):
        hide(path)
    set_read_only("/", True)
    for path in (*own, "/tmp", "/var/tmp"):
        set_read_only(path, False)
    mount("-t", "proc", "-o", "nosuid,nodev,noexec,hidepid=invisible,subset=pid", "proc", "/proc")


def bits(service, name):
    return sum(1 << CAPABILITIES[word] for word in service.words(name))


def set_capabilities(inheritable, permitted):
    header = (ctypes.c_uint32 * 2)(CAP_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(permitted & 0xFFFFFFFF, permitted & 0xFFFFFFFF, inheritable & 0xFFFFFFFF,
                                 permitted >> 32, permitted >> 32, inheritable >> 32)
    must(LIBC.syscall(SYS_CAPSET, header, data), "capset")


def become(service):
    user = pwd.getpwnam(service.get("User"))
    group = grp.getgrnam(service.get("Group")).gr_gid
    bounding, ambient = bits(service, "CapabilityBoundingSet"), bits(service, "AmbientCapabilities")
    for capability in range(64):
        if not bounding >> capability & 1:
            LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for those that this kernel has not
    must(LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
    os.initgroups(user.pw_name, group)
    os.setresgid(group, group, group)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    set_capabilities(ambient, ambient)
    for capability in range(64):
        if ambient >> capability & 1:
            must(LIBC.prctl(PR_CAP_AMBIENT, CAP_AMBIENT_RAISE, capability, 0, 0), "ambient capability")


def environment(service):
    ret = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8",
           "USER": service.get("User"), "LOGNAME": service.get("User"), "HOME": "/", "SHELL": "/usr/sbin/nologin",
           "LOGS_DIRECTORY": f"/var/log/{service.get('LogsDirectory')}"}
    if "NOTIFY_SOCKET" in os.environ:
        ret["NOTIFY_SOCKET"] = os.environ["NOTIFY_SOCKET"]
        ret["WATCHDOG_USEC"] = os.environ.get("WATCHDOG_USEC", f"{service.get('WatchdogSec')}000000")
        ret["WATCHDOG_PID"] = str(os.getpid())
    return ret


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--instance", default="", help="what %%I stands for")
    parser.add_argument("--reload", metavar="PID", help="ExecReload=, of this main process")
    parser.add_argument("files", nargs="+")
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    return parser.parse_args(words[:cut]), words[cut + 1:]


def main():
    o, command = options()
    service = unit_file.Service(o.files, o.instance)
    command = command or service.command("ExecReload" if o.reload else "ExecStart", o.reload or "")
    make_mounts(service)
    os.umask(int(service.get("UMask"), 8))
    LIBC.syscall(SYS_KEYCTL, 1, None)  # KEYCTL_JOIN_SESSION_KEYRING; there may be no keyrings
    become(service)
    must(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    os.chdir("/")
    unit_seccomp.load(service)
    os.execve(command[0], command, environment(service))


main()
