"""Programs that the checks run inside a container; each prints one JSON value or hangs.

They use only the standard library, and are stored as text because they run elsewhere.
"""

PRELUDE = """
import json, os, struct, sys, time
def say(value):
    payload = json.dumps(value).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(payload)) + payload)
    sys.stdout.buffer.flush()
    time.sleep(60)
"""

NETWORK = """
try:
    say(sorted(os.listdir("/sys/class/net")))
except FileNotFoundError:
    say([])
"""

SOCKETS = """
import socket
found = []
for family in (2, 10, 15, 16, 17, 21, 29, 38, 40, 44):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind).close()
            found.append(family)
        except OSError:
            pass
say(sorted(set(found)))
"""

ROADS = """
import socket
found = []
for family, place in ((2, ("1.1.1.1", 53)), (2, ("172.17.0.1", 2375)), (2, ("169.254.169.254", 80)),
                      (10, ("2606:4700:4700::1111", 53)), (1, "/var/run/docker.sock"),
                      (1, "/run/dbus/system_bus_socket"), (40, (2, 1024))):
    try:
        line = socket.socket(family, socket.SOCK_STREAM)
        line.settimeout(1)
        line.connect(place)
        found.append(str(place))
    except OSError:
        pass
say(found)
"""

WRITES = """
found = []
for folder, below, names in os.walk("/"):
    below[:] = [name for name in below if os.path.join(folder, name) not in ("/proc", "/sys")]
    for place in (os.path.join(folder, "probe"), *(os.path.join(folder, name) for name in names)):
        if folder.startswith("/dev") and not place.endswith("/probe"):
            continue
        try:
            os.close(os.open(place, os.O_WRONLY | os.O_CREAT, 0o600))
            found.append(place)
        except OSError:
            pass
for place in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/power/state",
              "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory.max"):
    try:
        os.close(os.open(place, os.O_WRONLY))
        found.append(place)
    except OSError:
        pass
say(found)
"""

SCRATCH = """
total = 0
try:
    with open("/tmp/hog", "wb", buffering=0) as file:
        while total < 1 << 30:
            total += file.write(b"x" * 65536)
except OSError:
    pass
say(total)
"""

EXECUTION = """
try:
    file = os.open("/tmp/program", os.O_WRONLY | os.O_CREAT, 0o700)
    os.write(file, b"#!" + os.fsencode(sys.executable) + b"\\n")
    os.close(file)
    os.execv("/tmp/program", ["program"])
except OSError as problem:
    say(problem.strerror)
"""

MEMORY = """
held = []
total = 0
try:
    while total < 512 << 20:
        held.append(bytearray(b"x") * (8 << 20))
        total += 8 << 20
except MemoryError:
    pass
say(total)
"""

PROCESSES = """
made = 0
try:
    while made < 1000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except OSError:
    pass
say(made)
"""

THREADS = """
import threading
made = 0
try:
    while made < 1000:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        made += 1
except (RuntimeError, MemoryError):
    pass
say(made)
"""

PRIVILEGES = """
with open("/proc/self/status") as file:
    lines = dict(line.strip().split(":\\t", 1) for line in file if ":\\t" in line)
names = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs",
         "Seccomp")
say({name: lines[name].split() for name in names if name in lines})
"""

ENVIRONMENT = """
say(dict(os.environ))
"""

OTHERS = """
seen = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
say([number for number in seen if number != os.getpid()])
"""

SECRETS = """
found = []
for place in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/kmsg",
              "/proc/latency_stats", "/proc/1/mem", "/proc/acpi/battery", "/dev/kmsg", "/dev/mem"):
    try:
        with open(place, "rb", buffering=0) as file:
            if file.read(64):
                found.append(place)
    except OSError:
        pass
for place in ("/sys/firmware", "/proc/scsi", "/proc/acpi", "/var/run/docker.sock",
              "/run/docker.sock"):
    try:
        if not os.path.isdir(place) and os.path.exists(place) or os.listdir(place):
            found.append(place)
    except OSError:
        pass
say(found)
"""

DEVICES = """
say(sorted(os.listdir("/dev")))
"""

CALLS = """
try:
    import ctypes
except ImportError:
    say(None)
calls = {"io_uring_setup": 425}
if os.uname().machine == "x86_64":
    calls |= {"ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "unshare": 272,
              "setns": 308, "bpf": 321, "keyctl": 250, "add_key": 248, "perf_event_open": 298,
              "userfaultfd": 323, "process_vm_readv": 310, "open_by_handle_at": 304,
              "name_to_handle_at": 303, "init_module": 175, "kexec_load": 246, "personality": 135,
              "clone3": 435, "fork": 57, "vfork": 58, "chroot": 161, "mknod": 133, "reboot": 169,
              "swapon": 167, "quotactl": 179, "syslog": 103, "settimeofday": 164}
library = ctypes.CDLL(None, use_errno=True)
found = []
for name, number in calls.items():
    ctypes.set_errno(0)
    given = library.syscall(number, -1 if name == "personality" else 0, 0, 0, 0, 0)
    if given == 0 and name in ("fork", "vfork"):
        os._exit(0)
    if given != -1 or ctypes.get_errno() not in (1, 38):
        found.append(name)
say(found)
"""

PROCESSOR = """
end = time.monotonic() + 2
before = time.process_time()
while time.monotonic() < end:
    pass
say((time.process_time() - before) / 2)
"""

ENDLESS = """
while True: pass
"""

FLOOD = """
while True: sys.stdout.buffer.write(b"\\xff" * 65536)
"""

NOISE = """
while True: sys.stderr.buffer.write(b"\\xff" * 65536)
"""
