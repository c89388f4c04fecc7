//! What CI systems say about themselves in the environment.

/// Each system with the variable that names a build: the same on every machine that works for it.
const BUILDS: &[(&str, &str)] = &[
    ("build", "PAIDPATH_BUILD"),
    ("github", "GITHUB_RUN_ID"),
    ("gitlab", "CI_PIPELINE_ID"),
    ("circleci", "CIRCLE_WORKFLOW_ID"),
    ("buildkite", "BUILDKITE_BUILD_ID"),
    ("azure", "BUILD_BUILDID"),
    ("jenkins", "BUILD_TAG"),
];

/// What the build is called, e.g. `github 8123456`. `PAIDPATH_BUILD` names it where no known system does.
pub fn build(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let named = |(system, name): &(&str, &str)| {
        let id = variable(name).filter(|id| !id.trim().is_empty())?;
        Some(format!("{system} {}", id.trim()))
    };
    BUILDS.iter().find_map(named)
}

#[cfg(test)]
mod tests {
    use super::build;

    #[test]
    fn a_build_is_called_by_its_system_and_number() {
        let gitlab = |name: &str| (name == "CI_PIPELINE_ID").then(|| "77".to_owned());
        assert_eq!(build(gitlab).as_deref(), Some("gitlab 77"));
        let own = |name: &str| ["CI_PIPELINE_ID", "PAIDPATH_BUILD"].contains(&name).then(|| "night 3".to_owned());
        assert_eq!(build(own).as_deref(), Some("build night 3"), "what is said on purpose wins");
        assert_eq!(build(|_| Some(" ".to_owned())), None);
    }
}
