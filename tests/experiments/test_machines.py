"""Workers on this computer: what they read, who is blamed, and that none is left behind."""

import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import yaml

from utils.data import PictureSet
from utils.experiments import machines, peers, worker
from utils.experiments.local_cluster import NOT_PRIVATE, LocalCluster, free_ports
from utils.files import REPOSITORY

CLUSTERS = REPOSITORY / "utils" / "experiments" / "clusters"
SPEAKS = """
import json, os, socket, sys, time
task = json.loads(os.environ["TF_CONFIG"])
own = task["cluster"]["worker"][task["task"]["index"]]
server = socket.create_server(("", int(own.split(":")[1])))
print(task["task"]["index"], os.getpid(), own, flush=True)
time.sleep(float(sys.argv[1]))
sys.exit(4 + task["task"]["index"])
"""


def speaking(seconds, count=2):
    return LocalCluster([sys.executable, "-c", SPEAKS, str(seconds)], count)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_are_told_apart_and_followed_to_their_end():
    with speaking(0.5) as cluster:
        said = dict(cluster)
    assert {text.split()[0] for text in said.values()} == {"0", "1"}
    assert all(text.split()[2].startswith("127.0.0.1:") for text in said.values())
    assert cluster.codes == {0: 4, 1: 5}


def test_nobody_from_outside_reaches_a_worker():
    with speaking(30) as cluster:
        _, text = next(iter(cluster))
        if not cluster.private:
            pytest.skip("this system gives the workers no network of their own")
        address = ("127.0.0.1", int(text.rsplit(":", 1)[1]))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only Linux has such networks")
def test_a_network_that_cannot_be_set_up_is_not_left():
    code = """
import fcntl, socket, sys
from utils.experiments import local_cluster
with socket.create_server(("127.0.0.1", 0)) as server:
    def refused(*_):
        raise PermissionError
    fcntl.ioctl = refused  # the loopback cannot be switched on
    print(local_cluster.own_network())
    socket.create_connection(server.getsockname()).close()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.stdout == "False\n", done.stderr


def test_it_is_said_when_they_listen_to_everybody(capsys):
    cluster = LocalCluster.__new__(LocalCluster)
    cluster._process = SimpleNamespace(stdout=[json.dumps(["private", None, False])])
    assert list(cluster) == [] and NOT_PRIVATE in capsys.readouterr().out


def test_a_killed_worker_does_not_end_the_others():
    with speaking(2) as cluster:
        lines = iter(cluster)
        next(lines), next(lines)
        cluster.kill(1)
        assert list(lines) == []
    assert cluster.codes == {0: 4, 1: -signal.SIGKILL}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_cell_that_stops_leaves_no_process(error):
    pids = []
    with pytest.raises(error), speaking(60) as cluster:
        for _, text in cluster:
            pids.append(int(text.split()[1]))
            if len(pids) == 2:
                raise error
    assert not any(map(is_running, pids))


def test_a_cell_that_stops_does_not_wait_for_what_nobody_reads():
    command = [sys.executable, "-c", "for _ in range(5_000): print('x' * 99)"]
    with pytest.raises(ValueError), LocalCluster(command, 1) as cluster:
        time.sleep(2)  # the pipe is full
        raise ValueError
    assert cluster._process.poll() is not None


def test_a_kernel_that_is_killed_leaves_no_process():
    code = f"""
from utils.experiments.local_cluster import LocalCluster
import sys
for _, text in LocalCluster([sys.executable, "-c", {SPEAKS!r}, "60"], 2):
    print(text.split()[1], flush=True)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as kernel:
        pids = [int(kernel.stdout.readline()) for _ in range(2)]
        assert all(map(is_running, pids))
        kernel.kill()
    end = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(is_running, pids))


@pytest.fixture
def others(monkeypatch):
    """This is worker 1 of three; worker 0 answers, worker 2 does not."""
    (closed,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        ports = (server.getsockname()[1], 1, closed)
        addresses = [f"127.0.0.1:{port}" for port in ports]
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": 1}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(task))
        monkeypatch.setattr(peers, "PAUSE", 0)
        yield


def error(text):
    return tf.errors.UnavailableError(None, None, text)


@pytest.mark.usefixtures("others")
def test_a_worker_that_has_ended_is_named():
    own, names = peers.cluster()
    assert own == "worker 1" and list(names) == ["worker 0", "worker 2"]
    assert peers.gone(error("Collective ops is aborted by: /job:worker/task:0")) == ["worker 2"]


@pytest.mark.parametrize(
    ("text", "names"),
    [  # as TensorFlow 2.21 has said it
        ("Error reported from /job:worker/task:2: unhealthy:\n/job:worker/replica:0/task:2", [2]),
        ("aborted by: Deadline Exceeded\n\nRPC: /tensorflow.CoordinationService/Heartbeat", [0]),
        ("at /job:worker/replica:0/task:1: a shape does not fit", []),
    ],
)
@pytest.mark.usefixtures("others")
def test_a_worker_that_hangs_is_named(text, names, monkeypatch):
    monkeypatch.setattr(peers, "silent", list)  # all accept connections
    assert peers.gone(error(text)) == [f"worker {index}" for index in names]


@pytest.mark.usefixtures("others")
def test_a_failing_network_ends_nobody(monkeypatch):
    assert peers.silent(ConnectionRefusedError) == ["worker 2"]
    for error in (socket.gaierror, TimeoutError, OSError(errno.ENETUNREACH, "unreachable")):
        monkeypatch.setattr(socket, "create_connection", Mock(side_effect=error))
        assert peers.silent(ConnectionRefusedError) == []
        assert peers.silent() == ["worker 0", "worker 2"]


@pytest.mark.usefixtures("others")
def test_a_worker_that_is_silent_twice_is_left_and_none_that_was_so_once(monkeypatch):
    looks = iter([["worker 2"], [], ["worker 2"], ["worker 0"], ["worker 0", "worker 2"]])
    left, end = [], threading.Event()
    monkeypatch.setattr(peers, "LOOK", 0.01)
    monkeypatch.setattr(peers, "silent", lambda _: next(looks, ["worker 2"]))
    monkeypatch.setattr(peers, "leave", lambda *what: left.append(what) or end.set())
    finished = peers.watch("Why.")
    assert end.wait(20)
    finished.set()
    assert left[0] == (["worker 0"], "Why.")
    time.sleep(0.1)  # for a look that has begun
    known = len(left)
    time.sleep(0.1)
    assert len(left) == known


def test_alone_there_is_nobody_to_blame(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr(peers, "PAUSE", 0)
    assert peers.cluster() == ("worker 0", {}) and peers.gone(error("anything")) == []


def slurm(monkeypatch, nodes, index, node):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    count = int(re.search(r"(\d+)\]", nodes)[1])
    values = {"JOB_ID": 12_345, "STEP_NUM_TASKS": count, "STEP_NODELIST": nodes, "PROCID": index}
    values |= {"STEP_TASKS_PER_NODE": f"1(x{count})"}
    for name, value in values.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    monkeypatch.setenv("SLURMD_NODENAME", node)
    peers.read_slurm()
    return json.loads(os.environ.pop("TF_CONFIG"))


def test_slurm_says_who_the_others_are(monkeypatch):
    task = slurm(monkeypatch, "node[01-12]", 1, "node02")
    assert task["task"] == {"type": "worker", "index": 1}
    assert task["cluster"]["worker"] == [f"node{n:02}:17345" for n in range(1, 13)]
    with pytest.raises(SystemExit, match=r"task 1 on node2, TensorFlow expects it on node10"):
        slurm(monkeypatch, "node[1-12]", 1, "node2")


STUB = "import json, os, sys; print(json.dumps([os.environ['TF_CONFIG'], sys.argv[1:]]))"


@pytest.fixture
def python_that_tells(tmp_path, monkeypatch):
    """A program `python` that prints TF_CONFIG and its arguments instead of training."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{STUB}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return program


def output_of(*command, **variables):
    environment = os.environ | variables
    printed = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    config, arguments = json.loads(printed)
    assert arguments[:2] == ["-m", "utils.experiments.worker"]
    return json.loads(config), arguments[2:]


@pytest.mark.skipif(not shutil.which("sh"), reason="these are shell scripts")
def test_the_cluster_files_write_what_tensorflow_reads(python_that_tells):
    script = str(CLUSTERS / "by-hand.sh")
    run = {"PYTHON": str(python_that_tells), "SHARED": "/shared"}
    config, arguments = output_of("sh", script, "1", "one:1", "two:2", **run)
    expected = {"worker": ["one:1", "two:2"]}
    assert config == {"cluster": expected, "task": {"type": "worker", "index": 1}}
    assert arguments[0] == "/shared"

    volume, runtime, job = yaml.safe_load_all((CLUSTERS / "kubernetes.yaml").read_text())
    trainer, name = job["spec"]["trainer"], job["metadata"]["name"]
    variables = {one["name"]: one["value"] for one in trainer["env"]}
    assert (
        runtime["spec"]["mlPolicy"]["numNodes"] == trainer["numNodes"] == int(variables["WORKERS"])
    )
    assert job["spec"]["runtimeRef"]["name"] == runtime["metadata"]["name"]
    (pod,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    claim = pod["template"]["spec"]["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]
    assert claim["claimName"] == volume["metadata"]["name"] and variables["JOB"] == name
    variables["JOB_COMPLETION_INDEX"] = "1"
    config, arguments = output_of(*trainer["command"], *trainer["args"], **variables)
    expected = [f"{name}-node-0-{index}.{name}:12345" for index in (0, 1)]
    assert config == {"cluster": {"worker": expected}, "task": {"type": "worker", "index": 1}}
    assert arguments[0].startswith("/shared/")


@pytest.mark.skipif(not shutil.which("bash"), reason="Slurm's scripts are for bash")
def test_the_slurm_script_starts_all_again_three_times(python_that_tells, tmp_path):
    srun = tmp_path / "srun"
    srun.write_text('#!/bin/sh\necho "$@" >> "$SEEN"\n[ "$(wc -l < "$SEEN")" -ge "$GOOD" ]\n')
    srun.chmod(0o755)
    for good, status in ((1, 0), (2, 0), (9, 1)):
        seen = tmp_path / f"seen{good}"
        run = os.environ | {"SEEN": str(seen), "GOOD": str(good)}
        run |= {"SLURM_CPUS_PER_TASK": "16"} if good < 9 else {"STEPS": "20"}
        done = subprocess.run(["bash", CLUSTERS / "slurm.sh"], env=run, capture_output=True)
        calls = seen.read_text().splitlines()
        assert (done.returncode, len(calls)) == (status, min(good, 3))
        assert all("-m utils.experiments.worker outputs/slurm" in call for call in calls)
        assert all(("--cpus-per-task=16" in call) == (good < 9) for call in calls)
        assert all(("--steps 20 " in call) == (good == 9) for call in calls)


@pytest.mark.parametrize("place", ["memory", "file"])
def test_workers_take_turns_in_the_same_order(place, tmp_path):
    labels = np.arange(20)
    images = np.zeros((20, 2, 2, 3), "uint8") + labels[:, None, None, None].astype("uint8")
    if place == "file":
        images.tofile(tmp_path / "images")
        images = np.memmap(tmp_path / "images", "uint8", "r", shape=images.shape)
    pictures = SimpleNamespace(train=PictureSet(images, labels))

    def parts(workers, done=0):
        work = SimpleNamespace(sets=pictures, steps=5, batch=8, done=done)
        contexts = [tf.distribute.InputContext(workers, k, workers) for k in range(workers)]
        each = [list(worker.Training.part(work, context)) for context in contexts]
        assert all(np.array_equal(x[:, 0, 0, 0], y) for mine in each for x, y in mine)
        return [sorted(np.concatenate([y for _, y in step])) for step in zip(*each, strict=True)]

    alone = parts(1)
    assert len(alone) == 5 and sorted(np.concatenate(alone)) == sorted([*labels, *labels])
    assert parts(2) == parts(4) == alone
    assert parts(2, done=3) == alone[3:]


def test_what_a_second_worker_brings_is_read_from_the_table(tmp_path):
    steps = {"step": [1, 2, 3, 4], "loss": 1.0, "compute": [9, 1, 2, 3], "update": [9, 1, 1, 4]}
    pd.DataFrame(steps).to_csv(tmp_path / "steps.csv", index=False)
    expected = {"pictures_per_second": 2.0, "compute": 2.0, "update": 1.0}
    assert machines.step_times(tmp_path, 6) == expected


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1])
def test_nobody_waits_for_ever_for_a_worker_that_does_not_start(index, tmp_path):
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    command = [*machines.command(tmp_path, 4, 8), "--patience=3"]
    run = {"cwd": REPOSITORY, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = os.environ | {"TF_CONFIG": json.dumps(task)}
    done = subprocess.run(command, env=environment, timeout=120, **run)
    assert done.returncode == 1 and "Timeout (0:00:03)!" in done.stdout
    assert f"worker {index} waits for worker {1 - index}: 3 s at most" in done.stdout


ITS_OWN = """
import json, os, sys
from utils.experiments import worker
own = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
worker.main([f"{sys.argv[1]}/{own}", *sys.argv[2:]])
"""


@pytest.mark.slow
def test_workers_that_see_different_folders_do_not_start(make_settings, tmp_path):
    settings = make_settings(outputs=tmp_path)
    with LocalCluster(
        machines.command(tmp_path / "0", 2, 8), 1, **machines.variables(settings)
    ) as one:
        assert [line for _, line in one][-1].startswith("weights ")
    (tmp_path / "0" / "model.keras").rename(tmp_path / "0" / "checkpoint.keras")
    task = [sys.executable, "-c", ITS_OWN, str(tmp_path), "--steps=2", "--batch=8"]
    with LocalCluster(task, 2, **machines.variables(settings)) as cluster:
        said = [line for _, line in cluster if "Not all workers see the same" in line]
    assert len(said) == 2 and cluster.codes == {0: 1, 1: 1}


@pytest.mark.slow
def test_a_worker_is_killed_and_all_go_on(make_settings, tmp_path):
    """Two real workers; once undisturbed, and once with an accident."""
    settings = make_settings(outputs=tmp_path)
    weights, kept = {}, {"about.json", "steps.csv"}
    for name, kill in (("undisturbed", False), ("accident", True)):
        shared = tmp_path / name
        task = machines.command(shared, 4, 8, save_every=2)
        if kill:
            with LocalCluster(task, 2, **machines.variables(settings)) as cluster:
                for number, line in cluster:
                    if number == 0 and line.startswith("step   3 "):
                        cluster.kill(1)
                        killed = time.monotonic()
                    if "stops" in line:
                        assert re.match(r"worker 0 stops: worker 1 \(127.0.0.1:\d+\) is gone", line)
            assert cluster.codes == {0: peers.GONE, 1: -signal.SIGKILL}
            assert time.monotonic() - killed < 60
            assert {path.name for path in shared.iterdir()} == {*kept, "checkpoint.keras"}
        with LocalCluster(task, 2, **machines.variables(settings)) as cluster:
            said = list(cluster)
        assert cluster.codes == {0: 0, 1: 0}
        weights[name] = {line for _, line in said if line.startswith("weights ")}
        assert {path.name for path in shared.iterdir()} == {*kept, "model.keras"}
        assert list(pd.read_csv(shared / "steps.csv").step) == [1, 2, 3, 4]
    assert len(weights["undisturbed"]) == 1 and weights["undisturbed"] == weights["accident"]
