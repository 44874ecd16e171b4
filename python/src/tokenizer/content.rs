//! What a tokenizer is made of, without Python: three kinds behind one interface, and how each is kept in a
//! file.
//!
//! | kind | of | in a file |
//! |---|---|---|
//! | ranks | tiktoken's files, GPT-2 and GPT-4, training on pieces | a line `rust_for_ai tokenizer 1`, then pattern, special tokens, and ranks as tiktoken has them |
//! | whole | training on a text as one sequence | the same first line, then merges, two ids a line |
//! | model | a GGUF file | a GGUF file with the tokenizer's keys and nothing else |
//!
//! # The laws
//!
//! 1. A file that was saved and read is equal to what was saved, and saving it again gives the same bytes.
//!    So *content* is these bytes: two tokenizers are equal if they are, and a pickle is these bytes.
//! 2. Special tokens are what a text must not turn into unasked: those of a vocabulary, and the control
//!    tokens of a model's file.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use rust_for_ai::bpe::{Encoding, Finder, Pattern, RanksError, Tokenize, Tokenizer};
use rust_for_ai::llama::gguf::{Gguf, Value, Writer};
use rust_for_ai::llama::tokenizer::{self as model, Metadata};

use crate::ids::Numbers;
use crate::long::{LONG, LONG_AND_FAST, SLICE, Stop};

/// The first line of a saved tokenizer.
const HEADER: &str = "rust_for_ai tokenizer 1";

/// A tokenizer of any kind.
pub(crate) struct Content {
    kind: Kind,
    /// Special tokens with their ids, the lowest id first.
    specials: Vec<(String, u32)>,
    /// Finds all of them.
    finder: Finder,
    /// The name of a vocabulary that every build has.
    name: Option<&'static str>,
    /// As saved; made when it is first asked for.
    bytes: OnceLock<Vec<u8>>,
    hash: OnceLock<u64>,
    pub(crate) numbers: Numbers,
}

enum Kind {
    Ranks(Box<Encoding>),
    Whole(Tokenizer),
    Model {
        tokenizer: Box<model::Tokenizer>,
        /// The file without its tensors.
        file: Vec<u8>,
        /// Whether each text got a space in front.
        spaced: bool,
    },
}

/// Why a text has no ids.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A special token that may not be there, and where it begins, in characters.
    Special { token: String, position: usize },
    /// The caller has gone.
    Stopped,
}

/// Which special tokens are found in a text.
#[derive(Default)]
pub(crate) enum Which {
    All,
    #[default]
    None,
    These(Box<Finder>),
}

/// What special tokens in a text become: an error, themselves, or ordinary text.
#[derive(Default)]
pub(crate) struct Rule {
    pub(crate) refused: Which,
    pub(crate) allowed: Which,
}

/// The patterns by the names that Python knows.
pub(crate) const PATTERNS: &[(&str, Pattern)] = &[
    ("gpt2", Pattern::Gpt2),
    ("cl100k", Pattern::Cl100k),
    ("o200k", Pattern::O200k),
    ("llama3", Pattern::Llama3),
    ("smollm", Pattern::SmolLm),
];

/// The name of a pattern.
pub(crate) fn pattern_name(pattern: Pattern) -> &'static str {
    PATTERNS.iter().find(|&&(_, known)| known == pattern).map_or("unknown", |&(name, _)| name)
}

impl Content {
    fn new(kind: Kind, specials: Vec<(String, u32)>, name: Option<&'static str>) -> Self {
        let finder = Finder::new(specials.iter().map(|(token, id)| (token.as_str(), *id)));
        let (bytes, hash, numbers) = Default::default();
        Self { kind, specials, finder, name, bytes, hash, numbers }
    }

    /// From ranks.
    pub(crate) fn ranks(encoding: Encoding, name: Option<&'static str>) -> Self {
        let specials = encoding.specials().map(|(token, id)| (token.to_owned(), id)).collect();
        Self::new(Kind::Ranks(Box::new(encoding)), specials, name)
    }

    /// From merges on texts as one sequence.
    pub(crate) fn whole(tokenizer: Tokenizer) -> Self {
        Self::new(Kind::Whole(tokenizer), Vec::new(), None)
    }

    /// From what a model's file says.
    pub(crate) fn gguf(gguf: &Gguf) -> Result<Self, String> {
        let metadata = Metadata::of(gguf).map_err(|error| error.to_string())?;
        let tokenizer = model::Tokenizer::new(&metadata).map_err(|error| error.to_string())?;
        let mut specials: Vec<(String, u32)> = metadata
            .tokens
            .iter()
            .filter_map(|&text| Some((text.to_owned(), tokenizer.control(text)?)))
            .collect();
        specials.sort_by_key(|&(_, id)| id);
        specials.dedup();
        let spaced = metadata.model == "llama" && metadata.add_space_prefix.unwrap_or(true);
        let mut keys: Vec<(&str, &Value)> =
            gguf.values().filter(|(key, _)| key.starts_with("tokenizer.ggml.")).collect();
        keys.sort_by_key(|&(key, _)| key);
        let mut writer = Writer::new();
        for (key, value) in keys {
            writer.set(key, value.clone());
        }
        let mut file = Vec::new();
        writer
            .begin(&mut file)
            .and_then(rust_for_ai::llama::gguf::Body::finish)
            .map_err(|error| error.to_string())?;
        Ok(Self::new(Kind::Model { tokenizer: Box::new(tokenizer), file, spaced }, specials, None))
    }

    /// From a saved file, or a GGUF file that is in memory.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(b"GGUF") {
            return Self::gguf(&Gguf::parse(bytes).map_err(|error| error.to_string())?);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            format!("expected a text, got other bytes at {}", error.valid_up_to())
        })?;
        let mut lines = Lines { rest: text, number: 0 };
        if lines.next()? != HEADER {
            return Err(format!("line 1: expected `{HEADER}`"));
        }
        let (word, value) = lines.pair()?;
        match word {
            "pattern" => {
                let known = PATTERNS.iter().find(|&&(name, _)| name == value);
                let &(_, pattern) = known.ok_or_else(|| lines.wrong("the name of a pattern"))?;
                let mut specials = Vec::new();
                loop {
                    let (word, value) = lines.pair()?;
                    match word {
                        "special" => {
                            let special = value.split_once(' ').and_then(|(id, token)| {
                                Some((unescaped(token)?, id.parse::<u32>().ok()?))
                            });
                            specials.push(special.ok_or_else(|| lines.wrong("an id and a token"))?);
                        }
                        "ranks" => break,
                        _ => return Err(lines.wrong("`special` or `ranks`")),
                    }
                }
                let specials: Vec<(&str, u32)> =
                    specials.iter().map(|(token, id)| (token.as_str(), *id)).collect();
                let encoding = Encoding::from_tiktoken(lines.rest, pattern, &specials);
                let encoding = encoding.map_err(|RanksError { line, problem }| {
                    RanksError { line: line + lines.number, problem }.to_string()
                })?;
                Ok(Self::ranks(encoding, None))
            }
            "merges" => {
                let count: usize = value.parse().map_err(|_| lines.wrong("a number of merges"))?;
                let mut merges = Vec::new();
                for _ in 0..count {
                    let (left, right) = lines.pair()?;
                    let pair = left.parse().ok().zip(right.parse().ok());
                    merges.push(pair.ok_or_else(|| lines.wrong("two ids"))?);
                }
                let tokenizer =
                    Tokenizer::from_merges(&merges).map_err(|error| error.to_string())?;
                Ok(Self::whole(tokenizer))
            }
            _ => Err(lines.wrong("`pattern` or `merges`")),
        }
    }

    /// As it is saved.
    pub(crate) fn bytes(&self) -> &[u8] {
        if let Kind::Model { file, .. } = &self.kind {
            return file;
        }
        self.bytes.get_or_init(|| {
            let mut text = format!("{HEADER}\n");
            // Writing to a string does not fail.
            let _ = match &self.kind {
                Kind::Ranks(encoding) => {
                    let mut head = format!("pattern {}\n", pattern_name(encoding.pattern()));
                    for (token, id) in &self.specials {
                        let _ = writeln!(head, "special {id} {}", escaped(token));
                    }
                    let ranks = encoding.to_tiktoken();
                    write!(text, "{head}ranks {}\n{ranks}", ranks.lines().count())
                }
                Kind::Whole(tokenizer) => {
                    let merges = tokenizer.merges();
                    let _ = writeln!(text, "merges {}", merges.len());
                    merges.iter().try_for_each(|(left, right)| writeln!(text, "{left} {right}"))
                }
                Kind::Model { .. } => Ok(()),
            };
            text.into_bytes()
        })
    }

    /// The name of a vocabulary that every build has.
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// A number of the content, the same in every process.
    pub(crate) fn hash(&self) -> u64 {
        *self.hash.get_or_init(|| {
            let mut hasher = DefaultHasher::new();
            self.bytes().hash(&mut hasher);
            hasher.finish()
        })
    }

    /// One more than the highest id.
    pub(crate) fn size(&self) -> usize {
        match &self.kind {
            Kind::Ranks(encoding) => encoding.vocab_size(),
            Kind::Whole(tokenizer) => tokenizer.vocab_size(),
            Kind::Model { tokenizer, .. } => tokenizer.len(),
        }
    }

    /// From so many bytes of text on, encoding takes long.
    pub(crate) fn long(&self) -> usize {
        match self.kind {
            Kind::Ranks(_) => LONG_AND_FAST,
            Kind::Whole(_) | Kind::Model { .. } => LONG,
        }
    }

    /// How texts are cut; `None` where a file's own rules do it, or nothing.
    pub(crate) fn pattern(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Ranks(encoding) => Some(pattern_name(encoding.pattern())),
            Kind::Whole(_) | Kind::Model { .. } => None,
        }
    }

    /// A word for the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::Ranks(_) => "ranks",
            Kind::Whole(_) => "merges",
            Kind::Model { .. } => "gguf",
        }
    }

    /// Special tokens with their ids.
    pub(crate) fn specials(&self) -> &[(String, u32)] {
        &self.specials
    }

    /// The bytes of a token, special ones too.
    pub(crate) fn token(&self, id: u32) -> Option<&[u8]> {
        match &self.kind {
            Kind::Ranks(encoding) => encoding.token(id),
            Kind::Whole(tokenizer) => tokenizer.token(id),
            Kind::Model { tokenizer, .. } => {
                let special = self.specials.binary_search_by_key(&id, |&(_, id)| id).ok();
                let special = special.map(|at| self.specials[at].0.as_bytes());
                special.or_else(|| ((id as usize) < tokenizer.len()).then(|| tokenizer.piece(id)))
            }
        }
    }

    fn find<'f>(
        &'f self,
        which: &'f Which,
        text: &str,
        from: usize,
    ) -> Option<rust_for_ai::bpe::Found<'f>> {
        match which {
            Which::All => self.finder.find(text, from),
            Which::None => None,
            Which::These(finder) => finder.find(text, from),
        }
    }

    /// Hands on the ids of a text, in parts.
    pub(crate) fn encode(
        &self,
        text: &str,
        rule: &Rule,
        stop: &Stop,
        ids: &mut Vec<u32>,
        full: &mut dyn FnMut(&mut Vec<u32>),
    ) -> Result<(), Failure> {
        if let Some(found) = self.find(&rule.refused, text, 0) {
            let position = text[..found.position].chars().count();
            return Err(Failure::Special { token: found.token.to_owned(), position });
        }
        let mut at = 0;
        while let Some(found) = self.find(&rule.allowed, text, at) {
            self.part(&text[at..found.position], stop, ids, full)?;
            ids.push(found.id);
            at = found.position + found.token.len();
        }
        self.part(&text[at..], stop, ids, full)
    }

    fn part(
        &self,
        text: &str,
        stop: &Stop,
        ids: &mut Vec<u32>,
        full: &mut dyn FnMut(&mut Vec<u32>),
    ) -> Result<(), Failure> {
        if stop.asked() {
            return Err(Failure::Stopped);
        }
        match &self.kind {
            Kind::Ranks(encoding) if text.len() <= SLICE => encoding.encode_into(text, ids),
            Kind::Ranks(encoding) => {
                let mut at = 0;
                while at < text.len() {
                    if stop.asked() {
                        return Err(Failure::Stopped);
                    }
                    at = encoding.encode_some(text, at, SLICE, ids);
                    full(ids);
                }
            }
            Kind::Whole(tokenizer) => ids.extend(tokenizer.encode(text)),
            Kind::Model { tokenizer, .. } => ids.extend(tokenizer.encode(text)),
        }
        full(ids);
        Ok(())
    }

    /// All ids of a text.
    pub(crate) fn ids(&self, text: &str, rule: &Rule, stop: &Stop) -> Result<Vec<u32>, Failure> {
        let mut ids = Vec::with_capacity(text.len() / 4 + 1);
        self.encode(text, rule, stop, &mut ids, &mut |_| ())?;
        Ok(ids)
    }

    /// The ids of a text by the library's own call, without anything of Python's: what the rest is measured
    /// against.
    pub(crate) fn native(&self, text: &str) -> Vec<u32> {
        match &self.kind {
            Kind::Ranks(encoding) => encoding.encode_ordinary(text),
            Kind::Whole(tokenizer) => tokenizer.encode(text),
            Kind::Model { tokenizer, .. } => tokenizer.encode(text),
        }
    }

    /// How many ids a text has.
    pub(crate) fn count(&self, text: &str, rule: &Rule, stop: &Stop) -> Result<usize, Failure> {
        let (mut ids, mut count) = (Vec::new(), 0);
        self.encode(text, rule, stop, &mut ids, &mut |ids| {
            count += ids.len();
            ids.clear();
        })?;
        Ok(count)
    }

    /// The bytes of some ids, or the first index whose id is unknown.
    pub(crate) fn decode(&self, ids: &[u32]) -> Result<Vec<u8>, usize> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        for (position, &id) in ids.iter().enumerate() {
            bytes.extend_from_slice(self.token(id).ok_or(position)?);
        }
        if self.is_spaced() && bytes.first() == Some(&b' ') && !ids.is_empty() {
            bytes.remove(0);
        }
        Ok(bytes)
    }

    /// The merges of a tokenizer that takes a text as one sequence.
    pub(crate) fn merges(&self) -> Option<&[(u32, u32)]> {
        match &self.kind {
            Kind::Whole(tokenizer) => Some(tokenizer.merges()),
            Kind::Ranks(_) | Kind::Model { .. } => None,
        }
    }

    /// Whether decoding takes away a space in front, which encoding put there.
    fn is_spaced(&self) -> bool {
        matches!(self.kind, Kind::Model { spaced: true, .. })
    }

    /// Where in the text each id stands, in characters: from the first one that it has a byte of to behind
    /// the last one. Tokens that share a character overlap there.
    pub(crate) fn offsets(&self, text: &str, ids: &[u32]) -> Vec<(usize, usize)> {
        let bytes = text.as_bytes();
        let (mut at, mut character) = (0, 0);
        // How many characters begin before the byte `at`.
        let mut step = |at: &mut usize, to: usize| {
            let to = to.min(bytes.len());
            character += bytes[*at..to].iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
            *at = to;
            character
        };
        let mut begins_text = self.is_spaced();
        ids.iter()
            .map(|&id| {
                let mut token = self.token(id).unwrap_or_default();
                let is_special = self.specials.binary_search_by_key(&id, |&(_, id)| id).is_ok();
                if !is_special
                    && std::mem::replace(&mut begins_text, is_special && self.is_spaced())
                {
                    token = token.strip_prefix(b" ").unwrap_or(token);
                }
                begins_text |= is_special && self.is_spaced();
                let mut from = None;
                for &byte in token {
                    // What has no token was left out; a mark became a space.
                    let mut here = at;
                    while here < bytes.len() && bytes[here] != byte {
                        if byte == b' ' && bytes[here..].starts_with("\u{2581}".as_bytes()) {
                            break;
                        }
                        here += 1;
                    }
                    let width = match bytes.get(here) {
                        Some(&there) if there != byte => "\u{2581}".len(),
                        _ => 1,
                    };
                    let before = step(&mut at, here);
                    // Inside of a character, the character has begun already.
                    let inside = bytes.get(here).is_some_and(|byte| byte & 0xc0 == 0x80);
                    from.get_or_insert(before - usize::from(inside));
                    step(&mut at, here + width);
                }
                let end = step(&mut at.clone(), at);
                (from.unwrap_or(end), end)
            })
            .collect()
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.hash() == other.hash() && self.bytes() == other.bytes()
    }
}

/// A saved file, line by line.
struct Lines<'t> {
    rest: &'t str,
    /// Of the line that was read last, from 1.
    number: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Result<&'t str, String> {
        self.number += 1;
        let (line, rest) = self
            .rest
            .split_once('\n')
            .ok_or_else(|| format!("line {}: the file ends here", self.number))?;
        self.rest = rest;
        Ok(line)
    }

    /// A line of two words, the second of which may have spaces.
    fn pair(&mut self) -> Result<(&'t str, &'t str), String> {
        let line = self.next()?;
        line.split_once(' ').ok_or_else(|| self.wrong("two words"))
    }

    fn wrong(&self, expected: &str) -> String {
        format!("line {}: expected {expected}", self.number)
    }
}

/// A token on one line.
fn escaped(token: &str) -> Cow<'_, str> {
    if token.contains(['\\', '\n', '\r']) {
        token.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").into()
    } else {
        token.into()
    }
}

fn unescaped(line: &str) -> Option<String> {
    let (mut token, mut chars) = (String::new(), line.chars());
    while let Some(c) = chars.next() {
        token.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            c => c,
        });
    }
    Some(token)
}
