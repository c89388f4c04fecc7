//! The product, driven from outside: the built binary with files and signals, and the shape of the source tree.

mod floors;
mod honesty;
mod refusals;
mod running;
mod support;
