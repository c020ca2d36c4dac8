"""The person's side of the wire: a client, a judgement of what it reads, and a screen.

`client` is what a script uses, `watch` keeps a reading fresh, `judgement` says what it means, `ui` draws it. Only `ui`
knows that a screen exists.
"""
