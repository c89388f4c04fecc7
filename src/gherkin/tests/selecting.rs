use crate::gherkin::tags::{Expression, split};

fn holds(expression: &str, tags: &[&str]) -> bool {
    Expression::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}")).matches(tags)
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    type Meaning = fn(bool, bool, bool) -> bool;
    let meanings: [(&str, Meaning); 6] = [
        ("@a or @b and not @c", |a, b, c| a || (b && !c)),
        ("(@a or @b) and not @c", |a, b, c| (a || b) && !c),
        ("not @a or @b", |a, b, _| !a || b),
        ("not (@a or @b)", |a, b, _| !(a || b)),
        ("not not @a", |a, _, _| a),
        ("@a and @b and @c", |a, b, c| a && b && c),
    ];
    for (expression, meaning) in meanings {
        for bits in 0..8 {
            let on = [("@a", bits & 1 > 0), ("@b", bits & 2 > 0), ("@c", bits & 4 > 0)];
            let tags: Vec<&str> = on.iter().filter(|(_, on)| *on).map(|(tag, _)| *tag).collect();
            assert_eq!(holds(expression, &tags), meaning(on[0].1, on[1].1, on[2].1), "{expression} on {tags:?}");
        }
    }
}

#[test]
fn an_empty_expression_holds_for_everything() {
    for text in ["", "   \t "] {
        assert!(holds(text, &[]) && holds(text, &["@a"]));
    }
}

#[test]
fn escapes_make_parentheses_spaces_and_backslashes_part_of_a_tag() {
    assert!(holds(r"@a\(b\)", &["@a(b)"]));
    assert!(holds(r"@a\ b", &["@a b"]));
    assert!(holds(r"@a\\b", &[r"@a\b"]));
    assert!(!holds(r"@a\(c\)", &["@a(b)"]));
}

#[test]
fn a_tag_with_an_argument_is_found_by_its_head_and_by_all_of_it() {
    let tags = ["@allow(M3: why it is so)"];
    assert!(holds("@allow", &tags));
    assert!(holds(r"@allow\(M3:\ why\ it\ is\ so\)", &tags));
    assert!(!holds("@all", &tags));
    assert!(!holds("not @allow", &tags));
}

#[test]
fn what_is_no_expression_is_refused_with_its_place() {
    for (text, position, part) in [
        ("@a @b", 4, "`and` or `or`"),
        ("@a and", 7, "missing at the end"),
        ("and @a", 1, "a tag is expected"),
        ("@a or or @b", 7, "a tag is expected"),
        ("(@a or @b", 1, "no `)`"),
        ("@a)", 3, "no `(`"),
        ("()", 2, "a tag is expected"),
        ("not", 4, "missing at the end"),
        (r"@a\b", 3, "a backslash"),
        ("@a\\", 3, "a backslash"),
        ("@ü (@b)", 4, "`and` or `or`"),
        ("(@a @b)", 5, "`and`, `or` or `)`"),
    ] {
        let error = Expression::parse(text).expect_err(text);
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn no_depth_of_nesting_ends_the_program() {
    assert!(Expression::parse(&"(".repeat(100_000)).is_err());
    assert!(Expression::parse(&"not ".repeat(100_000)).is_err());
    let long = vec!["@a"; 20_000].join(" or ");
    assert!(holds(&long, &["@a"]));
}

#[test]
fn a_tag_is_split_at_its_first_parenthesis() {
    assert_eq!(split("@lock( a (b) )"), ("@lock", Some("a (b)")));
    assert_eq!(split("@x()"), ("@x", Some("")));
    assert_eq!(split("@x(y"), ("@x(y", None));
}
