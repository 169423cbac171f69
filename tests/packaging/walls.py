#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""walls.py: inside of a unit's confinement, run into each of its walls, and go through the doors that
nobody would miss at once; say which of them was not there."""
import ctypes
import errno
import mmap
import os
import socket
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, SCHED_FIFO = 0x10000000, 1
LOGS = os.environ["LOGS_DIRECTORY"]


def write(path):
    with open(path, "a", encoding="ascii"):
        pass


def call(function, *args):
    if function(*args) < 0:
        raise OSError(ctypes.get_errno(), "")


def clone_user_namespace():
    stack = ctypes.create_string_buffer(65536)
    call(LIBC.clone, ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 0), ctypes.byref(stack, 32768), CLONE_NEWUSER, None)


def chmod_set_id():
    write(f"{LOGS}/walls")
    try:
        os.chmod(f"{LOGS}/walls", 0o4750)
    finally:
        os.unlink(f"{LOGS}/walls")


WALLS = [
    ("ProtectSystem, /usr", errno.EROFS, lambda: write("/usr/walls")),
    ("ProtectSystem, /etc", errno.EROFS, lambda: write("/etc/walls")),
    ("ProtectSystem, /var/log", errno.EROFS, lambda: write("/var/log/walls")),
    ("ProtectKernelTunables", errno.EROFS, lambda: write("/sys/walls")),
    ("ProtectHome, /root", errno.EACCES, lambda: os.listdir("/root")),
    ("ProtectHome, /home", errno.EACCES, lambda: os.listdir("/home")),
    ("ProcSubset", errno.ENOENT, lambda: os.stat("/proc/sys")),
    ("ProtectProc", errno.ENOENT, lambda: os.stat("/proc/1")),
    ("PrivateDevices", errno.ENOENT, lambda: os.stat("/dev/kmsg")),
    ("RestrictAddressFamilies, IPv4", errno.EAFNOSUPPORT, lambda: socket.socket(socket.AF_INET)),
    ("RestrictAddressFamilies, packet", errno.EAFNOSUPPORT,
     lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    ("RestrictNamespaces, unshare", errno.EPERM, lambda: call(LIBC.unshare, CLONE_NEWUSER)),
    ("RestrictNamespaces, clone", errno.EPERM, clone_user_namespace),
    ("MemoryDenyWriteExecute", errno.EPERM,
     lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),
    ("RestrictSUIDSGID", errno.EPERM, chmod_set_id),
    ("RestrictRealtime", errno.EPERM, lambda: os.sched_setscheduler(0, SCHED_FIFO, os.sched_param(1))),
    ("LockPersonality", errno.EPERM, lambda: call(LIBC.personality, 0x0040000)),
    ("SystemCallFilter, ptrace", errno.EPERM, lambda: call(LIBC.ptrace, 0, 0, 0, 0)),
    ("NoNewPrivileges and capabilities", errno.EPERM, lambda: os.setresuid(0, 0, 0)),
]


def keep_file():
    write(f"{LOGS}/walls")
    try:
        os.chown(os.open(f"{LOGS}/walls", os.O_RDONLY), os.getuid(), os.getgid())
    finally:
        os.unlink(f"{LOGS}/walls")


DOORS = [
    ("files, and their owners", 0, keep_file),
    ("compression behind all else", 0, lambda: os.setpriority(os.PRIO_PROCESS, 0, 10)),
]


def main():
    failed = False
    for name, want, attempt in WALLS + DOORS:
        try:
            attempt()
            got = 0
        except OSError as why:
            got = why.errno
        if got != want:
            failed = True
            print(f"{name}: got {errno.errorcode.get(got, got)}, want {errno.errorcode.get(want, want)}", file=sys.stderr)
    sys.exit(failed)


main()
