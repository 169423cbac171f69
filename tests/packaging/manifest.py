#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""manifest.py FILE check | settings | engine: hold the objects of a Kubernetes manifest to what the API
knows, as far as it is used here, and to each other; or print the settings that it gives to xdptail; or what
of a container's security context has an option of podman, and the arguments, a word a line."""
import json
import re
import sys

import yaml

# What the API (v1, apps/v1 of 1.30) has at each place that is used here: an object's keys, a list's
# items, or the type of a value.
WORDS = {"*": str}
META = {"name": str, "namespace": str, "labels": WORDS, "annotations": WORDS}
RESOURCES = {"cpu": "quantity", "memory": "quantity"}
CONTAINER = {
    "name": str, "image": str, "imagePullPolicy": {"Always", "IfNotPresent", "Never"}, "args": [str],
    "terminationMessagePolicy": {"File", "FallbackToLogsOnError"},
    "securityContext": {
        "runAsUser": int, "runAsGroup": int, "privileged": bool, "allowPrivilegeEscalation": bool,
        "readOnlyRootFilesystem": bool, "capabilities": {"drop": [str], "add": [str]},
        "seccompProfile": {"type": {"RuntimeDefault", "Localhost"}, "localhostProfile": str},
    },
    "resources": {"requests": RESOURCES, "limits": RESOURCES},
    "volumeMounts": [{"name": str, "mountPath": str, "readOnly": bool}],
}
POD = {
    "serviceAccountName": str, "automountServiceAccountToken": bool, "enableServiceLinks": bool,
    "hostNetwork": bool, "dnsPolicy": {"ClusterFirstWithHostNet", "ClusterFirst", "Default"},
    "nodeSelector": WORDS, "tolerations": [{"operator": {"Exists", "Equal"}, "key": str, "effect": str}],
    "terminationGracePeriodSeconds": int, "containers": [CONTAINER],
    "volumes": [{"name": str, "configMap": {"name": str}}],
}
SPEC = {
    "selector": {"matchLabels": WORDS}, "minReadySeconds": int,
    "updateStrategy": {"type": {"RollingUpdate", "OnDelete"}, "rollingUpdate": {"maxUnavailable": "share"}},
    "template": {"metadata": META, "spec": POD},
}
KINDS = {
    ("v1", "Namespace"): {"metadata": META},
    ("v1", "ServiceAccount"): {"metadata": META, "automountServiceAccountToken": bool},
    ("v1", "ConfigMap"): {"metadata": META, "data": WORDS},
    ("apps/v1", "DaemonSet"): {"metadata": META, "spec": SPEC},
}
FORMS = {"quantity": r"[0-9]+(m|Ki|Mi|Gi)?", "share": r"[0-9]+%|[0-9]+"}


class Loader(yaml.SafeLoader):
    """A key that is there twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise ValueError(f"a key is there twice: {keys}")
        return super().construct_mapping(node, deep)


def check(place, value, known):
    if isinstance(known, dict):
        check_object(place, value, known)
    elif isinstance(known, list):
        require(isinstance(value, list) and value, place, "is no list, or empty")
        for index, item in enumerate(value):
            check(f"{place}[{index}]", item, known[0])
    elif isinstance(known, set):
        require(value in known, place, f"is {value!r}, not one of {sorted(known)}")
    elif isinstance(known, str):
        require(re.fullmatch(FORMS[known], str(value)), place, f"is no {known}: {value!r}")
    else:
        require(type(value) is known, place, f"is {value!r}, not of type {known.__name__}")


def check_object(place, value, known):
    require(isinstance(value, dict), place, "is no object")
    for key, inner in value.items():
        require(key in known or "*" in known, f"{place}.{key}", "is not a key that the API has there")
        check(f"{place}.{key}", inner, known.get(key, known.get("*")))


def require(good, place, what):
    if not good:
        raise ValueError(f"{place}: {what}")


def load(path):
    """kind: the object."""
    ret = {}
    with open(path, encoding="utf-8") as file:
        for value in yaml.load_all(file, Loader):
            kind = value["kind"]
            require((value["apiVersion"], kind) in KINDS, kind, f"is not in {value['apiVersion']}")
            require(kind not in ret, kind, "is there twice")
            ret[kind] = value
            body = {key: inner for key, inner in value.items() if key not in ("apiVersion", "kind")}
            check(kind, body, KINDS[value["apiVersion"], kind])
    return ret


def check_references(objects):
    namespace = objects["Namespace"]["metadata"]["name"]
    for kind, value in objects.items():
        require(kind == "Namespace" or value["metadata"]["namespace"] == namespace, kind, "is in another namespace")
    spec = objects["DaemonSet"]["spec"]
    labels, pod = spec["template"]["metadata"]["labels"], spec["template"]["spec"]
    require(spec["selector"]["matchLabels"].items() <= labels.items(), "selector", "does not select its pods")
    require(pod["serviceAccountName"] == objects["ServiceAccount"]["metadata"]["name"], "serviceAccountName",
            "there is none of that name")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    require(volumes.keys() == mounts.keys(), "volumes", "are not those that are mounted")
    for volume in volumes.values():
        require(volume["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"], "configMap",
                "there is none of that name")
    for name in objects["ConfigMap"]["data"]:
        path = f"{mounts['config']['mountPath']}/{name}"
        require(path in pod["containers"][0]["args"], path, "is not what the program is told to read")


def check_rights(objects):
    pod = objects["DaemonSet"]["spec"]["template"]["spec"]
    context = pod["containers"][0]["securityContext"]
    require(context["capabilities"] == {"drop": ["ALL"], "add": ["BPF", "NET_ADMIN", "PERFMON"]}, "capabilities",
            "are not the three")
    require(not context["privileged"] and not context["allowPrivilegeEscalation"], "securityContext", "gives more")
    require(context["readOnlyRootFilesystem"], "readOnlyRootFilesystem", "is off")
    require(pod["hostNetwork"] and pod["dnsPolicy"] == "ClusterFirstWithHostNet", "network", "is not the node's")
    require(not pod["automountServiceAccountToken"] and
            not objects["ServiceAccount"]["automountServiceAccountToken"], "token", "is mounted")
    require(objects["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged",
            "Namespace", "does not admit the pod")


def engine(objects):
    container = objects["DaemonSet"]["spec"]["template"]["spec"]["containers"][0]
    context = container["securityContext"]
    yield f"--user={context['runAsUser']}:{context['runAsGroup']}"
    if context["readOnlyRootFilesystem"]:
        yield "--read-only"
    if not context["allowPrivilegeEscalation"]:
        yield "--security-opt=no-new-privileges"
    for key, option in (("drop", "--cap-drop"), ("add", "--cap-add")):
        for name in context["capabilities"][key]:
            yield f"{option}={name}"
    yield "--"
    yield from container["args"]


def main():
    path, what = sys.argv[1:]
    try:
        objects = load(path)
        check_references(objects)
        check_rights(objects)
    except (ValueError, KeyError, yaml.YAMLError) as why:
        sys.exit(f"{path}: {why}")
    if what == "settings":
        print(objects["ConfigMap"]["data"]["xdptail.json"], end="")
    elif what == "engine":
        print("\n".join(engine(objects)))
    elif what == "image":
        print(json.dumps(objects["DaemonSet"]["spec"]["template"]["spec"]["containers"][0]["image"]))


main()
