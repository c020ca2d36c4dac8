# This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild
# type: ignore

import kaitaistruct
from kaitaistruct import KaitaiStruct, KaitaiStream, BytesIO
from enum import IntEnum


if getattr(kaitaistruct, 'API_VERSION', (0, 9)) < (0, 11):
    raise Exception("Incompatible Kaitai Struct Python API: 0.11 or later is required, but you have %s" % (kaitaistruct.__version__))

class Pump(KaitaiStruct):
    """A frame of the pump's protocol after COBS was undone: what stands between two delimiters 00 on the wire, decoded.
    COBS adds one byte to a frame and takes the zeros out; docs/protocol.md has the decoder in ten lines of Python.
    
    What this description can't say is left to its user: the CRC-32 (of zlib, over all that stands before it), the tag
    (HMAC-SHA256, cut to 16 bytes), and that text is printable ASCII. Ranges are here: what is outside is refused.
    Made from the code by docs/ksy.py.
    """

    class ChangeKind(IntEnum):
        rate = 1
        stop = 2
        resume = 3
        minimum_rate = 4
        temporary_rate = 5
        bolus = 6
        flex = 7
        refill = 8
        prime = 9
        bridge = 10
        clock = 11

    class EventKind(IntEnum):
        start = 1
        alarm_raised = 2
        alarm_cleared = 3
        acknowledged = 4
        rate_changed = 5
        stopped = 6
        resumed = 7
        refused = 8
        minimum_rate = 9
        temporary_rate = 10
        bolus = 11
        flex = 12
        refilled = 13
        prime = 14
        bridge = 15
        clock_set = 16
        mode_ended = 17
        session = 18
        bad_handshakes = 19
        audio_paused = 20
        refusals = 21
        store_failed = 22
        stored_again = 23
        patient_bolus = 24
        patient_bolus_refused = 25

    class Log(IntEnum):
        events = 0
        faults = 1

    class Message(IntEnum):
        hello = 1
        confirm = 2
        identify = 16
        poll = 17
        get_limits = 18
        get_events = 19
        get_program = 20
        get_statistics = 21
        get_bench = 22
        prepare = 32
        commit = 33
        resolve = 34
        acknowledge = 35
        audio_pause = 36
        challenge = 129
        identity = 144
        status = 145
        limits = 146
        events = 147
        program = 148
        statistics = 149
        bench = 150
        prepared = 160
        outcome = 162
        rejected = 175

    class Mode(IntEnum):
        program = 0
        minimum_rate = 1
        temporary_rate = 2
        bolus = 3
        prime = 4
        bridge = 5
        patient_bolus = 6

    class PressRefusal(IntEnum):
        not_offered = 1
        stands = 2
        alarm = 3
        minimum_rate = 4
        running = 5
        undisturbed = 6
        lockout = 7
        daily_maximum = 8
        outside_limits = 9
        day_volume = 10
        reservoir = 11

    class Refusal(IntEnum):
        role = 1
        stale_revision = 2
        stale_rate = 3
        below_least = 4
        above_most = 5
        step_up = 6
        step_down = 7
        busy = 8
        not_prepared = 9
        already_applied = 10
        wrong_state = 11
        unsupported = 12
        malformed = 13
        not_stored = 14
        below_dose = 15
        above_dose = 16
        day_up = 17
        day_volume = 18
        bolus_volume = 19
        too_soon = 20
        locked = 21
        not_offered = 22
        duration = 23
        volume = 24
        void = 25
        drug_unknown = 26
        bolus_dose = 27

    class Role(IntEnum):
        viewer = 1
        technician = 2
        developer = 3

    class State(IntEnum):
        stopped = 0
        running = 1
        empty = 2
        end_of_service = 3
        stalled = 4

    class Verdict(IntEnum):
        applied = 1
        not_applied = 2
    def __init__(self, _io, _parent=None, _root=None):
        super(Pump, self).__init__(_io)
        self._parent = _parent
        self._root = _root or self
        self._read()

    def _read(self):
        self.version = self._io.read_u1()
        if not self.version == 1:
            raise kaitaistruct.ValidationNotEqualError(1, self.version, self._io, u"/seq/0")
        self.type = KaitaiStream.resolve_enum(Pump.Message, self._io.read_u1())
        self.session = self._io.read_u4le()
        self.counter = self._io.read_u4le()
        self.ack = self._io.read_u4le()
        self.len_payload = self._io.read_u1()
        if not self.len_payload <= 200:
            raise kaitaistruct.ValidationGreaterThanError(200, self.len_payload, self._io, u"/seq/5")
        _on = self.type
        if _on == Pump.Message.acknowledge:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Acknowledge(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.audio_pause:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.AudioPause(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.bench:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Bench(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.challenge:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Challenge(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.commit:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Commit(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.confirm:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Confirm(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.events:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Events(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.get_bench:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.GetBench(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.get_events:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.GetEvents(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.get_limits:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.GetLimits(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.get_program:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.GetProgram(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.get_statistics:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.GetStatistics(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.hello:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Hello(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.identify:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Identify(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.identity:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Identity(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.limits:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Limits(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.outcome:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Outcome(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.poll:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Poll(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.prepare:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Prepare(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.prepared:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Prepared(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.program:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Program(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.rejected:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Rejected(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.resolve:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Resolve(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.statistics:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Statistics(_io__raw_payload, self, self._root)
        elif _on == Pump.Message.status:
            pass
            self._raw_payload = self._io.read_bytes(self.len_payload)
            _io__raw_payload = KaitaiStream(BytesIO(self._raw_payload))
            self.payload = Pump.Status(_io__raw_payload, self, self._root)
        else:
            pass
            self.payload = self._io.read_bytes(self.len_payload)
        self.tag = self._io.read_bytes(16)
        self.crc32 = self._io.read_u4le()
        self.nothing_more = self._io.read_bytes(0)
        _ = self.nothing_more
        if not self._io.is_eof():
            raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/seq/9")


    def _fetch_instances(self):
        pass
        _on = self.type
        if _on == Pump.Message.acknowledge:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.audio_pause:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.bench:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.challenge:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.commit:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.confirm:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.events:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.get_bench:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.get_events:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.get_limits:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.get_program:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.get_statistics:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.hello:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.identify:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.identity:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.limits:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.outcome:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.poll:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.prepare:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.prepared:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.program:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.rejected:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.resolve:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.statistics:
            pass
            self.payload._fetch_instances()
        elif _on == Pump.Message.status:
            pass
            self.payload._fetch_instances()
        else:
            pass

    class Acknowledge(KaitaiStruct):
        """Say that somebody has seen these alarms. Answered by a Status."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Acknowledge, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.alarms = self._io.read_u4le()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/acknowledge/seq/1")


        def _fetch_instances(self):
            pass


    class AudioPause(KaitaiStruct):
        """Silence the alarm sound for a while; alarms stay lit. Answered by a Status."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.AudioPause, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.seconds = self._io.read_u2le()
            if not self.seconds <= 600:
                raise kaitaistruct.ValidationGreaterThanError(600, self.seconds, self._io, u"/types/audio_pause/seq/0")
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/audio_pause/seq/1")


        def _fetch_instances(self):
            pass


    class Bench(KaitaiStruct):
        """What the bench does on purpose: how fast pump time goes, and which faults are injected now."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Bench, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.speed = self._io.read_u4le()
            self.faults = self._io.read_u1()
            self.len_names = self._io.read_u1()
            if not self.len_names <= 120:
                raise kaitaistruct.ValidationGreaterThanError(120, self.len_names, self._io, u"/types/bench/seq/2")
            self.names = (self._io.read_bytes(self.len_names)).decode(u"ASCII")
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/bench/seq/4")


        def _fetch_instances(self):
            pass


    class Challenge(KaitaiStruct):
        """The pump names itself and offers a session and a nonce."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Challenge, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.device_id = self._io.read_bytes(8)
            self.store_id = self._io.read_bytes(8)
            self.boot = self._io.read_u4le()
            self.session = self._io.read_u4le()
            if not self.session >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.session, self._io, u"/types/challenge/seq/3")
            self.device_nonce = self._io.read_bytes(16)
            self.minor_version = self._io.read_u1()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/challenge/seq/6")


        def _fetch_instances(self):
            pass


    class Change(KaitaiStruct):
        """What is to be changed. Which fields a kind uses is told in "Kinds of change"; all others are 0."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Change, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.kind = KaitaiStream.resolve_enum(Pump.ChangeKind, self._io.read_u1())
            if not isinstance(self.kind, Pump.ChangeKind):
                raise kaitaistruct.ValidationNotInEnumError(self.kind, self._io, u"/types/change/seq/0")
            self.rate_nl_h = self._io.read_u4le()
            self.volume_nl = self._io.read_u4le()
            self.duration_s = self._io.read_u4le()
            self.withdrawn_nl = self._io.read_u4le()
            self.concentration_ug_ml = self._io.read_u2le()
            self.clock_s = self._io.read_u8le()
            if not self.clock_s <= 4294967295:
                raise kaitaistruct.ValidationGreaterThanError(4294967295, self.clock_s, self._io, u"/types/change/seq/6")
            self.weekdays = self._io.read_u1()
            if not self.weekdays <= 127:
                raise kaitaistruct.ValidationGreaterThanError(127, self.weekdays, self._io, u"/types/change/seq/7")
            self.num_steps = self._io.read_u1()
            if not self.num_steps <= 13:
                raise kaitaistruct.ValidationGreaterThanError(13, self.num_steps, self._io, u"/types/change/seq/8")
            self.steps = []
            for i in range(self.num_steps):
                self.steps.append(Pump.Step(self._io, self, self._root))



        def _fetch_instances(self):
            pass
            for i in range(len(self.steps)):
                pass
                self.steps[i]._fetch_instances()



    class Commit(KaitaiStruct):
        """Apply what was prepared."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Commit, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.command_id = self._io.read_bytes(8)
            self.token = self._io.read_bytes(8)
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/commit/seq/2")


        def _fetch_instances(self):
            pass


    class Confirm(KaitaiStruct):
        """The host proves that it answers this very challenge. The pump's answer is a Status, the first sealed frame."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Confirm, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/confirm/seq/0")


        def _fetch_instances(self):
            pass


    class EventRecord(KaitaiStruct):
        """One entry of the event log or the fault log, each of which counts its own."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.EventRecord, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.number = self._io.read_u4le()
            if not self.number >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.number, self._io, u"/types/event_record/seq/0")
            self.pump_time_us = self._io.read_u8le()
            self.clock_s = self._io.read_u8le()
            self.kind = KaitaiStream.resolve_enum(Pump.EventKind, self._io.read_u1())
            self.detail = self._io.read_u1()
            self.a = self._io.read_u4le()
            self.b = self._io.read_u4le()


        def _fetch_instances(self):
            pass


    class Events(KaitaiStruct):
        """A page of one of the logs."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Events, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.log = KaitaiStream.resolve_enum(Pump.Log, self._io.read_u1())
            if not isinstance(self.log, Pump.Log):
                raise kaitaistruct.ValidationNotInEnumError(self.log, self._io, u"/types/events/seq/0")
            self.newest = self._io.read_u4le()
            self.num_events = self._io.read_u1()
            if not self.num_events <= 6:
                raise kaitaistruct.ValidationGreaterThanError(6, self.num_events, self._io, u"/types/events/seq/2")
            self.events = []
            for i in range(self.num_events):
                self.events.append(Pump.EventRecord(self._io, self, self._root))

            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/events/seq/4")


        def _fetch_instances(self):
            pass
            for i in range(len(self.events)):
                pass
                self.events[i]._fetch_instances()



    class GetBench(KaitaiStruct):
        """Ask the bench what it does to the pump. A pump that is no bench answers UNSUPPORTED."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.GetBench, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/get_bench/seq/0")


        def _fetch_instances(self):
            pass


    class GetEvents(KaitaiStruct):
        """Ask for the event log or the fault log, oldest first."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.GetEvents, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.since = self._io.read_u4le()
            self.log = KaitaiStream.resolve_enum(Pump.Log, self._io.read_u1())
            if not isinstance(self.log, Pump.Log):
                raise kaitaistruct.ValidationNotInEnumError(self.log, self._io, u"/types/get_events/seq/1")
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/get_events/seq/2")


        def _fetch_instances(self):
            pass


    class GetLimits(KaitaiStruct):
        """Ask for the limits that the pump enforces."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.GetLimits, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/get_limits/seq/0")


        def _fetch_instances(self):
            pass


    class GetProgram(KaitaiStruct):
        """Ask for the program of a weekday, and for what stands over it now."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.GetProgram, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.weekday = self._io.read_u1()
            if not self.weekday <= 6:
                raise kaitaistruct.ValidationGreaterThanError(6, self.weekday, self._io, u"/types/get_program/seq/0")
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/get_program/seq/1")


        def _fetch_instances(self):
            pass


    class GetStatistics(KaitaiStruct):
        """Ask what the pump has counted on this port."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.GetStatistics, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/get_statistics/seq/0")


        def _fetch_instances(self):
            pass


    class Hello(KaitaiStruct):
        """The host names its key and offers a nonce."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Hello, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.key_id = self._io.read_bytes(4)
            self.host_nonce = self._io.read_bytes(16)
            self.minor_version = self._io.read_u1()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/hello/seq/3")


        def _fetch_instances(self):
            pass


    class Identify(KaitaiStruct):
        """Ask who is there."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Identify, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/identify/seq/0")


        def _fetch_instances(self):
            pass


    class Identity(KaitaiStruct):
        """Who is there."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Identity, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.len_serial_number = self._io.read_u1()
            if not self.len_serial_number <= 8:
                raise kaitaistruct.ValidationGreaterThanError(8, self.len_serial_number, self._io, u"/types/identity/seq/0")
            self.serial_number = (self._io.read_bytes(self.len_serial_number)).decode(u"ASCII")
            self.len_model = self._io.read_u1()
            if not self.len_model <= 24:
                raise kaitaistruct.ValidationGreaterThanError(24, self.len_model, self._io, u"/types/identity/seq/2")
            self.model = (self._io.read_bytes(self.len_model)).decode(u"ASCII")
            self.len_firmware = self._io.read_u1()
            if not self.len_firmware <= 16:
                raise kaitaistruct.ValidationGreaterThanError(16, self.len_firmware, self._io, u"/types/identity/seq/4")
            self.firmware = (self._io.read_bytes(self.len_firmware)).decode(u"ASCII")
            self.minor_version = self._io.read_u1()
            self.store_id = self._io.read_bytes(8)
            self.boot = self._io.read_u4le()
            self.changes = self._io.read_u4le()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/identity/seq/10")


        def _fetch_instances(self):
            pass


    class Limits(KaitaiStruct):
        """What the pump enforces. No message changes them: they are the pump's local configuration."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Limits, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.least_rate_nl_h = self._io.read_u4le()
            if not self.least_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.least_rate_nl_h, self._io, u"/types/limits/seq/0")
            self.most_rate_nl_h = self._io.read_u4le()
            if not self.most_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.most_rate_nl_h, self._io, u"/types/limits/seq/1")
            self.minimum_rate_nl_h = self._io.read_u4le()
            if not self.minimum_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.minimum_rate_nl_h, self._io, u"/types/limits/seq/2")
            self.step_up_percent = self._io.read_u2le()
            self.step_down_percent = self._io.read_u1()
            if not self.step_down_percent <= 100:
                raise kaitaistruct.ValidationGreaterThanError(100, self.step_down_percent, self._io, u"/types/limits/seq/4")
            self.day_up_percent = self._io.read_u2le()
            self.least_dose_ug_day = self._io.read_u4le()
            self.most_dose_ug_day = self._io.read_u4le()
            self.most_bolus_nl = self._io.read_u4le()
            self.least_bolus_ug = self._io.read_u4le()
            self.most_bolus_ug = self._io.read_u4le()
            self.most_day_nl = self._io.read_u4le()
            self.lockout_s = self._io.read_u4le()
            self.refusals_allowed = self._io.read_u1()
            self.refusal_window_s = self._io.read_u4le()
            self.lock_s = self._io.read_u4le()
            self.prepare_ttl_ms = self._io.read_u2le()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/limits/seq/17")


        def _fetch_instances(self):
            pass


    class Outcome(KaitaiStruct):
        """What became of a change."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Outcome, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.command_id = self._io.read_bytes(8)
            self.verdict = KaitaiStream.resolve_enum(Pump.Verdict, self._io.read_u1())
            if not isinstance(self.verdict, Pump.Verdict):
                raise kaitaistruct.ValidationNotInEnumError(self.verdict, self._io, u"/types/outcome/seq/1")
            self.revision = self._io.read_u4le()
            self.rate_nl_h = self._io.read_u4le()
            self.pump_time_us = self._io.read_u8le()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/outcome/seq/5")


        def _fetch_instances(self):
            pass


    class Poll(KaitaiStruct):
        """Ask for a reading."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Poll, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/poll/seq/0")


        def _fetch_instances(self):
            pass


    class Prepare(KaitaiStruct):
        """Say what is wanted, and what the operator saw when deciding it. Changes nothing."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Prepare, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.command_id = self._io.read_bytes(8)
            self.expect_revision = self._io.read_u4le()
            self.expect_rate_nl_h = self._io.read_u4le()
            self.overridden = self._io.read_u1()
            if not self.overridden <= 1:
                raise kaitaistruct.ValidationGreaterThanError(1, self.overridden, self._io, u"/types/prepare/seq/3")
            self.change = Pump.Change(self._io, self, self._root)
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/prepare/seq/5")


        def _fetch_instances(self):
            pass
            self.change._fetch_instances()


    class Prepared(KaitaiStruct):
        """The change as the pump understood it, what limits it, and what follows. The host compares before it commits."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Prepared, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.command_id = self._io.read_bytes(8)
            self.revision = self._io.read_u4le()
            self.old_rate_nl_h = self._io.read_u4le()
            self.new_rate_nl_h = self._io.read_u4le()
            self.least_rate_nl_h = self._io.read_u4le()
            self.most_rate_nl_h = self._io.read_u4le()
            self.old_to_low_s = self._io.read_u4le()
            self.new_to_low_s = self._io.read_u4le()
            self.old_to_empty_s = self._io.read_u4le()
            self.new_to_empty_s = self._io.read_u4le()
            self.token = self._io.read_bytes(8)
            self.ttl_ms = self._io.read_u2le()
            self.change = Pump.Change(self._io, self, self._root)
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/prepared/seq/13")


        def _fetch_instances(self):
            pass
            self.change._fetch_instances()


    class Program(KaitaiStruct):
        """The program of a weekday: a simple continuous rate is one step at minute 0, the same every day."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Program, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.mode = KaitaiStream.resolve_enum(Pump.Mode, self._io.read_u1())
            if not isinstance(self.mode, Pump.Mode):
                raise kaitaistruct.ValidationNotInEnumError(self.mode, self._io, u"/types/program/seq/0")
            self.mode_rate_nl_h = self._io.read_u4le()
            if not self.mode_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.mode_rate_nl_h, self._io, u"/types/program/seq/1")
            self.mode_left_s = self._io.read_u4le()
            self.weekday = self._io.read_u1()
            if not self.weekday <= 6:
                raise kaitaistruct.ValidationGreaterThanError(6, self.weekday, self._io, u"/types/program/seq/3")
            self.num_steps = self._io.read_u1()
            if not self.num_steps <= 13:
                raise kaitaistruct.ValidationGreaterThanError(13, self.num_steps, self._io, u"/types/program/seq/4")
            self.steps = []
            for i in range(self.num_steps):
                self.steps.append(Pump.Step(self._io, self, self._root))

            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/program/seq/6")


        def _fetch_instances(self):
            pass
            for i in range(len(self.steps)):
                pass
                self.steps[i]._fetch_instances()



    class Rejected(KaitaiStruct):
        """A request was refused; nothing changed."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Rejected, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.request = self._io.read_u1()
            self.command_id = self._io.read_bytes(8)
            self.reason = KaitaiStream.resolve_enum(Pump.Refusal, self._io.read_u1())
            self.bound = self._io.read_u4le()
            self.len_sentence = self._io.read_u1()
            if not self.len_sentence <= 120:
                raise kaitaistruct.ValidationGreaterThanError(120, self.len_sentence, self._io, u"/types/rejected/seq/4")
            self.sentence = (self._io.read_bytes(self.len_sentence)).decode(u"ASCII")
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/rejected/seq/6")


        def _fetch_instances(self):
            pass


    class Resolve(KaitaiStruct):
        """Abort the change unless it was applied, and say which. The verdict is final."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Resolve, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.command_id = self._io.read_bytes(8)
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/resolve/seq/1")


        def _fetch_instances(self):
            pass


    class Statistics(KaitaiStruct):
        """What the pump has counted on this port since its host opened it: frames by what became of them."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Statistics, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.accepted = self._io.read_u4le()
            self.bad_size = self._io.read_u4le()
            self.bad_cobs = self._io.read_u4le()
            self.bad_crc = self._io.read_u4le()
            self.bad_version = self._io.read_u4le()
            self.bad_length = self._io.read_u4le()
            self.bad_session = self._io.read_u4le()
            self.bad_direction = self._io.read_u4le()
            self.bad_counter = self._io.read_u4le()
            self.bad_tag = self._io.read_u4le()
            self.bad_handshake = self._io.read_u4le()
            self.sessions = self._io.read_u4le()
            self.deaf_ms = self._io.read_u2le()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/statistics/seq/13")


        def _fetch_instances(self):
            pass


    class Status(KaitaiStruct):
        """One reading: all that the first screen of a host needs, sampled in the step that latched the header's ack."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Status, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.state = KaitaiStream.resolve_enum(Pump.State, self._io.read_u1())
            if not isinstance(self.state, Pump.State):
                raise kaitaistruct.ValidationNotInEnumError(self.state, self._io, u"/types/status/seq/0")
            self.mode = KaitaiStream.resolve_enum(Pump.Mode, self._io.read_u1())
            if not isinstance(self.mode, Pump.Mode):
                raise kaitaistruct.ValidationNotInEnumError(self.mode, self._io, u"/types/status/seq/1")
            self.revision = self._io.read_u4le()
            self.commanded_rate_nl_h = self._io.read_u4le()
            if not self.commanded_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.commanded_rate_nl_h, self._io, u"/types/status/seq/3")
            self.measured_rate_nl_h = self._io.read_u4le()
            self.programmed_rate_nl_h = self._io.read_u4le()
            if not self.programmed_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.programmed_rate_nl_h, self._io, u"/types/status/seq/5")
            self.mode_left_s = self._io.read_u4le()
            self.concentration_ug_ml = self._io.read_u2le()
            self.reservoir_nl = self._io.read_u4le()
            self.sensed_nl = self._io.read_u4le()
            self.sensed_band_nl = self._io.read_u4le()
            self.capacity_nl = self._io.read_u4le()
            self.low_reservoir_nl = self._io.read_u4le()
            self.residual_nl = self._io.read_u4le()
            self.delivered_nl = self._io.read_u8le()
            self.battery_percent = self._io.read_u1()
            if not self.battery_percent <= 100:
                raise kaitaistruct.ValidationGreaterThanError(100, self.battery_percent, self._io, u"/types/status/seq/15")
            self.battery_mv = self._io.read_u2le()
            self.service_days = self._io.read_u2le()
            self.alarms = self._io.read_u4le()
            self.acknowledged = self._io.read_u4le()
            self.audio_pause_s = self._io.read_u2le()
            if not self.audio_pause_s <= 600:
                raise kaitaistruct.ValidationGreaterThanError(600, self.audio_pause_s, self._io, u"/types/status/seq/20")
            self.refusing_s = self._io.read_u4le()
            self.pump_time_us = self._io.read_u8le()
            self.clock_s = self._io.read_u8le()
            self.boot = self._io.read_u4le()
            self.newest_event = self._io.read_u4le()
            self.least_rate_nl_h = self._io.read_u4le()
            if not self.least_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.least_rate_nl_h, self._io, u"/types/status/seq/26")
            self.most_rate_nl_h = self._io.read_u4le()
            if not self.most_rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.most_rate_nl_h, self._io, u"/types/status/seq/27")
            self.step_up_percent = self._io.read_u2le()
            self.step_down_percent = self._io.read_u1()
            if not self.step_down_percent <= 100:
                raise kaitaistruct.ValidationGreaterThanError(100, self.step_down_percent, self._io, u"/types/status/seq/29")
            self.limits_crc = self._io.read_u4le()
            self.frames_bad = self._io.read_u4le()
            self.bench_faults = self._io.read_u1()
            self.nothing_more = self._io.read_bytes(0)
            _ = self.nothing_more
            if not self._io.is_eof():
                raise kaitaistruct.ValidationExprError(self.nothing_more, self._io, u"/types/status/seq/33")


        def _fetch_instances(self):
            pass


    class Step(KaitaiStruct):
        """One step of a day's pattern."""
        def __init__(self, _io, _parent=None, _root=None):
            super(Pump.Step, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.minute = self._io.read_u2le()
            if not self.minute <= 1439:
                raise kaitaistruct.ValidationGreaterThanError(1439, self.minute, self._io, u"/types/step/seq/0")
            self.rate_nl_h = self._io.read_u4le()
            if not self.rate_nl_h <= 1000000:
                raise kaitaistruct.ValidationGreaterThanError(1000000, self.rate_nl_h, self._io, u"/types/step/seq/1")


        def _fetch_instances(self):
            pass



