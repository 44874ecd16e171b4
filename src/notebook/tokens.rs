//! The tokens of a text, each on a coloured ground, as the well-known visualisers show them.

use std::fmt::Write;

use super::{Html, escape};

/// Grounds in turn, so that neighbours differ; pale, so that black text reads well on each.
const GROUNDS: [&str; 6] = ["#c7e3ff", "#ffe0b3", "#d3f2c9", "#f6cfe6", "#e4dcff", "#fff3a8"];

/// The tokens of a text, given as the bytes of each; the id stands in the tool tip.
///
/// A token that is not a whole number of characters is shown as its bytes in hexadecimal, on a dark
/// ground: there the tokenizer cuts inside a character.
///
/// ```
/// use rust_for_ai::notebook::tokens;
/// let html = tokens("German", &[(256, b"ein".to_vec()), (195, vec![0xc3])]);
/// assert!(html.as_str().contains("C3"));
/// assert!(html.as_str().contains("2 tokens, 4 bytes"));
/// ```
pub fn tokens(title: &str, tokens: &[(u32, Vec<u8>)]) -> Html {
    boxes(title, "token", tokens)
}

/// The pieces of a pre-tokenizer, shown like tokens; the number of each stands in the tool tip.
///
/// ```
/// use rust_for_ai::notebook::pieces;
/// assert!(pieces("GPT-2", &["a", " b"]).as_str().contains("2 pieces, 3 bytes"));
/// ```
pub fn pieces(title: &str, pieces: &[&str]) -> Html {
    let numbered = (0..).zip(pieces).map(|(number, piece)| (number, piece.as_bytes().to_vec()));
    boxes(title, "piece", &numbered.collect::<Vec<_>>())
}

fn boxes(title: &str, noun: &str, tokens: &[(u32, Vec<u8>)]) -> Html {
    let bytes: usize = tokens.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut html = format!(
        "<div style=\"margin:6px 0\"><div style=\"font-size:90%\"><b>{}</b>: {}, {bytes} bytes</div>\
         <div dir=\"auto\" style=\"line-height:1.9;color:#111;font-family:var(--jp-code-font-family,monospace)\">",
        escape(title),
        if tokens.len() == 1 { format!("1 {noun}") } else { format!("{} {noun}s", tokens.len()) },
    );
    for (index, (id, bytes)) in tokens.iter().enumerate() {
        let whole = std::str::from_utf8(bytes);
        let ground = match whole {
            Ok(_) => GROUNDS[index % GROUNDS.len()],
            Err(_) => "#555",
        };
        let (ink, text) = match whole {
            Ok(text) => ("#111", escape(text).replace('\n', "↵<br>")),
            Err(_) => (
                "#fff",
                bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" "),
            ),
        };
        let _ = write!(
            html,
            "<span title=\"{id}\" style=\"background:{ground};color:{ink};white-space:pre-wrap;\
             border-radius:3px;padding:2px 1px;margin-right:2px\">{text}</span>"
        );
    }
    html.push_str("</div></div>");
    Html::new(html)
}
