"""The protocol explored, and the real code put through the same.

The model: `explore` searches, `state`, `host`, `pump` and `transaction` are a change, `handshake` is a handshake,
`catalogue` says what is searched and which mutants have to be caught.

The real code: `plant` is a pump that can be killed, `desk` a host that can be, `wire` lies between, `machine` has the
rules, `promises` what must hold, `defects` what the machine has to find.
"""
