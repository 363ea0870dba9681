"""`syncline watch`: one resident process that runs each sync as soon as there is something to do, and asks little else.

Webhooks, cheap looks at each side and due schedules all become the same thing: a run of the sync, soon. What is known
here may be lost at any moment; the state knows all that counts.
"""
