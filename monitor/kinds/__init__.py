"""The kinds of change as a person meets them: what is asked, how old and new are said, what is a large step.

`table.KINDS` has a row for each; the dashboard's forms and the commands are both made from it. Nothing here knows a
screen, a port or a clock. docs/decisions/0049-changes-from-one-table.md
"""
