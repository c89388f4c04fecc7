//! paidpath: can the person who paid actually use what they bought?
//!
//! It drives the whole path from purchase to finished image against a **platform**, watches every hop with recording
//! proxies (**taps**), holds the history against **rules**, and says in one line where the permission was lost.
//!
//! The rooms of the library are private; `ARCHITECTURE.md` lists them. This façade has what the binary is composed of: the
//! [command line](main), what [a step](World) can do, what supplies [services](providers), and [stub files](stubs).

mod base;
mod browser;
mod catalogue;
mod cli;
mod contract;
mod gherkin;
mod lint;
mod model;
mod prove;
mod report;
mod run;
mod stub;
mod tap;
mod target;
mod topology;
mod trail;
mod world;

pub use base::seed::Seed;
pub use browser::{BrowserConfig, REMEDY as BROWSER_REMEDY, missing as missing_browser};
pub use catalogue::Catalogue;
pub use cli::{Composition, main};
pub use model::RuleId;
pub use prove::{Defect, How};
pub use run::{Needs, Requirement, Suite, Vocabulary};
pub use world::{
    Answers, Assertions, Claim, Embedded, Faults, Machines, Members, Pages, Right, ServiceEvent, StepError, StepResult,
    Terms, TestClock, World,
};

/// What supplies the services of a platform.
pub mod providers {
    pub use crate::base::client::client_for;
    pub use crate::topology::container::Containers;
    pub use crate::topology::{
        HostAddress, Leftover, MachineRequirement, Outage, Provider, ProviderKind, RunLabel, Running, StartError,
        StartRequest, Topology, UrlProvider,
    };
}

/// Answers written in stub files, for doubles that are made of them.
pub mod stubs {
    pub use crate::stub::{ANSWERED_FROM, Broken, NONE, Nearest, Reply, Request, Stub, choose, load};
}

/// Parts of rooms that the tests under `tests/` hold against pages, documents and live services. Not for anybody else.
#[doc(hidden)]
pub mod under_test {
    pub use crate::base::config::read_text;
    pub use crate::base::wait::{self, Look};
    pub use crate::browser::{
        BrowserConfig, BrowserError, BrowserEvent, Browsers, Locator, Page, PressResult, missing as missing_browser,
    };
    pub use crate::contract::{Contract, Contracts, RefusalCatalogue, RefusalClass};
    pub use crate::model::{Blame, Body, Content, Edge, Exchange, Finding, Outcome, Request, Response};
    pub use crate::tap::fault::KINDS as FAULTS;
    pub use crate::topology::container::missing as missing_docker;
}
