"""Undo: takes back what runs agreed, created and deleted, where nobody has touched it since.

It changes the state only, in the caller's transaction. The plan then follows from the state like any other, so that
guards, journal, recovery and history are those of every run, and an undo can itself be undone.
"""
