import sys

sys.exit("a word")
