#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_configs.py WHAT CONTRIB [FILE]: are the configurations for WHAT in CONTRIB what they should be?

For programs that are not to be had here: their files are read, what they name is held to the schema and to each
other, and what they do to a record is done to those of FILE, as far as it can be done in Python.
"""
import fnmatch
import functools
import json
import pathlib
import re
import sys

import yaml

what, contrib = sys.argv[1], pathlib.Path(sys.argv[2])
faults = []


def fault(*words):
    faults.append(" ".join(str(word) for word in words))


def expect(name, got, want):
    if got != want:
        fault(f"{name}: got {got!r}, want {want!r}")


def known(where, keys, others=()):
    for key in keys:
        if key not in KEYS and key not in others:
            fault(f"{where}: the stream has no key {key!r}")


def load_schema():
    with open(contrib / "schema/xdptail-1.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    return {kind: schema["definitions"][kind]["properties"] for kind in schema["properties"]["event_type"]["enum"]}


TYPES = load_schema()
KEYS = {key for properties in TYPES.values() for key in properties}


class OnceLoader(yaml.SafeLoader):
    """YAML in which no key stands twice; what is on and off stays text."""


def once(loader, node):
    keys = [key.value for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            fault(f"{node.start_mark.name}: {key!r} is there twice")
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


OnceLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, once)


def read_yaml(folder):
    files = sorted((contrib / folder).glob("*.yaml"))
    if not files:
        fault(f"{folder} has no file")
    loaded = {}
    for path in files:
        with open(path, encoding="utf-8") as file:
            loaded[path.stem] = yaml.load(file, OnceLoader)
    return loaded


def records():
    with open(sys.argv[3], encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def check_followed(name, patterns, excluded=()):
    """What both services write is followed, and what was renamed, if that is asked for; nothing compressed is."""
    packaging = pathlib.Path(__file__).resolve().parents[2] / "packaging/systemd"
    one = re.search(r'"target": "(.*)"', (packaging / "xdptail.json").read_text(encoding="utf-8"))[1]
    unit = (packaging / "xdptail@.service").read_text(encoding="utf-8")
    each = re.search(r"^ExecStart=.* -o file:(\S*)", unit, re.M)[1]
    for path in (one, each.replace("%I", "eth0")):
        tails = ("", ".1", ".20261122T034140.704885Z") if patterns[0].endswith("*") else ("",)
        for written in (path + tail for tail in tails):
            if not any(fnmatch.fnmatchcase(written, pattern) for pattern in patterns):
                fault(f"{name} does not follow {written}")
        gz = f"{path}.2.gz"
        if any(fnmatch.fnmatchcase(gz, p) for p in patterns) and not any(fnmatch.fnmatchcase(gz, p) for p in excluded):
            fault(f"{name} follows {gz}")


def check_written(readme, names):
    """What there is, the README has, and nothing else."""
    text = (contrib / readme).read_text(encoding="utf-8")
    expect(f"files in {readme}", set(re.findall(r"`([a-z-]+)\.(?:yaml|json|alloy)`", text)), set(names))
    if "**Not run**" not in text:
        fault(f"{readme} does not say that nothing was run")


# --- Fluent Bit ---


def fluent_bit():
    files = read_yaml("fluent-bit")
    parsers = {parser["name"]: parser for parser in files["parsers"]["parsers"]}
    outputs = {name: files[name] for name in files if name.startswith("output-")}
    expect("outputs", sorted(outputs), [f"output-{n}" for n in ("clickhouse", "elasticsearch", "kafka", "loki")])
    for name in ("tail", "stdin", "systemd", "syslog", "syslog-tcp"):
        fluent_bit_input(name, files[name], parsers)
    (tail,) = files["tail"]["pipeline"]["inputs"]
    check_followed("tail", [tail["path"]], [tail["exclude_path"]])
    for name, config in outputs.items():
        (output,) = config["pipeline"]["outputs"]
        expect(f"{name}: match", output["match"], "xdptail")
        expect(f"{name}: retry_limit", output["retry_limit"], "no_limits")
        if "storage.total_limit_size" not in output:
            fault(f"{name} may fill the disk")
        known(name, [output[key] for key in ("message_key_field",) if key in output])
    fluent_bit_loki(outputs["output-loki"]["pipeline"]["outputs"][0])
    fluent_bit_journal(files["systemd"]["pipeline"]["filters"])
    fluent_bit_time(parsers["xdptail"])
    fluent_bit_own_time(outputs["output-kafka"]["pipeline"]["outputs"][0])
    for name, config in files.items():
        check_since("fluent-bit/README.md", f"{name}.yaml", config)
    check_written("fluent-bit/README.md", [*outputs, "tail", "stdin", "systemd", "syslog", "syslog-tcp", "output"])


# Settings that are not as old as the program, and since when they are there.
SINCE = {"parsers": (3, 2), "http_api_key": (4, 0, 8), "octet_counting": (4, 2), "block_on_overflow": (0, 123)}


def words_of(value):
    """All keys and values."""
    if isinstance(value, dict):
        return {*value, *(word for part in value.values() for word in words_of(part))}
    if isinstance(value, list):
        return {word for part in value for word in words_of(part)}
    return {value}


def check_since(readme, file, config):
    """The README says which version it takes, and not an older one."""
    text = (contrib / readme).read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (?:`([a-z.-]+)`|all) \| ([0-9.]+) \|", text, re.M))
    said = rows.get(file) or rows.get("") or re.search(r"([0-9.]+) and newer", text)[1]
    need = max((SINCE[word] for word in words_of(config) if word in SINCE), default=(0,))
    if tuple(int(part) for part in said.split(".")) < need:
        fault(f"{readme} has {file} run by {said}, and it takes {'.'.join(map(str, need))}")


def copies(rules):
    """Pairs of keys, of the filters that copy one to another."""
    return [rule["copy"].split() for rule in rules if rule["name"] == "modify" and "copy" in rule]


def fluent_bit_loki(output):
    """Each record reaches Loki as it was: keys that become labels are taken out of it."""
    named = ", ".join(str(output.get(key, "")) for key in ("labels", "label_keys", "structured_metadata"))
    taken = re.findall(r"\$([a-z_]+)", named)
    rules = copies(output.get("processors", {}).get("logs", []))
    known("output-loki", [old for old, _ in rules])
    expect("labels of Loki", dict(re.findall(r"([a-z_]+)=\$([a-z_]+)", named)), {old: new for old, new in rules})
    expect("which are", sorted(old for old, _ in rules), ["event_type", "interface"])
    for record in records():
        sent = dict(record)
        sent.update((new, sent[old]) for old, new in rules if old in sent and new not in sent)
        for key in taken:
            sent.pop(key, None)
        if sent != record:
            fault("output-loki: the record is not sent whole:", set(record) ^ set(sent))
            break


def fluent_bit_journal(filters):
    """Of a journal's entry, each value of the line is there once."""
    for record in records():
        entry = {f"XDPTAIL_{key.upper()}": str(value) for key, value in record.items()}
        entry |= {"MESSAGE": json.dumps(record), "PRIORITY": "6", "_PID": "1"}
        for rule in filters:
            if rule["name"] == "parser":
                line = json.loads(entry.pop(rule["key_name"]))
                entry = {**line, **(entry if rule.get("reserve_data") else {})}
            elif "remove_wildcard" in rule:
                entry = {key: value for key, value in entry.items() if not key.startswith(rule["remove_wildcard"])}
        twice = [key for key in entry if key.removeprefix("XDPTAIL_").lower() in record and key not in record]
        if twice or not record.items() <= entry.items():
            fault("systemd: values are there twice, or not at all:", twice or set(record) - set(entry))
            break


def fluent_bit_own_time(output):
    """The key that is added is not of the stream, and nobody is to take it for the time of the shipping."""
    key = output["timestamp_key"]
    if key in KEYS or re.search("ship|sent|receiv", key):
        fault(f"output-kafka: {key!r} is the record's own time")
    comment = (contrib / "fluent-bit/output-kafka.yaml").read_text(encoding="utf-8").partition("pipeline:")[0]
    comment = comment.replace("\n# ", " ")
    for path, text in ("output-kafka", comment), ("README", (contrib / "fluent-bit/README.md").read_text(encoding="utf-8")):
        if not re.search(r"double(?s:.*)microsecond\s+early", text):
            fault(f"{path} does not say how exact Fluent Bit's time is")


def fluent_bit_input(name, config, parsers):
    (source,) = config["pipeline"]["inputs"]
    expect(f"{name}: input", source["name"], name.removesuffix("-tcp"))
    if source.get("mode") in ("tcp", "unix_tcp"):
        expect(f"{name}: framing", source.get("format"), "octet_counting")
    expect(f"{name}: tag", source["tag"], "xdptail")
    expect(f"{name}: storage", source["storage.type"], "filesystem")
    if not config["service"]["storage.path"].startswith("/var/lib/"):
        fault(f"{name}: storage.path")
    for include in config["includes"]:
        if include != "output.yaml" and not (contrib / "fluent-bit" / include).exists():
            fault(f"{name} includes {include}, which is not there")
    users = [source, *config["pipeline"].get("filters", [])]
    used = [user["parser"] for user in users if "parser" in user]
    # lines in one read would be lost with a parser, and time with none
    expect(f"{name}: has a parser", bool(used), name != "stdin")
    for parser in used:
        if parser not in parsers:
            fault(f"{name}: no parser {parser}")
        if "parsers.yaml" not in config["includes"]:
            fault(f"{name} does not include parsers.yaml")
    for filtered in config["pipeline"].get("filters", []):
        expect(f"{name}: filter", filtered["match"], "xdptail")


def fluent_bit_time(parser):
    expect("time_key", parser["time_key"], "timestamp")
    expect("time_keep", parser["time_keep"], True)
    expect("time_format", parser["time_format"], "%Y-%m-%dT%H:%M:%S.%L%z")


def fluent_bit_syslog(name="syslog"):
    """FILE has what a syslog socket was sent, a message a line."""
    files = read_yaml("fluent-bit")
    parsers = {parser["name"]: parser for parser in files["parsers"]["parsers"]}
    (source,) = files[name]["pipeline"]["inputs"]
    # Ruby's names of groups
    pattern = re.compile(parsers[source["parser"]]["regex"].replace("(?<", "(?P<"))
    types = set()
    with open(sys.argv[3], encoding="utf-8") as file:
        for line in file:
            match = pattern.search(line)
            if not match:
                fault("no match:", line)
                break
            expect("ident", match["ident"], "xdptail")
            types.add(json.loads(match["message"])["event_type"])
    expect("types", types, {"start", "packet", "count", "snapshot", "stats", "sink", "stop"})


# --- Vector ---


def vector():
    files = read_yaml("vector")
    sinks = [name for name in files if name.startswith("sink-")]
    for name in sinks:
        (sink,) = files[name]["sinks"].values()
        expect(f"{name}: inputs", sink["inputs"], ["xdptail.dropped" if name == "sink-rejected" else "xdptail"])
        if name != "sink-rejected":
            expect(f"{name}: buffer", (sink["buffer"]["type"], sink["buffer"]["when_full"]), ("disk", "block"))
        known(name, re.findall(r"{{ ([a-z_]+) }}", json.dumps(sink)), ["host"])
        known(name, [sink[key] for key in ("key_field",) if key in sink])
    sources = [name for name in files if name not in sinks]
    expect("sources", sorted(sources), ["file", "journald", "stdin", "syslog"])
    for name in sources:
        vector_source(name, files[name])
    file = files["file"]["sources"]["xdptail_in"]
    check_followed("file", file["include"], file["exclude"])
    check_written("vector/README.md", files)


def vector_source(name, config):
    ((source_name, source),) = config["sources"].items()
    expect(f"{name}: type", source["type"], name)
    remap = config["transforms"]["xdptail"]
    expect(f"{name}: inputs", remap["inputs"], [source_name])
    expect(f"{name}: what fails", (remap["drop_on_error"], remap["reroute_dropped"]), (True, True))
    # a line as it is, or decoded: by one of them, once
    decoded = source.get("decoding", {}).get("codec") == "json"
    expect(f"{name}: JSON", "parse_json!" in remap["source"], not decoded)
    if '.timestamp = parse_timestamp!(.timestamp, "%+")' not in remap["source"]:
        fault(f"{name}: timestamp stays a string")
    names = re.findall(r"(?<![a-z_.\"])\.([a-z_]+)", remap["source"])
    known(name, names, ["message", "host", "source_type"])


# --- Loki ---


def loki():
    text = (contrib / "loki/config.alloy").read_text(encoding="utf-8")
    bare = re.sub(r"//.*", "", re.sub(r'"[^"\n]*"', '""', text))
    for opened, closed in ("{}", "[]", "()"):
        expect(f"{opened}{closed}", bare.count(opened), bare.count(closed))
    components = {f"{kind}.{label}" for kind, label in re.findall(r'^([a-z_.]+) "([a-z_]+)" {', text, re.M)}
    named = set(re.findall(r"\b((?:loki|local)\.[a-z_]+\.[a-z_]+)\.(?:receiver|targets)\b", text))
    # each is referred to, but for the source
    expect("components", components - named, {"loki.source.file.xdptail"})
    expect("references", named - components, set())
    check_followed("config", re.findall(r'__path__ = "(.*)"', text))
    expressions = set(re.findall(r"([a-z_]+) = \"\"", re.search(r"expressions = {(.*)}", text)[1]))
    known("expressions", expressions)
    labels = set(re.findall(r"([a-z_]+) = \"\"", re.search(r"stage.labels {\s*values = {(.*)}", text)[1]))
    expect("labels", labels, {"event_type", "interface"})
    for used in re.findall(r"values = {(.*)}", text) + re.findall(r'source = ("[a-z]+")', text):
        if not set(re.findall(r"[a-z_]{2,}", used)) <= expressions:
            fault(f"{used} is not in the expressions")
    readme = (contrib / "loki/README.md").read_text(encoding="utf-8")
    queries = readme.split("```logql\n")[1].split("```")[0]
    known("queries", re.findall(r'\b([a-z_]+)="(?=[a-z_]+"[, |]*(?:[a-z_]+="|\||unwrap))', queries), ["job"])
    known("queries", re.findall(r"unwrap ([a-z_]+)", queries))
    for by in re.findall(r"by \(([a-z_, ]+)\)", queries):
        known("queries", by.split(", "))
    check_written("loki/README.md", ["config"])


# --- Elasticsearch ---


@functools.lru_cache(maxsize=None)
def compiled(condition):
    """A condition of the pipeline, in Painless, as Python: the little that it uses of it."""
    python = re.sub(r"ctx\.([a-z_]+) instanceof String", r"isinstance(of('\1'), str)", condition)
    python = re.sub(r"!ctx\.([a-z_]+)\.contains\('(.)'\)", r"'\2' not in of('\1')", python)
    python = re.sub(r"ctx\.([a-z_]+)\.contains\('(.)'\)", r"'\2' in of('\1')", python)
    python = re.sub(r"ctx\.([a-z_]+)", r"of('\1')", python)
    python = python.replace("null", "None").replace("&&", "and").replace("||", "or")
    return compile(python, condition, "eval")


def holds(condition, ctx):
    return condition is None or eval(compiled(condition), {"of": ctx.get, "isinstance": isinstance, "str": str})


def put(document, path, value):
    *objects, last = path.split(".")
    for name in objects:
        document = document.setdefault(name, {})
    document[last] = value


def get(document, path):
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def process(processor, ctx):
    ((kind, do),) = processor.items()
    if not holds(do.get("if"), ctx):
        return
    if kind == "set":
        if do.get("override", True) or get(ctx, do["field"]) is None:
            value = get(ctx, do["copy_from"]) if "copy_from" in do else do["value"]
            if isinstance(value, str):
                value = re.sub(r"{{{([a-z_]+)}}}", lambda match: str(ctx[match[1]]), value)
            put(ctx, do["field"], value)
    elif kind == "remove":
        if do["field"] not in ctx and not do.get("ignore_missing"):
            fault("remove: no field", do["field"])
        ctx.pop(do["field"], None)
    elif kind == "rename":
        if do["field"] in ctx:
            put(ctx, do["target_field"], ctx.pop(do["field"]))
        elif not do.get("ignore_missing"):
            fault("rename: no field", do["field"])
    elif kind == "convert":
        if get(ctx, do["field"]) is not None:
            put(ctx, do["field"], str(get(ctx, do["field"])))
    elif kind == "script":
        ctx["xdptail"] = {key: ctx.pop(key) for key in do["params"]["keys"] if key in ctx}
    else:
        fault("a processor that is not known here:", kind)


def leaves(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value


def mapped(properties, path=""):
    for key, inner in properties.items():
        name = f"{path}.{key}" if path else key
        if "properties" in inner:
            yield from mapped(inner["properties"], name)
        else:
            yield name, inner["type"]


FITS = {
    "date_nanos": lambda v: isinstance(v, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6,9}Z", v),
    "ip": lambda v: isinstance(v, str) and re.fullmatch(r"[0-9a-f.:]+", v),
    "keyword": lambda v: isinstance(v, (str, list)),
    "match_only_text": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "short": lambda v: isinstance(v, int) and -(2**15) <= v < 2**15,
    "integer": lambda v: isinstance(v, int) and -(2**31) <= v < 2**31,
    "long": lambda v: isinstance(v, (int, str)) and -(2**63) <= int(v) < 2**63,
    "unsigned_long": lambda v: isinstance(v, (int, str)) and 0 <= int(v) < 2**64,
}


def largest(key, properties):
    """A value at the far end of what the schema allows."""
    of = properties[key].get("$ref", "").split("/")[-1]
    ends = {"u8": 255, "u16": 65535, "u32": 2**32 - 1, "vlan_id": 4095, "number": str(2**64 - 1),
            "positive": str(2**64 - 1), "time": "2026-11-22T03:41:40.704885554Z", "address": "2001:db8::1"}
    if of in ends:
        return ends[of]
    kind = properties[key].get("type")
    if "maximum" in properties[key]:
        return -properties[key]["maximum"] if isinstance(kind, list) else properties[key]["maximum"]
    return {"boolean": True, "integer": 5, "array": ["CAP_BPF"]}.get(kind, "text")


def elasticsearch():
    pipeline = json.loads((contrib / "elasticsearch/pipeline.json").read_text(encoding="utf-8"))
    template = json.loads((contrib / "elasticsearch/index-template.json").read_text(encoding="utf-8"))
    fields = dict(mapped(template["template"]["mappings"]["properties"]))
    expect("pipeline", template["template"]["settings"]["index"]["default_pipeline"], "xdptail")
    elasticsearch_keys(pipeline, fields)
    full = [{**{key: largest(key, properties) for key in properties}, "event_type": kind}
            for kind, properties in TYPES.items()]
    reached, ids, n = set(), set(), 0
    for record in [*records(), *full]:
        ctx = dict(record)
        for processor in pipeline["processors"]:
            process(processor, ctx)
        if "repeated" not in record:
            ids.add(ctx["_id"])
            n += 1
        ctx.pop("_id", None)
        for path, value in leaves(ctx):
            reached.add(path)
            if path not in fields:
                fault(f"{record['event_type']}: {path} is not in the template")
            elif not FITS[fields[path]](value):
                fault(f"{path}: {value!r} is no {fields[path]}")
    expect("documents", len(ids), n)
    expect("fields that nothing reaches", set(fields) - reached, {"error.message"})
    elasticsearch_example(pipeline)
    check_written("elasticsearch/README.md", ["pipeline", "index-template"])


def elasticsearch_keys(pipeline, fields):
    """Each key of the schema has a place, and nothing is moved that the stream does not have."""
    processors = [next(iter(p.items())) for p in pipeline["processors"]]
    renamed = [do["field"] for kind, do in processors if kind == "rename"]
    (own,) = [do["params"]["keys"] for kind, do in processors if kind == "script"]
    known("pipeline", renamed)
    known("pipeline", own)
    expect("keys without a place", KEYS - set(renamed) - set(own) - {"timestamp"}, set())
    expect("keys with two", set(renamed) & set(own), {"bytes"})
    for kind, do in processors:
        known("condition", re.findall(r"ctx\.([a-z_]+)", do.get("if", "")), ["host"])
        if kind == "rename" and do["target_field"] not in fields:
            fault(f"{do['target_field']} is not in the template")


def elasticsearch_example(pipeline):
    ctx = {"timestamp": "2026-11-22T03:41:40.704885Z", "event_type": "packet", "run": "5f0c", "record_seq": 7,
           "src_ip": "2001:db8::1", "dst_ip": "192.0.2.1", "src_port": 443, "dst_port": 9, "protocol": 6,
           "packet_len": 60, "vlan": 100, "host": "web1", "flags": "SA"}
    for processor in pipeline["processors"]:
        process(processor, ctx)
    want = {"@timestamp": "2026-11-22T03:41:40.704885Z", "_id": "5f0c-packet-7", "event.action": "packet",
            "event.kind": "event", "source.ip": "2001:db8::1", "source.port": 443, "destination.ip": "192.0.2.1",
            "destination.port": 9, "network.transport": "tcp", "network.iana_number": "6", "network.type": "ipv6",
            "network.bytes": 60, "network.vlan.id": "100", "host.name": "web1", "xdptail.flags": "SA"}
    for path, value in want.items():
        expect(path, get(ctx, path), value)
    sink = {"event_type": "sink", "run": "5f0c", "record_seq": 1, "bytes": 9, "@timestamp": "x"}
    for processor in pipeline["processors"]:
        process(processor, sink)
    expect("bytes of a sink", (get(sink, "source.bytes"), get(sink, "xdptail.bytes")), (None, 9))


# --- OpenTelemetry ---


def statement(text, attributes):
    """What one statement, in OTTL, does: the few that there are."""
    name = r'attributes\["([^"]+)"\]'
    action, _, condition = text.partition(" where ")
    condition = re.sub(f'IsMatch\\({name}, "(.)"\\)', r"'\2' in attributes['\1']", condition)
    condition = re.sub(name, r"attributes.get('\1')", condition).replace("nil", "None")
    if condition and not eval(condition, {"attributes": attributes}):
        return
    if match := re.fullmatch(f"set\\({name}, {name}\\)", action):
        attributes[match[1]] = attributes[match[2]]
    elif match := re.fullmatch(f'set\\({name}, "([a-z0-9]+)"\\)', action):
        attributes[match[1]] = match[2]
    elif match := re.fullmatch(f'set\\({name}, Concat\\(\\["([a-z]+)", {name}\\], "(.)"\\)\\)', action):
        attributes[match[1]] = match[4].join((match[2], attributes[match[3]]))
    elif match := re.fullmatch(f"delete_key\\(attributes, \"([a-z_]+)\"\\)", action):
        attributes.pop(match[1], None)
    elif match := re.fullmatch(r'replace_all_patterns\(attributes, "key", "(.*)", "(.*)"\)', action):
        # $$ is a dollar sign in a file of the collector
        to = re.sub(r"\$\$([0-9])", r"\\\1", match[2])
        for key in list(attributes):
            attributes[re.sub(match[1], to, key)] = attributes.pop(key)
    else:
        fault("a statement that is not known here:", text)


def opentelemetry():
    (config,) = read_yaml("opentelemetry").values()
    (block,) = config["processors"]["transform/xdptail"]["log_statements"]
    text = " ".join(block["statements"])
    known("statements", re.findall(r'attributes\["([a-z_]+)"\]', text))
    known("statements", re.findall(r'delete_key\(attributes, "([a-z_]+)"', text))
    opentelemetry_pipeline(config)
    named = opentelemetry_table()
    for record in records():
        attributes = dict(record)
        for line in block["statements"]:
            statement(line, attributes)
        want = {f"xdptail.{key}": value for key, value in record.items() if key not in named}
        want.update((new, record[key]) for key, new in named.items() if new and key in record)
        want["event.name"] = f"xdptail.{record['event_type']}"
        if "src_ip" in record:
            want["network.type"] = "ipv6" if ":" in record["src_ip"] else "ipv4"
        if record.get("protocol") in (6, 17):
            want["network.transport"] = {6: "tcp", 17: "udp"}[record["protocol"]]
        expect("attributes", attributes, want)
        if faults:
            break
    (parser,) = config["receivers"]["filelog/xdptail"]["operators"]
    levels = [kind for kinds in parser["severity"]["mapping"].values() for kind in kinds]
    expect("severities", sorted(levels), sorted(TYPES))
    check_written("opentelemetry/README.md", ["collector"])


def opentelemetry_table():
    """Names by the README: keys that are renamed one to one, and those that go."""
    named = {"timestamp": None, "event_type": None}
    text = (contrib / "opentelemetry/README.md").read_text(encoding="utf-8")
    for left, right in re.findall(r"^\| (`.*`) \| (`.*`) \|$", text, re.M):
        names = re.findall("`([a-z_.]+)`", left), re.findall("`([a-z_.]+)`", right)
        if len(names[0]) == len(names[1]):
            named.update(zip(*names))
    expect("rows", len(named), 7)
    known("table", named)
    return named


def opentelemetry_pipeline(config):
    (pipeline,) = config["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        expect(kind, sorted(pipeline[kind]), sorted(config[kind]))
    expect("extensions", config["service"]["extensions"], list(config["extensions"]))
    receiver = config["receivers"]["filelog/xdptail"]
    expect("offsets", receiver["storage"], "file_storage")
    check_followed("collector", receiver["include"], receiver["exclude"])
    expect("queue", config["exporters"]["otlp/xdptail"]["sending_queue"]["storage"], "file_storage")
    check_since("opentelemetry/README.md", "collector.yaml", config)


{"fluent-bit": fluent_bit, "fluent-bit-syslog": fluent_bit_syslog,
 "fluent-bit-syslog-tcp": lambda: fluent_bit_syslog("syslog-tcp"), "vector": vector, "loki": loki,
 "elasticsearch": elasticsearch, "opentelemetry": opentelemetry}[what]()
print("\n".join(dict.fromkeys(faults)))
sys.exit(bool(faults))
