# SPDX-License-Identifier: MPL-2.0
"""Other task queues, each as it is durable: with the same tasks, by clients of our own (bench/programs), on a port of this run. A peer is
a function of a rig and a number of workers that answers tasks/s; one that is not installed is skipped."""

import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import time

from rig import BIN, until

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def beanstalkd(rig, fsync, workers):
    port = free_port()
    (rig.path / "binlog").mkdir()
    rig.start("beanstalkd", "-l", "127.0.0.1", "-p", port, "-b", rig.path / "binlog", "-f", 0 if fsync == "always" else 50, **QUIET)
    until(lambda: answers(port), "beanstalkd")
    return float(rig.run(BIN / "helios-bench-beanstalkd", port, 500 if fsync == "always" else 50000, workers))


def nats(rig, _fsync, workers):
    port = free_port()
    rig.start("nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", rig.path / "jetstream", **QUIET)
    until(lambda: answers(port), "NATS")
    time.sleep(0.3)
    return float(rig.run(BIN / "helios-bench-nats", f"nats://127.0.0.1:{port}", 80000, workers))


def rabbitmq(rig, _fsync, workers):
    port, distribution, names = free_port(), free_port(), free_port()
    home = rig.path / "rabbitmq"
    home.mkdir()
    (home / "plugins").write_text("[].")
    environment = {**os.environ, "HOME": str(home), "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(names)}
    environment |= {f"RABBITMQ_{name}": str(value) for name, value in {
        "MNESIA_BASE": home, "LOG_BASE": home, "NODENAME": "bench@localhost", "NODE_IP_ADDRESS": "127.0.0.1", "NODE_PORT": port,
        "DIST_PORT": distribution, "ENABLED_PLUGINS_FILE": home / "plugins", "PID_FILE": home / "pid"}.items()}
    rig.start("epmd", "-address", "127.0.0.1", "-port", names, env=environment, **QUIET)
    rig.start("/usr/lib/rabbitmq/bin/rabbitmq-server", env=environment, **QUIET)
    until(lambda: answers(port), "RabbitMQ")
    time.sleep(3)
    return float(rig.run(BIN / "helios-bench-rabbitmq", port, 30000, workers))


def celery(rig, fsync, workers):
    redis = rig.redis(fsync)
    environment = {**os.environ, "CELERY_REDIS": str(redis.socket), "PYTHONPATH": str(pathlib.Path(__file__).resolve().parents[1] / "programs"),
                   "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["/usr/bin/python3", "-m", "celery", "-A", "celery_tasks", "worker", "-c", str(workers), "--without-gossip", "--without-mingle",
               "--without-heartbeat", "-l", "ERROR"]
    rig.start(*command, env=environment, **QUIET)
    done = subprocess.run(["/usr/bin/python3", "-m", "celery_tasks", "3000"], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


# name: what must be installed, how it measures, with which policies it is compared, how many times as fast Helios is to be
PEERS = {
    "beanstalkd": (["beanstalkd", BIN / "helios-bench-beanstalkd"], beanstalkd, ("always", "everysec"), 1),
    "NATS JetStream": (["nats-server", BIN / "helios-bench-nats"], nats, ("everysec",), 2),
    "RabbitMQ quorum": (["/usr/lib/rabbitmq/bin/rabbitmq-server", BIN / "helios-bench-rabbitmq"], rabbitmq, ("always",), 3),
    "Celery": (["import celery"], celery, ("everysec",), 100),
}


def there(need):
    module = str(need).removeprefix("import ")
    return shutil.which(str(need)) if module == str(need) else importlib.util.find_spec(module)


def installed(name):
    return all(there(need) for need in PEERS[name][0])


def compared(fsync):
    """compared answers the names of those that are held against Helios with this policy."""
    return [name for name, (_, _, policies, _) in PEERS.items() if fsync in policies]


def rate(name, rig, fsync, workers):
    return PEERS[name][1](rig, fsync, workers)


def least(name):
    return PEERS[name][3]
