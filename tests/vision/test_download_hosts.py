"""A host's breaker, its pace and its pauses, by a clock of our own."""

import pytest
from image_server import quick_rules

from podium.vision.downloading.failures import Blame, FailedTry
from podium.vision.downloading.hosts import Host, Job
from podium.vision.downloading.links import parse_link

REFUSED = FailedTry("refused", Blame.HOST)
SILENT = FailedTry("nothing", Blame.SILENCE)


def busy(seconds=None):
    return FailedTry("HTTP 429", retry_after=seconds, slow_down=True)


def job(number):
    return Job(number, parse_link(f"http://h/{number}"))


def host(jobs=100, **rules):
    made = Host("http://h", quick_rules(**{"per_host": 8, **rules}))
    for number in range(jobs):
        made.add(job(number))
    return made


def most_at_once(made, now=0.0):
    taken = 0
    while made.next_time(now) == now and made.take(now):
        made.active += 1
        taken += 1
    made.active -= taken
    return taken


def test_a_host_is_asked_once_until_it_has_answered():
    made = host()
    assert most_at_once(made) == 1
    made.answered()
    assert most_at_once(made) == 8


def test_a_host_that_never_answers_is_given_up_after_some_connections():
    made = host(unreachable_tries=3)
    for _ in range(2):
        made.failed(REFUSED, 0.0)
        assert made.dead is None
    made.failed(REFUSED, 0.0)
    assert made.dead == "host cannot be reached (refused)"


def test_a_dead_host_hands_out_all_its_jobs_at_once():
    made = host(3, unreachable_tries=1)
    made.add(job(9), due=1e9)
    made.failed(REFUSED, 0.0)
    assert most_at_once(made) == 4
    assert made.next_time(0.0) is None


def test_an_answer_in_between_begins_the_count_anew():
    made = host(unreachable_tries=2)
    for _ in range(5):
        made.failed(REFUSED, 0.0)
        made.answered()
    assert made.dead is None


def test_a_host_that_had_answered_may_be_away_for_a_while():
    made = host(unreachable_tries=2, outage_seconds=60)
    made.answered()
    for now in range(0, 60, 10):
        made.failed(REFUSED, float(now))
        assert made.dead is None
        assert most_at_once(made, now=now + 100.0) == 1  # it is only probed
    made.failed(REFUSED, 60.0)
    assert made.dead


def test_accepting_connections_in_silence_counts_separately():
    made = host(silent_tries=4, unreachable_tries=2)
    for _ in range(3):
        made.failed(SILENT, 0.0)
    assert made.dead is None
    made.failed(SILENT, 0.0)
    assert made.dead == "host does not answer (nothing)"


def test_failures_of_links_say_nothing_about_the_host():
    made = host(silent_tries=1, unreachable_tries=1)
    made.answered()
    for _ in range(20):
        made.failed(FailedTry("HTTP 404", Blame.LINK), 1000.0)
        made.failed(FailedTry("HTTP 500"), 1000.0)
    assert made.dead is None
    assert most_at_once(made) == 8


@pytest.mark.parametrize(("asked", "waited"), [(5.0, 5.0), (1e9, 60.0), (None, 0.0)])
def test_retry_after_pauses_the_host_up_to_the_cap(asked, waited):
    made = host(longest_retry_after_seconds=60)
    made.answered()
    made.failed(busy(asked), 100.0)
    assert made.next_time(100.0) == 100.0 + waited


def test_a_host_that_is_asked_too_much_gets_half_and_slowly_more():
    made = host(per_host=8)
    made.answered()
    for _ in range(5):  # all of them were under way together
        made.failed(busy(5.0), 100.0)
    assert most_at_once(made, 105.0) == 4
    made.failed(busy(5.0), 105.0)
    assert most_at_once(made, 110.0) == 2
    for _ in range(20):
        made.succeeded()
    assert most_at_once(made, 110.0) == 8


def test_a_job_for_later_waits_while_others_go_on():
    made = host(0)
    made.answered()
    made.add(job(1), due=50.0)
    assert made.next_time(10.0) == 50.0
    assert made.take(10.0) is None
    made.add(job(2))
    assert made.take(10.0).number == 2
    assert made.take(50.0).number == 1


def test_a_failed_connection_pauses_the_host(monkeypatch):
    monkeypatch.setattr("podium.vision.downloading.hosts.backoff", lambda *_: 3.0)
    made = host()
    made.failed(REFUSED, 100.0)
    assert made.next_time(100.0) == 103.0
