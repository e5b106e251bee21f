-- Questions to what `explain --json --each` makes of the logs of nginx, HAProxy, Envoy and the others, for DuckDB:
-- `explain --json --each access.log >explained.jsonl && duckdb -f explained.sql`. Run by `.ci/operations`.

CREATE OR REPLACE VIEW lines AS
FROM read_json('explained.jsonl', format = 'newline_delimited', columns = {
  line: 'UBIGINT', dialect: 'VARCHAR', said: 'VARCHAR', words: 'VARCHAR', may_be: 'VARCHAR[]', time: 'VARCHAR',
  method: 'VARCHAR', path: 'VARCHAR', upstream: 'VARCHAR', status: 'USMALLINT', elapsed_ms: 'UBIGINT', summary: 'VARCHAR'
})
WHERE len(may_be) > 0;

-- What fails most, and where. A word of a proxy's may stand for several faults.
CREATE OR REPLACE VIEW top_faults AS
SELECT dialect, upstream, array_to_string(may_be, ' or ') AS fault, count(*) AS times
FROM lines GROUP BY ALL ORDER BY times DESC, upstream, fault LIMIT 20;
