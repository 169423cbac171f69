#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""compile_schema.py SCHEMA MODULE: the schema as a Python module that validates.

It is made once, by make, because compiling takes longer than reading most of the tests' streams.
"""
import json
import py_compile
import sys

import fastjsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
schema.pop("$id")  # the function would be named after it
with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.write(fastjsonschema.compile_to_code(schema))
py_compile.compile(sys.argv[2], doraise=True)
