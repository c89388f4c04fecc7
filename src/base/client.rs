//! HTTP clients.

use reqwest::ClientBuilder;
use reqwest::redirect::{Attempt, Policy};

use super::hosts::host_of;

/// The number of redirects that are followed.
const REDIRECTS: usize = 10;

/// For a client that calls this address and its like, past any proxy of the system, and that follows no redirect to another
/// host. Only one that speaks TLS reads the system's certificates: that takes longer than a short scenario.
pub fn client_for(address: &str) -> ClientBuilder {
    let builder = reqwest::Client::builder().no_proxy().redirect(Policy::custom(on_the_same_host));
    match address.starts_with("https:") {
        true => builder,
        false => builder.tls_certs_only([]),
    }
}

fn on_the_same_host(redirect: Attempt<'_>) -> reqwest::redirect::Action {
    let came_from = redirect.previous().last().and_then(host_of);
    let leads_to = host_of(redirect.url());
    if redirect.previous().len() > REDIRECTS {
        redirect.error("it redirects again and again")
    } else if came_from == leads_to {
        redirect.follow()
    } else {
        let host = leads_to.unwrap_or_default();
        redirect.error(format!("it redirects to `{host}`, and a redirect to another host is not followed"))
    }
}
