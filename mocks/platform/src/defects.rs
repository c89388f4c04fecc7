//! Every defect that can be switched on, to see whether a suite notices: what one observes, which rule it breaks, and where.
//!
//! A defect is a few lines at the place where such a bug would live, each marked `DEFECT`. It is on for a request whose
//! baggage names it, and for whatever follows from that request; in test mode only. Those of the page are in `page/`.
//!
//! # Add another defect
//!
//! 1. Find the place where the bug would live, as high up as possible: in a handler rather than in a store, which there are
//!    two of. Write the bug there behind `context.defect("layer.name")`, and mark the line `// DEFECT: ` with how it came
//!    about. Where a handler would disappear behind it, put it into a function of its own beside it.
//! 2. Give it a line in [`DEFECTS`], in its layer.
//! 3. Make the table in `README.md` anew: a test says how.
//! 4. Run the features with it, and see which rule is broken and which hop is named.

/// Given instead of ids: breaks nothing, and has answers name every defect whose code was reached.
pub const PLACES: &str = "?";

/// A bug that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The id, `layer.name`.
    pub id: &'static str,
    /// The symptom that a person or a service observes, in one sentence.
    pub observed: &'static str,
    /// The rules that are broken, the most telling one first.
    pub rules: &'static [&'static str],
    /// The edge on which it shows first, from caller to callee.
    pub hop: (&'static str, &'static str),
    /// Set if a test of the happy path stays green.
    pub subtle: bool,
}

macro_rules! catalogue {
    ($($id:literal $star:tt $from:ident -> $to:ident [$($rule:literal)*] $observed:literal;)*) => {
        /// All defects, by layer from the page downwards.
        pub const DEFECTS: &[Defect] = &[$(Defect {
            id: $id,
            observed: $observed,
            rules: &[$($rule),*],
            hop: (stringify!($from), stringify!($to)),
            subtle: catalogue!(@ $star),
        },)*];
    };
    (@ plain) => { false };
    (@ subtle) => { true };
}

// Id, whether the happy path stays green, the edge, the rules, what is observed.
catalogue! {
    // Page
    "ui.cred-dropped"      plain  member -> storefront ["S4"]      "The page submits without the proof of purchase, and is refused.";
    "ui.strict-date"       plain  member -> storefront ["U4" "U3"] "The form takes the offer's own date for invalid: no request leaves, and nothing is said.";
    "ui.border-only"       plain  member -> storefront ["U3"]      "What is wrong gets a red border and no text.";
    "ui.swallow-catch"     plain  member -> storefront ["U4"]      "A refusal goes to the console, and the page shows nothing.";
    "ui.unknown-code"      subtle member -> storefront ["U3"]      "A refusal with a code that the page does not know shows nothing.";
    "ui.double-submit"     plain  member -> storefront ["M5"]      "Two clicks are two requests with two keys.";
    "ui.stale-token"       subtle member -> storefront ["G3"]      "The page submits with what it knew before the purchase, and is refused.";
    "ui.optimistic-unlock" plain  member -> storefront ["U5"]      "The page shows access that the server never gave; a reload takes it back.";
    "ui.drop-unavailable"  subtle member -> storefront ["U8"]      "The page submits without the model that was bought, and an image is made without it.";
    "ui.fresh-key"         subtle member -> storefront ["U6"]      "A retry of what failed has a key of its own.";
    "ui.hasty"             subtle member -> storefront ["U6"]      "A retry leaves before the server wants to be asked again.";
    "ui.pale"              subtle member -> storefront ["axe"]     "What is wrong with a field is said, so pale that few can read it.";
    "ui.stale-cache"       subtle member -> storefront ["U5"]      "The page shows what held before the purchase until it is reloaded.";

    // Gateway
    "gw.header-strip"      plain  storefront -> generation ["S4"]      "The proof of purchase is not sent on, and a member who paid is refused.";
    "gw.403-as-funds"      subtle member -> storefront     ["U2"]      "A member who may not is told to top up.";
    "gw.no-grant-as-401"   subtle member -> storefront     ["U2"]      "A member who has not bought is told to sign in, again and again.";
    "gw.reason-lost"       subtle member -> storefront     ["U2"]      "Whatever the reason, a member is told that the request is not valid.";
    "gw.200-error"         subtle member -> storefront     ["U1"]      "A refusal comes with the status 200.";
    "gw.html-502"          subtle member -> storefront     ["U1"]      "While a neighbour is down, a client that speaks JSON gets a page of HTML.";
    "gw.leak-session"      subtle member -> storefront     ["S7"]      "A refusal shows the session of whoever asked.";
    "gw.retry-post"        subtle storefront -> generation ["E4"]      "When an answer gets lost, the same job is made and charged again.";
    "gw.mass-assign"       subtle storefront -> billing     ["S3"]      "A client that names a price is believed.";
    "gw.admin-open"        subtle member -> storefront     ["S2"]      "Every member may do what only moderators may.";

    // Billing
    "bill.no-dedupe"            subtle storefront -> billing     ["M3"]      "The same purchase sent twice is charged twice.";
    "bill.key-any-body"         subtle storefront -> billing      ["M4"]      "A key that was used for one purchase is good for another: nothing happens, and success is reported.";
    "bill.guard-no-principal"   subtle storefront -> billing     ["M5" "G1"] "What a member has can be bought again.";
    "bill.commit-then-500"      plain  billing -> entitlement    ["M6"]      "A purchase fails, the money is gone, and nothing was granted.";
    "bill.error-refunds"        plain  billing -> entitlement    ["M6"]      "A purchase fails, the money is back, and access was granted all the same.";
    "bill.grant-before-capture" subtle billing -> entitlement    ["M7"]      "Who has not enough money is refused, and may use it all the same.";
    "bill.price-drift"          plain  storefront -> billing     ["M2"]      "What is charged is not what was quoted.";

    // Ledger
    "led.lost-update"      subtle generation -> billing  ["M11" "M1"] "Of two jobs that are paid at the same moment, one is for free.";
    "led.miscount"         plain  storefront -> billing  ["M1"]       "More leaves the wallet than is charged.";
    "led.refund-twice"     subtle storefront -> billing  ["M8" "M3"]  "The same refund sent twice is paid twice.";
    "led.refund-keep-access" subtle billing -> entitlement ["M9" "G9"] "A refunded purchase stays usable.";
    "led.fail-keeps-money" subtle generation -> billing  ["M10"]      "A job that failed is not given back.";

    // Events
    "ev.dual-write"        plain  billing -> entitlement    ["G1" "G3"] "A purchase is charged, and nobody hears of it.";
    "ev.ack-drop"          plain  entitlement -> generation    ["E2" "G3"] "The purchase event is acknowledged, and changes nothing.";
    "ev.dup-apply"         subtle billing -> entitlement ["E1"]      "A purchase event that comes twice grants twice.";
    "ev.refund-first"      subtle billing -> entitlement ["E3"]      "A refund that overtakes its purchase is forgotten.";
    "ev.unsigned"          subtle billing -> entitlement    ["S5"]      "An event that nobody signed is believed.";
    "ev.lag"               plain  billing -> entitlement    ["G3"]      "The purchase event comes later than anybody waits.";

    // Entitlement
    "ent.negative-cache"   subtle storefront -> entitlement ["G3"]      "Who had asked before buying is refused after it.";
    "ent.replica-lag"      plain  storefront -> entitlement ["G4"]      "A buyer is let in, refused, let in, refused.";
    "ent.revoke-no-bust"   subtle storefront -> entitlement ["G9"]      "After a refund the member is still let in.";
    "ent.split"            plain  generation -> entitlement ["G5" "G4"] "The page is told yes, and generation is told no.";
    "ent.before-lookup"    subtle storefront -> entitlement ["G3"]      "Buyers are refused; owners, moderators and the public are not.";
    "ent.all-rights"       subtle storefront -> entitlement ["G6"]      "Who bought generating may download.";
    "ent.open-to-all"      subtle storefront -> entitlement ["G2"]      "Who has bought nothing may use everything.";

    // Generation
    "gen.reject-paid"        plain  storefront -> generation ["G4" "G3"] "Generation refuses what entitlement allows.";
    "gen.fail-open"          subtle storefront -> generation ["G2" "U7"] "While entitlement is down, everybody may generate.";
    "gen.timeout-as-unpaid"  subtle storefront -> generation ["U7" "U2"] "While entitlement is down, a member who paid is told to buy.";
    "gen.nonidempotent"      subtle storefront -> generation ["E4"]      "The same job sent several times is made and charged several times.";
    "gen.bearer-unbound"     subtle storefront -> generation ["S6"]      "Who has somebody else's proof of purchase is let in with it.";
    "gen.no-bust"            subtle storefront -> generation ["E2" "G9"] "Generation does not hear of a refund, and goes on.";
    "gen.foreign-jobs"       subtle member -> storefront     ["S1"]      "Everybody sees everybody's jobs and images.";
    "gen.skipped-state"      subtle storefront -> generation     ["E7"]      "The history of a job leaves a state out.";

    // Worker
    "wk.lost-job"          plain  generation -> worker     ["E5"]       "A job never comes to an end.";
    "wk.success-empty"     plain  storefront -> generation     ["E6"]       "A job succeeds, and there is no image.";
    "wk.one-short"         subtle storefront -> generation     ["E6" "M10"] "Of several images one is missing, and all are paid.";
    "wk.expiry-midjob"     subtle generation -> billing    ["G8" "M10"] "Access ends while a job runs: the job is thrown away, and its price is kept.";

    // Clock
    "clk.boundary"         subtle storefront -> entitlement ["G7"] "At the end of early access everything is for one second as it was before.";
    "clk.skew"             plain  billing -> entitlement    ["G3"] "Events are signed by a clock that is wrong, and are refused as stale.";

    // Flags
    "flg.half-on"          subtle member -> storefront ["U9"] "Access is sold while generating is switched off.";
    "flg.default-on-error" subtle member -> storefront ["U9"] "While the flag provider is down, access is sold.";
}

pub fn is_known(id: &str) -> bool {
    DEFECTS.iter().any(|defect| defect.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    /// The table of `README.md`, as Markdown.
    fn table() -> String {
        let row = |defect: &Defect| {
            let Defect { id, observed, rules, hop: (from, to), subtle } = defect;
            let star = if *subtle { " ★" } else { "" };
            format!("| `{id}`{star} | {observed} | {} | {from} → {to} |\n", rules.join(", "))
        };
        let head = "| defect | what one observes | breaks | seen first at |\n|---|---|---|---|\n";
        std::iter::once(head.to_owned()).chain(DEFECTS.iter().map(row)).collect()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// The ids that are asked for in the sources, outside their tests and this file.
    fn asked_for() -> BTreeSet<String> {
        let sources = ["src", "page"].into_iter().flat_map(|folder| files(&Path::new(ROOT).join(folder)));
        let texts =
            sources.filter(|path| !path.ends_with("defects.rs")).filter_map(|path| std::fs::read_to_string(path).ok());
        let id = |quoted: &str| {
            let (layer, name) = quoted.split_once('.')?;
            let is_word = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
            let is_layer = DEFECTS.iter().any(|defect| defect.id.starts_with(&format!("{layer}.")));
            (is_layer && is_word(name)).then(|| quoted.to_owned())
        };
        let healthy = |text: String| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        texts.flat_map(|text| healthy(text).split('"').filter_map(id).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn ids_are_unique_and_stand_with_their_layer() {
        let ids: Vec<_> = DEFECTS.iter().map(|defect| defect.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        let mut layers: Vec<_> = ids.iter().map(|id| id.split('.').next().unwrap()).collect();
        layers.dedup();
        assert_eq!(
            layers.iter().collect::<BTreeSet<_>>().len(),
            layers.len(),
            "a layer stands in two places: {layers:?}"
        );
    }

    #[test]
    fn what_the_sources_ask_for_is_what_is_listed() {
        let listed: BTreeSet<_> = DEFECTS.iter().map(|defect| defect.id.to_owned()).collect();
        assert_eq!(asked_for(), listed);
    }

    #[test]
    fn whoever_reads_the_readme_finds_every_defect() {
        let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
        assert!(readme.contains(&table()), "put this table into mocks/platform/README.md:\n\n{}", table());
    }
}
