"""Tries whether a device speaks the protocol as docs/protocol.md has it, from outside and over any port.

`wire` and `forge` are bytes, `rig` is what a check holds in its hand, the `checks_` modules are what must be true, `table`
puts them in order, `runner` runs them, `report` tells. docs/decisions/0036-conformance-from-outside.md
"""
