"""Regression tests: what they prove, and why a recorded call or value cannot be made again."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.actions.call.assigned_again": (
        "`{name}` is assigned again at line {line}: what `{function}` was called with is not known"
    ),
    "assistant.actions.call.asynchronous_generator": "`{function}` is an asynchronous generator",
    "assistant.actions.call.changes": (
        "`{function}` changes `{name}` itself (line {line}): the test has it as it was at the failure"
    ),
    "assistant.actions.call.import_runs": (
        "importing {file} runs the program: no `if __name__ == '__main__'` is around it"
    ),
    "assistant.actions.call.inner": (
        "`{function}` is made within another function, and cannot be called from outside"
    ),
    "assistant.actions.call.is_test": "`{function}` is a test or a fixture itself: run it again instead",
    "assistant.actions.call.no_argument": "`{name}` of `{function}` was not recorded",
    "assistant.actions.call.no_file": "{file} is not on this machine",
    "assistant.actions.call.no_module": "`{function}` is in no module that can be imported",
    "assistant.actions.call.no_name": "`{function}` cannot be called by its name",
    "assistant.actions.call.no_source": "the source of `{function}` was not recorded",
    "assistant.actions.call.no_variables": "the variables of `{function}` were not recorded whole",
    "assistant.actions.call.shared_default": (
        "`{name}` of `{function}` has a default that all calls share and change"
    ),
    "assistant.actions.test.fails": (
        "The test fails as it was recorded; with a fix it can be proved that it passes"
    ),
    "assistant.actions.test.first": "{name} is {path}:\n{text}",
    "assistant.actions.test.is_test": "{name} is a test already",
    "assistant.actions.test.next": "where that does not fail as it was recorded, {name} is {path}:\n{text}",
    "assistant.actions.test.no_exception_name": "`{text}` is no name of an exception",
    "assistant.actions.test.no_expression": "`{text}` is no Python expression",
    "assistant.actions.test.no_test": "no test from {refused}",
    "assistant.actions.test.none": "There is no test to write",
    "assistant.actions.test.none.no_sources": "its source files are not on this machine",
    "assistant.actions.test.not_written": "{path} cannot be written",
    "assistant.actions.test.proved": "Proved: the test fails without the fix and passes with it",
    "assistant.actions.test.proves_nothing": "The test proves nothing yet. {why}",
    "assistant.actions.test.refused": "{of}: {why}",
    "assistant.actions.test.whole_program": "the whole program",
    "assistant.actions.test.without_pytest": "without pytest: {command}",
    "assistant.actions.value.attribute": "`{name}` has an attribute {attribute}",
    "assistant.actions.value.class_nowhere": "`{name}` is of a class that no module holds",
    "assistant.actions.value.contains_itself": "`{name}` contains itself",
    "assistant.actions.value.cut": "`{name}` was not recorded whole: {text}",
    "assistant.actions.value.elements": "`{name}` was not recorded whole: {kept} of {size} elements",
    "assistant.actions.value.key": "`{name}` has a key that is no plain value: {key}",
    "assistant.actions.value.masked": "`{name}` was masked as a secret",
    "assistant.actions.value.no_attributes": "`{name}` is a {type} whose attributes were not recorded",
    "assistant.actions.value.no_data": "`{name}` is a {type}, which is no plain data",
    "assistant.actions.value.no_type": "`{name}` is a value of unknown type, which is no plain data",
    "assistant.actions.value.not_in_file": "`{name}` is not in the file",
    "assistant.actions.value.own_container": "`{name}` is a {type}, a container with a class of its own",
    "assistant.actions.value.property": "`{name}` has a property in it, which was not read",
    "assistant.actions.value.recorded_as": "`{name}` was recorded as {text}",
    "assistant.actions.value.too_deep": "`{name}` is nested too deeply",
    "assistant.actions.value.too_large": "`{name}` is too large to be written down ({size} characters)",
}
