//! A page of the reading as a program sees it: blocks of code, and prose with its links and its code in line.

/// The line above the definitions that are generated.
pub(crate) const GENERATED: &str =
    "<!-- generated: RUST_FOR_AI_READING=write cargo test --test reading -->";

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// The line of its fence, from 1.
    pub(crate) line: usize,
    /// The words after the fence, such as `rust,compile_fail,E0382`.
    pub(crate) info: &'a str,
    pub(crate) body: &'a str,
    /// The question that it belongs to; 0 before the first.
    pub(crate) question: usize,
}

/// A line of prose, without what is generated.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    pub(crate) question: usize,
}

/// What a line is made of.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    Words(&'a str),
    /// Between back quotes.
    Code(&'a str),
    /// `[text][label]`
    Labelled(&'a str, &'a str),
    /// `[text](address)`
    Linked(&'a str, &'a str),
}

/// Takes a page apart.
pub(crate) fn parts(page: &str) -> (Vec<Block<'_>>, Vec<Line<'_>>) {
    let (mut blocks, mut lines) = (Vec::new(), Vec::new());
    let mut question = 0;
    let mut open: Option<(usize, &str, usize)> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(page.split_inclusive('\n')) {
        let text = line.trim_end();
        if text == GENERATED {
            break;
        }
        match (text.strip_prefix("```"), open) {
            (Some(_), Some((begins, info, start))) => {
                blocks.push(Block { line: begins, info, body: &page[start..at], question });
                open = None;
            }
            (Some(info), None) => open = Some((number, info, at + line.len())),
            (None, Some(_)) => {}
            (None, None) => {
                question += usize::from(text.starts_with("## "));
                lines.push(Line { number, text, question });
            }
        }
        at += line.len();
    }
    (blocks, lines)
}

/// Takes a line apart.
pub(crate) fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['`', '[']) {
        let (before, from) = rest.split_at(at);
        let special = match from.strip_prefix('`') {
            Some(code) => code.split_once('`').map(|(code, after)| (Piece::Code(code), after)),
            None => link(from),
        };
        match special {
            Some((piece, after)) => {
                found.extend([Piece::Words(before), piece]);
                rest = after;
            }
            None => {
                let (words, after) = rest.split_at(at + 1);
                found.push(Piece::Words(words));
                rest = after;
            }
        }
    }
    found.push(Piece::Words(rest));
    found
}

fn link(from: &str) -> Option<(Piece<'_>, &str)> {
    let (text, after) = from.strip_prefix('[')?.split_once(']')?;
    if let Some(after) = after.strip_prefix('[') {
        let (label, after) = after.split_once(']')?;
        return Some((Piece::Labelled(text, label), after));
    }
    let (address, after) = after.strip_prefix('(')?.split_once(')')?;
    Some((Piece::Linked(text, address), after))
}

/// A number as people write it, `1,234.5`: its value, how many decimals it has, and what follows it.
pub(crate) fn number(text: &str) -> Option<(f64, usize, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.'));
    let digits = text[..end.unwrap_or(text.len())].trim_end_matches([',', '.']);
    let value = digits
        .replace(',', "")
        .parse()
        .ok()
        .filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()))?;
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    Some((value, decimals, &text[digits.len()..]))
}

/// Whether a value is what a text states, at the precision of the text.
pub(crate) fn states(stated: f64, decimals: usize, value: f64) -> bool {
    (stated - value).abs() <= 0.5 * 10f64.powi(-i32::try_from(decimals).unwrap_or(9)) * 1.000_001
}

#[test]
fn a_line_is_taken_apart() {
    use Piece::{Code, Labelled, Linked, Words};
    assert_eq!(
        pieces("a `b[0]` [1 ns][x.y], [z](https://z) [open"),
        [
            Words("a "),
            Code("b[0]"),
            Words(" "),
            Labelled("1 ns", "x.y"),
            Words(", "),
            Linked("z", "https://z"),
            Words(" ["),
            Words("open")
        ]
    );
    assert_eq!(number("1,234.50 ns"), Some((1234.5, 2, " ns")));
    assert_eq!(number("12, and"), Some((12.0, 0, ", and")));
    assert_eq!(number("ns"), None);
    assert!(states(12.5, 1, 12.46) && states(10.0, 0, 10.4) && !states(10.4, 1, 10.3));
}
