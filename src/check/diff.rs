//! Where two outputs differ, in words that fit a terminal.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::hash::Hash;

/// How many elements are shown before the middle is left out.
const SHOWN: usize = 24;

/// A sequence in Rust's notation; a long one loses its middle and says how long it is.
pub(crate) fn sequence<T: Debug>(items: &[T]) -> String {
    if items.len() <= SHOWN {
        return format!("{items:?}");
    }
    let edge = SHOWN / 2;
    let join =
        |part: &[T]| part.iter().map(|item| format!("{item:?}")).collect::<Vec<_>>().join(", ");
    let (front, back) = (join(&items[..edge]), join(&items[items.len() - edge..]));
    format!("[{front}, …, {back}] ({} in all)", items.len())
}

/// A map, sorted by key.
pub(crate) fn map<K: Debug + Ord, V: Debug>(map: &HashMap<K, V>) -> String {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|&(key, _)| key);
    let shown: Vec<String> =
        entries.iter().take(SHOWN).map(|(key, value)| format!("{key:?}: {value:?}")).collect();
    let rest = match entries.len().saturating_sub(SHOWN) {
        0 => String::new(),
        rest => format!(", … {rest} more"),
    };
    format!("{{{}{rest}}}", shown.join(", "))
}

/// A text in Rust's notation; a long one loses its middle.
pub(crate) fn text(text: &str) -> String {
    const LONGEST: usize = 72;
    if text.chars().count() <= LONGEST {
        return format!("{text:?}");
    }
    let front: String = text.chars().take(LONGEST / 2).collect();
    let back: Vec<char> = text.chars().rev().take(LONGEST / 4).collect();
    let back: String = back.into_iter().rev().collect();
    format!("{front:?}…{back:?} ({} bytes)", text.len())
}

/// The first place where two sequences differ, with some of what stands before it.
pub(crate) fn sequences<T: Debug + PartialEq>(
    expected: &[T],
    got: &[T],
    name: fn(&T) -> String,
) -> Vec<String> {
    let Some(at) = first_difference(expected, got) else { return Vec::new() };
    let say = |items: &[T]| items.get(at).map_or_else(|| "the end".to_owned(), name);
    let mut lines =
        vec![format!("first at index {at}: expected {}, got {}", say(expected), say(got))];
    if expected.len() != got.len() {
        lines.push(format!("expected a length of {}, got {}", expected.len(), got.len()));
    }
    lines
}

fn first_difference<T: PartialEq>(a: &[T], b: &[T]) -> Option<usize> {
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    (common < a.len() || common < b.len()).then_some(common)
}

/// What is missing, what is too much, and what has another value; the first few of each.
pub(crate) fn maps<K: Debug + Ord + Hash + Eq, V: Debug + PartialEq>(
    expected: &HashMap<K, V>,
    got: &HashMap<K, V>,
) -> Vec<String> {
    const FEW: usize = 4;
    let mut keys: Vec<&K> = expected.keys().chain(got.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut lines: Vec<String> = keys
        .into_iter()
        .filter_map(|key| match (expected.get(key), got.get(key)) {
            (Some(value), None) => Some(format!("missing     {key:?}: {value:?}")),
            (None, Some(value)) => Some(format!("unexpected  {key:?}: {value:?}")),
            (Some(e), Some(g)) if e != g => {
                Some(format!("differs     {key:?}: expected {e:?}, got {g:?}"))
            }
            _ => None,
        })
        .collect();
    if lines.len() > FEW + 1 {
        let rest = lines.len() - FEW;
        lines.truncate(FEW);
        lines.push(format!("… and {rest} more"));
    }
    lines
}

/// Two token streams as text, each token in brackets, from a little before the first difference.
///
/// `token` gives the bytes of an id.
pub(crate) fn tokens(
    expected: &[u32],
    got: &[u32],
    token: &dyn Fn(u32) -> Option<Vec<u8>>,
) -> Vec<String> {
    let Some(at) = first_difference(expected, got) else { return Vec::new() };
    let from = at.saturating_sub(3);
    let line = |ids: &[u32]| {
        let mut line = if from > 0 { "… ".to_owned() } else { String::new() };
        for &id in ids.iter().skip(from).take(10) {
            let shown = match token(id) {
                Some(bytes) => readable(&bytes),
                None => format!("unknown id {id}"),
            };
            let _ = write!(line, "[{shown}]");
        }
        if ids.len() > from + 10 {
            line.push_str(" …");
        }
        line
    };
    vec![format!("expected tokens  {}", line(expected)), format!("got tokens       {}", line(got))]
}

/// Bytes as text where they are text, `\xE9` where they are not; white space made visible.
pub(crate) fn readable(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                ' ' => shown.push('␣'),
                '\n' => shown.push('↵'),
                c if c.is_control() => shown.extend(c.escape_debug()),
                c => shown.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02X}");
        }
    }
    shown
}
