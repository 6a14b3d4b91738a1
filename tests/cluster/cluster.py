# SPDX-License-Identifier: MPL-2.0
"""cluster owns the containers of docker/compose.yaml and what is asked of them. It knows no story."""

import json
import os
import pathlib
import subprocess
import time

from engine import program

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FILES = [SOURCE / "docker/compose.yaml", SOURCE / "tests/cluster/workers.yaml"]
PROJECT = "helios"
CONTROLLERS = ("controller-a", "controller-b")
ENDED = ("task.completed", "task.failed", "task.cancelled", "task.unknown")
PATIENCE_S = 60


def until(condition, what, patience_s=PATIENCE_S):
    """until waits for what no event announces, and answers what the condition gave."""
    end = time.monotonic() + patience_s
    while not (value := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f"never happened within {patience_s} s: {what}")
        time.sleep(0.1)
    return value


class Cluster:
    def __init__(self, engine):
        self.engine, self.log = engine, engine.home / "compose.log"
        self.environment = {**engine.environment, "COMPOSE_PROJECT_NAME": PROJECT, "HELIOS_BUILD_NETWORK": "host"}

    def compose(self, *words):
        files = [word for file in FILES for word in ("-f", str(file))]
        with open(self.log, "ab") as log:
            done = subprocess.run([program("docker-compose"), *files, *words], env=self.environment,
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if done.returncode:
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])
            raise RuntimeError(f"docker-compose {' '.join(words)} failed:\n{last}")

    def build(self):
        proxies = [name for name in ("http_proxy", "https_proxy", "no_proxy") if os.environ.get(name)]
        arguments = [word for name in proxies for word in ("--build-arg", f"{name}={os.environ[name]}")]
        self.compose("--profile", "people", "build", *arguments)

    def up(self, **scale):
        """up starts what is not running, so many of each, and waits until all are healthy."""
        self.compose("up", "-d", *(word for name, n in scale.items() for word in ("--scale", f"{name}={n}")))
        until(self.healthy, "all containers are healthy", 120)

    def down(self):
        self.compose("--profile", "people", "down", "--volumes", "--timeout", "20", "--remove-orphans")

    # ---- containers

    def containers(self, service=None, *more):
        """containers are the running ones, of one service or of all."""
        labels = [f"label=com.docker.compose.project={PROJECT}"]
        labels += [f"label=com.docker.compose.service={service}"] if service else []
        filters = [word for label in labels for word in ("--filter", label)]
        return self.engine.docker("ps", "--quiet", *more, *filters).split()

    def inspect(self, container):
        return json.loads(self.engine.docker("inspect", container))[0]

    def healthy(self):
        """healthy: every container is, but for those that have done their work."""
        states = [self.inspect(one)["State"] for one in self.containers(None, "--all")]
        lasting = [state for state in states if state["Running"] or state["ExitCode"] or state["Status"] != "exited"]
        return bool(lasting) and all(state.get("Health", {}).get("Status") == "healthy" for state in lasting)

    def images(self):
        """images answers MB by name, the base included."""
        lines = self.engine.docker("images", "--format", "{{.Repository}} {{.Size}}").splitlines()
        return dict(line.split() for line in lines if not line.startswith("<none>"))

    # ---- what a person types

    def person(self):
        """person is a container to type in: one for all that is asked."""
        self.compose("run", "--detach", "--name", "person", "--entrypoint", "sleep", "helios", "infinity")

    def helios(self, *words, patience="30s"):
        return self.engine.docker("exec", "person", "helios", *words, "--timeout", patience)

    def ask(self, *words):
        return json.loads(self.helios(*words, "--json"))

    def controllers(self):
        """controllers answers each one's state by its service; it is asked again while nobody leads."""
        said = self.engine.docker("exec", "person", "helios", "controllers", "--json", "--timeout", "1s", check=False)
        return {row["where"].removeprefix("tcp://"): row["state"] for row in json.loads(said)["controllers"]} if said else {}

    def leader(self):
        """leader answers the service that leads and its container."""
        leads = until(lambda: [name for name, state in self.controllers().items() if state == "leads"], "somebody leads")[0]
        return leads, self.containers(leads)[0]

    def submit(self, action, *more):
        return self.ask("submit", action, *more)["id"]

    def submit_many(self, prefix, n, params):
        """submit_many submits as so many people at once would; answers the ids of what was accepted."""
        script = (f"for i in $(seq {n}); do helios submit sleep --key {prefix}-$i --params '{json.dumps(params)}' --json "
                  "--timeout 30s & done; wait")
        made = [json.loads(line)["id"] for line in self.engine.docker("exec", "person", "sh", "-c", script).splitlines()]
        if len(set(made)) != n:
            raise RuntimeError(f"only {len(set(made))} of {n} tasks were accepted")
        return made

    def state(self, task):
        return self.ask("task", task)["task"]["state"]

    def wait(self, tasks):
        self.helios("wait", *tasks, patience="60s")

    def ends(self):
        """ends answers, by task, how the ledger says it ended: once each, or something is wrong."""
        ends = {}
        for entry in self.ask("ledger", "--limit", "1000")["entries"]:
            if entry["topic"] in ENDED:
                ends.setdefault(entry["id"], []).append(entry["topic"])
        return ends
