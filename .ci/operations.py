"""operations.py DIR: asks docs/operations/*.sql of a million records, made of those in DIR/tour.jsonl, and of
DIR/explained.jsonl, and compares the answers with counts of its own."""
import collections
import json
import os
import random
import sys
import time

import duckdb

LINES = 1_000_000
HOPS = [f"10.0.0.{n}:8080" for n in range(40)]


def main(work):
    here = os.path.dirname(os.path.abspath(__file__))
    sql = {name: open(f"{here}/../docs/operations/{name}.sql").read() for name in ("faults", "explained")}
    os.chdir(work)
    records = [json.loads(line) for line in open("tour.jsonl")]
    tolerated = [record for record in records if record["fault"] is None]
    records = [record for record in records if record["fault"] is not None]
    assert len(records) > 100 and tolerated, (len(records), len(tolerated))
    rng = random.Random(1)
    # Some faults often, most of them seldom, as in life.
    weights = [1 / (1 + n) for n in range(len(records))]
    tops, blames, seen, doubts, tries = (collections.Counter() for _ in range(5))
    with open("records.jsonl", "w") as out:
        for record in rng.choices(records, weights, k=LINES):
            hop, method = rng.choice(HOPS), rng.choice(["GET", "POST"])
            out.write(json.dumps({**record, "next_hop": hop, "method": method}) + "\n")
            tops[hop, record["fault"], record["class"]] += 1
            blames[record["blame"], record["category"]] += 1
            if method == "POST" and record["applied"] != "no" and record["decision"] == "respond":
                doubts[method, record["path"], hop] += 1
            if record.get("attempts", 1) > 1:
                tries[hop, record["fault"], record["attempts"]] += 1
            seen[record["status"] or record["forwarded_status"], record["decision"], record["how"]] += 1
        for record in tolerated:  # which is no fault
            out.write(json.dumps(record) + "\n")
    start = time.monotonic()
    db = duckdb.connect()
    db.execute(sql["faults"])
    top = db.execute("FROM top_faults").fetchall()
    rows = db.execute("FROM blame").fetchall()
    shown = db.execute("FROM seen").fetchall()
    doubted = db.execute("FROM in_doubt").fetchall()
    tried = db.execute("FROM tried_again").fetchall()
    assert db.execute("FROM durations").fetchall()
    took = time.monotonic() - start
    assert [row[3] for row in top] == [times for _, times in tops.most_common(20)], top
    assert all(tops[row[:3]] == row[3] for row in top), top
    assert {row[:2]: row[2] for row in rows} == dict(blames), rows
    assert {row[:3]: row[3] for row in shown} == dict(seen), shown
    assert [row[3] for row in doubted] == [times for _, times in doubts.most_common(20)], doubted
    assert [row[3] for row in tried] == [times for _, times in tries.most_common(20)], tried
    for row in top[:3]:
        print(*row)
    print(f"{LINES} records, 6 questions: {took:.1f} s")

    lines = [json.loads(line) for line in open("explained.jsonl")]
    lines = [line for line in lines if line["may_be"]]
    counts = collections.Counter((line["upstream"], " or ".join(line["may_be"])) for line in lines)
    db.execute(sql["explained"])
    top = db.execute("FROM top_faults").fetchall()
    assert top and all(counts[row[1:3]] >= row[3] for row in top), top
    print(f"{len(lines)} failures that explain read, {len(counts)} of their kind and place")


main(sys.argv[1])
