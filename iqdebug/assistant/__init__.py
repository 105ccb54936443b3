"""The conversation beside the debugger: evidence, a model, and what it may do. No screen."""
