-- Questions to a log of records (JSON, one a line), for DuckDB: `duckdb -f faults.sql` where `records.jsonl` is.
-- Run by `.ci/operations` over a million lines. Lines of another kind, as of what was tolerated, have no `fault`.

CREATE OR REPLACE VIEW faults AS
FROM read_json('records.jsonl', format = 'newline_delimited', columns = {
  fault: 'VARCHAR', class: 'VARCHAR', phase: 'VARCHAR', status: 'USMALLINT', forwarded_status: 'USMALLINT',
  applied: 'VARCHAR', retry: 'VARCHAR', retry_reason: 'VARCHAR', blame: 'VARCHAR', category: 'VARCHAR',
  elapsed_ms: 'UBIGINT', next_hop: 'VARCHAR', method: 'VARCHAR', path: 'VARCHAR',
  decision: 'VARCHAR', how: 'VARCHAR', errno: 'INTEGER', alert_name: 'VARCHAR', attempts: 'UINTEGER'
})
WHERE fault IS NOT NULL;

-- What fails most, and where.
CREATE OR REPLACE VIEW top_faults AS
SELECT next_hop, fault, class, count(*) AS times,
       round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY next_hop), 1) AS percent_of_next_hop
FROM faults GROUP BY next_hop, fault, class ORDER BY times DESC, next_hop, fault, class LIMIT 20;

-- Who is to blame.
CREATE OR REPLACE VIEW blame AS
SELECT blame, category, count(*) AS times FROM faults GROUP BY ALL ORDER BY times DESC, blame, category;

-- What clients saw: a status of the gateway's own, or how a head that had gone out was cut. `unmarked`: they could not see it.
CREATE OR REPLACE VIEW seen AS
SELECT coalesce(status, forwarded_status) AS status, decision, how, count(*) AS times
FROM faults GROUP BY ALL ORDER BY times DESC, status, how;

-- How long a fault takes: timers that are too long show here.
CREATE OR REPLACE VIEW durations AS
SELECT fault, count(*) AS times, quantile_disc(elapsed_ms, 0.5) AS median_ms, quantile_disc(elapsed_ms, 0.99) AS p99_ms
FROM faults WHERE elapsed_ms IS NOT NULL GROUP BY fault ORDER BY p99_ms DESC, fault;

-- Requests that may have been carried out though their client was told that they failed, and that nobody may send again
-- without asking (RFC 9110 section 9.2.2).
CREATE OR REPLACE VIEW in_doubt AS
SELECT method, path, next_hop, count(*) AS times
FROM faults
WHERE applied <> 'no' AND decision = 'respond' AND method NOT IN ('GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE')
GROUP BY ALL ORDER BY times DESC, path, next_hop LIMIT 20;

-- Where the last of several tries failed too.
CREATE OR REPLACE VIEW tried_again AS
SELECT next_hop, fault, attempts, count(*) AS times
FROM faults WHERE attempts > 1 GROUP BY ALL ORDER BY times DESC, next_hop, fault LIMIT 20;
