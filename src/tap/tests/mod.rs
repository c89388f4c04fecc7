//! The room, driven from outside: real callers and callees on loopback. Faults have their tests beside them.

mod board;
mod endings;
mod language;
mod pass_through;
mod raw;
mod recording;
mod scenarios;
