"""What the rules say of a failure."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "quoted": "`{text}`",
    "near.plural": "singular and plural",
    "near.one_letter": "one letter differs",
    "near.two_letters": "two letters differ",
    "near.typing_error": "a typing error",
    "near.value_of_member": "the member's own value or name",
    "near.member_of_enum": "a member of an enum",
    "near.tuple_of_one": "a tuple of one",
    "near.types": "{wanted} and {known}",
    "near.white_space": "white space at its ends",
    "near.case": "upper and lower case",
    "near.joined": "how its words are joined",
    "near.written": "how it is written",
    "anomaly.wrong_arguments.function": "`{name}` (line {line} of {file})",
    "anomaly.wrong_arguments.nothing": "nothing",
    "anomaly.wrong_arguments.near_keyword": (
        "{function} has no parameter `{wrong}`, but `{near}` ({difference})"
    ),
    "anomaly.wrong_arguments.keyword": "{function} has no parameter `{wrong}`: it takes {takes}",
    "anomaly.wrong_arguments.on_class": (
        "{function} is called on the class `{owner}` itself, not on an instance: `self` is missing"
    ),
    "anomaly.wrong_arguments.missing": "{function} takes {takes}; the call does not give {missing}",
    "anomaly.wrong_arguments.twice": (
        "{function} gets `{parameter}` by its place and by its name: it takes {takes}"
    ),
    "anomaly.wrong_arguments.no_self": (
        "{function} has no parameter for the instance: `self` is missing from its `def`"
    ),
    "anomaly.wrong_arguments.count": "{function} takes {takes}, and {given} are passed",
    "anomaly.wrong_arguments.extra": "{function} takes {takes}: {extra} {count:is|are} too many",
}
