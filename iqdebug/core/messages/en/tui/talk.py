"""The chat, and what a model asks for."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "tui.chat.bytes_go_to": "every byte goes to {host}",
    "tui.chat.empty": "Ask about what is on the screen, in any language.  /help: what works",
    "tui.chat.hint": "a question, or / for commands    Shift+Tab: to ▶, Enter opens it",
    "tui.chat.more_characters": "… {count} more characters",
    "tui.chat.no_completions": "no completions",
    "tui.chat.no_links": "links to elsewhere are not opened from here",
    "tui.chat.nothing_opens": "nothing here can be opened yet",
    "tui.chat.offers": "{what} (Tab in the empty field, Enter sends)",
    "tui.chat.stop_key": "Esc: stop",
    "tui.chat.thinking": "thinking…",
    "tui.chat.thought": "thought",
    "tui.chat.title": "Chat",
    "tui.chat.tokens": "{used} of {window} tokens ({share}%)",
    "tui.consent.asks": "The model asks: {right}",
    "tui.consent.control": "The model asks to take the controls",
    "tui.consent.keys": "y: yes, once   n Esc: no",
    "tui.consent.keys_session": "y: yes, once   s: yes, for this session   n Esc: no",
    "tui.consent.mutate": "The model asks to change or start something",
    "tui.consent.probe": "The model asks to run code of the program's",
    "tui.consent.too_long": "too long to be shown and allowed   n Esc: no",
    "tui.consent.unread": "PgDn before a yes ({seen} of {lines} lines)   n Esc: no",
    "tui.consent.yours": "Do this?",
}
