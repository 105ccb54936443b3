"""The model's process: loads a GGUF with llama.cpp and evaluates, answers and saves for its parent.

It shares nothing with iqdebug but one socket, and ends when the other end of that is closed. Only this
package imports llama_cpp.
"""
