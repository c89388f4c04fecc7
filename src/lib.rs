//! paidpath: can the person who paid actually use what they bought?
//!
//! It drives the whole path from purchase to finished image against a **platform**, watches every hop with recording
//! proxies (**taps**), holds the history against rules (**checks**), and says in one line where the permission was lost.
//!
//! The rooms, from the ground up; a room imports downward only (`tests/product/floors.rs` checks it):
//!
//! | floor | rooms |
//! |---|---|
//! | 4 | [`cli`] |
//! | 3 | [`lint`], [`prove`] |
//! | 2 | [`run`] |
//! | 1 | [`gherkin`], [`catalogue`], [`stub`], [`tap`], [`topology`], [`target`], [`contract`], [`trail`], [`report`] |
//! | 0 | [`base`] over [`model`] |
//!
//! The vocabulary (`steps/`) and the doubles (`mocks/`) are compiled into the binary and handed in from there.

pub mod base;
pub mod browser;
pub mod catalogue;
pub mod cli;
pub mod contract;
pub mod gherkin;
pub mod lint;
pub mod model;
pub mod prove;
pub mod report;
pub mod run;
pub mod stub;
pub mod tap;
pub mod target;
pub mod topology;
pub mod trail;

pub use run::World;
