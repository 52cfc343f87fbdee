from edge.gate.beamcare import FLICKERS, ONE_SIDED, BeamCare


def interrupt(care, beam, start, dark_ms):
    care.change(beam, True, start)
    care.change(beam, False, start + dark_ms)


def test_people_who_walk_through_leave_nothing_to_find():
    care = BeamCare()
    for n in range(100):
        interrupt(care, "a", n * 1000, 300)
        interrupt(care, "b", n * 1000 + 200, 300)
    assert care.found(100_000) == set()


def test_a_beam_that_flickers_wants_cleaning_until_it_stops():
    care = BeamCare()
    for n in range(FLICKERS):
        assert care.found(n * 100) == set()
        interrupt(care, "a", n * 100, 5)
    assert care.found(3000) == {"beam_dirty"}
    assert care.found(3_000_000) == set()


def test_a_beam_that_sees_nobody_is_told_until_it_sees_somebody():
    care = BeamCare()
    for n in range(ONE_SIDED):
        interrupt(care, "b", n * 1000, 300)
    assert care.found(40_000) == {"beam_blind"}
    interrupt(care, "a", 50_000, 300)
    assert care.found(60_000) == set()
