#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""validate_stream.py DIRECTORY < STREAM: is every line what the JSON Schema says?

DIRECTORY has the module that compile_schema.py makes. A torn last line is none; whether there may be
one is for check_stream to say.
"""
import json
import sys

sys.path.insert(0, sys.argv[1])
from stream_schema import validate  # noqa: E402, needs the line above


def main():
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.endswith(b"\n"):
            break
        try:
            validate(json.loads(line))
        except ValueError as why:  # of JSON and of the schema
            sys.exit(f"schema: line {number}: {why}: {line.decode(errors='replace')}")


main()
