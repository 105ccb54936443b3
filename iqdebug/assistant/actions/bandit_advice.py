"""What to do about a dangerous pattern, by the rule that found it. One sentence each."""

from __future__ import annotations

__all__ = ["ADVICE"]

_SHELL = "Pass the command as a list of words without a shell; then no value can become a command."
_PICKLE = "Read only data that you wrote yourself, or use a format that is data alone, such as JSON."
_XML = "Parse XML of others with defusedxml, which refuses entities and outside references."
_HASH = "Use SHA-256 or better for security; with usedforsecurity=False say that it is none."
_RANDOM = "Use the module secrets for keys, tokens and passwords; random can be foretold."
_TLS = "Leave verification on; give your own authority's certificate as a file if you need one."
_PASSWORD = "Read it from the environment or a secret store, and change it: it stands in the history."
_CIPHER = "Use AES-GCM or ChaCha20-Poly1305 of a maintained library."
_TEMPLATE = "Turn autoescape on, and mark as safe only what was escaped."
_PLAIN = "Use a protocol that encrypts (SSH, SFTP, HTTPS): this one sends passwords as they are."

ADVICE: dict[str, str] = {
    "B101": "Raise an exception of your own: python -O removes every assert.",
    "B102": "Call a function, or look one up in a table, instead of running text as code.",
    "B103": "Give the file no more rights than its users need: 0o600 or 0o640.",
    "B104": "Bind to 127.0.0.1 unless other machines are to connect.",
    "B105": _PASSWORD,
    "B106": _PASSWORD,
    "B107": _PASSWORD,
    "B108": "Make temporary files with the module tempfile: a known name can be put there by others.",
    "B110": "Catch the exception you expect, and log it: this hides every mistake.",
    "B112": "Catch the exception you expect, and log it: this hides every mistake.",
    "B113": "Give a timeout: without one a silent server holds the program for ever.",
    "B201": "Turn debug off in production: its console runs code of anyone who reaches it.",
    "B202": "Extract with filter='data', or check that each member stays in the folder.",
    "B301": _PICKLE,
    "B302": _PICKLE,
    "B303": _HASH,
    "B304": _CIPHER,
    "B305": _CIPHER,
    "B306": "Use tempfile.mkstemp or NamedTemporaryFile, which make the file at once and alone.",
    "B307": "Use ast.literal_eval for data: eval runs whatever it is given.",
    "B308": _TEMPLATE,
    "B310": "Check that the address begins with https:// first; file:// is opened as well.",
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
    "B404": "Nothing by itself: see that no value from outside becomes a word of a command.",
    "B501": _TLS,
    "B502": "Use TLS 1.2 or later: ssl.create_default_context().",
    "B503": "Use TLS 1.2 or later: ssl.create_default_context().",
    "B504": "Use TLS 1.2 or later: ssl.create_default_context().",
    "B505": "Use RSA of 2048 bits or more, or an elliptic curve.",
    "B506": "Use yaml.safe_load: yaml.load can make any object and so run code.",
    "B507": "Load the known hosts and refuse others.",
    "B601": _SHELL,
    "B602": _SHELL,
    "B603": "No shell is in it; see that the program's name and options do not come from outside.",
    "B604": _SHELL,
    "B605": _SHELL,
    "B606": "See that the program's name and options do not come from outside.",
    "B607": "Name the program by its whole path if others can change PATH.",
    "B608": "Pass values as parameters (cursor.execute(sql, values)): text in the statement becomes SQL.",
    "B609": _SHELL,
    "B610": "Pass values as parameters of the query.",
    "B611": "Pass values as parameters of the query.",
    "B701": _TEMPLATE,
    "B702": _TEMPLATE,
    "B703": _TEMPLATE,
    "IQ1": "Resolve the path, and check with is_relative_to() that it stays in the folder.",
}
