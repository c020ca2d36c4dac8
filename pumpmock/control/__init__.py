"""What can be done to a pump on the bench while it runs: one table of verbs, and the socket that they are asked through.

Nothing here is a message of the wire: no host of the pump can do any of it.
"""
