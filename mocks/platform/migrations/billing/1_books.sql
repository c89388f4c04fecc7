-- Accounts hold whole credits. Only the platform's cash, which owes what the members have, goes below zero.
CREATE TABLE accounts (
    account text   PRIMARY KEY,
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0 OR account = 'platform:cash')
);

-- Money that moved, and each account's part of it.
CREATE TABLE transactions (
    id        text        PRIMARY KEY,
    at        timestamptz NOT NULL,
    kind      text        NOT NULL,
    reference text        NOT NULL
);
CREATE TABLE postings (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction text   NOT NULL REFERENCES transactions,
    account     text   NOT NULL REFERENCES accounts,
    amount      bigint NOT NULL,
    balance     bigint NOT NULL,
    UNIQUE (transaction, account)
);
CREATE INDEX ON postings (account, number);

CREATE TABLE quotes (
    id          text        PRIMARY KEY,
    member      text        NOT NULL,
    version     text        NOT NULL,
    "right"     text        NOT NULL,
    amount      bigint      NOT NULL,
    ends_at     timestamptz,
    access_days bigint,
    expires_at  timestamptz NOT NULL,
    withdrawn   boolean     NOT NULL DEFAULT false
);
CREATE INDEX ON quotes (version);

CREATE TABLE purchases (
    number       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           text        NOT NULL UNIQUE,
    quote        text        NOT NULL REFERENCES quotes,
    member       text        NOT NULL,
    version      text        NOT NULL,
    "right"      text        NOT NULL,
    amount       bigint      NOT NULL,
    currency     text        NOT NULL,
    status       text        NOT NULL,
    refunded     bigint      NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
    purchased_at timestamptz NOT NULL,
    expires_at   timestamptz
);
CREATE INDEX ON purchases (member, number);

CREATE TABLE charges (
    id       text   PRIMARY KEY,
    member   text   NOT NULL,
    job      text   NOT NULL UNIQUE,
    amount   bigint NOT NULL,
    refunded bigint NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount)
);

-- The answers to requests that are done once.
CREATE TABLE answers (
    member text  NOT NULL,
    route  text  NOT NULL,
    key    text  NOT NULL,
    hash   text  NOT NULL,
    answer jsonb NOT NULL,
    PRIMARY KEY (member, route, key)
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
