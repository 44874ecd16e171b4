//! Rules for figures: recorded, computed, or cited.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::Json;
use crate::page::{Piece, number, parts, pieces, states};
use crate::{Reading, Rule, file};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "each record says what was measured, where, when and by which command",
        problems: records_are_whole,
        faults: &[
            |r| r.edit_record("encode", "\"command\"", "\"by\""),
            |r| r.edit_record("encode", "2026-", "26-"),
            |r| r.edit_record("encode", "\"id\": \"build\"", "\"id\": \"build_theirs\""),
            |r| r.edit_record("encode", "\"value\": 67", "\"value\": 68"),
            |r| r.edit_record("encode", "\"unit\": \"ms\"", "\"unit\": \"\""),
            |r| r.edit_record("encode", "[", ""),
        ],
    },
    Rule {
        name: "a figure is the recorded one",
        problems: figures_are_recorded,
        faults: &[
            |r| r.edit("mid", "[294 ns][calls.empty]", "[295 ns][calls.empty]"),
            |r| r.edit("mid", "[294 ns][calls.empty]", "[294 µs][calls.empty]"),
            |r| r.edit("mid", "[294 ns][calls.empty]", "[294 ns][calls.nobody]"),
            |r| {
                r.edit(
                    "mid",
                    "recorded calls.objects_out: 12.5",
                    "recorded calls.objects_out: 12.6",
                )
            },
            |r| r.edit_record("calls", "\"value\": 293.6", "\"value\": 280"),
        ],
    },
    Rule {
        name: "a figure of the front page is the recorded one",
        problems: the_front_page_is_recorded,
        faults: &[
            |r| r.front = r.front.replacen("[10.4 times]", "[10.5 times]", 1),
            |r| r.front = r.front.replacen("book_cl100k_ratio", "book_ratio", 1),
            |r| r.front = r.front.replacen(" \"book_cl100k_ratio\"", "#L11", 1),
            |r| r.front.clear(),
        ],
    },
    Rule {
        name: "the plot on the front page has a bar for each figure that is raced (mend: cargo run --features \
               notebook --example front_plot)",
        problems: the_plot_is_recorded,
        faults: &[
            |r| r.front = r.front.replacen("](docs/race.svg)", "](docs/other.svg)", 1),
            |r| r.plot = r.plot.replacen(": 14.310<", ": 15.310<", 1),
            |r| r.edit_record("race", "\"value\": 3.86", "\"value\": 3.87"),
            |r| r.plot.clear(),
        ],
    },
    Rule {
        name: "what is computed is right",
        problems: arithmetic_is_right,
        faults: &[
            |r| r.edit("mid", "= 4.5 bits a weight", "= 4.6 bits a weight"),
            |r| r.edit("mid", "÷ 32 weights = 4.5", "÷ 33 weights = 4.5"),
            |r| r.edit("mid", "× 8 ÷ 32 weights = 4.5", "× × ÷ 32 weights = 4.5"),
        ],
    },
    Rule {
        name: "a figure with a unit is recorded, computed or cited",
        problems: figures_are_marked,
        faults: &[
            |r| r.edit("mid", "Three reasons are", "It is 7 times as fast. Three reasons are"),
            |r| r.edit("mid", "Three reasons are", "It takes 12 ms. Three reasons are"),
            |r| r.edit("mid", "Three reasons are", "It has 123,456 ids. Three reasons are"),
            |r| r.edit("mid", "[294 ns][calls.empty]", "294 ns"),
        ],
    },
];

/// What was measured: a value and its unit.
type Figures = BTreeMap<String, (f64, String)>;

fn figures(reading: &Reading) -> Figures {
    let mut found = Figures::new();
    for (name, text) in &reading.records {
        let record = Json::parse(text).unwrap_or(Json::List(Vec::new()));
        for figure in record.list("figures").unwrap_or_default() {
            if let (Some(id), Some(value), Some(unit)) =
                (figure.text("id"), figure.number("value"), figure.text("unit"))
            {
                found.insert(format!("{name}.{id}"), (value, unit.to_owned()));
            }
        }
    }
    found
}

fn records_are_whole(reading: &Reading) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, text) in &reading.records {
        let mut wrong =
            |what: String| problems.push(format!("interview/measured/{name}.json: {what}"));
        let record = match Json::parse(text) {
            Ok(record) => record,
            Err(error) => {
                wrong(error);
                continue;
            }
        };
        for key in ["about", "command", "machine", "versions", "conditions"] {
            if record.text(key).is_none_or(|text| text.trim().is_empty()) {
                wrong(format!("expected `{key}`"));
            }
        }
        let date = record.text("date").unwrap_or_default();
        let shape: String =
            date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        if shape != "0000-00-00" {
            wrong(format!("expected a `date` as 2026-01-31, got `{date}`"));
        }
        let page = record.text("page").map(file);
        let mut ids = BTreeSet::new();
        for figure in record.list("figures").unwrap_or_default() {
            let id = figure.text("id").unwrap_or_default();
            let text = |key| figure.text(key).is_some_and(|text| !text.trim().is_empty());
            let value = figure.number("value");
            if id.is_empty() || !ids.insert(id) || !text("unit") || !text("what") || value.is_none()
            {
                wrong(format!(
                    "`{id}`: expected an id used once, a value, its unit and what it is"
                ));
            } else if let (Some(page), Some(value)) = (&page, value)
                && !stands_in(page, value)
            {
                wrong(format!(
                    "`{id}`: {value} does not stand in `{}`",
                    record.text("page").unwrap_or_default()
                ));
            }
        }
    }
    problems
}

/// Whether a page has this number, with as many decimals as it likes to show.
fn stands_in(page: &str, value: f64) -> bool {
    let starts = page.char_indices().filter(|&(at, c)| {
        c.is_ascii_digit()
            && !page[..at]
                .ends_with(|before: char| before.is_ascii_digit() || ",._".contains(before))
    });
    starts
        .filter_map(|(at, _)| number(&page[at..]))
        .any(|(stated, _, _)| (stated - value).abs() < 1e-9)
}

fn figures_are_recorded(reading: &Reading) -> Vec<String> {
    let known = figures(reading);
    let mut problems = Vec::new();
    for (name, text) in &reading.pages {
        let (blocks, lines) = parts(text);
        let mut compare = |line: usize, stated: &str, label: &str| {
            let place = format!("interview/{name}.md:{line}");
            problems.extend(differences(&known, &place, stated, label));
        };
        for line in &lines {
            for piece in pieces(line.text) {
                if let Piece::Labelled(stated, label) = piece
                    && !label.ends_with(".md")
                {
                    compare(line.number, stated, label);
                }
            }
        }
        for block in blocks.iter().filter(|block| block.info == "arithmetic") {
            for (number, line) in (block.line + 1..).zip(block.body.lines()) {
                if let Some((label, stated)) =
                    line.strip_prefix("recorded ").and_then(|rest| rest.split_once(": "))
                {
                    // What follows the unit says what it is.
                    let unit = known.get(label).map_or("", |(_, unit)| unit);
                    let end = stated.find(unit).map_or(stated.len(), |at| at + unit.len());
                    compare(number, &stated[..end], label);
                }
            }
        }
    }
    problems
}

/// In what a stated figure differs from the record of its label.
fn differences(known: &Figures, place: &str, stated: &str, label: &str) -> Vec<String> {
    let (value, unit) = match known.get(label) {
        Some(figure) => figure,
        None => return vec![format!("{place}: no record of `{label}`")],
    };
    let Some((said, decimals, after)) = number(stated) else {
        return vec![format!("{place}: expected a number, got `{stated}`")];
    };
    let mut problems = Vec::new();
    if !states(said, decimals, *value) {
        problems.push(format!("{place}: `{label}` is {value}, not {said}"));
    }
    if after.trim() != unit {
        problems.push(format!("{place}: `{label}` is in {unit}, not in{after}"));
    }
    problems
}

/// A figure of the README is a link to the file of its record; the link's title is the figure's id.
fn the_front_page_is_recorded(reading: &Reading) -> Vec<String> {
    let known = figures(reading);
    let mut problems = Vec::new();
    let mut found = 0;
    for line in parts(&reading.front).1 {
        let place = format!("README.md:{}", line.number);
        for piece in pieces(line.text) {
            let Piece::Linked(stated, address) = piece else { continue };
            let Some(record) = address.strip_prefix("interview/measured/") else { continue };
            let label = record
                .split_once(".json \"")
                .and_then(|(name, id)| Some(format!("{name}.{}", id.strip_suffix('"')?)));
            match label {
                Some(label) => problems.extend(differences(&known, &place, stated, &label)),
                None => {
                    problems.push(format!("{place}: expected `FILE.json \"ID\"`, got `{address}`"))
                }
            }
            found += 1;
        }
    }
    if found == 0 {
        problems.push("README.md: expected figures with their records".to_owned());
    }
    problems
}

/// A bar of the plot ends its title with its value; `native` and `numpy` are no lists, and have none.
fn the_plot_is_recorded(reading: &Reading) -> Vec<String> {
    const BARS: [&str; 5] = ["list", "tiktoken", "look_up", "lean", "pure"];
    let known = figures(reading);
    let titles = reading.plot.split("</title>").filter_map(|text| text.rsplit_once(": "));
    let drawn: Vec<f64> = titles.filter_map(|(_, value)| value.parse().ok()).collect();
    let recorded = BARS.map(|id| known.get(&format!("race.{id}")).map_or(f64::NAN, |it| it.0));
    let mut problems = Vec::new();
    if drawn != recorded {
        problems.push(format!("docs/race.svg: expected bars of {recorded:?}, got {drawn:?}"));
    }
    if !reading.front.contains("](docs/race.svg)") {
        problems.push("README.md: expected the picture docs/race.svg".to_owned());
    }
    problems
}

fn arithmetic_is_right(reading: &Reading) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, text) in &reading.pages {
        for block in parts(text).0.iter().filter(|block| block.info == "arithmetic") {
            for (at, line) in (block.line + 1..).zip(block.body.lines()) {
                let mut wrong =
                    |what: String| problems.push(format!("interview/{name}.md:{at}: {what}"));
                let Some((_, sum)) = line.split_once(": ") else {
                    wrong(format!("expected `what: sum = result`, got `{line}`"));
                    continue;
                };
                if line.starts_with("given: ") || line.starts_with("recorded ") {
                    continue;
                }
                let Some((sum, result)) = sum.rsplit_once(" = ") else {
                    wrong("expected a sum and ` = `".to_owned());
                    continue;
                };
                match (computed(sum), number(result.trim())) {
                    (Some(value), Some((stated, decimals, _))) => {
                        if !states(stated, decimals, value) {
                            wrong(format!("{sum} is {value}, not {stated}"));
                        }
                    }
                    _ => wrong(format!("`{line}` cannot be computed")),
                }
            }
        }
    }
    problems
}

/// The value of a sum such as `2 × 3 heads + ( 4 ÷ 5 ) bytes`; words say what a number is.
fn computed(sum: &str) -> Option<f64> {
    let tokens: Vec<&str> = sum
        .split_whitespace()
        .filter(|token| {
            matches!(*token, "+" | "−" | "×" | "÷" | "(" | ")") || whole(token).is_some()
        })
        .collect();
    let mut rest = &tokens[..];
    let value = sum_of(&mut rest)?;
    rest.is_empty().then_some(value)
}

fn whole(token: &str) -> Option<f64> {
    number(token).filter(|(_, _, after)| after.is_empty()).map(|(value, _, _)| value)
}

fn sum_of(rest: &mut &[&str]) -> Option<f64> {
    let mut value = product_of(rest)?;
    while let [sign @ ("+" | "−"), after @ ..] = *rest {
        *rest = after;
        let next = product_of(rest)?;
        value = if *sign == "+" { value + next } else { value - next };
    }
    Some(value)
}

fn product_of(rest: &mut &[&str]) -> Option<f64> {
    let mut value = factor(rest)?;
    while let [sign @ ("×" | "÷"), after @ ..] = *rest {
        *rest = after;
        let next = factor(rest)?;
        value = if *sign == "×" { value * next } else { value / next };
    }
    Some(value)
}

fn factor(rest: &mut &[&str]) -> Option<f64> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    if *first != "(" {
        return whole(first);
    }
    let value = sum_of(rest)?;
    *rest = rest.strip_prefix(&[")"])?;
    Some(value)
}

/// Words after a number that make it a figure.
const UNITS: &[&str] = &[
    "times",
    "per cent",
    "percent",
    "%",
    "MB",
    "GB",
    "KB",
    "kB",
    "TB",
    "MiB",
    "GiB",
    "ns",
    "µs",
    "us",
    "ms",
    "s",
    "second",
    "seconds",
    "minutes",
    "ids a second",
    "tokens a second",
    "requests a second",
];

fn figures_are_marked(reading: &Reading) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, text) in &reading.pages {
        let (blocks, lines) = parts(text);
        let computed: BTreeSet<(usize, String)> = blocks
            .iter()
            .filter(|block| block.info == "arithmetic")
            .flat_map(|block| numbers(block.body).map(|(digits, _)| (block.question, digits)))
            .collect();
        for line in
            lines.iter().filter(|line| line.question > 0 && !line.text.starts_with(['#', '<']))
        {
            for piece in pieces(line.text) {
                let Piece::Words(words) = piece else { continue };
                for (digits, after) in numbers(words) {
                    let is_figure = long(&digits) || UNITS.iter().any(|unit| has_unit(after, unit));
                    if is_figure && !computed.contains(&(line.question, digits.clone())) {
                        problems.push(format!(
                            "interview/{name}.md:{}: `{digits}` is neither recorded nor computed nor cited",
                            line.number
                        ));
                    }
                }
            }
        }
    }
    problems
}

/// The numbers that are not part of a name, each with what follows it.
fn numbers(text: &str) -> impl Iterator<Item = (String, &str)> {
    let starts = text.char_indices().filter(|&(at, c)| {
        let inside = |before: char| before.is_alphanumeric() || "_-.,/".contains(before);
        c.is_ascii_digit() && !text[..at].ends_with(inside)
    });
    starts.filter_map(|(at, _)| {
        let (_, _, after) = number(&text[at..])?;
        let digits = &text[at..text.len() - after.len()];
        Some((digits.to_owned(), after))
    })
}

fn has_unit(after: &str, unit: &str) -> bool {
    let after = after.strip_prefix([' ', '-']).unwrap_or(after);
    after.strip_prefix(unit).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Whether a number is so long that nobody would make it up as a round example: `1,234` and not `1,000`.
fn long(digits: &str) -> bool {
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    digits.contains(',') && plain.trim_end_matches('0').len() > 1
}

#[test]
fn sums_are_computed() {
    assert_eq!(computed("2 × 3 heads + ( 4 + 6 ) bytes ÷ 5"), Some(8.0));
    assert_eq!(computed("1,000 − 1 − 1"), Some(998.0));
    for wrong in ["", "2 ×", "( 2", "2 3", "× 2", "2 )"] {
        assert_eq!(computed(wrong), None, "{wrong}");
    }
}
