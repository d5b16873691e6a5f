"""The jobs of a lane that have not started.

Owns   the sites with their lines, which sites have news, and recalls.
Knows  no socket; who serves a site, and when, is the lane's.
Invariant  a job is in `_jobs` exactly while it stands in a line and was not recalled.
"""

from ..smtp.client_transaction import Transaction
from .connection_owner import JobTransaction
from .job import Job
from .site import Site


class Waiting:
    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self._jobs: dict[int, JobTransaction] = {}
        self._fresh: dict[str, Site] = {}  # sites with news, to be served in the next turn

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, job: Job) -> None:
        """At the end of its site's line; urgent ones before all others."""
        assert job.recipients, "a job without recipients"
        assert job.token not in self._jobs, "a token twice"
        transaction: JobTransaction = Transaction(job)
        self._jobs[job.token] = transaction
        site = self._site_of(job)
        site.hosts = job.hosts
        site.add(transaction)
        self._fresh[site.name] = site

    def put_back(self, transaction: JobTransaction) -> None:
        """It was taken and not written: first in line again."""
        self._return(transaction).put_back(transaction)

    def put_to_retries(self, transaction: JobTransaction) -> None:
        """For a fresh connection only."""
        transaction.begin_anew()
        transaction.retried = True
        self._return(transaction).retries.append(transaction)

    def recall(self, token: int) -> bool:
        """False: it has started, or is unknown."""
        transaction = self._jobs.pop(token, None)
        if transaction is None:
            return False
        transaction.recalled = True
        return True

    def take(self, site: Site, *, fresh: bool) -> JobTransaction | None:
        transaction = site.pop(fresh=fresh)
        if transaction is not None:
            del self._jobs[transaction.request.token]
        return transaction

    def drain(self, site: Site) -> list[JobTransaction]:
        """All jobs of the site; none waits any more."""
        everything = site.drain()
        for transaction in everything:
            del self._jobs[transaction.request.token]
        return everything

    def touch(self, site: Site) -> None:
        """Something about the site has changed: it shall be served in the next turn."""
        self._fresh[site.name] = site

    def take_fresh(self) -> dict[str, Site]:
        fresh, self._fresh = self._fresh, {}
        return fresh

    def tidy(self, site: Site) -> bool:
        """Forget a site that has nothing left. True when it is forgotten."""
        if site.is_empty and self.sites.get(site.name) is site:
            del self.sites[site.name]
            return True
        return False

    def _return(self, transaction: JobTransaction) -> Site:
        job = transaction.request
        self._jobs[job.token] = transaction
        site = self._site_of(job)
        self._fresh[site.name] = site
        return site

    def _site_of(self, job: Job) -> Site:
        site = self.sites.get(job.site)
        if site is None:
            site = self.sites[job.site] = Site(job.site, job.hosts)
        return site
