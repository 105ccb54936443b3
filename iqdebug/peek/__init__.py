"""Looks at processes from outside: nothing is stopped, nothing is put into them."""
