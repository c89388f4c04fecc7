//! What WireMock's mappings have beyond the subset, and what to do instead.

use crate::base::config::ConfigError;

/// Keys that people may bring along from WireMock, by what takes their place.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["scenarioName", "requiredScenarioState", "newScenarioState"],
        "stubs remember nothing; say `… answers as in \"NAME\" once` for what happens only the first time",
    ),
    (&["urlPathTemplate", "pathParameters"], "write an `urlPathPattern`, for example \"/v1/jobs/[^/]+\""),
    (&["cookies"], "match the header `Cookie`"),
    (&["basicAuth", "basicAuthCredentials"], "match the header `Authorization`"),
    (&["formParameters", "multipartPatterns"], "match the whole body with `contains` or `matches`"),
    (&["host", "port", "scheme", "clientIp"], "the sentence or the topology says which service is called"),
    (&["and", "or", "not"], "write several matchers, `doesNotMatch`, or several stubs"),
    (&["equalToDateTime", "before", "after"], "match the text with `matches`"),
    (&["hasExactly", "includes"], "match one value with `contains` or `matches`"),
    (&["equalToXml", "matchesXPath"], "match the text with `contains` or `matches`"),
    (&["matchesJsonSchema"], "contracts are the target's: `[contracts]`"),
    (&["bodyFileName", "base64Body"], "write the body here, as `jsonBody` or `body`"),
    (&["statusMessage"], "callers look at `status`"),
    (
        &["delayDistribution", "chunkedDribbleDelay"],
        "write `fixedDelayMilliseconds`, or use a fault: `paidpath faults`",
    ),
    (&["proxyBaseUrl", "additionalProxyRequestHeaders"], "what no stub is for goes on to the service anyway"),
    (&["transformerParameters"], "write the values where they are used"),
    (&["postServeActions", "serveEventListeners"], "a double calls nobody"),
    (&["customMatcher"], "use the matchers that there are"),
];

/// Says of a key that WireMock knows what to write in its place.
pub(super) fn explained(mut error: ConfigError) -> ConfigError {
    let unknown = error.message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let known = ELSEWHERE.iter().find(|(keys, _)| unknown.is_some_and(|unknown| keys.contains(&unknown)));
    if let (Some(key), Some((_, instead))) = (unknown, known) {
        error.message = format!("`{key}` is WireMock's, and not supported here: {instead}");
    }
    error
}
