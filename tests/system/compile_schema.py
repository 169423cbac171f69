#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""compile_schema.py SCHEMA MODULE: the schema as a Python module that validates.

It is made once, by make, because compiling takes longer than reading most of the tests' streams. So does
loading the library, of which the module takes nothing but an exception: it gets its own.
"""
import json
import py_compile
import sys

import fastjsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
schema.pop("$id")  # the function would be named after it
IMPORT = "from fastjsonschema import JsonSchemaValueException\n"
EXCEPTION = """
class JsonSchemaValueException(ValueError):
    def __init__(self, message, **what):
        super().__init__(message)
        self.rule = what.get("rule")
"""
code = fastjsonschema.compile_to_code(schema)
if IMPORT not in code:
    sys.exit("compile_schema.py: this fastjsonschema imports its exception in another way")
with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.write(code.replace(IMPORT, EXCEPTION))
py_compile.compile(sys.argv[2], doraise=True)
