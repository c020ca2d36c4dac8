meta:
  id: pump
  title: Protocol of an emulated drug pump, version 1
  license: MIT
  ks-version: '0.11'
  encoding: ASCII
  endian: le
doc: |
  A frame of the pump's protocol after COBS was undone: what stands between two delimiters 00 on the wire, decoded.
  COBS adds one byte to a frame and takes the zeros out; docs/protocol.md has the decoder in ten lines of Python.

  What this description can't say is left to its user: the CRC-32 (of zlib, over all that stands before it), the tag
  (HMAC-SHA256, cut to 16 bytes), and that text is printable ASCII. Ranges are here: what is outside is refused.
  Made from the code by docs/ksy.py.
seq:
- id: version
  type: u1
  valid: 1
- id: type
  type: u1
  enum: message
  doc: bit 7 is set on what the pump sends
- id: session
  type: u4
  doc: 0 in Hello and Challenge
- id: counter
  type: u4
  doc: 0 in the handshake; then from 1, for each direction
- id: ack
  type: u4
  doc: highest counter accepted from the peer
- id: len_payload
  type: u1
  valid:
    max: 200
- id: payload
  size: len_payload
  type:
    switch-on: type
    cases:
      message::hello: hello
      message::challenge: challenge
      message::confirm: confirm
      message::identify: identify
      message::identity: identity
      message::poll: poll
      message::status: status
      message::get_limits: get_limits
      message::limits: limits
      message::get_events: get_events
      message::events: events
      message::get_program: get_program
      message::program: program
      message::get_statistics: get_statistics
      message::statistics: statistics
      message::get_bench: get_bench
      message::bench: bench
      message::prepare: prepare
      message::prepared: prepared
      message::commit: commit
      message::resolve: resolve
      message::outcome: outcome
      message::acknowledge: acknowledge
      message::audio_pause: audio_pause
      message::rejected: rejected
- id: tag
  size: 16
- id: crc32
  type: u4
  doc: over all that stands before it
- id: nothing_more
  size: 0
  valid:
    expr: _io.eof
types:
  hello:
    doc: The host names its key and offers a nonce.
    seq:
    - id: key_id
      size: 4
      doc: which key of the pump's table the host holds
    - id: host_nonce
      size: 16
      doc: fresh random bytes
    - id: minor_version
      type: u1
      doc: the host's minor version of the protocol; the pump answers whatever it is
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  challenge:
    doc: The pump names itself and offers a session and a nonce.
    seq:
    - id: device_id
      size: 8
      doc: the serial number, padded with zero bytes
    - id: store_id
      size: 8
      doc: changes when the pump's memory was replaced
    - id: boot
      type: u4
      doc: starts of the pump so far
    - id: session
      type: u4
      valid:
        min: 1
      doc: the session to confirm
    - id: device_nonce
      size: 16
      doc: fresh random bytes
    - id: minor_version
      type: u1
      doc: the pump's minor version of the protocol
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  confirm:
    doc: The host proves that it answers this very challenge. The pump's answer is a Status, the first sealed frame.
    seq:
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  identify:
    doc: Ask who is there.
    seq:
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  identity:
    doc: Who is there.
    seq:
    - id: len_serial_number
      type: u1
      valid:
        max: 8
    - id: serial_number
      type: str
      size: len_serial_number
      doc: 'serial number: capitals, digits and hyphens'
    - id: len_model
      type: u1
      valid:
        max: 24
    - id: model
      type: str
      size: len_model
      doc: model name
    - id: len_firmware
      type: u1
      valid:
        max: 16
    - id: firmware
      type: str
      size: len_firmware
      doc: firmware version
    - id: minor_version
      type: u1
      doc: minor version of the protocol
    - id: store_id
      size: 8
      doc: changes when the pump's memory was replaced
    - id: boot
      type: u4
      doc: starts of the pump so far
    - id: changes
      type: u4
      doc: 'the kinds of change that it offers: bit n for the ChangeKind n'
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  poll:
    doc: Ask for a reading.
    seq:
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  status:
    doc: 'One reading: all that the first screen of a host needs, sampled in the step that latched the header''s
      ack.'
    seq:
    - id: state
      type: u1
      enum: state
      valid:
        in-enum: true
      doc: what the motor does
    - id: mode
      type: u1
      enum: mode
      valid:
        in-enum: true
      doc: what stands over the program; a STOP ends it
    - id: revision
      type: u4
      doc: grows by one with each applied change
    - id: commanded_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: rate the pump was told; 0 while stopped
      -unit: nL/h
    - id: measured_rate_nl_h
      type: u4
      doc: rate the motor turns at
      -unit: nL/h
    - id: programmed_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: rate of the program now
      -unit: nL/h
    - id: mode_left_s
      type: u4
      doc: until the mode ends by itself; 4294967295 where it does not
      -unit: s
    - id: concentration_ug_ml
      type: u2
      doc: of the drug in the reservoir; 0 where it is not known
      -unit: ug/mL
    - id: reservoir_nl
      type: u4
      doc: 'expected volume: fill less what was delivered'
      -unit: nL
    - id: sensed_nl
      type: u4
      doc: volume by the level sensor
      -unit: nL
    - id: sensed_band_nl
      type: u4
      doc: the sensor is right within this, either way
      -unit: nL
    - id: capacity_nl
      type: u4
      doc: volume of a full reservoir
      -unit: nL
    - id: low_reservoir_nl
      type: u4
      doc: low-reservoir alarm at or under this
      -unit: nL
    - id: residual_nl
      type: u4
      doc: 'volume that cannot be delivered: empty at this'
      -unit: nL
    - id: delivered_nl
      type: u8
      doc: delivered since the last fill
      -unit: nL
    - id: battery_percent
      type: u1
      valid:
        max: 100
      doc: charge left, rounded down
      -unit: '%'
    - id: battery_mv
      type: u2
      doc: cell voltage
      -unit: mV
    - id: service_days
      type: u2
      doc: days to end of service at the present rate, rounded down
      -unit: d
    - id: alarms
      type: u4
      doc: active alarms, a bit each
    - id: acknowledged
      type: u4
      doc: those of them that somebody acknowledged
    - id: audio_pause_s
      type: u2
      valid:
        max: 600
      doc: until the alarm sound returns; 0 where it is on
      -unit: s
    - id: refusing_s
      type: u4
      doc: until changes are taken again, STOP and MINIMUM_RATE apart; 0 where they are
      -unit: s
    - id: pump_time_us
      type: u8
      doc: pump time of this sample
      -unit: us
    - id: clock_s
      type: u8
      doc: 'the pump''s calendar clock: seconds since 1970 UTC'
      -unit: s
    - id: boot
      type: u4
      doc: starts of the pump so far
    - id: newest_event
      type: u4
      doc: number of the newest entry of the event log; 0 if there is none
    - id: least_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: hard limit below
      -unit: nL/h
    - id: most_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: hard limit above
      -unit: nL/h
    - id: step_up_percent
      type: u2
      doc: hard limit of an increase; 0 for none
      -unit: '%'
    - id: step_down_percent
      type: u1
      valid:
        max: 100
      doc: hard limit of a decrease; 0 for none
      -unit: '%'
    - id: limits_crc
      type: u4
      doc: 'CRC-32 of the payload of Limits: another one means that the pump''s limits are others'
    - id: frames_bad
      type: u4
      doc: 'frames dropped on this port since its host opened it: damaged, or not from a peer with a key'
    - id: bench_faults
      type: u1
      doc: faults that are injected on purpose now, 255 for more too; 0 in a pump that is no bench
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  get_limits:
    doc: Ask for the limits that the pump enforces.
    seq:
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  limits:
    doc: 'What the pump enforces. No message changes them: they are the pump''s local configuration.'
    seq:
    - id: least_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: hard limit below
      -unit: nL/h
    - id: most_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: hard limit above
      -unit: nL/h
    - id: minimum_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: rate of the mode MINIMUM_RATE
      -unit: nL/h
    - id: step_up_percent
      type: u2
      doc: hard limit of an increase; 0 for none
      -unit: '%'
    - id: step_down_percent
      type: u1
      valid:
        max: 100
      doc: hard limit of a decrease; 0 for none
      -unit: '%'
    - id: day_up_percent
      type: u2
      doc: hard limit of all increases within 24 h of pump time; 0 for none
      -unit: '%'
    - id: least_dose_ug_day
      type: u4
      doc: hard limit of the daily dose below; 0 for none
      -unit: ug/day
    - id: most_dose_ug_day
      type: u4
      doc: hard limit of the daily dose above; 0 for none
      -unit: ug/day
    - id: most_bolus_nl
      type: u4
      doc: hard limit of one bolus; 0 for none
      -unit: nL
    - id: least_bolus_ug
      type: u4
      doc: hard limit of the dose of one bolus below; 0 for none
      -unit: ug
    - id: most_bolus_ug
      type: u4
      doc: hard limit of the dose of one bolus above; 0 for none
      -unit: ug
    - id: most_day_nl
      type: u4
      doc: hard limit of any 24 h, delivered and committed; 0 for none
      -unit: nL
    - id: lockout_s
      type: u4
      doc: from an applied change to the next, pump time; 0 for none
      -unit: s
    - id: refusals_allowed
      type: u1
      doc: so many changes over a limit within the window lock changes; 0 for never
    - id: refusal_window_s
      type: u4
      doc: the window, pump time
      -unit: s
    - id: lock_s
      type: u4
      doc: how long changes are locked then, pump time
      -unit: s
    - id: prepare_ttl_ms
      type: u2
      doc: how long a prepared change waits for its commit
      -unit: ms
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  get_events:
    doc: Ask for the event log or the fault log, oldest first.
    seq:
    - id: since
      type: u4
      doc: number of the first entry wanted; older ones that were overwritten are skipped
    - id: log
      type: u1
      enum: log
      valid:
        in-enum: true
      doc: which log
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  events:
    doc: A page of one of the logs.
    seq:
    - id: log
      type: u1
      enum: log
      valid:
        in-enum: true
      doc: of the request
    - id: newest
      type: u4
      doc: number of the newest entry there is; ask again until it was seen
    - id: num_events
      type: u1
      valid:
        max: 6
    - id: events
      type: event_record
      repeat: expr
      repeat-expr: num_events
      doc: the entries, oldest first
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  get_program:
    doc: Ask for the program of a weekday, and for what stands over it now.
    seq:
    - id: weekday
      type: u1
      valid:
        max: 6
      doc: 0 for Monday
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  program:
    doc: 'The program of a weekday: a simple continuous rate is one step at minute 0, the same every day.'
    seq:
    - id: mode
      type: u1
      enum: mode
      valid:
        in-enum: true
      doc: what stands over the program now
    - id: mode_rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: rate of that mode; 0 for PROGRAM
      -unit: nL/h
    - id: mode_left_s
      type: u4
      doc: until it ends by itself; 4294967295 where it does not
      -unit: s
    - id: weekday
      type: u1
      valid:
        max: 6
      doc: of the request
    - id: num_steps
      type: u1
      valid:
        max: 13
    - id: steps
      type: step
      repeat: expr
      repeat-expr: num_steps
      doc: the day's pattern; the first step is at minute 0
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  get_statistics:
    doc: Ask what the pump has counted on this port.
    seq:
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  statistics:
    doc: 'What the pump has counted on this port since its host opened it: frames by what became of them.'
    seq:
    - id: accepted
      type: u4
      doc: accepted in the present session, this request among them
    - id: bad_size
      type: u4
      doc: 'dropped: too short or too long'
    - id: bad_cobs
      type: u4
      doc: 'dropped: not COBS'
    - id: bad_crc
      type: u4
      doc: 'dropped: wrong CRC-32'
    - id: bad_version
      type: u4
      doc: 'dropped: another version'
    - id: bad_length
      type: u4
      doc: 'dropped: length of the payload does not fit'
    - id: bad_session
      type: u4
      doc: 'dropped: of another session'
    - id: bad_direction
      type: u4
      doc: 'dropped: not from the host''s side'
    - id: bad_counter
      type: u4
      doc: 'dropped: seen before'
    - id: bad_tag
      type: u4
      doc: 'dropped: wrong tag in a session'
    - id: bad_handshake
      type: u4
      doc: 'dropped: handshake frames with a wrong tag'
    - id: sessions
      type: u4
      doc: sessions opened
    - id: deaf_ms
      type: u2
      doc: handshakes are ignored for so long
      -unit: ms
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  get_bench:
    doc: Ask the bench what it does to the pump. A pump that is no bench answers UNSUPPORTED.
    seq:
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  bench:
    doc: 'What the bench does on purpose: how fast pump time goes, and which faults are injected now.'
    seq:
    - id: speed
      type: u4
      doc: of pump time, in thousandths of wall time; 0 where it stands still
    - id: faults
      type: u1
      doc: faults that are injected now, 255 for more too
    - id: len_names
      type: u1
      valid:
        max: 120
    - id: names
      type: str
      size: len_names
      doc: their names for a person, cut where they are too many
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  prepare:
    doc: Say what is wanted, and what the operator saw when deciding it. Changes nothing.
    seq:
    - id: command_id
      size: 8
      doc: 'fresh random bytes: names this change for ever'
    - id: expect_revision
      type: u4
      doc: the revision that the operator saw
    - id: expect_rate_nl_h
      type: u4
      doc: the commanded rate that the operator saw
      -unit: nL/h
    - id: overridden
      type: u1
      valid:
        max: 1
      doc: '1 where a soft limit of the host was overridden: told in the event log'
    - id: change
      type: change
      doc: what is wanted
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  prepared:
    doc: The change as the pump understood it, what limits it, and what follows. The host compares before it commits.
    seq:
    - id: command_id
      size: 8
      doc: of the Prepare
    - id: revision
      type: u4
      doc: present revision
    - id: old_rate_nl_h
      type: u4
      doc: present commanded rate
      -unit: nL/h
    - id: new_rate_nl_h
      type: u4
      doc: commanded rate right after the commit
      -unit: nL/h
    - id: least_rate_nl_h
      type: u4
      doc: least rate that the limits allow now
      -unit: nL/h
    - id: most_rate_nl_h
      type: u4
      doc: greatest rate that the limits allow now
      -unit: nL/h
    - id: old_to_low_s
      type: u4
      doc: to the low-reservoir volume as it is; 0 where it is there, 4294967295 for never
      -unit: s
    - id: new_to_low_s
      type: u4
      doc: the same after the commit
      -unit: s
    - id: old_to_empty_s
      type: u4
      doc: to the residual volume as it is
      -unit: s
    - id: new_to_empty_s
      type: u4
      doc: the same after the commit
      -unit: s
    - id: token
      size: 8
      doc: what the Commit must name
    - id: ttl_ms
      type: u2
      doc: the token is good for this long
      -unit: ms
    - id: change
      type: change
      doc: the change as it was understood
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  commit:
    doc: Apply what was prepared.
    seq:
    - id: command_id
      size: 8
      doc: of the Prepare
    - id: token
      size: 8
      doc: from Prepared
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  resolve:
    doc: Abort the change unless it was applied, and say which. The verdict is final.
    seq:
    - id: command_id
      size: 8
      doc: of the Prepare
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  outcome:
    doc: What became of a change.
    seq:
    - id: command_id
      size: 8
      doc: of the Prepare
    - id: verdict
      type: u1
      enum: verdict
      valid:
        in-enum: true
      doc: applied or not, for ever
    - id: revision
      type: u4
      doc: the revision it made; the present one where it was not applied
    - id: rate_nl_h
      type: u4
      doc: commanded rate at that revision
      -unit: nL/h
    - id: pump_time_us
      type: u8
      doc: when it was applied; now where it was not
      -unit: us
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  acknowledge:
    doc: Say that somebody has seen these alarms. Answered by a Status.
    seq:
    - id: alarms
      type: u4
      doc: a bit an alarm; those that are not active are passed over
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  audio_pause:
    doc: Silence the alarm sound for a while; alarms stay lit. Answered by a Status.
    seq:
    - id: seconds
      type: u2
      valid:
        max: 600
      doc: pump time; 0 ends a pause
      -unit: s
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  rejected:
    doc: A request was refused; nothing changed.
    seq:
    - id: request
      type: u1
      doc: type code of the request
    - id: command_id
      size: 8
      doc: of the request, zero bytes where it has none
    - id: reason
      type: u1
      enum: refusal
      doc: 'why: a Refusal'
    - id: bound
      type: u4
      doc: the bound that was crossed, in the unit of the field that crossed it
    - id: len_sentence
      type: u1
      valid:
        max: 120
    - id: sentence
      type: str
      size: len_sentence
      doc: the same for a person
    - id: nothing_more
      size: 0
      valid:
        expr: _io.eof
  change:
    doc: What is to be changed. Which fields a kind uses is told in "Kinds of change"; all others are 0.
    seq:
    - id: kind
      type: u1
      enum: change_kind
      valid:
        in-enum: true
      doc: what to change
    - id: rate_nl_h
      type: u4
      doc: rate wanted
      -unit: nL/h
    - id: volume_nl
      type: u4
      doc: of a bolus, prime, bridge or fill
      -unit: nL
    - id: duration_s
      type: u4
      doc: of a bolus or a temporary rate, pump time
      -unit: s
    - id: withdrawn_nl
      type: u4
      doc: taken out of the reservoir before it was filled
      -unit: nL
    - id: concentration_ug_ml
      type: u2
      doc: of the drug that was filled
      -unit: ug/mL
    - id: clock_s
      type: u8
      valid:
        max: 4294967295
      doc: seconds since 1970 UTC
      -unit: s
    - id: weekdays
      type: u1
      valid:
        max: 127
      doc: a bit a weekday, Monday lowest
    - id: num_steps
      type: u1
      valid:
        max: 13
    - id: steps
      type: step
      repeat: expr
      repeat-expr: num_steps
      doc: 'a day''s pattern: the first at minute 0, rising'
  step:
    doc: One step of a day's pattern.
    seq:
    - id: minute
      type: u2
      valid:
        max: 1439
      doc: of the day, by the pump's calendar clock, UTC
      -unit: min
    - id: rate_nl_h
      type: u4
      valid:
        max: 1000000
      doc: from that minute on
      -unit: nL/h
  event_record:
    doc: One entry of the event log or the fault log, each of which counts its own.
    seq:
    - id: number
      type: u4
      valid:
        min: 1
      doc: 1 for the first entry of all; never used twice
    - id: pump_time_us
      type: u8
      doc: when
      -unit: us
    - id: clock_s
      type: u8
      doc: when, by the pump's calendar clock
      -unit: s
    - id: kind
      type: u1
      enum: event_kind
      doc: 'what happened: an EventKind, or a number of a later minor version'
    - id: detail
      type: u1
      doc: 'alarm bit, refusal code, role, mode or weekdays, by kind; of a change, bit 7: a soft limit was overridden'
    - id: a
      type: u4
      doc: by kind
    - id: b
      type: u4
      doc: by kind
enums:
  message:
    1: hello
    129: challenge
    2: confirm
    16: identify
    144: identity
    17: poll
    145: status
    18: get_limits
    146: limits
    19: get_events
    147: events
    20: get_program
    148: program
    21: get_statistics
    149: statistics
    22: get_bench
    150: bench
    32: prepare
    160: prepared
    33: commit
    34: resolve
    162: outcome
    35: acknowledge
    36: audio_pause
    175: rejected
  role:
    1:
      id: viewer
      doc: reads
    2:
      id: technician
      doc: reads and changes
    3:
      id: developer
      doc: the same today; kept for what only a bench may do
  state:
    0:
      id: stopped
      doc: stopped, by a change or by an alarm, until RESUME
    1:
      id: running
      doc: delivering
    2:
      id: empty
      doc: 'at the residual volume: nothing is delivered'
    3:
      id: end_of_service
      doc: the motor is off for good
    4:
      id: stalled
      doc: the motor was told to turn and stands
  mode:
    0:
      id: program
      doc: 'the program: a rate, or a pattern by weekday'
    1:
      id: minimum_rate
      doc: the minimum rate of `Limits`, until RESUME
    2:
      id: temporary_rate
      doc: a temporary rate, for its duration
    3:
      id: bolus
      doc: a bolus, for its duration
    4:
      id: prime
      doc: 'a prime: fills the way to the catheter''s tip'
    5:
      id: bridge
      doc: 'a bridge bolus: pushes the old drug out of the catheter'
    6:
      id: patient_bolus
      doc: a bolus that the patient had by the button, until its volume is delivered
  change_kind:
    1:
      id: rate
      doc: program one rate for all days
    2:
      id: stop
      doc: stop the motor; the program is kept
    3:
      id: resume
      doc: run by the program again
    4:
      id: minimum_rate
      doc: run at the minimum rate of `Limits`
    5:
      id: temporary_rate
      doc: run at a rate for a while, then by the program
    6:
      id: bolus
      doc: deliver a volume within a duration, then run by the program
    7:
      id: flex
      doc: program a day's pattern for some weekdays
    8:
      id: refill
      doc: tell what was taken out of the reservoir and filled in
    9:
      id: prime
      doc: deliver a volume as fast as the pump does, then run by the program
    10:
      id: bridge
      doc: deliver a volume at a rate, then run by the program
    11:
      id: clock
      doc: set the calendar clock
  verdict:
    1:
      id: applied
      doc: applied, at the revision that is told
    2:
      id: not_applied
      doc: not applied; prepared no longer
  refusal:
    1:
      id: role
      doc: the key only reads; bound 0
    2:
      id: stale_revision
      doc: 'decided on another revision; bound: the present one'
    3:
      id: stale_rate
      doc: 'decided on another commanded rate; bound: the present one, nL/h'
    4:
      id: below_least
      doc: 'rate below the hard limit; bound: the limit, nL/h'
    5:
      id: above_most
      doc: 'rate above the hard limit; bound: the limit, nL/h'
    6:
      id: step_up
      doc: 'too large an increase; bound: the greatest rate in this step, nL/h'
    7:
      id: step_down
      doc: 'too large a decrease; bound: the least rate in this step, nL/h'
    8:
      id: busy
      doc: 'another change is prepared; bound: it expires in so many ms'
    9:
      id: not_prepared
      doc: no such id and token in this session, or expired; bound 0
    10:
      id: already_applied
      doc: 'a Prepare of a change that was applied; bound: the present revision'
    11:
      id: wrong_state
      doc: the pump's state forbids it; bound 0
    12:
      id: unsupported
      doc: a type that this pump does not know; bound 0
    13:
      id: malformed
      doc: a wrong size, or a field outside its range; bound 0
    14:
      id: not_stored
      doc: the change could not be stored, so it was not made; bound 0
    15:
      id: below_dose
      doc: 'daily dose below the hard limit; bound: the limit, ug/day'
    16:
      id: above_dose
      doc: 'daily dose above the hard limit; bound: the limit, ug/day'
    17:
      id: day_up
      doc: 'too large an increase within 24 h; bound: the greatest rate now, nL/h'
    18:
      id: day_volume
      doc: 'too much within 24 h, delivered and committed; bound: the limit, nL'
    19:
      id: bolus_volume
      doc: 'too large a bolus; bound: the limit, nL'
    20:
      id: too_soon
      doc: 'too soon after the last change; bound: s left'
    21:
      id: locked
      doc: 'changes are locked after too many refusals; bound: s left'
    22:
      id: not_offered
      doc: this pump does not offer this kind of change; bound 0
    23:
      id: duration
      doc: 'too short or too long; bound: the least or the greatest duration, s'
    24:
      id: volume
      doc: 'a volume that the pump can''t hold or deliver; bound: the limit, nL'
    25:
      id: void
      doc: a Prepare of a change that was resolved as not applied; bound 0
    26:
      id: drug_unknown
      doc: 'a RESUME with a drug or a concentration that the pump''s drug library does not have; bound: the concentration,
        ug/mL'
    27:
      id: bolus_dose
      doc: 'dose of one bolus outside the hard limits; bound: the limit, ug'
  press_refusal:
    1:
      id: not_offered
      doc: this pump offers no patient bolus
    2:
      id: stands
      doc: 'the motor stands: stopped, held, or at a temporary rate of 0'
    3:
      id: alarm
      doc: an alarm is active that lessens the flow
    4:
      id: minimum_rate
      doc: the minimum rate was commanded
    5:
      id: running
      doc: another patient bolus runs
    6:
      id: undisturbed
      doc: a prime or a bridge runs, which nothing may interrupt
    7:
      id: lockout
      doc: too soon after the last one that was granted
    8:
      id: daily_maximum
      doc: as many as may be had in 24 h were granted within 24 h
    9:
      id: outside_limits
      doc: volume or dose outside the limits of one bolus, or faster than the greatest rate
    10:
      id: day_volume
      doc: too much within 24 h, delivered and committed
    11:
      id: reservoir
      doc: more than the reservoir can give
  event_kind:
    1:
      id: start
      doc: the pump started
    2:
      id: alarm_raised
      doc: 'detail: bit of the alarm'
    3:
      id: alarm_cleared
      doc: 'detail: bit of the alarm'
    4:
      id: acknowledged
      doc: 'detail: bit of the alarm'
    5:
      id: rate_changed
      doc: 'a: old rate, b: new rate, nL/h'
    6:
      id: stopped
      doc: 'a: rate before, nL/h'
    7:
      id: resumed
      doc: 'b: rate after, nL/h'
    8:
      id: refused
      doc: 'detail: refusal, a: rate that was wanted, nL/h, b: bound'
    9:
      id: minimum_rate
      doc: 'a: rate before, b: rate after, nL/h'
    10:
      id: temporary_rate
      doc: 'a: rate, nL/h, b: duration, s'
    11:
      id: bolus
      doc: 'a: volume, nL, b: duration, s'
    12:
      id: flex
      doc: 'detail: weekdays, a bit each, a: volume of the day, nL'
    13:
      id: refilled
      doc: 'a: volume withdrawn, b: volume filled, nL'
    14:
      id: prime
      doc: 'a: volume, nL'
    15:
      id: bridge
      doc: 'a: volume, nL, b: rate, nL/h'
    16:
      id: clock_set
      doc: 'a: what the calendar clock said before, s'
    17:
      id: mode_ended
      doc: 'detail: the mode that ended, a: its rate, b: rate after, nL/h'
    18:
      id: session
      doc: 'sessions were opened; detail: their role, a: how many'
    19:
      id: bad_handshakes
      doc: 'a: handshake frames with a wrong tag'
    20:
      id: audio_paused
      doc: 'a: the pause, s; 0 where the sound is on again'
    21:
      id: refusals
      doc: 'refusals beyond those told one by one; detail: role, a: how many'
    22:
      id: store_failed
      doc: 'the state could not be stored; detail: error number of the system'
    23:
      id: stored_again
      doc: 'the state could be stored again; a: tries that failed'
    24:
      id: patient_bolus
      doc: 'the patient pressed; a: volume, nL, b: duration, s'
    25:
      id: patient_bolus_refused
      doc: 'the patient pressed; detail: press refusal'
  log:
    0:
      id: events
      doc: 'the event log: what the pump did, and what was asked of it'
    1:
      id: faults
      doc: 'the fault log: alarms of faults, raised and cleared, and failures to store'
