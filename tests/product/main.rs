//! The product, driven from outside: the built binary with files and signals, and the shape of the source tree.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails its test")]

mod answers;
mod bodies;
mod browser;
mod containers;
mod documents;
mod doubles;
mod faults;
mod floors;
mod honesty;
mod html;
mod images;
mod inside;
mod kills;
mod machine_room;
mod meaning;
mod mistakes;
mod own;
mod page;
mod proof;
mod qa;
mod refusals;
mod reporting;
mod running;
mod shards;
mod source;
mod stubs;
mod support;
mod wording;
