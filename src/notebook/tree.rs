//! The tree of a word: which merge joined what, and in which order, as SVG.

use std::fmt::Write;

use super::{COLOURS, Html, escape};

/// The distance of two letters, and of two merges.
const LETTER: f64 = 34.0;
const STEP: f64 = 30.0;

/// A part of the word: where it stands, how high, and its text.
struct Part {
    x: f64,
    y: f64,
    bytes: Vec<u8>,
}

/// Draws how a word's bytes merge: at each step the neighbours whose joined bytes have the lowest rank,
/// the leftmost first among equals. `rank` gives the rank of a token.
///
/// Time goes upwards: the first merge is the lowest. What no other part joins in the end are the tokens.
///
/// ```
/// use rust_for_ai::notebook::merge_tree;
/// let rank = |token: &[u8]| match token { b"ug" => Some(256), b"hug" => Some(257), _ => None };
/// let html = merge_tree("each line is a merge", "hugs", &rank);
/// assert!(html.as_str().contains("256") && html.as_str().contains("257"));
/// ```
pub fn merge_tree(see: &str, word: &str, rank: &dyn Fn(&[u8]) -> Option<u32>) -> Html {
    let mut parts: Vec<Part> = word
        .bytes()
        .enumerate()
        .map(|(at, byte)| Part { x: 24.0 + LETTER * at as f64, y: 0.0, bytes: vec![byte] })
        .collect();
    let width = 48.0 + LETTER * word.len() as f64;
    let (mut lines, mut labels) = (String::new(), String::new());
    for part in &parts {
        let _ = write!(
            labels,
            "<text x=\"{}\" y=\"16\" text-anchor=\"middle\" font-size=\"15\">{}</text>",
            part.x,
            escape(&shown(&part.bytes))
        );
    }
    let mut step = 0;
    let best = |parts: &[Part]| {
        let joined = parts.windows(2).map(|two| [&two[0].bytes[..], &two[1].bytes].concat());
        joined.enumerate().filter_map(|(at, token)| Some((rank(&token)?, at))).min()
    };
    while let Some((rank, at)) = best(&parts) {
        step += 1;
        let (right, left) = (parts.remove(at + 1), &mut parts[at]);
        let y = -STEP * f64::from(step);
        for below in [&*left, &right] {
            let _ = write!(
                lines,
                "<path d=\"M{} {} V{y} H{}\" stroke=\"{}\" fill=\"none\" stroke-width=\"1.5\"/>",
                below.x,
                below.y,
                (left.x + right.x) / 2.0,
                COLOURS[0]
            );
        }
        *left = Part {
            x: (left.x + right.x) / 2.0,
            y,
            bytes: [&left.bytes[..], &right.bytes].concat(),
        };
        let _ = write!(
            labels,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#444\" stroke=\"#fff\" \
             stroke-width=\"3\" paint-order=\"stroke\">{rank}</text>",
            left.x,
            y - 4.0
        );
    }
    let height = STEP * f64::from(step) + 22.0;
    let tokens: Vec<String> = parts.iter().map(|part| shown(&part.bytes)).collect();
    let svg = format!(
        "<svg width=\"{width}\" height=\"{}\" viewBox=\"0 {} {width} {}\" font-family=\"sans-serif\" \
         fill=\"#111\">{lines}{labels}</svg>",
        height + 26.0,
        -height,
        height + 26.0
    );
    super::figure(see, &svg).then(&Html::new(format!(
        "<div>upwards: time, one merge a step; at each join: the rank of the token. Tokens: <code>{}</code></div>",
        escape(&tokens.join(" | "))
    )))
}

/// White space made visible, and bytes that are no text in hexadecimal.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace(' ', "␣").replace('\n', "↵"),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" "),
    }
}
