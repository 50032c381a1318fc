"""Several workers on this computer, as processes that talk to each other as machines would.

Taught in notebook 09:

    with LocalCluster([sys.executable, "-m", "utils.experiments.worker", ...], 2) as cluster:
        for worker, line in cluster:
            print(worker, line)

TensorFlow's workers listen on all of a computer's network interfaces, and anyone who can reach
one can run code in it. So, where the system allows it (Linux), they get a network of their own, in
which there is nothing but a loopback. All of them end with the `with` block, and with the notebook.
Imports only the standard library, because a network can be left only before threads are started.
"""

import contextlib
import json
import os
import queue
import re
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

HOST, REPOSITORY = "127.0.0.1", Path(__file__).resolve().parents[2]
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # flags of Linux's unshare
NOT_PRIVATE = (
    "These workers listen on all network interfaces, because this system gives them no network of "
    "their own: let them run only where you trust everybody in reach."
)
# What TensorFlow's C++ code says when it starts; exceptions look different.
CHATTER = re.compile(r"[IWE]0000 |WARNING: All log messages before absl")


class LocalCluster:
    """Workers 0 to `count` - 1; iterating yields (worker, line) as they print, until all ended.

    `codes` are then the exit statuses, worker by worker; minus a signal's number where one ended
    it. `private` says whether they have a network of their own.
    """

    def __init__(self, command: list[str], count: int, *, threads: int = 1, **variables: str):
        """Start `command` `count` times, with TF_CONFIG and the environment `variables`.

        `threads` are those that TensorFlow computes with, in each worker.
        """
        limits = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
        environment = os.environ | dict.fromkeys(limits, str(threads)) | variables
        environment |= {"PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment["CUDA_VISIBLE_DEVICES"] = "-1"  # several workers cannot share one GPU
        self.codes: dict[int, int] = {}
        self.private = False
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(count), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
            start_new_session=True,  # Jupyter interrupts its own session; we end ours ourselves
        )

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for line in self._process.stdout:
            kind, worker, text = json.loads(line)
            if kind == "private":
                self.private = text
                if not text:
                    print(NOT_PRIVATE)
            elif kind == "ended":
                self.codes[worker] = text
            else:
                yield worker, text

    def kill(self, worker: int) -> None:
        """End a worker at once, without a chance to tidy up (SIGKILL)."""
        self._process.stdin.write(f"{worker}\n")
        self._process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(OSError):  # it has ended by itself
            self._process.stdin.close()  # the other side then ends all workers
        self._process.stdout.close()  # or it could wait for somebody to read
        self._process.wait()


def leave_network() -> bool:
    """Move this process into a network that has a loopback only; False where that is impossible."""
    try:
        import ctypes
        import fcntl

        ids = os.getuid(), os.getgid()
        if ctypes.CDLL(None).unshare(NEW_USER | NEW_NETWORK):
            return False
        Path("/proc/self/setgroups").write_text("deny")
        for name, number in zip(("uid_map", "gid_map"), ids, strict=True):
            Path(f"/proc/self/{name}").write_text(f"{number} {number} 1")  # stay who we are
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            up = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
            fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS
    except (ImportError, AttributeError, OSError):  # not Linux, or not allowed
        return False
    return True


def own_network() -> bool:
    """`leave_network`, tried by a child first: half of it would leave no network at all."""
    if not hasattr(os, "fork"):
        return False
    child = os.fork()
    if not child:
        os._exit(not leave_network())
    return os.waitpid(child, 0)[1] == 0 and leave_network()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def main(count: int, command: list[str]) -> None:
    """Start the workers, pass on what they print, kill those whose number is read from stdin.

    When stdin ends, because the notebook's cell or its kernel has, all workers are killed.
    """
    said = queue.Queue()
    said.put(("private", None, own_network()))
    addresses = [f"{HOST}:{port}" for port in free_ports(count)]
    workers = []

    def follow(index, worker):
        for line in worker.stdout:
            if not CHATTER.match(line):
                said.put(("line", index, line.rstrip()))
        said.put(("ended", index, worker.wait()))

    def obey():
        for line in sys.stdin:
            workers[int(line)].kill()
        for worker in workers:
            worker.kill()

    for index in range(count):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        worker = subprocess.Popen(
            command,
            env=os.environ | {"TF_CONFIG": json.dumps(task)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        workers.append(worker)
    for index, worker in enumerate(workers):
        threading.Thread(target=follow, args=(index, worker), daemon=True).start()
    threading.Thread(target=obey, daemon=True).start()
    running = count
    while running:
        message = said.get()
        running -= message[0] == "ended"
        with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the workers end
            print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
