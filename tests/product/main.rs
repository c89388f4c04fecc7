//! The product, driven from outside: the built binary with files and signals, and the shape of the source tree.

mod answers;
mod browser;
mod documents;
mod floors;
mod honesty;
mod mistakes;
mod qa;
mod refusals;
mod running;
mod support;
