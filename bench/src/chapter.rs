//! Peers behind the signatures of chapter `real_tokenizers`.

use std::fmt::{self, Debug};

use base64::prelude::{BASE64_STANDARD, Engine};
use rust_for_ai::bpe::{DecodeError, Pair, Part, RanksError, SpecialError, Split, Tokenize};
use rust_for_ai::check::work::{Merges, Symbol};
use solutions::real_tokenizers::Tiktoken;
use tiktoken_rs::CoreBPE;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::{
    self, byte_level::ByteLevel, digits::Digits, split::SplitPattern,
};
use tokenizers::{
    AddedToken, AddedVocabulary, NormalizerWrapper, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer, SplitDelimiterBehavior,
};

/// A special token that no text of ours contains; `CoreBPE` wants at least one.
const NEVER: &str = "<|never|>";

/// `real_tokenizers.load_tiktoken` by the crate `tiktoken-rs`.
///
/// That crate has no public reader of files, so the file is read, and refused, by the reference
/// answer; ids and bytes are the peer's. It gets its pieces one by one, under a pattern that takes
/// all of a text.
pub struct Ranked {
    core: CoreBPE,
    split: Split,
}

impl Ranked {
    /// Reads a file of ranks.
    ///
    /// # Errors
    ///
    /// As the stage.
    ///
    /// # Panics
    ///
    /// The peer refuses what the reference answer accepts.
    pub fn load(file: &str, split: Split) -> Result<Self, RanksError> {
        Tiktoken::load(file, split)?;
        let token = |line: &str| BASE64_STANDARD.decode(line.split(' ').next()?).ok();
        let ranks = file.lines().filter_map(token).zip(0..).collect();
        let special = [(NEVER.to_owned(), u32::MAX - 1)].into_iter().collect();
        let core = CoreBPE::new(ranks, special, "(?s).+");
        Ok(Self { core: core.expect("the peer takes any ranks"), split })
    }
}

impl fmt::Debug for Ranked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ranked").finish_non_exhaustive()
    }
}

impl Tokenize for Ranked {
    fn encode(&self, text: &str) -> Vec<u32> {
        let pieces = (self.split)(text);
        pieces.into_iter().flat_map(|piece| self.core.encode_ordinary(piece)).collect()
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        let mut bytes = Vec::new();
        for (position, &id) in ids.iter().enumerate() {
            let token = self.core.decode_bytes(&[id]);
            bytes.extend(token.map_err(|_| DecodeError::UnknownToken { position, id })?);
        }
        String::from_utf8(bytes).map_err(|error| DecodeError::InvalidUtf8 {
            position: error.utf8_error().valid_up_to(),
        })
    }
}

/// `real_tokenizers.train_word_counts` and `train_incremental` by the crate `tokenizers`.
///
/// # Panics
///
/// The peer refuses the words.
pub fn train(words: &[(Vec<Symbol>, u64)], vocab_size: usize) -> Vec<(Symbol, Symbol)> {
    // The peer cannot hold fewer tokens than its alphabet has.
    if vocab_size <= 256 {
        return Vec::new();
    }
    let text = |word| {
        let bytes = numbers(word).into_iter().filter_map(|id| u8::try_from(id).ok()).collect();
        String::from_utf8(bytes).expect("the words are texts")
    };
    let words: Vec<(String, u64)> = words.iter().map(|(word, n)| (text(word), *n)).collect();
    let merges = crate::train_words(&words, vocab_size).expect("the peer trains");
    merges.into_iter().map(|(left, right)| (Symbol::new(left), Symbol::new(right))).collect()
}

/// `real_tokenizers.encode_fast` by the crate `tokenizers`.
///
/// # Panics
///
/// The peer refuses the merges.
pub fn encode(word: &[Symbol], merges: &Merges) -> Vec<Symbol> {
    let pairs: Vec<Pair> = numbers(merges).chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let peer = crate::Peer::new(&pairs).expect("the merges are in order");
    let bytes = numbers(word).into_iter().filter_map(|id| u8::try_from(id).ok()).collect();
    let text = String::from_utf8(bytes).expect("the words are texts");
    peer.encode(&text).into_iter().map(Symbol::new).collect()
}

/// The numbers in what a value prints: a peer computes on ids, which a symbol keeps to itself.
fn numbers(value: impl Debug) -> Vec<u32> {
    let text = format!("{value:?}");
    let words = text.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// `real_tokenizers.pretokenize_gpt2` and `pretokenize_gpt4` by the crate `tokenizers`.
///
/// # Panics
///
/// The peer refuses the pattern or a text.
pub fn pretokenize(pattern: &str) -> impl for<'t> Fn(&'t str) -> Vec<&'t str> + use<> {
    let pattern = SplitPattern::Regex(pattern.to_owned());
    let split = pre_tokenizers::split::Split::new(pattern, SplitDelimiterBehavior::Isolated, false)
        .expect("the peer takes the pattern");
    move |text| {
        let mut pieces = PreTokenizedString::from(text);
        split.pre_tokenize(&mut pieces).expect("the peer cuts any text");
        slices(text, &pieces).into_iter().map(|(piece, _)| piece).collect()
    }
}

/// `real_tokenizers.special_tokens` by the crate `tokenizers`: its added tokens, leftmost and longest.
/// That crate knows no disallowed ones, so the first of those that it finds is made the error here.
///
/// # Errors
///
/// As the stage.
pub fn special_tokens<'t>(
    text: &'t str,
    allowed: &[&str],
    disallowed: &[&str],
) -> Result<Vec<Part<'t>>, SpecialError> {
    let parts = |specials: &[&str]| -> Vec<(&'t str, bool)> {
        let mut added = AddedVocabulary::new();
        let tokens = specials.iter().map(|&special| AddedToken::from(special, true));
        let none: Option<&NormalizerWrapper> = None;
        added.add_special_tokens(tokens, &BPE::default(), none).expect("the peer adds tokens");
        slices(text, &added.extract_and_normalize(none, text))
    };
    let mut position = 0;
    for (part, special) in parts(disallowed) {
        if special {
            return Err(SpecialError { token: part.to_owned(), position });
        }
        position += part.len();
    }
    let part = |(text, special)| if special { Part::Special(text) } else { Part::Text(text) };
    Ok(parts(allowed).into_iter().filter(|(text, _)| !text.is_empty()).map(part).collect())
}

/// The parts of a text that the peer cut, each with whether it is an added token.
fn slices<'t>(text: &'t str, cut: &PreTokenizedString) -> Vec<(&'t str, bool)> {
    let splits = cut.get_splits(OffsetReferential::Original, OffsetType::Byte);
    splits.into_iter().map(|(_, (from, to), tokens)| (&text[from..to], tokens.is_some())).collect()
}

/// The pieces of SmolLM's pre-tokenizer by the crate `tokenizers`.
///
/// # Panics
///
/// The peer refuses a text.
pub fn pretokenize_smollm(text: &str) -> Vec<&str> {
    let mut pieces = PreTokenizedString::from(text);
    let steps: [&dyn PreTokenizer; 2] = [&Digits::new(true), &ByteLevel::new(false, false, true)];
    for step in steps {
        step.pre_tokenize(&mut pieces).expect("the peer cuts any text");
    }
    slices(text, &pieces).into_iter().map(|(piece, _)| piece).collect()
}
