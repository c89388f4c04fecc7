//! The room from outside: histories in, judgements and diagnoses out.

mod checks;
mod diagnosis;
mod history;
