"""What to do about a dangerous pattern that a scan finds."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.actions.advice.address": (
        "Check that the address begins with https:// first; file:// is opened as well."
    ),
    "assistant.actions.advice.assert": "Raise an exception of your own: python -O removes every assert.",
    "assistant.actions.advice.bind": "Bind to 127.0.0.1 unless other machines are to connect.",
    "assistant.actions.advice.cipher": "Use AES-GCM or ChaCha20-Poly1305 of a maintained library.",
    "assistant.actions.advice.debug": (
        "Turn debug off in production: its console runs code of anyone who reaches it."
    ),
    "assistant.actions.advice.eval": "Use ast.literal_eval for data: eval runs whatever it is given.",
    "assistant.actions.advice.exec": (
        "Call a function, or look one up in a table, instead of running text as code."
    ),
    "assistant.actions.advice.extract": (
        "Extract with filter='data', or check that each member stays in the folder."
    ),
    "assistant.actions.advice.hash": (
        "Use SHA-256 or better for security; with usedforsecurity=False say that it is none."
    ),
    "assistant.actions.advice.key_size": "Use RSA of 2048 bits or more, or an elliptic curve.",
    "assistant.actions.advice.known_hosts": "Load the known hosts and refuse others.",
    "assistant.actions.advice.mktemp": (
        "Use tempfile.mkstemp or NamedTemporaryFile, which make the file at once and alone."
    ),
    "assistant.actions.advice.password": (
        "Read it from the environment or a secret store, and change it: it stands in the history."
    ),
    "assistant.actions.advice.path": (
        "Resolve the path, and check with is_relative_to() that it stays in the folder."
    ),
    "assistant.actions.advice.pickle": (
        "Read only data that you wrote yourself, or use a format that is data alone, such as JSON."
    ),
    "assistant.actions.advice.plain": (
        "Use a protocol that encrypts (SSH, SFTP, HTTPS): this one sends passwords as they are."
    ),
    "assistant.actions.advice.program": (
        "No shell is in it; see that the program's name and options do not come from outside."
    ),
    "assistant.actions.advice.program_words": (
        "See that the program's name and options do not come from outside."
    ),
    "assistant.actions.advice.query": "Pass values as parameters of the query.",
    "assistant.actions.advice.random": (
        "Use the module secrets for keys, tokens and passwords; random can be foretold."
    ),
    "assistant.actions.advice.rights": "Give the file no more rights than its users need: 0o600 or 0o640.",
    "assistant.actions.advice.shell": (
        "Pass the command as a list of words without a shell; then no value can become a command."
    ),
    "assistant.actions.advice.sql": (
        "Pass values as parameters (cursor.execute(sql, values)): text in the statement becomes SQL."
    ),
    "assistant.actions.advice.subprocess": (
        "Nothing by itself: see that no value from outside becomes a word of a command."
    ),
    "assistant.actions.advice.swallowed": (
        "Catch the exception you expect, and log it: this hides every mistake."
    ),
    "assistant.actions.advice.template": "Turn autoescape on, and mark as safe only what was escaped.",
    "assistant.actions.advice.temporary_name": (
        "Make temporary files with the module tempfile: a known name can be put there by others."
    ),
    "assistant.actions.advice.timeout": (
        "Give a timeout: without one a silent server holds the program for ever."
    ),
    "assistant.actions.advice.tls": (
        "Leave verification on; give your own authority's certificate as a file if you need one."
    ),
    "assistant.actions.advice.tls_version": "Use TLS 1.2 or later: ssl.create_default_context().",
    "assistant.actions.advice.whole_path": "Name the program by its whole path if others can change PATH.",
    "assistant.actions.advice.xml": (
        "Parse XML of others with defusedxml, which refuses entities and outside references."
    ),
    "assistant.actions.advice.yaml": "Use yaml.safe_load: yaml.load can make any object and so run code.",
}
