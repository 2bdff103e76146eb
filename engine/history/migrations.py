"""The numbered steps from an empty database to today's. A step that has been released is never edited."""

from __future__ import annotations

FIRST = """
CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,   -- what people type; never given twice
    id TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,                   -- RFC 3339, UTC
    command TEXT NOT NULL,                      -- ask, compare, batch, demo
    prompt TEXT NOT NULL,
    system TEXT,
    simulated INTEGER NOT NULL DEFAULT 0,
    total_s REAL                                -- NULL while it runs, and for ever when it was killed
);
CREATE INDEX runs_by_time ON runs (created_at);

CREATE TABLE results (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE,                             -- NULL until it has finished
    run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,                  -- its place in the run, from 0
    created_at TEXT NOT NULL,
    profile TEXT NOT NULL,
    provider TEXT NOT NULL,
    dialect TEXT NOT NULL,
    model TEXT NOT NULL,
    think TEXT NOT NULL,
    status TEXT NOT NULL,                       -- as in thinkdial.result/1, or 'running'
    verdict TEXT,
    answer TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    reasoning_tokens INTEGER,
    total_s REAL,
    usd TEXT,                                   -- exact decimals; NULL is unknown
    cost_source TEXT,
    listed_usd TEXT,                            -- by the price list, where the provider billed it itself
    forecast_low_usd TEXT,
    forecast_expected_usd TEXT,
    forecast_high_usd TEXT,
    forecast_source TEXT,                       -- where the expected output came from: history or reference
    document BLOB,                              -- zlib: thinkdial.result/1
    sent BLOB,                                  -- zlib: the plan and the request, credentials masked
    raw_head TEXT,                              -- JSON: status, content_type, streamed
    raw BLOB,                                   -- zlib: the response as it came; NULL while it is in chunks
    UNIQUE (run, position)
);
CREATE INDEX results_by_call ON results (provider, model, think, number);
CREATE INDEX results_by_profile ON results (profile, number);
CREATE INDEX results_by_model ON results (model, number);

CREATE TABLE chunks (                           -- raw bytes of results that have not finished
    result INTEGER NOT NULL REFERENCES results (number) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (result, sequence)
) WITHOUT ROWID;

CREATE TABLE spending (                         -- sums that outlive the runs they came from
    day TEXT NOT NULL,                          -- UTC
    profile TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    think TEXT NOT NULL,
    results INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,                  -- results that were attempted and whose cost is unknown
    usd TEXT NOT NULL,
    output_usd TEXT NOT NULL,
    reasoning_usd TEXT NOT NULL,
    reasoning_unknown INTEGER NOT NULL,         -- priced results whose reasoning part is unknown
    cache_saved_usd TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    PRIMARY KEY (day, profile, provider, model, think)
) WITHOUT ROWID;

CREATE TABLE forecast_errors (                  -- sums as well: how far forecasts were off
    day TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    think TEXT NOT NULL,
    source TEXT NOT NULL,
    results INTEGER NOT NULL,
    within INTEGER NOT NULL,                    -- actual cost between low and high
    expected_usd TEXT NOT NULL,                 -- sum of what was expected, and of what it was
    actual_usd TEXT NOT NULL,
    absolute_error_usd TEXT NOT NULL,
    PRIMARY KEY (day, provider, model, think, source)
) WITHOUT ROWID;

CREATE TABLE disagreements (                    -- the provider's bill and the price list differ by over 5 %
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at TEXT NOT NULL,
    run INTEGER,                                -- may be gone
    profile TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    billed_usd TEXT NOT NULL,
    listed_usd TEXT NOT NULL
);

CREATE TABLE reservations (                     -- money that calls under way may still need
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,                   -- a call cannot last longer, whatever became of its process
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    profile TEXT NOT NULL,
    usd TEXT NOT NULL
);
"""

SECOND = """
CREATE INDEX results_unfinished ON results (run) WHERE status = 'running';
"""
"""Calls under way, and those whose process was killed: few among many, and asked for by every sum."""

THIRD = """
CREATE TABLE booked (                           -- which results of a provider's batch are in the sums
    job TEXT NOT NULL,                          -- gone when all of the job has been collected
    work BLOB NOT NULL,
    PRIMARY KEY (job, work)
) WITHOUT ROWID;

CREATE TABLE aside (                            -- what open batches at providers are expected to cost
    job TEXT NOT NULL,
    part INTEGER NOT NULL,
    day TEXT NOT NULL,                          -- UTC, on which it will be booked
    profile TEXT NOT NULL,
    usd TEXT NOT NULL,
    PRIMARY KEY (job, part)
) WITHOUT ROWID;
"""

FOURTH = """
CREATE TABLE under_way (                        -- calls that were sent, and whose end is not known yet
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL,                          -- UTC
    profile TEXT NOT NULL,
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    model TEXT NOT NULL,
    think TEXT NOT NULL,
    usd TEXT,                                   -- what is charged should its process die; NULL is unknown
    machine TEXT NOT NULL,                      -- those of one machine see each other's process ids
    pid INTEGER NOT NULL,
    began TEXT NOT NULL,                        -- when the process did: numbers are given again
    expires_at TEXT NOT NULL,
    result INTEGER                              -- of an earlier version, which does not end it here
);
INSERT INTO under_way (day, profile, provider, host, model, think, machine, pid, began, expires_at, result)
    SELECT substr(created_at, 1, 10), profile, provider, '', model, think, '', 0, '',
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+1 day'), number FROM results WHERE status = 'running'
    AND (SELECT simulated FROM runs WHERE runs.number = results.run) = 0;

ALTER TABLE results ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN simulated INTEGER NOT NULL DEFAULT 0;
UPDATE results SET host = host_of_sent(sent) WHERE sent IS NOT NULL;
UPDATE results SET simulated = 1 WHERE (SELECT simulated FROM runs WHERE runs.number = results.run) = 1;
DROP INDEX results_by_call;
CREATE INDEX results_by_call ON results (provider, host, model, think, number);

CREATE TABLE spending_by_host (
    day TEXT NOT NULL,
    profile TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    think TEXT NOT NULL,
    host TEXT NOT NULL DEFAULT '',              -- empty: not known, as of what was spent before it was kept
    results INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    usd TEXT NOT NULL,
    output_usd TEXT NOT NULL,
    reasoning_usd TEXT NOT NULL,
    reasoning_unknown INTEGER NOT NULL,
    cache_saved_usd TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    estimated INTEGER NOT NULL DEFAULT 0,       -- results whose process died, charged at their estimates
    estimated_usd TEXT NOT NULL DEFAULT '0',    -- the part of usd that is made of them
    PRIMARY KEY (day, profile, provider, model, think, host)
) WITHOUT ROWID;
INSERT INTO spending_by_host (day, profile, provider, model, think, results, unpriced, usd, output_usd, reasoning_usd,
    reasoning_unknown, cache_saved_usd, input_tokens, output_tokens, reasoning_tokens)
    SELECT day, profile, provider, model, think, results, unpriced, usd, output_usd, reasoning_usd,
    reasoning_unknown, cache_saved_usd, input_tokens, output_tokens, reasoning_tokens FROM spending;
DROP TABLE spending;
ALTER TABLE spending_by_host RENAME TO spending;

CREATE TABLE forecast_errors_by_host (
    day TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    think TEXT NOT NULL,
    source TEXT NOT NULL,
    host TEXT NOT NULL DEFAULT '',
    results INTEGER NOT NULL,
    within INTEGER NOT NULL,
    expected_usd TEXT NOT NULL,
    actual_usd TEXT NOT NULL,
    absolute_error_usd TEXT NOT NULL,
    PRIMARY KEY (day, provider, model, think, source, host)
) WITHOUT ROWID;
INSERT INTO forecast_errors_by_host (day, provider, model, think, source, results, within, expected_usd, actual_usd,
    absolute_error_usd) SELECT day, provider, model, think, source, results, within, expected_usd, actual_usd,
    absolute_error_usd FROM forecast_errors;
DROP TABLE forecast_errors;
ALTER TABLE forecast_errors_by_host RENAME TO forecast_errors;
"""
"""Money by host as well, because one provider's models are served by many; and calls that may never end."""

FIFTH = """
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    tree INTEGER NOT NULL,                      -- the number of the session that began it; forks share it
    created_at TEXT NOT NULL,
    used_at TEXT NOT NULL,
    tip INTEGER,                                -- the turn after which it goes on; NULL before the first
    settings BLOB NOT NULL,                     -- zlib: JSON
    compared INTEGER,                           -- the run of its latest comparison, which may be gone
    writer_host TEXT,                           -- who is adding a turn
    writer_pid INTEGER,
    writer_since TEXT
);

CREATE TABLE turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tree INTEGER NOT NULL,
    session INTEGER NOT NULL,                   -- whose turn it was when it was begun; may be gone
    parent INTEGER REFERENCES turns (number),
    kind TEXT NOT NULL,                         -- turn, compaction
    created_at TEXT NOT NULL,
    result INTEGER REFERENCES results (number), -- NULL for what was imported; holds the result's run
    asked BLOB NOT NULL,                        -- zlib: the user's side
    document BLOB                               -- zlib: the answer's pieces and origin; NULL until it has ended
);
CREATE INDEX turns_by_tree ON turns (tree, number);
CREATE INDEX turns_by_result ON turns (result);
CREATE INDEX turns_by_parent ON turns (parent);

CREATE TABLE secrets (                          -- what labels are keyed with; never a credential
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
"""
"""Conversations: trees of turns."""

SIXTH = """
ALTER TABLE forecast_errors ADD COLUMN ranged INTEGER NOT NULL DEFAULT 0;   -- results that had a range of output tokens
ALTER TABLE forecast_errors ADD COLUMN covered INTEGER NOT NULL DEFAULT 0;  -- of them: the output lay in it
ALTER TABLE forecast_errors ADD COLUMN above INTEGER NOT NULL DEFAULT 0;    -- of them: the output was above the median
"""
"""How good the likely range of output tokens was; what was counted before had none."""

SEVENTH = """
CREATE TABLE files (                            -- what was attached to prompts, each once
    sha256 TEXT PRIMARY KEY,
    media_type TEXT,
    bytes INTEGER,
    data BLOB,                                  -- NULL when it was kept long enough
    used_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE run_files (
    run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    sha256 TEXT,                                -- NULL for an address that the provider fetched itself
    kind TEXT NOT NULL,
    name TEXT,
    origin TEXT,                                -- a path, or an address without its query
    PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE INDEX run_files_by_hash ON run_files (sha256);
ALTER TABLE runs ADD COLUMN asked BLOB;          -- zlib: the parts of the prompt, where files are among them
"""
"""Files that went along with prompts."""

EIGHTH = """
ALTER TABLE results ADD COLUMN lost_attempts INTEGER NOT NULL DEFAULT 0;    -- nobody says whether they were billed
"""
"""Attempts that a result's cost does not include; what was kept before tells of them in its document alone."""

NINTH = """
CREATE TABLE uploads (                          -- files that providers keep for us
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL,
    account TEXT,                               -- a keyed hash; NULL where no key is needed
    sha256 TEXT NOT NULL,
    provider TEXT NOT NULL,
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    uploaded_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    profile TEXT NOT NULL                       -- whose key it was uploaded with
);
CREATE INDEX uploads_by_file ON uploads (sha256, host);
"""
"""Files that were uploaded to providers."""

TENTH = """
ALTER TABLE runs ADD COLUMN prompt_rest BLOB;    -- zlib: what follows of a long prompt; NULL where there is no more
ALTER TABLE runs ADD COLUMN prompt_more INTEGER NOT NULL DEFAULT 0;    -- how many characters those are
"""
"""Long prompts, of which `prompt` has the beginning alone."""

MIGRATIONS: tuple[str, ...] = (FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, EIGHTH, NINTH, TENTH)
"""Applied in order; `PRAGMA user_version` counts those that have been."""
