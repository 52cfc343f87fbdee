"""When the browser of a kiosk is ended, and when it is left alone."""

from kiosk.browser import Sight, main, pages_open, wait_for_page


def test_a_screen_that_stays_dark_loses_its_browser():
    sight = Sight(patience=30)
    assert sight.look(0, 0)
    assert sight.look(0, 29)
    assert not sight.look(0, 30)


def test_a_page_that_comes_back_in_time_is_left_alone():
    sight = Sight(patience=30)
    assert [sight.look(*seen) for seen in ((1, 0), (0, 10), (1, 20), (0, 25), (0, 50))] == [
        True
    ] * 5
    assert sight.seen


def test_a_kiosk_that_does_not_answer_is_not_the_browsers_fault():
    sight = Sight(patience=30)
    assert all(sight.look(None, now) for now in range(0, 600, 10))
    assert sight.look(0, 600)


def test_a_kiosk_that_is_not_there_has_no_pages():
    assert pages_open("http://127.0.0.1:9/") is None


def test_nobody_waits_for_a_page_after_being_told_to_stop():
    wait_for_page("http://127.0.0.1:9/", lambda: False)


def test_a_screen_without_a_browser_is_a_mistake_that_is_told(capsys):
    try:
        main([])
    except SystemExit as end:
        assert end.code == 2
    assert "which browser" in capsys.readouterr().err
