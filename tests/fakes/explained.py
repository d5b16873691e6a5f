"""A room whose letters are explained: rows read back from its file, live facts asked as the owner is asked."""

import msgspec
from fakes.queue_room import QueueRoom
from youtong.admin import waits
from youtong.admin.config import Config, Server
from youtong.admin.explain import gathering
from youtong.admin.explain.explanation import Explanation
from youtong.admin.explain.facts import Surroundings
from youtong.admin.explain.reasons import explain
from youtong.admin.waits import Waits
from youtong.queue.reading import RecipientRow


class SeenDispatcher:
    """What admin.waits and admin.owner_control look at of a Dispatcher."""

    def __init__(self, room: QueueRoom, *, delivers: bool = True) -> None:
        self.sites, self.leasing, self.loader, self.commits = room.sites, room.leasing, room.loader, room.commits
        self.streams = room.streams
        self.delivers = delivers
        self._fleet = room.fleet

    def worker_pids(self) -> dict[int, int]:
        return {slot: 4000 + slot for slot in self._fleet.living}


def config_of(room: QueueRoom) -> Config:
    return Config(server=Server(hostname="mail.example.org", data_dir=room.folder))


def seen(room: QueueRoom, rows: list[RecipientRow], *, delivers: bool = True) -> Waits:
    """The owner's answer, as it comes out of the socket."""
    (asked,) = waits.questions((row.domain for row in rows), (row.lease for row in rows if row.lease))
    dispatcher = SeenDispatcher(room, delivers=delivers)
    now = room.clock.monotonic()
    answer = waits.look(dispatcher, asked["domains"], asked["leases"], now)  # type: ignore[arg-type]
    return msgspec.convert(msgspec.json.decode(msgspec.json.encode(answer)), Waits)


def explained(room: QueueRoom, address: str, *, running: bool = True, delivers: bool = True) -> list[Explanation]:
    """Explanations of the letters to an address, newest first."""
    gathered = gathering.to_address(config_of(room), {7: "a@example.org"}, address, 10, room.clock)
    rows = [letter.recipient for letter in gathered.letters]
    answer = seen(room, rows, delivers=delivers) if running else None
    around = Surroundings(room.clock.now_ms(), answer)
    return [explain(letter, around) for letter in gathered.letters]
