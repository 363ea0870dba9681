"""`python -m benchmarks.rounds [ROUNDS] [--seed N]`: three real servers, random edits, kills and faults.

Google and Outlook are stand-ins with their fault switches, CalDAV is a Radicale that is killed and started again on the
same folder. Users edit on all three by the servers' own APIs, each value a unique token, and `syncline run` is a
process of its own that is killed half of the time. Every few rounds all comes to rest, and the tokens tell what became
of every edit. The seed decides what is done; at which moment a process dies depends on the machine too.
"""
