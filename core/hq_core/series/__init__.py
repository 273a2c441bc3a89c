"""Expressions on clocks: what columns of any series are to be computed, planned as graphs, and run over rows.

expr says what an expression is; plan turns expressions into graphs, one a clock; unit runs a plan over the rows of a
base series; feed carries the values of another clock to it, readers tells who reads what; rules are what orders
makes rows of.  Words (specs, a strategy, a dict) are made into expressions elsewhere: specs.py and lang/.
"""
