-- What had been counted when each window of the late-fault test began; never replaced.
CREATE TABLE window_start (
    rollout INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    start   TEXT NOT NULL,
    PRIMARY KEY (rollout, number)
) STRICT, WITHOUT ROWID;
