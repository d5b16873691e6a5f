"""Recipients by address: the question to the index of address hashes.

Owns   the SQL that asks the index run by run. Migration 0008 says why it is cut into runs of 2^15 recipients.
Knows  nothing of who asks. A question costs two look-ups for each run that has rows: 10,000,000 rows are 306 runs.
"""

RUN_BITS = 15

_FIRST = f"SELECT min(id) >> {RUN_BITS} FROM recipient"
_NEXT = f"SELECT min(id) >> {RUN_BITS} FROM recipient WHERE id >= (run.n + 1) << {RUN_BITS}"

WITH_ADDRESS_HASH = f"""(
    WITH RECURSIVE run(n) AS ({_FIRST} UNION ALL SELECT ({_NEXT}) FROM run WHERE run.n IS NOT NULL)
    SELECT of_run.id FROM run CROSS JOIN recipient AS of_run INDEXED BY recipient_address
    ON of_run.id >> {RUN_BITS} = run.n AND of_run.address_hash = ?
)"""
"""The ids of recipients with a hash, for `r.id IN …`; its one parameter is the hash."""
