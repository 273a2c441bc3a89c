"""The strategy language (.hq): text to tree, tree to expressions and rules, with which it ends.

tokens and grammar read grammar.ebnf; parse makes the tree; check turns it into expressions, with scope for names, calls
and rules; what runs them is hq_core.series.
"""
