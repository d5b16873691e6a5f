"""What a process of ours asks of the system before it serves."""

import resource

from youtong.admin.event_loop import allow_many_files


def test_a_process_may_open_as_many_files_as_the_system_lets_it() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024) - 1, hard))
    try:
        allow_many_files()
        raised, same = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert raised == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))
    assert same == hard


def test_a_higher_limit_is_left_alone() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_many_files()
    first = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_many_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == first
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
