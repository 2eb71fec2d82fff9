"""System calls that a worker may make: an allowlist for an interpreter.

Docker's default profile allows calls that no worker needs: sockets of most families, `io_uring` in
some versions, new processes. This allowlist admits only AF_UNIX sockets, which reach nothing in an
empty container, and threads but no processes.
"""

import json

ADMITTED = (
    # Files that are open, or may be opened to read.
    "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
    "fcntl", "fstat", "fstatfs", "ftruncate", "getcwd", "getdents", "getdents64", "ioctl", "lseek",
    "lstat", "newfstatat", "open", "openat", "pread64", "preadv", "pwrite64", "read", "readlink",
    "readlinkat", "readv", "stat", "statfs", "statx", "unlink", "unlinkat", "write", "writev",
    "chdir", "fchdir", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "rmdir", "umask",
    # Waiting, pipes and what goes over the one socket family that is admitted.
    "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "pipe", "pipe2", "poll",
    "ppoll", "pselect6", "select", "recvfrom", "recvmsg", "sendmsg", "sendto", "shutdown",
    "connect", "getpeername", "getsockname", "getsockopt",
    # Memory.
    "brk", "madvise", "mmap", "mprotect", "mremap", "munmap", "membarrier",
    # Time, random numbers and signals.
    "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "getrandom",
    "gettimeofday", "nanosleep", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "setitimer", "sigaltstack", "time",
    "restart_syscall",
    # Own process.
    "arch_prctl", "exit", "exit_group", "getegid", "geteuid", "getgid", "getgroups", "getpgid",
    "getpgrp", "getpid", "getppid", "getpriority", "getresgid", "getresuid", "getrlimit",
    "getrusage", "getsid", "gettid", "getuid", "prlimit64", "sched_getaffinity",
    "sched_getparam", "sched_getscheduler", "sched_yield", "sysinfo", "tgkill", "kill", "times",
    "uname", "capget",
    # What starts a container between the moment that the profile holds and the worker's first step.
    "capset", "execve", "prctl", "setgid", "setgroups", "setuid",
    # Threads.
    "futex", "get_robust_list", "rseq", "set_robust_list", "set_tid_address",
)  # fmt: skip

_AF_UNIX = 1
_CLONE_THREAD = 0x00010000
_ENOSYS = 38


def build_seccomp_profile() -> str:
    """Build the profile as JSON for the engine."""
    rules: list[dict[str, object]] = [
        {"names": list(ADMITTED), "action": "SCMP_ACT_ALLOW"},
        {
            "names": ["socket", "socketpair"],
            "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": _AF_UNIX, "op": "SCMP_CMP_EQ"}],
        },
        {
            "names": ["clone"],
            "action": "SCMP_ACT_ALLOW",
            "args": [
                {
                    "index": 0,
                    "value": _CLONE_THREAD,
                    "valueTwo": _CLONE_THREAD,
                    "op": "SCMP_CMP_MASKED_EQ",
                }
            ],
        },
        # Its flags are in memory, which no rule can read; libraries fall back on `clone`.
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
    ]
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": rules})
