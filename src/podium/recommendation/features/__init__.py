"""Features of a candidate, each module one view of the history up to the cut.

Sums are exact (integers or fixed point), so that features are the same to the bit whatever the
number of threads.
"""
