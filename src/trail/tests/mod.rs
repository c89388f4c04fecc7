//! Tests of the room from outside: histories go in, judgements and diagnoses come out.

mod diagnosis;
mod history;
mod reading;
mod rules;
