//! A file that Anki imports: one card a line, fields between tabs.
//!
//! ```text
//! #separator:tab
//! #html:true
//! #columns:Front, Back, Tags (with tabs)
//! #tags column:3
//! ```
//!
//! The lines with `#` tell Anki what is in it. A tab or a line end inside of a field would end it, so they
//! become spaces, and the line end of a paragraph `<br>`.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::card::Card;
use super::markdown::html;
use crate::store::{self, Disk};

const FIRST: &str = "#separator:tab\n";

/// The cards as such a file.
///
/// ```
/// use lab::quiz::{card::Card, export::tsv};
/// use rust_for_ai::interview::Level;
/// let card = Card { id: "mid.a".into(), level: Level::Mid, front: "a\tb?".into(), back: "`<`".into() };
/// assert!(tsv(&[card]).ends_with("\na b?\t<code>&lt;</code>\trust-for-ai mid\n"));
/// ```
pub fn tsv(cards: &[Card]) -> String {
    let mut text = format!("{FIRST}#html:true\n#columns:Front\tBack\tTags\n#tags column:3\n");
    for card in cards {
        text += &format!(
            "{}\t{}\trust-for-ai {}\n",
            html(&card.front),
            html(&card.back),
            card.level.name()
        );
    }
    text
}

/// Writes the file; what is there is replaced only if it was such a file.
///
/// # Errors
///
/// Something else is there, or it cannot be written.
pub fn write(disk: &dyn Disk, path: &Path, cards: &[Card]) -> Result<()> {
    match fs::read(path) {
        Ok(old) if !old.starts_with(FIRST.as_bytes()) && !old.is_empty() => bail!(
            "`{}` is there and was not made by this command\n\nhint: name another file",
            path.display()
        ),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("could not read `{}`", path.display()));
        }
        _ => {}
    }
    store::replace(disk, path, tsv(cards).as_bytes())
}

#[cfg(test)]
mod tests {
    use rust_for_ai::interview::Level;

    use super::*;
    use crate::quiz::card::cards;
    use crate::store::Real;

    #[test]
    fn each_card_is_a_line_of_three_fields() {
        for level in Level::ALL {
            let cards = cards(level).expect("the page has its form");
            let text = tsv(&cards);
            let lines: Vec<&str> = text.lines().skip(4).collect();
            assert_eq!(lines.len(), cards.len());
            for line in lines {
                let fields: Vec<&str> = line.split('\t').collect();
                let full = fields.len() == 3 && fields.iter().all(|field| !field.is_empty());
                // A field that begins with a quote or a line with `#` would be read otherwise.
                assert!(full && !line.starts_with(['"', '#']), "{line}");
                assert!(!line.contains("]["), "{line}");
            }
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_not_replaced() {
        let path = std::env::temp_dir().join(format!("quiz-{}.tsv", std::process::id()));
        fs::write(&path, "mine").expect("it can be written");
        assert!(write(&Real, &path, &[]).is_err());
        assert_eq!(fs::read_to_string(&path).ok().as_deref(), Some("mine"));
        fs::remove_file(&path).expect("it is there");
        for _ in 0..2 {
            write(&Real, &path, &[]).expect("its own file may be replaced");
        }
        fs::remove_file(&path).expect("it is there");
    }
}
