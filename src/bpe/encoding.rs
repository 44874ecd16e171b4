//! The encoding of a real system: text to the ids of GPT-2 and GPT-4, and back.
//!
//! # The law
//!
//! 1. The text is cut into pieces by a [`Pattern`]. Merges never cross the end of a piece.
//! 2. A piece that is a token as it stands is that token, whatever merges would make of it.
//! 3. Else it begins as its bytes. While two neighbours join to the bytes of a token, the token of the
//!    lowest rank is made, the leftmost on ties.
//! 4. A token's rank is its id. `decode(encode(text)) == text`, for every text.
//!
//! These are tiktoken's rules, and the ids are equal to tiktoken's: `bench/tests/real.rs` compares them
//! on a book and on whatever tokenizers are known to differ on.
//!
//! # The idea
//!
//! ```text
//! "The tokenizer"   two pieces, and both are tokens: 791, 47058. Two look-ups, no merge
//! " zyzzyva"        no token. In the cache? Else merged: " z" "yz" "zy" "va"
//! ```
//!
//! Each step has a file of its own: [`split`](super::split) finds the ends of pieces, [`words`](super::words) has the
//! table of tokens and the cache of words that were merged before, [`merges`](super::merges) merges short
//! words in place and [`long`](super::long) long ones with lists. None of them allocates per word, and
//! none is quadratic in the length of a text.
//!
//! Ends are found for [`BATCH`] pieces at once, before the first look-up: the processor guesses wrong
//! about the ends of words, and would else throw away look-ups that it has begun.
//!
//! Tried and dropped, with cl100k on the book, where one thread of a Xeon at 2.3 GHz makes some 170 MB/s: to look up all pieces of a batch in a
//! loop of its own before the first id is written, so that look-ups do not wait for each other, 146; the
//! same without a branch on which of three keys in a cache line is the one, 130. Most lines are in
//! the processor's cache, and the arrays between the loops cost more than the waiting.
//!
//! What encoding needs to write to, the cache above all, is a [`Scratch`]. An encoding keeps those that
//! are not in use, at most one a processor, so threads share an encoding and no cache. [`batch`](super::batch)
//! has many texts encoded by all of them.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::long::{KEPT, Long};
use super::merges::{FEW, Pairs};
use super::specials::Finder;
use super::vocabulary::Vocabulary;
use super::words::{Cache, Key, SHORT, Tokens, WIDE, WideCache, key};
use super::{DecodeError, Pattern, RanksError, SpecialError, Specials, Tokenize, ranks};

/// How many pieces are found before they are looked up.
const BATCH: usize = 256;

/// A tokenizer with the vocabulary of a real system.
///
/// It takes some time to build; build it once, and share it between threads.
///
/// ```
/// use rust_for_ai::bpe::{Encoding, Tokenize};
///
/// let gpt4 = Encoding::cl100k();
/// let ids = gpt4.encode_ordinary("The tokenizer's 3rd verse");
/// assert_eq!(ids, [791, 47058, 596, 220, 18, 6634, 33487]);
/// assert_eq!(gpt4.decode(&ids).as_deref(), Ok("The tokenizer's 3rd verse"));
/// ```
pub struct Encoding {
    pattern: Pattern,
    vocabulary: Vocabulary,
    tokens: Tokens,
    pairs: Pairs,
    /// Finds all special tokens.
    specials: Finder,
    /// Scratches that are not in use, at most `most_idle`.
    idle: Mutex<Vec<Scratch>>,
    /// How many threads can run at once. To ask for it takes longer than to encode a sentence.
    most_idle: usize,
}

/// What one thread writes to while it encodes.
struct Scratch {
    /// Where the pieces of a batch end.
    ends: Box<[usize; BATCH]>,
    cache: Cache,
    memory: Memory,
}

/// What longer words take.
struct Memory {
    wide: WideCache,
    long: Long,
    /// The ids of one word.
    ids: Vec<u32>,
}

impl Scratch {
    fn new() -> Self {
        let memory = Memory { wide: WideCache::new(), long: Long::default(), ids: Vec::new() };
        Self { ends: Box::new([0; BATCH]), cache: Cache::new(), memory }
    }
}

/// A list with room for the ids of a usual text: four bytes an id.
pub(super) fn room_for(text: &str) -> Vec<u32> {
    Vec::with_capacity(text.len() / 4 + 1)
}

impl Encoding {
    /// An encoding from a file of ranks, as in [`ranks`], a pattern, and special tokens with their ids.
    ///
    /// # Errors
    ///
    /// The first line that is wrong; see [`RanksProblem`](super::RanksProblem). A rank may be missing only where a special
    /// token has it as its id.
    ///
    /// ```
    /// use rust_for_ai::bpe::{Encoding, Pattern, ranks};
    /// let special = [("<|endoftext|>", 50256), ("<|fim_prefix|>", 50281)];
    /// let encoding = Encoding::from_tiktoken(ranks::gpt2(), Pattern::Gpt2, &special)?;
    /// assert_eq!(encoding.vocab_size(), 50282);
    ///
    /// let broken = ranks::gpt2().replacen("Ig== 1\n", "", 1);
    /// let error = Encoding::from_tiktoken(&broken, Pattern::Gpt2, &[]).unwrap_err();
    /// assert_eq!(error.to_string(), "line 2: expected the rank 1, got 2");
    /// # Ok::<(), rust_for_ai::bpe::RanksError>(())
    /// ```
    pub fn from_tiktoken(
        ranks: &str,
        pattern: Pattern,
        specials: &[(&str, u32)],
    ) -> Result<Self, RanksError> {
        let (vocabulary, tokens) = Vocabulary::read(ranks, specials)?;
        let pairs = Pairs::new(&mut vocabulary.ordinary().collect::<Vec<_>>());
        let specials = Finder::new(vocabulary.specials());
        let most_idle = std::thread::available_parallelism().map_or(1, usize::from);
        let idle = Mutex::default();
        Ok(Self { pattern, vocabulary, tokens, pairs, specials, idle, most_idle })
    }

    /// The encoding of merges that were trained on pieces of this pattern, as by
    /// [`train_words`](super::train_words). Ids are those of the merges, and special tokens come besides.
    ///
    /// Ranks have no pairs, and yet say the same, since two tokens of a trained vocabulary never have the same
    /// bytes: the bytes of a token, encoded by the merges that were learned before it, are the very pair that
    /// it was made of, wherever they stand. Merges that no training gives may need pairs; those are for
    /// [`Tokenizer::from_merges`](super::Tokenizer::from_merges).
    ///
    /// # Errors
    ///
    /// Two merges that make the same bytes, or special tokens whose text or id is taken. A token has the line of
    /// its id plus one.
    ///
    /// ```
    /// use rust_for_ai::bpe::{Encoding, Pattern, Tokenizer, WordCounts, train_words};
    /// let mut counts = WordCounts::new(Pattern::Gpt2);
    /// counts.add("hug hug pug")?;
    /// let merges = Tokenizer::from_merges(&train_words(&counts, 258))?;
    /// let encoding = Encoding::from_merges(&merges, Pattern::Gpt2, &[("<|end|>", 258)])?;
    /// assert_eq!(encoding.encode_ordinary("hug bug"), [257, 32, 98, 256]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_merges(
        merges: &super::Tokenizer,
        pattern: Pattern,
        specials: &[(&str, u32)],
    ) -> Result<Self, RanksError> {
        let tokens = (0..).map_while(|id| Some((id, merges.token(id)?)));
        let mut lines = String::new();
        tokens.for_each(|(id, token)| Vocabulary::line(token, id, &mut lines));
        Self::from_tiktoken(&lines, pattern, specials)
    }

    /// GPT-2's encoding, also called r50k.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// assert_eq!(Encoding::gpt2().encode_ordinary("Hello, world!"), [15496, 11, 995, 0]);
    /// ```
    pub fn gpt2() -> Self {
        Self::from_tiktoken(ranks::gpt2(), Pattern::Gpt2, &[("<|endoftext|>", 50256)])
            .expect("the embedded ranks are in order")
    }

    /// The encoding of GPT-4 and GPT-3.5.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// assert_eq!(Encoding::cl100k().encode_ordinary("Hello, world!"), [9906, 11, 1917, 0]);
    /// ```
    pub fn cl100k() -> Self {
        let specials = [
            ("<|endoftext|>", 100257),
            ("<|fim_prefix|>", 100258),
            ("<|fim_middle|>", 100259),
            ("<|fim_suffix|>", 100260),
            ("<|endofprompt|>", 100276),
        ];
        Self::from_tiktoken(ranks::cl100k(), Pattern::Cl100k, &specials)
            .expect("the embedded ranks are in order")
    }

    /// The ids of a text in which special tokens are ordinary text.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// let gpt2 = Encoding::gpt2();
    /// assert_eq!(gpt2.encode_ordinary("<|endoftext|>"), [27, 91, 437, 1659, 5239, 91, 29]);
    /// ```
    pub fn encode_ordinary(&self, text: &str) -> Vec<u32> {
        let mut ids = room_for(text);
        self.encode_into(text, &mut ids);
        ids
    }

    /// Adds the ids of a text to those that are there, as [`encode_ordinary`](Self::encode_ordinary) makes them.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// let mut ids = vec![50256];
    /// Encoding::gpt2().encode_into("Hi", &mut ids);
    /// assert_eq!(ids, [50256, 17250]);
    /// ```
    pub fn encode_into(&self, text: &str, ids: &mut Vec<u32>) {
        self.scratch().encode(text, ids);
    }

    /// As [`encode_into`](Self::encode_into), for a part of the text: from the byte `from` on, until `most` bytes
    /// or a few more are done. Gives where it stopped, which is `from` for the next part; at the end it is the
    /// length of the text. So a caller can do something else between the parts, and the ids are the same.
    ///
    /// # Panics
    ///
    /// If `from` is inside a character or beyond the end.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// let (gpt2, text) = (Encoding::gpt2(), "Hello, world! ".repeat(10_000));
    /// let (mut ids, mut at) = (Vec::new(), 0);
    /// while at < text.len() {
    ///     at = gpt2.encode_some(&text, at, 10_000, &mut ids);
    /// }
    /// assert_eq!(ids, gpt2.encode_ordinary(&text));
    /// ```
    pub fn encode_some(&self, text: &str, from: usize, most: usize, ids: &mut Vec<u32>) -> usize {
        assert!(text.is_char_boundary(from), "{from} is inside a character or beyond the end");
        let to = from.saturating_add(most.max(1)).min(text.len());
        let mut lent = self.scratch();
        let scratch = lent.scratch.get_or_insert_with(Scratch::new);
        self.run(text, from, to, scratch, ids)
    }

    /// How many ids a text has, as [`encode_ordinary`](Self::encode_ordinary) makes them; no list is made.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// assert_eq!(Encoding::gpt2().count("Hello, world!"), 4);
    /// ```
    pub fn count(&self, text: &str) -> usize {
        let mut count = Count(0);
        self.scratch().encode(text, &mut count);
        count.0
    }

    /// The ids of a text in which some special tokens stand for themselves, and others must not be.
    ///
    /// A token in both lists is disallowed, one in neither is ordinary text. A name in `allowed` that
    /// this encoding does not have is never found; any string may be disallowed. The rules are in [`Specials`].
    ///
    /// # Errors
    ///
    /// The leftmost disallowed token in the text, the longest of those that begin there.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// let gpt2 = Encoding::gpt2();
    /// let end = "<|endoftext|>";
    /// assert_eq!(gpt2.encode_special("Hi<|endoftext|>", &[end], &[])?, [17250, 50256]);
    /// assert_eq!(gpt2.encode_special("Hi<|endoftext|>", &[], &[end]).unwrap_err().position, 2);
    /// # Ok::<(), rust_for_ai::bpe::SpecialError>(())
    /// ```
    pub fn encode_special(
        &self,
        text: &str,
        allowed: &[&str],
        disallowed: &[&str],
    ) -> Result<Vec<u32>, SpecialError> {
        refuse(text, &Finder::new(disallowed.iter().map(|&token| (token, 0))))?;
        let allowed = self.vocabulary.specials().filter(|(token, _)| allowed.contains(token));
        Ok(self.encode_around(text, &Finder::new(allowed)))
    }

    /// The ids of a text under one rule for all special tokens.
    ///
    /// # Errors
    ///
    /// Under [`Specials::Forbid`] the first special token in the text.
    pub fn encode_with(&self, text: &str, specials: Specials) -> Result<Vec<u32>, SpecialError> {
        match specials {
            Specials::Text => Ok(self.encode_ordinary(text)),
            Specials::Allow => Ok(self.encode_around(text, &self.specials)),
            Specials::Forbid => {
                refuse(text, &self.specials)?;
                Ok(self.encode_ordinary(text))
            }
        }
    }

    /// The bytes of some ids, special ones too; they need not be UTF-8.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnknownToken`] for the first id outside the vocabulary.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// assert_eq!(Encoding::gpt2().decode_bytes(&[447])?, [0xe2, 0x80]); // two thirds of `’`
    /// # Ok::<(), rust_for_ai::bpe::DecodeError>(())
    /// ```
    pub fn decode_bytes(&self, ids: &[u32]) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        for (position, &id) in ids.iter().enumerate() {
            let token = self.token(id).ok_or(DecodeError::UnknownToken { position, id })?;
            bytes.extend_from_slice(token);
        }
        Ok(bytes)
    }

    /// The bytes of a token, ordinary or special; they need not be a whole character.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// let gpt2 = Encoding::gpt2();
    /// assert_eq!(gpt2.token(995), Some(&b" world"[..]));
    /// assert_eq!(gpt2.token(50256), Some(&b"<|endoftext|>"[..]));
    /// assert_eq!(gpt2.token(50257), None);
    /// ```
    pub fn token(&self, id: u32) -> Option<&[u8]> {
        self.vocabulary.token(id)
    }

    /// One more than the highest id, as models count. cl100k leaves sixteen ids below it unused.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// assert_eq!(Encoding::gpt2().vocab_size(), 50257);
    /// ```
    pub fn vocab_size(&self) -> usize {
        self.vocabulary.size()
    }

    /// The ranks of all ordinary tokens, as [`from_tiktoken`](Self::from_tiktoken) reads them.
    ///
    /// ```
    /// use rust_for_ai::bpe::{Encoding, ranks};
    /// assert!(Encoding::gpt2().to_tiktoken() == ranks::gpt2());
    /// ```
    pub fn to_tiktoken(&self) -> String {
        let mut lines = String::new();
        self.vocabulary.ordinary().for_each(|(token, id)| Vocabulary::line(token, id, &mut lines));
        lines
    }

    /// The special tokens with their ids, the lowest id first.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// assert!(Encoding::gpt2().specials().eq([("<|endoftext|>", 50256)]));
    /// ```
    pub fn specials(&self) -> impl Iterator<Item = (&str, u32)> {
        self.vocabulary.specials()
    }

    /// How texts are cut before merging.
    ///
    /// ```
    /// use rust_for_ai::bpe::{Encoding, Pattern};
    /// assert_eq!(Encoding::gpt2().pattern(), Pattern::Gpt2);
    /// ```
    pub fn pattern(&self) -> Pattern {
        self.pattern
    }

    fn encode_around(&self, text: &str, specials: &Finder) -> Vec<u32> {
        let (mut scratch, mut ids, mut at) = (self.scratch(), room_for(text), 0);
        while let Some(found) = specials.find(text, at) {
            scratch.encode(&text[at..found.position], &mut ids);
            ids.push(found.id);
            at = found.position + found.token.len();
        }
        scratch.encode(&text[at..], &mut ids);
        ids
    }

    /// Lends out an idle scratch, or a new one.
    pub(super) fn scratch(&self) -> Lent<'_> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Lent { encoding: self, scratch: idle }
    }

    /// From the piece that begins at `start` on, batch by batch, until `to`; gives where it stopped.
    fn run(
        &self,
        text: &str,
        mut start: usize,
        to: usize,
        scratch: &mut Scratch,
        sink: &mut impl Sink,
    ) -> usize {
        let bytes = text.as_bytes();
        let Scratch { ends, cache, memory } = scratch;
        while start < to {
            let count = self.pattern.ends(bytes, start, &mut ends[..]);
            for &end in &ends[..count] {
                if end - start <= SHORT {
                    self.short(bytes, start, end, cache, sink);
                } else {
                    self.long(&bytes[start..end], memory, sink);
                }
                start = end;
            }
        }
        start
    }

    #[inline(always)]
    fn short(
        &self,
        bytes: &[u8],
        start: usize,
        end: usize,
        cache: &mut Cache,
        sink: &mut impl Sink,
    ) {
        let key = key(bytes, start, end);
        if let Some(id) = self.tokens.short(key) {
            sink.one(id);
        } else if let Some(ids) = cache.get(key) {
            for id in ids {
                sink.one(id);
            }
        } else {
            self.merge_short(key, &bytes[start..end], cache, sink);
        }
    }

    #[inline(never)]
    fn merge_short(&self, key: Key, word: &[u8], cache: &mut Cache, sink: &mut impl Sink) {
        let ids = self.pairs.merge_few::<{ SHORT + 1 }>(word);
        cache.put(key, ids.clone());
        ids.for_each(|id| sink.one(id));
    }

    /// A word of more than [`SHORT`] bytes.
    fn long(&self, word: &[u8], memory: &mut Memory, sink: &mut impl Sink) {
        if word.len() <= WIDE {
            let make = |ids: &mut [u32; WIDE + 1]| {
                if let Some(id) = self.tokens.long(word) {
                    ids[0] = id;
                    return 1;
                }
                let made = self.pairs.merge_few::<FEW>(word);
                let count = made.len();
                ids.iter_mut().zip(made).for_each(|(slot, id)| *slot = id);
                count
            };
            return memory.wide.get_or(word, make, |ids| sink.many(ids));
        }
        if let Some(id) = self.tokens.long(word) {
            return sink.one(id);
        }
        memory.ids.clear();
        self.pairs.merge(word, &mut memory.long, &mut memory.ids);
        sink.many(&memory.ids);
        // Room for the next long word, not for the longest ever.
        memory.ids.shrink_to(KEPT);
    }
}

/// A scratch that is lent to one caller, and goes back.
pub(super) struct Lent<'e> {
    encoding: &'e Encoding,
    /// There until this is dropped.
    scratch: Option<Scratch>,
}

impl Lent<'_> {
    pub(super) fn encode(&mut self, text: &str, sink: &mut impl Sink) {
        let scratch = self.scratch.get_or_insert_with(Scratch::new);
        self.encoding.run(text, 0, text.len(), scratch, sink);
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.encoding.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.encoding.most_idle {
            idle.extend(self.scratch.take());
        }
    }
}

impl Tokenize for Encoding {
    /// As [`Encoding::encode_ordinary`]: special tokens are ordinary text.
    fn encode(&self, text: &str) -> Vec<u32> {
        self.encode_ordinary(text)
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        DecodeError::text(self.decode_bytes(ids)?)
    }
}

impl fmt::Debug for Encoding {
    /// The pattern and the size; a vocabulary of 100,000 tokens is no help in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoding")
            .field("pattern", &self.pattern)
            .field("vocab_size", &self.vocab_size())
            .finish_non_exhaustive()
    }
}

fn refuse(text: &str, specials: &Finder) -> Result<(), SpecialError> {
    match specials.find(text, 0) {
        None => Ok(()),
        Some(found) => {
            Err(SpecialError { token: found.token.to_owned(), position: found.position })
        }
    }
}

/// Where ids go.
pub(super) trait Sink {
    fn one(&mut self, id: u32);
    fn many(&mut self, ids: &[u32]);
}

impl Sink for Vec<u32> {
    #[inline(always)]
    fn one(&mut self, id: u32) {
        self.push(id);
    }

    #[inline(always)]
    fn many(&mut self, ids: &[u32]) {
        self.extend_from_slice(ids);
    }
}

/// Counts the ids and forgets them.
struct Count(usize);

impl Sink for Count {
    #[inline(always)]
    fn one(&mut self, _: u32) {
        self.0 += 1;
    }

    #[inline(always)]
    fn many(&mut self, ids: &[u32]) {
        self.0 += ids.len();
    }
}
