"""Rehearsals: random histories of a mapping with faults and crashes, over the real engine and store.

Only apps and clock are simulated. One seed decides everything, and the same seed gives the same trace.
"""
