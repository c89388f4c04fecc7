-- A job as it is, beside what it is looked up by.
CREATE TABLE jobs (
    number   bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text    NOT NULL UNIQUE,
    member   text    NOT NULL,
    finished boolean NOT NULL DEFAULT false,
    job      jsonb   NOT NULL
);
CREATE INDEX ON jobs (member, number);
CREATE INDEX ON jobs (member) WHERE NOT finished;

CREATE TABLE images (
    id     text  PRIMARY KEY,
    member text  NOT NULL,
    file   bytea NOT NULL
);

-- What has become of a request: held while it is worked on, free when it was refused, filled when there is a job. While
-- it is held, what its member gets back if this process dies.
CREATE TABLE places (
    member text  NOT NULL,
    key    text  NOT NULL,
    hash   text  NOT NULL,
    job    text  NOT NULL,
    state  text  NOT NULL CHECK (state IN ('held', 'free', 'filled')),
    stake  jsonb,
    PRIMARY KEY (member, key)
);

-- Credits that a member has to get back: at most once for each job.
CREATE TABLE debts (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job    text   NOT NULL UNIQUE,
    debt   jsonb  NOT NULL
);
