//! `paidpath doctor`: what can run on this machine, and how to get what cannot.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Composition, Refusal};
use crate::model::Exit;
use crate::report::text;
use crate::run::{Needs, Requirement};
use crate::topology::{Leftover, Provider};

/// Checks what can run on this machine.
///
/// Exits with 0 if the scenarios without special requirements can run, and with 2 if they cannot.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder of the reports
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// Remove the containers and networks that ended runs have left behind
    #[arg(long)]
    clean: bool,
}

/// A property of the machine that was checked.
struct Seen {
    name: String,
    /// The state, or the reason why it is bad.
    state: Result<String, String>,
    remedy: Option<String>,
    /// True if nothing can run without it.
    needed: bool,
}

/// Checks the machine and prints the result.
pub fn doctor(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    if arguments.clean {
        return clean(composition);
    }
    let mut all = vec![loopback(), reports(&arguments.reports), processors(), proxies()];
    let of_this_machine = composition.suite.requirements.iter().filter(|requirement| requirement.of != Needs::Whole);
    all.extend(of_this_machine.map(|requirement| Seen {
        name: requirement.name.to_owned(),
        state: match &requirement.missing {
            None => Ok(format!("{} can run", who_needs(requirement))),
            Some(reason) => Err(format!("{reason}; {} are skipped", who_needs(requirement))),
        },
        remedy: requirement.remedy.map(str::to_owned),
        needed: false,
    }));
    all.extend(composition.suite.providers.iter().filter_map(|provider| left_behind(provider.as_ref())));
    let width = all.iter().map(|seen| seen.name.len()).max().unwrap_or_default();
    for seen in &all {
        let name = &seen.name;
        match &seen.state {
            Ok(state) => say!("✓ {name:width$}  {state}"),
            Err(state) => {
                say!("✗ {name:width$}  {state}");
                seen.remedy.iter().for_each(|remedy| say!("  {:width$}  → {remedy}", ""));
            }
        }
    }
    let broken = all.iter().filter(|seen| seen.needed && seen.state.is_err()).count();
    let missing = all.iter().filter(|seen| !seen.needed && seen.state.is_err()).count();
    say!();
    Ok(match (broken, missing) {
        (0, 0) => {
            say!("Everything can run here: paidpath run");
            Exit::Passed
        }
        (0, _) => {
            say!("What needs nothing special can run here: paidpath run");
            Exit::Passed
        }
        (_, _) => {
            say!("Nothing can run here before what is marked is put right.");
            Exit::Unknown
        }
    })
}

/// Checks that services and taps can listen on ports that the system chooses.
fn loopback() -> Seen {
    let try_it = || -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        Ok(address)
    };
    Seen {
        name: "ports".into(),
        state: match try_it() {
            Ok(_) => Ok("services and taps can listen on 127.0.0.1".into()),
            Err(error) => Err(format!("nothing can listen on 127.0.0.1 and be reached there: {error}")),
        },
        remedy: Some(
            "allow local connections: look at the firewall, and bring the loopback up: ip link set lo up".into(),
        ),
        needed: true,
    }
}

fn reports(folder: &std::path::Path) -> Seen {
    let shown = folder.display();
    let there = folder.ancestors().find(|above| above.is_dir()).filter(|above| !above.as_os_str().is_empty());
    let place = there.map_or_else(|| PathBuf::from("."), PathBuf::from);
    let probe = place.join(format!(".paidpath-{}", std::process::id()));
    let written = std::fs::write(&probe, "x").and_then(|()| std::fs::remove_file(&probe));
    Seen {
        name: "reports".into(),
        state: match written {
            Ok(()) => Ok(format!("{shown} can be written")),
            Err(error) => Err(format!("{shown} cannot be written: {error}")),
        },
        remedy: Some("name another folder: paidpath run --reports DIR".into()),
        needed: true,
    }
}

fn processors() -> Seen {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    Seen {
        name: "processors".into(),
        state: Ok(format!("{count}, so {} scenarios at once unless --jobs says otherwise", count * 4)),
        remedy: None,
        needed: false,
    }
}

fn who_needs(requirement: &Requirement) -> String {
    match requirement.of {
        Needs::Provider(provider) => format!("topologies with a {provider} and scenarios with {}", requirement.tag),
        Needs::Nothing | Needs::Browser | Needs::Whole => format!("scenarios with {}", requirement.tag),
    }
}

/// Looks for things that ended runs have left behind with this provider.
fn left_behind(provider: &dyn Provider) -> Option<Seen> {
    let left = blocking(provider.left_behind()).ok()??;
    let state = match left.as_slice() {
        [] => Ok("nothing is left behind by earlier runs".to_owned()),
        left => Err(left.iter().map(describe).collect::<Vec<_>>().join("; ")),
    };
    let remedy = Some("remove that: paidpath doctor --clean".to_owned());
    Some(Seen { name: format!("{}s", provider.kind()), state, remedy, needed: false })
}

fn clean(composition: &Composition) -> Result<Exit, Refusal> {
    let mut left = Vec::new();
    for provider in &composition.suite.providers {
        left.extend(blocking(provider.remove_left_behind()).flatten().map_err(Refusal::Environment)?);
    }
    match left.as_slice() {
        [] => say!("Runs that have ended have left nothing behind."),
        left => left.iter().for_each(|left| say!("removed: {}", describe(left))),
    }
    Ok(Exit::Passed)
}

fn describe(left: &Leftover) -> String {
    let kept = if left.kept { ", which was told to keep it" } else { "" };
    format!("{} of the run {}{kept}", text::count(left.things, "thing", "things"), left.run)
}

fn blocking<T>(answer: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| error.to_string())?.block_on(answer))
}

/// Warns about a proxy in the environment: runs do not use it, and the person who set it may expect that.
fn proxies() -> Seen {
    let set = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"];
    let set: Vec<&str> = set.into_iter().filter(|name| std::env::var_os(name).is_some()).collect();
    let state = match set.as_slice() {
        [] => "none is set".to_owned(),
        names => format!("{} is set; runs do not use it", names.join(", ")),
    };
    Seen { name: "proxy".into(), state: Ok(state), remedy: None, needed: false }
}
