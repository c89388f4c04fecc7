CREATE TABLE gates (
    version text  PRIMARY KEY,
    gate    jsonb NOT NULL
);

-- What was bought has a purchase; what is being tried has a number of uses.
CREATE TABLE grants (
    number     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         text    NOT NULL UNIQUE,
    member     text    NOT NULL,
    version    text    NOT NULL,
    rights     jsonb   NOT NULL,
    expires_at timestamptz,
    revoked    boolean NOT NULL DEFAULT false,
    purchase   text    UNIQUE,
    allowed    bigint,
    CHECK ((purchase IS NULL) <> (allowed IS NULL))
);
CREATE INDEX ON grants (member, version, number);
CREATE UNIQUE INDEX one_trial ON grants (member, version) WHERE purchase IS NULL;

-- Each job for which a trial was used.
CREATE TABLE trial_uses (
    "grant" text   NOT NULL REFERENCES grants (id),
    job     text   NOT NULL,
    number  bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY ("grant", job)
);

-- The events that were taken, and the newest that was applied to each purchase.
CREATE TABLE inbox (
    id text PRIMARY KEY
);
CREATE TABLE applied (
    purchase text PRIMARY KEY,
    sequence text COLLATE "C" NOT NULL
);

-- Events that wait to be delivered, and how many each subject has had.
CREATE TABLE outbox (
    number       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           text        NOT NULL UNIQUE,
    subject      text        NOT NULL,
    event        jsonb       NOT NULL,
    leased_to    text,
    leased_until timestamptz
);
CREATE INDEX ON outbox (subject, number);
CREATE TABLE sequences (
    subject text   PRIMARY KEY,
    last    bigint NOT NULL
);
