CREATE TABLE versions (
    id      text  PRIMARY KEY,
    version jsonb NOT NULL
);
