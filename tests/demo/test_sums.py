from demo.day.sums import Journaled, add_up


def fact(seq: int, kind: str = "loan", uid: str = "", device: str = "tinh-kiosk") -> Journaled:
    return Journaled((device, "e1", seq), f"id-{device}-{seq}", kind, uid, 1000)


def row(of: Journaled, **changed) -> dict:
    device, epoch, seq = of.key
    return {
        "device": device, "epoch": epoch, "seq": seq, "id": of.id, "at_ms": 1000,
        "received_ms": 1500,
    } | changed  # fmt: skip


def test_a_day_on_which_everything_arrived_once_is_good():
    journal = [fact(1), fact(2)]
    sums = add_up(journal, [row(one) for one in journal], [])
    assert sums.good
    assert (sums.journaled, sums.in_ledger, sums.delays) == (2, 2, [0.5, 0.5])


def test_a_fact_that_did_not_arrive_is_lost():
    sums = add_up([fact(1), fact(2)], [row(fact(1))], [])
    assert sums.lost == [("tinh-kiosk", "e1", 2)]
    assert not sums.good


def test_a_fact_that_arrived_twice_is_doubled():
    again = row(fact(1), seq=2)
    sums = add_up([fact(1)], [row(fact(1)), again], [])
    assert sums.doubled == [("tinh-kiosk", "e1", 1)]
    assert not sums.good


def test_a_fact_from_nowhere_is_strange():
    sums = add_up([], [row(fact(7))], [])
    assert sums.strange == [("tinh-kiosk", "e1", 7)]
    assert not sums.good


def test_alarms_are_right_wrong_or_missed():
    journal = [
        fact(1, "gate_alarm", "AA", "tinh-gate"),
        fact(2, "gate_alarm", "BB", "tinh-gate"),
    ]
    sums = add_up(journal, [row(one) for one in journal], [("tinh", "AA"), ("xa", "CC")])
    assert sums.alarms_right == 1
    assert sums.alarms_wrong == ["tinh-gate rang for BB"]
    assert sums.alarms_missed == ["xa was silent for CC"]
