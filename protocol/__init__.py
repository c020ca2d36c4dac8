"""The wire between a pump and its host: no I/O, no clock, no thread.

Bytes go through `frame` (is this a whole, undamaged frame?), `session` (is it from the peer, and new?), `messages`
(what does it say?) and `exchange` (what follows from it?). `units` and `bounds` are the two vocabularies that both
ends must share to the digit. `docs/protocol.md` is the specification that this package implements.
"""
