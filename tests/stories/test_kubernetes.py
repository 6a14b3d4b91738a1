# SPDX-License-Identifier: MPL-2.0
"""deploy/kubernetes without a cluster: the shape of every object, all that refers to something else, and each config in it by the
program that will read it."""

import os
import pathlib
import re
import subprocess

import pytest

from helios import BIN, PATIENCE

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")

SOURCE = pathlib.Path(os.environ.get("HELIOS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
HERE = SOURCE / "deploy" / "kubernetes"
DOCKERFILE = (SOURCE / "docker" / "Dockerfile").read_text()
HEALTHY = (SOURCE / "docker" / "healthy").read_text()
GUIDE = (SOURCE / "docs" / "scaling.md").read_text()
VERSION = re.search(r"project\(helios VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)

# Which fields there are, for what is used here: a misspelt one would silently be ignored. {} = anything; [x] = a list of x.
ANY = {}
LABELS = {"matchLabels": ANY}
EXEC_PROBE = {"exec": {"command": ANY}, "timeoutSeconds": ANY, "periodSeconds": ANY, "failureThreshold": ANY}
CONTAINER = {
    "name": ANY, "image": ANY, "command": ANY, "args": ANY, "resources": {"requests": ANY, "limits": ANY},
    "env": [{"name": ANY, "value": ANY, "valueFrom": {"fieldRef": {"fieldPath": ANY}, "configMapKeyRef": {"name": ANY, "key": ANY}}}],
    "ports": [{"name": ANY, "containerPort": ANY}], "startupProbe": EXEC_PROBE, "readinessProbe": EXEC_PROBE,
    "securityContext": {"allowPrivilegeEscalation": ANY, "readOnlyRootFilesystem": ANY, "capabilities": {"drop": ANY}},
    "volumeMounts": [{"name": ANY, "mountPath": ANY, "readOnly": ANY}]}
POD = {
    "automountServiceAccountToken": ANY, "terminationGracePeriodSeconds": ANY, "initContainers": [CONTAINER], "containers": [CONTAINER],
    "securityContext": {"runAsNonRoot": ANY, "runAsUser": ANY, "runAsGroup": ANY, "fsGroup": ANY, "seccompProfile": {"type": ANY}},
    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": ANY, "labelSelector": LABELS}]}},
    "topologySpreadConstraints": [{"maxSkew": ANY, "topologyKey": ANY, "whenUnsatisfiable": ANY, "labelSelector": LABELS}],
    "volumes": [{"name": ANY, "emptyDir": {"medium": ANY, "sizeLimit": ANY}, "configMap": {"name": ANY},
                 "secret": {"secretName": ANY, "defaultMode": ANY}}]}
TEMPLATE = {"metadata": {"labels": ANY}, "spec": POD}
PEERS = [{"from": [{"podSelector": LABELS}], "ports": [{"port": ANY}]}]
META = {"name": ANY, "labels": ANY}
KINDS = {
    ("v1", "ConfigMap"): {"metadata": META, "data": ANY},
    ("v1", "Service"): {"metadata": META, "spec": {"clusterIP": ANY, "publishNotReadyAddresses": ANY, "selector": ANY,
                                                   "ports": [{"name": ANY, "port": ANY, "targetPort": ANY}]}},
    ("policy/v1", "PodDisruptionBudget"): {"metadata": META, "spec": {"minAvailable": ANY, "maxUnavailable": ANY, "selector": LABELS}},
    ("apps/v1", "StatefulSet"): {"metadata": META, "spec": {"replicas": ANY, "serviceName": ANY, "podManagementPolicy": ANY,
                                                            "selector": LABELS, "template": TEMPLATE}},
    ("apps/v1", "Deployment"): {"metadata": META, "spec": {"replicas": ANY, "selector": LABELS, "template": TEMPLATE, "strategy": {
        "type": ANY, "rollingUpdate": {"maxUnavailable": ANY, "maxSurge": ANY}}}},
    ("networking.k8s.io/v1", "NetworkPolicy"): {"metadata": META, "spec": {"podSelector": LABELS, "policyTypes": ANY, "ingress": PEERS}},
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"): {"resources": ANY, "images": [{"name": ANY, "newName": ANY, "newTag": ANY}]},
}

FILES = {file.name: [one for one in yaml.safe_load_all(file.read_text()) if one] for file in sorted(HERE.glob("*.yaml"))}
OBJECTS = [one for objects in FILES.values() for one in objects]
KUSTOMIZATION = next(one for one in OBJECTS if one["kind"] == "Kustomization")


def of_kind(*kinds):
    return {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] in kinds}


WORKLOADS, SERVICES, BUDGETS = of_kind("StatefulSet", "Deployment"), of_kind("Service"), of_kind("PodDisruptionBudget")
CONFIGS, POLICIES = of_kind("ConfigMap"), of_kind("NetworkPolicy")
each_workload = pytest.mark.parametrize("name", WORKLOADS)


def pod(name):
    return WORKLOADS[name]["spec"]["template"]["spec"]


def containers(name):
    return [*pod(name).get("initContainers", []), *pod(name)["containers"]]


def main_container(name):
    return pod(name)["containers"][0]


def selected(labels):
    """selected answers the workloads whose pods have these labels."""
    return [name for name, one in WORKLOADS.items() if labels.items() <= one["spec"]["template"]["metadata"]["labels"].items()]


def unknown(found, shape, path=""):
    """unknown answers the paths that the shape has not."""
    if shape == ANY:
        return []
    if isinstance(shape, list):
        assert isinstance(found, list), f"{path} is no list"
        return [wrong for i, item in enumerate(found) for wrong in unknown(item, shape[0], f"{path}[{i}]")]
    assert isinstance(found, dict), f"{path} is no map"
    return [wrong for key, value in found.items()
            for wrong in (unknown(value, shape[key], f"{path}.{key}") if key in shape else [f"{path}.{key}"])]


def test_every_object_is_of_a_known_kind_and_shape():
    for file, objects in FILES.items():
        for one in objects:
            kind = (one.pop("apiVersion"), one["kind"])
            one["apiVersion"] = kind[0]
            assert kind in KINDS, f"{file}: {kind}"
            assert not unknown(one, {"apiVersion": ANY, "kind": ANY, **KINDS[kind]}), file


def test_the_check_of_shapes_sees_a_misspelt_field():
    broken = {"spec": {"containers": [{"name": "x", "readinesProbe": {}}]}}
    assert unknown(broken, {"spec": POD}) == [".spec.containers[0].readinesProbe"]


def test_kustomization_names_every_file_and_image():
    assert sorted(KUSTOMIZATION["resources"]) == sorted(set(FILES) - {"kustomization.yaml"})
    used = {c["image"] for name in WORKLOADS for c in containers(name)}
    assert used == {f"{one['name']}:{one['newTag']}" for one in KUSTOMIZATION["images"]}
    for image in used:
        name, tag = image.split(":")
        assert tag == VERSION and f" AS {name.removeprefix('helios-')}\n" in DOCKERFILE, image


def test_names_are_dns_labels_and_unique():
    seen = set()
    for one in OBJECTS:
        if one is KUSTOMIZATION:
            continue
        name = one["metadata"]["name"]
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name), name
        assert (one["kind"], name) not in seen
        seen.add((one["kind"], name))


@each_workload
def test_selectors_match_their_own_pods(name):
    one = WORKLOADS[name]["spec"]
    assert selected(one["selector"]["matchLabels"]) == [name]
    for rule in pod(name).get("affinity", {}).get("podAntiAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", []):
        assert selected(rule["labelSelector"]["matchLabels"]) == [name] and rule["topologyKey"] == "kubernetes.io/hostname"
    for rule in pod(name).get("topologySpreadConstraints", []):
        assert selected(rule["labelSelector"]["matchLabels"]) == [name]


@each_workload
def test_a_budget_protects_it_and_lets_nodes_be_drained(name):
    budgets = [b["spec"] for b in BUDGETS.values() if selected(b["spec"]["selector"]["matchLabels"]) == [name]]
    assert len(budgets) == 1 and len({"minAvailable", "maxUnavailable"} & set(budgets[0])) == 1
    replicas = WORKLOADS[name]["spec"]["replicas"]
    assert budgets[0].get("maxUnavailable", 1) >= 1 and budgets[0].get("minAvailable", 1) < replicas


def test_two_controllers_on_two_machines_with_a_name_each():
    (name, one), = of_kind("StatefulSet").items()
    service = SERVICES[one["spec"]["serviceName"]]["spec"]
    assert one["spec"]["replicas"] == 2 and "podAntiAffinity" in pod(name)["affinity"]
    assert service["clusterIP"] == "None" and service["publishNotReadyAddresses"] and selected(service["selector"]) == [name]


def test_services_and_policies_name_ports_that_are_there():
    for service in SERVICES.values():
        (name,) = selected(service["spec"]["selector"])
        ports = {p["name"]: p["containerPort"] for p in main_container(name)["ports"]}
        assert {p["targetPort"]: p["port"] for p in service["spec"]["ports"]} == ports
        assert all(len(port) <= 15 for port in ports)
        exposed = re.search(r"^EXPOSE (.*)$", DOCKERFILE, re.M).group(1).split()
        assert sorted(map(str, ports.values())) == exposed
        listens = {e["name"].rsplit("_", 1)[1].lower(): int(e["value"].rsplit(":", 1)[1])
                   for e in main_container(name)["env"] if e["name"].startswith("HELIOS_LISTEN_")}
        assert listens == ports
    for policy in POLICIES.values():
        (name,) = selected(policy["spec"]["podSelector"]["matchLabels"])
        ports = {p["name"] for p in main_container(name)["ports"]}
        assert {p["port"] for rule in policy["spec"]["ingress"] for p in rule["ports"]} <= ports


@each_workload
def test_nobody_has_more_rights_than_needed(name):
    about = pod(name)["securityContext"]
    assert about["runAsNonRoot"] is True and about["seccompProfile"] == {"type": "RuntimeDefault"}
    assert about["runAsUser"] == about["runAsGroup"] == about["fsGroup"] == int(re.search(r"--uid (\d+)", DOCKERFILE).group(1))
    assert pod(name)["automountServiceAccountToken"] is False
    for container in containers(name):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["memory"]


@each_workload
def test_probes_run_what_the_image_has(name):
    image = main_container(name)["image"].split(":")[0].removeprefix("helios-")
    assert "readinessProbe" in main_container(name) and "livenessProbe" not in main_container(name)
    for kind in ("startupProbe", "readinessProbe"):
        probe = main_container(name).get(kind)
        if probe:
            program, what = probe["exec"]["command"]
            assert program == "helios-healthy" and "COPY docker/healthy /usr/local/bin/helios-healthy" in DOCKERFILE
            assert what == image and re.search(rf"^{what}\(\) {{", HEALTHY, re.M)
            assert probe["timeoutSeconds"] > int(re.search(r"--timeout (\d+)s", HEALTHY).group(1)), "helios gives up first"


@each_workload
def test_it_ends_in_time(name):
    """helios-agent lets what runs end within 10 s; heliosd hands over within 2 s."""
    assert pod(name)["terminationGracePeriodSeconds"] >= (15 if "controller" in name else 20)


@each_workload
def test_volumes_are_there_and_used(name):
    volumes = {v["name"]: v for v in pod(name)["volumes"]}
    mounts = [(c["name"], m) for c in containers(name) for m in c["volumeMounts"]]
    assert {m["name"] for _, m in mounts} == set(volumes)
    for volume in volumes.values():
        assert len(volume) == 2, "one source each"
        if "configMap" in volume:
            assert volume["configMap"]["name"] in CONFIGS or f"configmap {volume['configMap']['name']} " in GUIDE
        if "secret" in volume:
            assert f"secret generic {volume['secret']['secretName']} " in GUIDE, "the guide makes it"
            assert volume["secret"]["defaultMode"] == 0o440, "our group alone"
    for container, mount in mounts:
        fixed = not {"emptyDir"} & set(volumes[mount["name"]]) or (mount["name"] == "keys" and container != "keys")
        assert mount.get("readOnly", False) == fixed, f"{container}: {mount}"


def files_of_secret(secret):
    line = next(line for line in GUIDE.splitlines() if f"secret generic {secret} " in line)
    return set(re.findall(r"--from-file=(\S+)", line))


@each_workload
def test_keys_are_copied_from_secrets_that_have_them(name):
    """Each secret file that a process names is copied, with a mode that Helios takes, from a Secret that the guide fills."""
    init, = pod(name)["initContainers"]
    assert init["command"][:5] == ["install", "-m", "0600", "-t", "/keys"]
    mounts = {m["mountPath"]: m["name"] for m in init["volumeMounts"]}
    secrets = {v["name"]: v["secret"]["secretName"] for v in pod(name)["volumes"] if "secret" in v}
    for ordinal in range(WORKLOADS[name]["spec"]["replicas"] if "serviceName" in WORKLOADS[name]["spec"] else 1):
        for source in init["command"][5:]:
            path = pathlib.PurePosixPath(source.replace("$(POD_NAME)", f"{name}-{ordinal}"))
            assert path.name in files_of_secret(secrets[mounts[str(path.parent)]]), source
    copied = {"/keys/" + pathlib.PurePosixPath(source).name for source in init["command"][5:]}
    text = str(main_container(name)) + str([c["data"] for c in CONFIGS.values() if c["metadata"]["name"] == name])
    named = set(re.findall(r"/keys/[\w.$()-]+", text)) - {"/keys"}
    assert named == copied


def environment(name):
    """environment is what the main container gets, as Kubernetes makes it."""
    found = {}
    for entry in main_container(name)["env"]:
        if "value" in entry:
            found[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda m: found[m.group(1)], entry["value"])
        elif "configMapKeyRef" in entry["valueFrom"]:
            ref = entry["valueFrom"]["configMapKeyRef"]
            found[entry["name"]] = CONFIGS[ref["name"]]["data"][ref["key"]]
        else:
            assert entry["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
            found[entry["name"]] = f"{name}-0"
    return found


def check(tmp_path, name, program):
    """check hands the embedded config, where the container has it, to the program that will read it."""
    volumes = {v["name"]: v for v in pod(name)["volumes"]}
    mounts = {m["mountPath"]: volumes[m["name"]] for m in main_container(name)["volumeMounts"]}
    file = pathlib.PurePosixPath(main_container(name)["args"][-1])
    text = CONFIGS[mounts[str(file.parent)]["configMap"]["name"]]["data"][file.name]
    (tmp_path / file.name).write_text(text)
    words = [str(tmp_path / file.name) if word == str(file) else word for word in main_container(name)["args"]]
    return subprocess.run([BIN / program, *words, "--check"], env={"PATH": os.environ["PATH"], **environment(name)},
                          capture_output=True, text=True, timeout=PATIENCE, check=False), tmp_path / file.name


# for `helios`, which the probe runs; all others are settings
FOR_HELIOS = {"HELIOS_IDENTITY", "HELIOS_CONTROLLER", "HELIOS_CONTROLLER_KEY"}


def test_the_controllers_config_is_good(tmp_path):
    done, file = check(tmp_path, "helios-controller", "heliosd")
    assert done.returncode == 0, done.stderr
    variables = environment("helios-controller")
    shown = subprocess.run([BIN / "helios", "config", "show", "--origin", file], env={"PATH": os.environ["PATH"], **variables},
                           capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    settings = {key for key in variables if key.startswith("HELIOS_")} - FOR_HELIOS
    assert shown.count("# environment") == len(settings), "each variable is a setting"


def test_the_agents_config_is_good(tmp_path):
    done, _ = check(tmp_path, "helios-agent", "helios-agent")
    assert done.returncode == 0, done.stderr
    assert {key for key in environment("helios-agent") if key.startswith("HELIOS_")} <= FOR_HELIOS


def test_agents_and_probes_name_every_controller():
    (name, one), = of_kind("StatefulSet").items()
    hosts = [f"tcp://{name}-{n}.{one['spec']['serviceName']}" for n in range(one["spec"]["replicas"])]
    keys = [f"/controllers/{name}-{n}.pub" for n in range(one["spec"]["replicas"])]
    config, variables = yaml.safe_load(CONFIGS["helios-agent"]["data"]["agent.yaml"]), environment("helios-agent")
    assert config["controllers"] == hosts and variables["HELIOS_CONTROLLER"].split(",") == hosts
    assert config["security"]["controllers"] == keys and variables["HELIOS_CONTROLLER_KEY"].split() == keys
    assert all(f"--from-file={pathlib.PurePosixPath(key).name}" in GUIDE for key in keys)
    assert re.search(r'--agents "(\w+)-\*"', GUIDE).group(1) in config["agents"], "the key fits the agents' ids"
