"""The system calls that an agent in a container may make.

An agent is any program: it starts others, uses files, locks and shared memory, and, with a network,
sockets. So this profile admits about as much as Docker's own for a container without capabilities.
It excludes calls that programs do not need and that were used to attack kernels: `io_uring`,
namespaces, tracing, keys and BPF. Sockets are limited to the families of files and the internet,
and to netlink for the machine's own addresses.
"""

import json

from sandbox.host.seccomp import ADMITTED

_AGENT_CALLS = (
    # Processes.
    "execveat", "fork", "vfork", "wait4", "waitid", "setpgid", "setsid", "setpriority",
    "setregid", "setresgid", "setresuid", "setreuid", "setrlimit", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getattr", "sched_setaffinity", "sched_setattr",
    "sched_setparam", "sched_setscheduler", "sched_rr_get_interval", "getcpu", "ioprio_get",
    "ioprio_set", "pidfd_open", "pidfd_send_signal", "tkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "signalfd", "signalfd4", "pause", "set_thread_area", "get_thread_area",
    # Files.
    "chmod", "chown", "copy_file_range", "creat", "fallocate", "fchmod", "fchmodat", "fchmodat2",
    "fchown", "fchownat", "fdatasync", "fgetxattr", "flistxattr", "flock", "fremovexattr",
    "fsetxattr", "fsync", "futimesat", "getxattr", "inotify_add_watch", "inotify_init",
    "inotify_init1", "inotify_rm_watch", "lchown", "lgetxattr", "link", "linkat", "listxattr",
    "llistxattr", "lremovexattr", "lsetxattr", "mknod", "mknodat", "openat2", "preadv2",
    "pwritev", "pwritev2", "readahead", "removexattr", "sendfile", "setxattr", "splice", "symlink",
    "symlinkat", "sync", "sync_file_range", "syncfs", "tee", "truncate", "utime", "utimensat",
    "utimes",
    # Waiting and sockets.
    "accept", "accept4", "bind", "epoll_create", "epoll_pwait2", "eventfd", "listen", "recvmmsg",
    "sendmmsg", "setsockopt", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
    "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    # Memory.
    "get_mempolicy", "memfd_create", "mincore", "mlock", "mlock2", "mlockall", "msync", "munlock",
    "munlockall", "pkey_alloc", "pkey_free", "pkey_mprotect", "semctl", "semget", "semop",
    "semtimedop", "set_mempolicy", "shmat", "shmctl", "shmdt", "shmget", "futex_waitv",
)  # fmt: skip

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NEW_NAMESPACES = 0x7E020000
_ENOSYS = 38


def build_agent_profile(*, networked: bool) -> str:
    """Return the seccomp profile as JSON for the engine.

    Args:
        networked: Whether the container has a network, and so internet sockets.
    """
    families = [_AF_UNIX, *((_AF_INET, _AF_INET6) if networked else ())]
    rules = [_allow(["socket", "socketpair"], _equal(0, family)) for family in families]
    if networked:
        # Netlink, only for the machine's own addresses and routes, which resolvers query.
        rules.append(_allow(["socket"], _equal(0, _AF_NETLINK), _equal(2, 0)))
    rules += [
        _allow([*ADMITTED, *_AGENT_CALLS]),
        _allow(["clone"], {"index": 0, "value": _NEW_NAMESPACES, "valueTwo": 0,
                           "op": "SCMP_CMP_MASKED_EQ"}),
        # Its flags are in memory, which rules cannot read; libraries fall back on `clone`.
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
        _allow(["personality"], _equal(0, 0)),
        _allow(["personality"], _equal(0, 0xFFFFFFFF)),
    ]  # fmt: skip
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": rules})


def _allow(names: list[str], *conditions: dict[str, object]) -> dict[str, object]:
    return {"names": names, "action": "SCMP_ACT_ALLOW", "args": list(conditions)}


def _equal(index: int, value: int) -> dict[str, object]:
    return {"index": index, "value": value, "op": "SCMP_CMP_EQ"}
