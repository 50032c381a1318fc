"""Who the other workers are, and which of them is gone. Taught in notebook 09.

Imports TensorFlow, and starts it only in `join_others`.
"""

import faulthandler
import json
import os
import re
import signal
import socket
import sys
import threading
import time

import tensorflow as tf

GONE = 3  # the exit status when another worker is gone
PORTS = 15_000  # from here on, in a Slurm cluster, one for each job
LOOK = 1.0  # seconds between two looks at the others while all goes well
TRIES, PAUSE, GRACE = 3, 2.0, 20.0  # looks for who is gone, seconds between, seconds to be seen
leaving = threading.Lock()  # only one thread may say so


def read_slurm() -> None:
    """Write what Slurm says into TF_CONFIG, unless it is set already or Slurm is not there.

    Raises:
        SystemExit: TensorFlow and Slurm put the machines into different orders.
    """
    if "TF_CONFIG" in os.environ or "SLURM_STEP_NUM_TASKS" not in os.environ:
        return
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
        port_base=PORTS + int(os.environ["SLURM_JOB_ID"]) % 10_000,
        gpus_per_node=1_000,  # it insists on some; Slurm itself gives each task its own
        gpus_per_task=1,
        auto_set_gpu=False,
    )
    cluster, (kind, index) = resolver.cluster_spec().as_dict(), resolver.get_task_info()
    node, expected = os.environ["SLURMD_NODENAME"], cluster[kind][index].rpartition(":")[0]
    if node != expected:
        sys.exit(
            f"Slurm runs task {index} on {node}, TensorFlow expects it on {expected}: it sorts the "
            "machines by their names as text. Choose machines whose numbers have the same length."
        )
    task = {"type": kind, "index": index}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})


def cluster() -> tuple[str, dict[str, tuple[str, str]]]:
    """This worker's name, such as "worker 0", and host and port of each of the others."""
    config = json.loads(os.environ.get("TF_CONFIG") or "{}")
    task = config.get("task", {"type": "worker", "index": 0})
    addresses = {
        f"{kind} {index}": tuple(address.rsplit(":", 1))
        for kind, several in config.get("cluster", {}).items()
        for index, address in enumerate(several)
        if kind in ("chief", "worker")
    }
    own = f"{task['type']} {task['index']}"
    addresses.pop(own, None)
    return own, addresses


def silent(sign: type[OSError] = OSError) -> list[str]:
    """The other workers that accept no connection, and fail with such an error."""
    names = []
    for name, (host, port) in cluster()[1].items():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
        except sign:
            names.append(name)
        except OSError:
            pass
    return names


def gone(error: tf.errors.OpError) -> list[str]:
    """The workers that are to blame for an error; none if it is this worker's own.

    A worker that has ended accepts no connection. One that hangs has sent TensorFlow no sign of
    life for ten seconds, and the error has its name; or none, if it is the first worker, to which
    these signs are sent.
    """
    for _ in range(TRIES):
        if names := silent():
            return names
        time.sleep(PAUSE)
    _, others = cluster()
    tasks = re.findall(r"/job:(\w+)/(?:replica:0/)?task:(\d+)", error.message)
    names = {f"{kind} {index}" for kind, index in tasks} & set(others)
    if not names and "CoordinationService/Heartbeat" in error.message:
        names = {min(others)}  # "chief 0" or "worker 0"
    return sorted(names)


def leave(names: list[str], why: str) -> None:
    """End this process with a line on the workers that are gone."""
    own, others = cluster()
    where = ", ".join(f"{name} ({':'.join(others[name])})" for name in names)
    with leaving:
        try:
            print(f"{own} stops: {where} is gone. {why}", flush=True)
            if len(others) > len(names):  # they look, too, and must not blame this worker
                time.sleep(GRACE)
        finally:
            os._exit(GONE)  # TensorFlow may wait for ever in another thread


def watch(why: str) -> threading.Event:
    """Leave when a worker has refused connections at two looks; until the event returned is set.

    Then its process has ended. TensorFlow itself notices that at once only where the others wait
    for its numbers; at any other moment it takes up to ten seconds. A network that fails for a
    moment refuses nothing.
    """
    finished = threading.Event()

    def look() -> None:
        before = set()
        while not finished.wait(LOOK):
            now = set(silent(ConnectionRefusedError))
            if (twice := sorted(now & before)) and not finished.is_set():
                leave(twice, why)
            before = now

    threading.Thread(target=look, daemon=True).start()
    return finished


def join_others(patience: float) -> tf.distribute.Strategy:
    """The strategy, once all workers are there; ends this process after `patience` seconds.

    TensorFlow lets no other Python code run while it waits, so a timer of C's watches it.
    """
    own, others = cluster()
    if others:
        print(f"{own} waits for {', '.join(others)}: {patience:.0f} s at most", flush=True)
    faulthandler.dump_traceback_later(patience, exit=True)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    faulthandler.cancel_dump_traceback_later()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # TensorFlow would ignore it
    return strategy
