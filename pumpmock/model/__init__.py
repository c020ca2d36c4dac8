"""The pump as a pure model: integers in, integers out, and no time but the pump's own.

`pump.Pump` composes the rest. Nothing here reads a clock, draws a random number or touches a port, so that a run can
be repeated to the byte.
"""
