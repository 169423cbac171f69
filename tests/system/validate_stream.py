#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""validate_stream.py DIRECTORY < STREAM: is every line what the JSON Schema says?

DIRECTORY has the module that compile_schema.py makes. A torn last line is none; whether there may be
one is for check_stream to say.

The first record of a type is given to the whole schema. It sends records to the definition that is named
after their type, which the others are given to at once: it takes a third of the time.
"""
import json
import sys

sys.path.insert(0, sys.argv[1])
import stream_schema  # noqa: E402, needs the line above


def validator(definitions, record):
    kind = record.get("event_type") if isinstance(record, dict) else None
    if not isinstance(kind, str):
        return stream_schema.validate
    if kind in definitions:
        return definitions[kind]
    definition = getattr(stream_schema, f"validate___definitions_{kind}", None)
    if definition:
        definitions[kind] = definition
    return stream_schema.validate


def main():
    definitions = {}
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.endswith(b"\n"):
            break
        try:
            record = json.loads(line)
            validator(definitions, record)(record)
        except ValueError as why:  # of JSON and of the schema
            sys.exit(f"schema: line {number}: {why}: {line.decode(errors='replace')}")


main()
