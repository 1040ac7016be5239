-- What a store keeps. One text for SQLite and PostgreSQL; `schema.rs` puts SQLite's names for two types in.
-- Times are milliseconds since 1970 (UTC). Numbers come from `counters`, not from the databases' own sequences:
-- their values become visible out of order, these never do.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('change', 0), ('article', 0), ('collection', 1), ('community', 0), ('job', 0),
    ('speaker', 0), ('file', 0), ('feed', 0), ('entry', 0);

-- Articles that are read together. Number 1 is the one that every community reads by default.
CREATE TABLE collections (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
INSERT INTO collections (id, name) VALUES (1, 'shared');

-- A removed article keeps its row and its versions, so that what was quoted from it stays explainable. `number` is what
-- people call it by in a list: counted in its collection, so that it tells nothing of others, and never given again.
-- `moved` is 1 for an article that came from an export with the time at which it was added there, where that lay in the past.
-- `silent` is 1 for one that a feed held already when it was subscribed to: it answers as any other, and is no news to anybody.
CREATE TABLE articles (
    id BIGINT PRIMARY KEY,
    collection BIGINT NOT NULL REFERENCES collections (id),
    number BIGINT NOT NULL,
    key TEXT NOT NULL,
    url TEXT,
    version BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    sketch BYTEA,
    duplicate_of BIGINT REFERENCES articles (id),
    added_at BIGINT NOT NULL,
    moved SMALLINT NOT NULL DEFAULT 0,
    silent SMALLINT NOT NULL DEFAULT 0,
    removed_at BIGINT,
    UNIQUE (collection, number),
    UNIQUE (collection, key),
    UNIQUE (collection, url)
);
CREATE INDEX articles_in_order ON articles (collection, id);
CREATE INDEX articles_by_hash ON articles (collection, hash);

-- Written once, never changed.
CREATE TABLE versions (
    article BIGINT NOT NULL REFERENCES articles (id),
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    text BYTEA NOT NULL,
    shape BYTEA NOT NULL,
    meta TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (article, number)
);

-- Under which numbers an article's near-duplicates are found; see near.rs.
CREATE TABLE bands (
    collection BIGINT NOT NULL,
    band BIGINT NOT NULL,
    article BIGINT NOT NULL REFERENCES articles (id),
    PRIMARY KEY (collection, band, article)
);
CREATE INDEX bands_of_article ON bands (article);

-- The log that search indexes follow. Kinds: 0 added, 1 changed, 2 removed.
CREATE TABLE changes (
    seq BIGINT PRIMARY KEY,
    kind SMALLINT NOT NULL,
    article BIGINT NOT NULL REFERENCES articles (id),
    collection BIGINT NOT NULL
);

-- The folders, files and patterns that an installation keeps a collection in step with. `owner` names the installation: what
-- one machine mirrors, no other may take out.
CREATE TABLE watches (
    owner TEXT NOT NULL,
    collection BIGINT NOT NULL REFERENCES collections (id),
    path TEXT NOT NULL,
    PRIMARY KEY (owner, collection, path)
);

-- The files that were read, and what each was then. `imported` is 1 for one that was read once at somebody's wish and holds its
-- articles for good, 0 for one that is mirrored. `modified` is in nanoseconds. `problems` says what of it could not be read.
CREATE TABLE source_files (
    id BIGINT PRIMARY KEY,
    owner TEXT NOT NULL,
    collection BIGINT NOT NULL REFERENCES collections (id),
    imported SMALLINT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    device BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    reader TEXT NOT NULL,
    problems TEXT,
    UNIQUE (owner, collection, imported, path)
);

-- The articles that a file holds. `hash` is that of the version that the file gave.
CREATE TABLE source_articles (
    file BIGINT NOT NULL REFERENCES source_files (id),
    entry TEXT NOT NULL,
    article BIGINT NOT NULL REFERENCES articles (id),
    hash BYTEA NOT NULL,
    PRIMARY KEY (file, entry)
);
CREATE INDEX source_articles_by_article ON source_articles (article);

-- A Discord server, a Matrix room or space, the console.
CREATE TABLE communities (
    id BIGINT PRIMARY KEY,
    network TEXT NOT NULL,
    name TEXT NOT NULL,
    collection BIGINT NOT NULL REFERENCES collections (id),
    UNIQUE (network, name)
);

-- `channel` is empty for what holds in the whole community.
CREATE TABLE settings (
    community BIGINT NOT NULL REFERENCES communities (id),
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (community, channel, name)
);

-- Everything that is posted unasked. States: 0 open, 1 sent, 2 given up. `community` is that of a digest's channel, `digest`
-- what was given with it, as JSON (outbox/given.rs).
CREATE TABLE outbox (
    id BIGINT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    network TEXT NOT NULL,
    destination TEXT NOT NULL,
    payload TEXT NOT NULL,
    state SMALLINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    last_error TEXT,
    network_id TEXT,
    queued_at BIGINT NOT NULL,
    sent_at BIGINT,
    community BIGINT REFERENCES communities (id),
    digest TEXT,
    first_tried_at BIGINT
);
CREATE INDEX outbox_open ON outbox (network, destination, due_at, id) WHERE state = 0;
CREATE INDEX outbox_to_forget ON outbox (sent_at) WHERE state = 1 AND payload <> 'null';
CREATE INDEX outbox_to_forget_given_up ON outbox (next_at) WHERE state = 2 AND payload <> 'null';
CREATE INDEX outbox_of_destination ON outbox (network, destination, id);
CREATE INDEX outbox_next ON outbox (next_at) WHERE state = 0;

-- Answers whose pages can still be turned: what they are made of, not the words. `place` is where the answer stands.
CREATE TABLE answers (
    key TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    pages TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX answers_by_place ON answers (place, made_at);
CREATE INDEX answers_by_age ON answers (made_at);

-- Answers that were promised to somebody and not given yet. `owner` is whoever promised, the same after a restart.
CREATE TABLE promises (
    token TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    application TEXT NOT NULL,
    until_at BIGINT NOT NULL
);

-- Answers that did not help. The question only as a hash, and never who asked; `rank` counts from 1.
CREATE TABLE unhelpful (
    answer TEXT NOT NULL,
    question BYTEA NOT NULL,
    rank BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (answer, rank)
);

-- What was found in a version, packed (quotations.rs), and the number of the rules that found it. Derived: may be lost.
CREATE TABLE quotations (
    article BIGINT NOT NULL,
    version BIGINT NOT NULL,
    rules BIGINT NOT NULL,
    found BYTEA NOT NULL,
    PRIMARY KEY (article, version),
    FOREIGN KEY (article, version) REFERENCES versions (article, number)
);

-- The people who are quoted in a collection. `joined` is the speaker that this one was joined to; that one is joined to none.
CREATE TABLE speakers (
    id BIGINT PRIMARY KEY,
    collection BIGINT NOT NULL REFERENCES collections (id),
    name TEXT NOT NULL,
    joined BIGINT REFERENCES speakers (id)
);
CREATE INDEX speakers_joined ON speakers (joined);

-- Their names. A name is one speaker's.
CREATE TABLE speaker_names (
    collection BIGINT NOT NULL REFERENCES collections (id),
    name TEXT NOT NULL,
    speaker BIGINT NOT NULL REFERENCES speakers (id),
    PRIMARY KEY (collection, name)
);
CREATE INDEX speaker_names_of ON speaker_names (speaker);

-- When a channel is given its digest. `weekdays` are bits, Monday the lowest; `settled` is the last day that was posted or
-- passed over, `posted` the last one that was posted, both as 2026-11-23. The articles that count are those after
-- `covered_to`, the highest number that the digest before could choose from, and that was at `covered_at`.
-- `turn` grows with every lease and every change, so that whoever held the row before is known to be late.
-- `failures` is how often the digest that is due could not be made, `trouble` why one could not.
CREATE TABLE schedules (
    community BIGINT NOT NULL REFERENCES communities (id),
    channel TEXT NOT NULL,
    time TEXT NOT NULL,
    zone TEXT NOT NULL,
    weekdays BIGINT NOT NULL,
    size BIGINT NOT NULL,
    late_limit BIGINT NOT NULL,
    tells_nothing_new BIGINT NOT NULL,
    settled TEXT,
    posted TEXT,
    covered_to BIGINT NOT NULL,
    covered_at BIGINT NOT NULL,
    next_at BIGINT,
    paused TEXT,
    turn BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    failures BIGINT NOT NULL DEFAULT 0,
    trouble TEXT,
    PRIMARY KEY (community, channel)
);
CREATE INDEX schedules_next ON schedules (next_at) WHERE paused IS NULL;

-- Articles that a channel was given: it is never given one twice.
CREATE TABLE had (
    community BIGINT NOT NULL REFERENCES communities (id),
    channel TEXT NOT NULL,
    article BIGINT NOT NULL REFERENCES articles (id),
    PRIMARY KEY (community, channel, article)
);

-- The feeds that a collection is subscribed to. `number` is what people call one by: counted in its collection. `url` is where it is
-- fetched from, `given` where it was when it was subscribed to, `community` and `channel` by whom and where that was: there
-- trouble is told of. States: 0 active, 1 paused, 2 ended; `reason` says why, and of a paused one that the community is gone for which
-- alone it is looked at: one that somebody paused has none. `begun` is 1 once it was read for the
-- first time. `filters` and `rhythm` are JSON: what is left out, and when entries came. `told` is 1 while it has been told that
-- the feed fails or ended. `turn` is as in schedules. `left_out` counts entries that gave no article, `why_left_out` is of the last.
CREATE TABLE feeds (
    id BIGINT PRIMARY KEY,
    collection BIGINT NOT NULL REFERENCES collections (id),
    number BIGINT NOT NULL,
    url TEXT NOT NULL,
    given TEXT NOT NULL,
    host TEXT NOT NULL,
    title TEXT NOT NULL,
    site TEXT,
    filters TEXT NOT NULL,
    community BIGINT REFERENCES communities (id),
    channel TEXT,
    added_at BIGINT NOT NULL,
    state SMALLINT NOT NULL DEFAULT 0,
    reason TEXT,
    begun SMALLINT NOT NULL DEFAULT 0,
    etag TEXT,
    last_modified TEXT,
    rhythm TEXT NOT NULL,
    looked_at BIGINT,
    read_at BIGINT,
    next_at BIGINT NOT NULL,
    failures BIGINT NOT NULL DEFAULT 0,
    failing_since BIGINT,
    trouble TEXT,
    told SMALLINT NOT NULL DEFAULT 0,
    told_at BIGINT,
    stored BIGINT NOT NULL DEFAULT 0,
    left_out BIGINT NOT NULL DEFAULT 0,
    why_left_out TEXT,
    turn BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT,
    UNIQUE (collection, number),
    UNIQUE (collection, url)
);
CREATE INDEX feeds_next ON feeds (next_at) WHERE state = 0;
CREATE INDEX feeds_leased ON feeds (lease_until, host) WHERE lease_until IS NOT NULL;

-- By what the entries of a feed are known that were seen in it; `seen_at` is when it last held them, to the day.
CREATE TABLE feed_identities (
    feed BIGINT NOT NULL REFERENCES feeds (id),
    identity TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (feed, identity)
);

-- Entries whose pages are still to be fetched: what the feed says of each, as JSON.
CREATE TABLE feed_entries (
    id BIGINT PRIMARY KEY,
    feed BIGINT NOT NULL REFERENCES feeds (id),
    host TEXT NOT NULL,
    entry TEXT NOT NULL,
    silent SMALLINT NOT NULL,
    failures BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    turn BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT
);
CREATE INDEX feed_entries_next ON feed_entries (next_at);
-- Whose turn it is at each host is told from this alone: many may wait.
CREATE INDEX feed_entries_of_host ON feed_entries (host, silent, next_at, id, lease_until);
CREATE INDEX feed_entries_leased ON feed_entries (lease_until, host) WHERE lease_until IS NOT NULL;
CREATE INDEX feed_entries_of ON feed_entries (feed);

-- Whose a quotation is, as a person says who manages the place (corrections.rs). `mark` is a hash of its words, `speaker` is
-- nothing where it can't be told.
CREATE TABLE corrections (
    article BIGINT NOT NULL REFERENCES articles (id),
    mark BYTEA NOT NULL,
    content TEXT NOT NULL,
    words TEXT NOT NULL,
    speaker TEXT,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (article, mark)
);

-- How far a network that is followed by position was heard, event by event. `owner` is the account that listens.
CREATE TABLE positions (
    owner TEXT PRIMARY KEY,
    position TEXT NOT NULL
);

-- Events up to that position that are not dealt with yet. `place` is where they stand.
CREATE TABLE heard (
    owner TEXT NOT NULL,
    event TEXT NOT NULL,
    place TEXT NOT NULL,
    heard_at BIGINT NOT NULL,
    PRIMARY KEY (owner, event)
);

-- What was left out of a place up to that position, and is still to be asked for: from the position `older` to `newer`.
CREATE TABLE gaps (
    owner TEXT NOT NULL,
    place TEXT NOT NULL,
    newer TEXT NOT NULL,
    older TEXT NOT NULL,
    found_at BIGINT NOT NULL,
    PRIMARY KEY (owner, place, newer)
);

-- Questions that were answered: which event answers, the key of that answer's pages and which of them is shown. `person` asked.
CREATE TABLE answered (
    owner TEXT NOT NULL,
    question TEXT NOT NULL,
    place TEXT NOT NULL,
    person TEXT NOT NULL,
    answer TEXT NOT NULL,
    pages TEXT,
    page BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (owner, question)
);
CREATE INDEX answered_by ON answered (owner, answer);
CREATE INDEX answered_by_age ON answered (answered_at);

-- How many articles the managers of a community have added on a day, in days since 1970; of each community only the last day.
CREATE TABLE added (
    community BIGINT PRIMARY KEY REFERENCES communities (id),
    day BIGINT NOT NULL,
    articles BIGINT NOT NULL
);
