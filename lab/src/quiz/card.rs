//! Cards made of the pages.
//!
//! A card is known by its level and the words of its question, `mid.what-does-q4-mean`; a follow-up by its
//! question's words and its own. A question that is worded anew is a new card, which is right: its answer was
//! written anew as well.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use rust_for_ai::interview::{Level, questions};

/// A question and its answer, in Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Lasts as long as its words do.
    pub id: String,
    /// The page that it is from.
    pub level: Level,
    /// The question; of a follow-up, below what it follows.
    pub front: String,
    /// The answer.
    pub back: String,
}

/// The cards of a page: each question, and after it its follow-ups.
///
/// # Errors
///
/// The page departs from its form, or two questions have the same words.
pub fn cards(level: Level) -> Result<Vec<Card>> {
    let (mut cards, mut ids) = (Vec::new(), BTreeSet::new());
    for question in questions(level.text())? {
        let id = format!("{}.{}", level.name(), words(question.title));
        let (front, back) = (question.title.to_owned(), question.short.to_owned());
        let follow_ups = question.follow_ups.iter().map(|(asked, answer)| Card {
            id: format!("{id}/{}", words(asked)),
            level,
            front: format!("{}\n\n*{asked}*", question.title),
            back: (*answer).to_owned(),
        });
        let follow_ups: Vec<Card> = follow_ups.collect();
        cards.push(Card { id, level, front, back });
        cards.extend(follow_ups);
    }
    for card in &cards {
        ensure!(ids.insert(&card.id), "`{}` is asked twice", card.id);
    }
    Ok(cards)
}

/// The first words of a question, without what is not a letter or a digit.
fn words(question: &str) -> String {
    let plain: String = question
        .chars()
        .filter(|c| *c != '\'')
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    plain.split_whitespace().take(10).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_gives_cards_with_ids_of_their_own() {
        for level in Level::ALL {
            let cards = cards(level).expect("the page has its form");
            assert!(cards.len() > 20, "{} of {level:?}", cards.len());
            assert!(cards.iter().all(|card| !card.id.contains([' ', '='])), "{cards:?}");
        }
        let mid = cards(Level::Mid).expect("the page has its form");
        assert_eq!(mid[0].id, "mid.why-use-rust-over-python-for-certain-ai-components");
        assert!(mid[1].id.starts_with(&format!("{}/", mid[0].id)), "{}", mid[1].id);
    }
}
