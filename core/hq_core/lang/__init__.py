"""The strategy language (.hq): text to tree, tree to types, types to a graph of kernels.

tokens and grammar read grammar.ebnf; parse makes the tree; types checks it against the columns and the
registry; compile turns it into nodes of hq_core.graph; feeds carries values from one clock to another.
"""
