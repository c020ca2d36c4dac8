"""The account of a period: all that the history has of one pump within it, and the page that tells it.

`facts` is what it consists of, `gather` asks the history for it, `gaps`, `alarms` and `changes` work out what was when, and
`page` writes it as one HTML file, of `tags`, with `figures` drawn in. docs/decisions/0053-report-and-check.md
"""
