-- queue.db, version 12: what waits, summed by provider and flow (queue/storage/waiting_sums.py).

-- provider '': no route of these recipients' domains is known yet.
CREATE TABLE waiting (
    provider  TEXT    NOT NULL,
    flow_id   INTEGER NOT NULL,
    waiting   INTEGER NOT NULL,
    PRIMARY KEY (provider, flow_id)
) WITHOUT ROWID;
INSERT INTO waiting (provider, flow_id, waiting)
SELECT ifnull(d.provider, ''), b.flow_id, sum(b.waiting)
FROM backlog AS b LEFT JOIN domain AS d ON d.id = b.domain_id GROUP BY 1, 2;
