"""Elementary functions out of + - * /, square root, integers and the bits of a float alone.

The host's libm differs from machine to machine in its last digits; these give the same bits wherever IEEE 754 holds.
Each is within 1 unit in the last place, `tests/jit/test_math.py` says how far, and has the special values of C99,
annex F.  Polynomials are interpolated at the Chebyshev nodes of the interval that is named beside them.
"""
