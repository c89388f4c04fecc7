//! The configuration of the browser, and the search for its programs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{BrowserError, OracleRules};
use crate::base::hosts::AllowedHosts;

/// The names under which distributions install Chromium or Chrome. The headless shell comes first: it is the same
/// engine without windows, and takes about half of the processor's time.
const BROWSERS: [&str; 7] = [
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
];
/// The names under which they install its driver.
const DRIVERS: [&str; 3] = ["chromedriver", "chromium-driver", "chromium.chromedriver"];

/// The advice of `paidpath doctor` for a machine without a browser.
pub const REMEDY: &str = "install Chromium and its driver: apt-get install chromium-headless-shell chromium-driver, or brew \
                          install chromedriver";

/// The browser to use and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserConfig {
    /// The URL of a WebDriver server or a Selenium Grid that is already running. With it, no local programs are looked
    /// for.
    pub webdriver: Option<String>,
    /// The browser's program; looked for on the PATH where it is not given.
    pub browser: Option<PathBuf>,
    /// The driver's program; looked for on the PATH where it is not given.
    pub driver: Option<PathBuf>,
    /// The number of pages that are open at once, at least 1. Further scenarios wait.
    pub parallel: usize,
    /// The number of blank pages that are kept ready.
    pub warm: usize,
    /// The window's width and height in CSS pixels.
    pub window: (u32, u32),
    /// The longest start of driver and browser together.
    pub start_within: Duration,
    /// The longest loading of a page.
    pub load_within: Duration,
    /// The longest answer to one command.
    pub answer_within: Duration,
    /// The deadline for an element to appear.
    pub find_within: Duration,
    /// The signs of failure for the oracle.
    pub oracle: OracleRules,
    /// The hosts that pages and the driver may be on. The browser knows no other names and addresses.
    pub hosts: AllowedHosts,
}

impl Default for BrowserConfig {
    fn default() -> Self {
        Self {
            webdriver: None,
            browser: None,
            driver: None,
            // More pages than processors, because pages spend much time waiting.
            parallel: std::thread::available_parallelism().map_or(4, |cores| (cores.get() * 2).clamp(4, 16)),
            warm: 2,
            window: (1280, 900),
            start_within: Duration::from_secs(30),
            load_within: Duration::from_secs(15),
            answer_within: Duration::from_secs(20),
            find_within: Duration::from_secs(5),
            oracle: OracleRules::default(),
            hosts: AllowedHosts::default(),
        }
    }
}

impl BrowserConfig {
    /// Returns the defaults with the settings of the environment: `PAIDPATH_WEBDRIVER` (a URL), `PAIDPATH_BROWSER` and
    /// `PAIDPATH_CHROMEDRIVER` (programs).
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            webdriver: named("PAIDPATH_WEBDRIVER"),
            browser: named("PAIDPATH_BROWSER").map(PathBuf::from),
            driver: named("PAIDPATH_CHROMEDRIVER").map(PathBuf::from),
            ..Self::default()
        }
    }
}

/// The programs of a local browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) browser: PathBuf,
    pub(super) driver: PathBuf,
}

/// Returns the reason why there is no browser, with the command that installs one; `None` where there is one. A remote
/// WebDriver is not asked.
pub fn missing(config: &BrowserConfig) -> Option<String> {
    match programs(config) {
        Ok(_) => None,
        Err(_) if config.webdriver.is_some() => None,
        Err(trouble) => Some(trouble.to_string()),
    }
}

/// Finds the programs of a local browser.
pub(super) fn programs(config: &BrowserConfig) -> Result<Programs, BrowserError> {
    let browser = locate("browser", config.browser.as_deref(), &BROWSERS)?;
    let driver = locate("driver", config.driver.as_deref(), &DRIVERS)?;
    Ok(Programs { browser, driver })
}

fn locate(what: &str, given: Option<&Path>, names: &[&str]) -> Result<PathBuf, BrowserError> {
    if let Some(path) = given {
        return if path.is_file() {
            Ok(path.to_owned())
        } else {
            Err(BrowserError::Missing(format!("the {what} {} is not there", path.display())))
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            BrowserError::Missing(format!(
                "no {what} was found (looked for {} on the PATH); install it with `apt-get install chromium-headless-shell \
                 chromium-driver`, or name a WebDriver URL",
                names.join(", ")
            ))
        })
}
