"""The conversation: evidence, a model, rights and what may be done; no UI."""
