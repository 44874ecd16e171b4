//! A file of ranks, read and checked: the bytes of each id.
//!
//! A line is a token in base64, a space, and its rank, which is its id. Ranks count up from 0, one a
//! line. p50k leaves one out, 50256, since its special token has that id; so a rank may be missing
//! where a special token fills the place, and nowhere else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::merges::MOST;
use super::words::Tokens;
use super::{RanksError, RanksProblem};

/// The bytes of each token, ordinary and special.
pub(super) struct Vocabulary {
    /// The bytes of all ordinary tokens, the lowest id first.
    bytes: Vec<u8>,
    /// Where the bytes of each id end; a special token among them has none.
    ends: Vec<usize>,
    /// The special tokens by id.
    specials: Vec<(u32, String)>,
}

impl Vocabulary {
    /// Reads the ranks; also the table of all ordinary tokens.
    pub(super) fn read(
        ranks: &str,
        specials: &[(&str, u32)],
    ) -> Result<(Self, Tokens), RanksError> {
        let last = ranks.lines().count();
        let mut specials: Vec<(u32, String)> =
            specials.iter().map(|&(token, id)| (id, token.to_owned())).collect();
        specials.sort();
        let bad = |token: &str, line| {
            Err(RanksError { line, problem: RanksProblem::BadSpecial { token: token.to_owned() } })
        };
        for (at, (id, token)) in specials.iter().enumerate() {
            if token.is_empty()
                || specials[..at].iter().any(|other| other.0 == *id || other.1 == *token)
            {
                return bad(token, last);
            }
        }
        let special = |id: u32| {
            specials.binary_search_by_key(&id, |&(id, _)| id).ok().map(|at| specials[at].1.as_str())
        };

        let mut this = Self {
            bytes: Vec::with_capacity(8 * last),
            ends: Vec::with_capacity(last),
            specials: vec![],
        };
        let mut tokens = Tokens::with_capacity(last);
        // The ids that a special token has below the ranks.
        let mut holes: Vec<u32> = Vec::new();
        let mut expected = 0;
        for (line, text) in (1..).zip(ranks.lines()) {
            let fail = |problem| Err(RanksError { line, problem });
            let Some((word, rank)) = text.split_once(' ') else {
                return fail(RanksProblem::Malformed);
            };
            let start = this.bytes.len();
            if STANDARD.decode_vec(word, &mut this.bytes).is_err() || this.bytes.len() == start {
                return fail(RanksProblem::BadToken);
            }
            let Ok(rank) = rank.parse::<u32>() else { return fail(RanksProblem::BadRank) };
            if let Some(token) = special(rank) {
                return bad(token, line);
            }
            while expected < rank && special(expected).is_some() {
                this.ends.push(start);
                holes.push(expected);
                expected += 1;
            }
            if rank < expected {
                return fail(RanksProblem::DuplicateRank { rank });
            }
            if rank > expected {
                return fail(RanksProblem::Gap { expected, rank });
            }
            if rank >= MOST {
                return fail(RanksProblem::TooMany { limit: MOST });
            }
            if let Err(first) = tokens.insert(&this.bytes[start..], rank) {
                let before = holes.partition_point(|&hole| hole < first);
                return fail(RanksProblem::DuplicateToken { first: first as usize - before + 1 });
            }
            this.ends.push(this.bytes.len());
            expected += 1;
        }
        for byte in 0..=u8::MAX {
            if tokens.short(super::words::key(&[byte], 0, 1)).is_none() {
                let problem = RanksProblem::MissingByte { byte };
                return Err(RanksError { line: last, problem });
            }
        }
        this.specials = specials;
        Ok((this, tokens))
    }

    /// Adds the line of a token to a file of ranks.
    pub(super) fn line(token: &[u8], rank: u32, lines: &mut String) {
        STANDARD.encode_string(token, lines);
        lines.push_str(&format!(" {rank}\n"));
    }

    /// The ordinary tokens with their ids, the lowest first.
    pub(super) fn ordinary(&self) -> impl Iterator<Item = (&[u8], u32)> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let ranges = starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end]);
        ranges.zip(0..).filter(|(token, _)| !token.is_empty())
    }

    /// The special tokens with their ids, the lowest first.
    pub(super) fn specials(&self) -> impl Iterator<Item = (&str, u32)> {
        self.specials.iter().map(|(id, token)| (token.as_str(), *id))
    }

    /// One more than the highest id.
    pub(super) fn size(&self) -> usize {
        self.ends
            .len()
            .max(self.specials.last().map_or(0, |&(id, _)| (id as usize).saturating_add(1)))
    }

    /// The bytes of a token.
    #[inline]
    pub(super) fn token(&self, id: u32) -> Option<&[u8]> {
        let at = id as usize;
        if let Some(&end) = self.ends.get(at) {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            if start < end {
                return Some(&self.bytes[start..end]);
            }
        }
        let at = self.specials.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.specials[at].1.as_bytes())
    }
}
