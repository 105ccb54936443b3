"""Why an expression may run code of the program."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "core.expression.argument_runs_code": "`{argument}` of {function}() may run code",
    "core.expression.assigns_name": "`:=` assigns a name",
    "core.expression.async_for": "`async for` runs the program",
    "core.expression.await": "`await` runs the program",
    "core.expression.calls": "it calls {what}",
    "core.expression.calls.a_result": "the result of an expression",
    "core.expression.calls.something": "something",
    "core.expression.cannot_be_parsed": "it is too deeply nested, or has characters that are none",
    "core.expression.computed_format": "the format in it is computed",
    "core.expression.door": "`.{name}` is a door to code",
    "core.expression.half_character": "a text in it has half a character",
    "core.expression.lambda": "a lambda is code of its own",
    "core.expression.literal_name": "{function}() needs the name as a literal text",
    "core.expression.loop_target": "a loop in it assigns to more than names",
    "core.expression.matrix_product": "`@` is a method of the operands' types",
    "core.expression.runs_code": "This expression may run code of the program",
    "core.expression.statement": "it is a statement, not an expression",
    "core.expression.too_large": "it is too large or too deeply nested",
    "core.expression.too_long": "it is longer than {most} characters",
    "core.expression.unknown_form": "{form} is not among the forms that only read",
    "core.expression.unknown_format": "the format `{format}` is not a plain one",
    "core.expression.unpacks_elements": "`*` unpacks, which may run code",
    "core.expression.unpacks_names": "`**` unpacks, which may run code",
    "core.expression.yield": "`yield` runs the program",
    "core.expression.yield_from": "`yield from` runs the program",
}
