"""What to do about a dangerous pattern, by the rule that found it. One sentence each."""

from __future__ import annotations

from iqdebug.core.messages import Message, message

__all__ = ["ADVICE"]

_SHELL = message("assistant.actions.advice.shell")
_PICKLE = message("assistant.actions.advice.pickle")
_XML = message("assistant.actions.advice.xml")
_HASH = message("assistant.actions.advice.hash")
_RANDOM = message("assistant.actions.advice.random")
_TLS = message("assistant.actions.advice.tls")
_PASSWORD = message("assistant.actions.advice.password")
_CIPHER = message("assistant.actions.advice.cipher")
_TEMPLATE = message("assistant.actions.advice.template")
_PLAIN = message("assistant.actions.advice.plain")

ADVICE: dict[str, Message] = {
    "B101": message("assistant.actions.advice.assert"),
    "B102": message("assistant.actions.advice.exec"),
    "B103": message("assistant.actions.advice.rights"),
    "B104": message("assistant.actions.advice.bind"),
    "B105": _PASSWORD,
    "B106": _PASSWORD,
    "B107": _PASSWORD,
    "B108": message("assistant.actions.advice.temporary_name"),
    "B110": message("assistant.actions.advice.swallowed"),
    "B112": message("assistant.actions.advice.swallowed"),
    "B113": message("assistant.actions.advice.timeout"),
    "B201": message("assistant.actions.advice.debug"),
    "B202": message("assistant.actions.advice.extract"),
    "B301": _PICKLE,
    "B302": _PICKLE,
    "B303": _HASH,
    "B304": _CIPHER,
    "B305": _CIPHER,
    "B306": message("assistant.actions.advice.mktemp"),
    "B307": message("assistant.actions.advice.eval"),
    "B308": _TEMPLATE,
    "B310": message("assistant.actions.advice.address"),
    "B311": _RANDOM,
    "B312": _PLAIN,
    "B313": _XML,
    "B314": _XML,
    "B318": _XML,
    "B319": _XML,
    "B320": _XML,
    "B321": _PLAIN,
    "B323": _TLS,
    "B324": _HASH,
    "B402": _PLAIN,
    "B403": _PICKLE,
    "B404": message("assistant.actions.advice.subprocess"),
    "B501": _TLS,
    "B502": message("assistant.actions.advice.tls_version"),
    "B503": message("assistant.actions.advice.tls_version"),
    "B504": message("assistant.actions.advice.tls_version"),
    "B505": message("assistant.actions.advice.key_size"),
    "B506": message("assistant.actions.advice.yaml"),
    "B507": message("assistant.actions.advice.known_hosts"),
    "B601": _SHELL,
    "B602": _SHELL,
    "B603": message("assistant.actions.advice.program"),
    "B604": _SHELL,
    "B605": _SHELL,
    "B606": message("assistant.actions.advice.program_words"),
    "B607": message("assistant.actions.advice.whole_path"),
    "B608": message("assistant.actions.advice.sql"),
    "B609": _SHELL,
    "B610": message("assistant.actions.advice.query"),
    "B611": message("assistant.actions.advice.query"),
    "B701": _TEMPLATE,
    "B702": _TEMPLATE,
    "B703": _TEMPLATE,
    "IQ1": message("assistant.actions.advice.path"),
}
