"""The same as lost-commit-answer.toml in Python, and what a list of steps can't say: at whichever request the answer is lost.

pumpmock run examples/scenarios/lost_commit_answer.py
"""

from __future__ import annotations

from pumpmock.scenario import Script, scenario


@scenario("the answer to a Commit is lost, in Python", reservoir="18 mL", flow="0.6 mL/day")
def lost_commit_answer(stage: Script) -> None:
    """The bolus is given once, and the host learns so by asking."""
    stage.at("10 min")
    stage.fault("lose-reply", on="BOLUS")
    stage.host().change(bolus={"volume": "50 uL", "duration": "10 min"})
    stage.expect(outcome="APPLIED", resolved=1, mode="BOLUS", revision=1)
    stage.at("1 h")
    stage.expect(delivered={"min": "70.8 uL", "max": "70.9 uL"}, events={"BOLUS": 1})


@scenario("an answer is lost, whichever", reservoir="18 mL", flow="0.6 mL/day", limits="none")
def whichever_answer_is_lost(stage: Script) -> None:
    """Ten boluses; of each another answer is lost, or none. What the host believes is what the pump's ledger has."""
    given = 0
    for lost in range(10):
        stage.after("1 h")
        stage.fault("lose-reply", after=lost)
        host = stage.host().change(bolus={"volume": "10 uL", "duration": "10 min"})
        given += host.fate.name == "APPLIED"
        stage.do(clear="all")
        stage.expect(outcome="APPLIED", revision=given)
    stage.after("1 h")
    # 11 h and what the host has waited, at 25 uL/h; 10 min of each hour a bolus of 10 uL took the place of 25 / 6 uL.
    stage.expect(delivered={"min": "333 uL", "max": "334 uL"})
