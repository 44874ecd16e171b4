//! The wrong answers of `real_tokenizers.load_tiktoken`: a plain loader with the places where it may go
//! wrong as fields. Beside the check and not in it, since there are many.

use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine};

use super::load_tiktoken::Answer;
use crate::bpe::{DecodeError, RanksError, RanksProblem, Split, Tokenize};
use crate::check::Wrong;
use crate::check::bpe::decoded;

/// An answer with one flaw, or none.
pub(super) struct Naive {
    ranks: HashMap<Vec<u8>, u32>,
    pub(super) tokens: Vec<Vec<u8>>,
    split: Split,
    flaws: Flaws,
}

#[derive(Clone, Copy)]
pub(super) struct Flaws {
    first_line: usize,
    skips_broken: bool,
    accepts_gaps: bool,
    later_wins: bool,
    needs_all_bytes: bool,
    bytes_are_ids: bool,
    encode: Encode,
    lossy: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Encode {
    Right,
    FromValues,
    WithoutWholePieces,
    WithoutSplit,
    LongestMatch,
    Leftmost,
    Rightmost,
    HighestRank,
}

pub(super) const RIGHT: Flaws = Flaws {
    first_line: 1,
    skips_broken: false,
    accepts_gaps: false,
    later_wins: false,
    needs_all_bytes: true,
    bytes_are_ids: false,
    encode: Encode::Right,
    lossy: false,
};

macro_rules! flawed {
    ($($field:ident: $value:expr),*) => {
        &|file, split| Ok(Box::new(Naive::load(file, split, Flaws { $($field: $value,)* ..RIGHT })?))
    };
}

pub(super) const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "lines_from_zero",
        belief: "you counted the lines from 0; people and editors count from 1",
        answer: flawed!(first_line: 0),
    },
    Wrong {
        id: "skips_broken_lines",
        belief: "you skipped lines that cannot be read; a broken vocabulary gives wrong ids without a word",
        answer: flawed!(skips_broken: true),
    },
    Wrong {
        id: "accepts_gaps",
        belief: "you accepted a rank that leaves one out; then an id has no token",
        answer: flawed!(accepts_gaps: true),
    },
    Wrong {
        id: "later_line_wins",
        belief: "you let a later line replace a token, as `insert` does; it is an error",
        answer: flawed!(later_wins: true),
    },
    Wrong {
        id: "bytes_may_be_missing",
        belief: "you did not ask that each byte is a token; without one, some texts cannot be encoded",
        answer: flawed!(needs_all_bytes: false),
    },
    Wrong {
        id: "bytes_are_ids",
        belief: "you took a byte's value for its id; here a byte's id is its rank, and `a` is 64",
        answer: flawed!(bytes_are_ids: true),
    },
    Wrong {
        id: "bytes_are_ids_in_pieces",
        belief: "you began a piece with the values of its bytes; a byte's id is its rank, and `a` is 64",
        answer: flawed!(encode: Encode::FromValues),
    },
    Wrong {
        id: "no_whole_pieces",
        belief: "you always began from bytes; a piece that is a token as a whole becomes it at once",
        answer: flawed!(encode: Encode::WithoutWholePieces),
    },
    Wrong {
        id: "no_pieces",
        belief: "you encoded the text as one piece; `split` cuts it, and no merge crosses a cut",
        answer: flawed!(encode: Encode::WithoutSplit),
    },
    Wrong {
        id: "longest_match",
        belief: "you took the longest token that fits; the lowest rank merges first",
        answer: flawed!(encode: Encode::LongestMatch),
    },
    Wrong {
        id: "leftmost_first",
        belief: "you merged the leftmost neighbours that can merge; the lowest rank goes first",
        answer: flawed!(encode: Encode::Leftmost),
    },
    Wrong {
        id: "rightmost_on_ties",
        belief: "among equal ranks you took the rightmost; the leftmost goes first",
        answer: flawed!(encode: Encode::Rightmost),
    },
    Wrong {
        id: "highest_rank",
        belief: "you merged the highest rank first; a low rank was learned early and goes first",
        answer: flawed!(encode: Encode::HighestRank),
    },
    Wrong {
        id: "lossy",
        belief: "you replaced broken UTF-8 by `\u{fffd}`; it is an error with its position",
        answer: flawed!(lossy: true),
    },
];

impl Naive {
    pub(super) fn load(file: &str, split: Split, flaws: Flaws) -> Result<Self, RanksError> {
        let mut this = Self { ranks: HashMap::new(), tokens: Vec::new(), split, flaws };
        for (line, text) in (flaws.first_line..).zip(file.lines()) {
            match this.add(text) {
                Err(_) if flaws.skips_broken => {}
                added => added.map_err(|problem| RanksError { line, problem })?,
            }
        }
        let missing = (0..=u8::MAX).find(|&byte| !this.ranks.contains_key(&[byte][..]));
        if let Some(byte) = missing.filter(|_| flaws.needs_all_bytes) {
            let problem = RanksProblem::MissingByte { byte };
            return Err(RanksError { line: file.lines().count(), problem });
        }
        Ok(this)
    }

    fn add(&mut self, line: &str) -> Result<(), RanksProblem> {
        let (token, rank) = line.split_once(' ').ok_or(RanksProblem::Malformed)?;
        let token = BASE64_STANDARD.decode(token).unwrap_or_default();
        if token.is_empty() {
            return Err(RanksProblem::BadToken);
        }
        let rank: u32 = rank.parse().map_err(|_| RanksProblem::BadRank)?;
        let expected = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        if rank < expected {
            return Err(RanksProblem::DuplicateRank { rank });
        }
        if rank > expected && !self.flaws.accepts_gaps {
            return Err(RanksProblem::Gap { expected, rank });
        }
        let first = self.ranks.get(&token).map(|&first| first as usize + 1);
        if let Some(first) = first.filter(|_| !self.flaws.later_wins) {
            return Err(RanksProblem::DuplicateToken { first });
        }
        self.ranks.insert(token.clone(), rank);
        self.tokens.push(token);
        Ok(())
    }

    fn id(&self, token: &[u8]) -> Option<u32> {
        match token {
            [byte] if self.flaws.bytes_are_ids || self.flaws.encode == Encode::FromValues => {
                Some(u32::from(*byte))
            }
            _ => self.ranks.get(token).copied(),
        }
    }

    fn encode_piece(&self, piece: &[u8]) -> Vec<u32> {
        let encode = self.flaws.encode;
        if let Some(&rank) = self.ranks.get(piece)
            && encode != Encode::WithoutWholePieces
        {
            return vec![if self.flaws.bytes_are_ids {
                self.id(piece).unwrap_or(rank)
            } else {
                rank
            }];
        }
        if encode == Encode::LongestMatch {
            let (mut ids, mut rest) = (Vec::new(), piece);
            while let Some(length) = (1..=rest.len()).rev().find(|&n| self.id(&rest[..n]).is_some())
            {
                ids.extend(self.id(&rest[..length]));
                rest = &rest[length..];
            }
            return ids;
        }
        let mut cuts: Vec<usize> = (0..=piece.len()).collect();
        while let Some((_, at)) = (1..cuts.len().saturating_sub(1))
            .filter_map(|at| {
                let rank = *self.ranks.get(&piece[cuts[at - 1]..cuts[at + 1]])? as usize;
                Some(match encode {
                    Encode::Leftmost => ((at, 0), at),
                    Encode::Rightmost => ((rank, usize::MAX - at), at),
                    Encode::HighestRank => ((usize::MAX - rank, at), at),
                    _ => ((rank, at), at),
                })
            })
            .min()
        {
            cuts.remove(at);
        }
        cuts.windows(2).filter_map(|cut| self.id(&piece[cut[0]..cut[1]])).collect()
    }
}

impl Tokenize for Naive {
    fn encode(&self, text: &str) -> Vec<u32> {
        let pieces = match self.flaws.encode {
            Encode::WithoutSplit => vec![text],
            _ => (self.split)(text),
        };
        pieces.into_iter().flat_map(|piece| self.encode_piece(piece.as_bytes())).collect()
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        match decoded(&self.tokens, ids) {
            Err(DecodeError::InvalidUtf8 { .. }) if self.flaws.lossy => {
                let bytes: Vec<u8> =
                    ids.iter().flat_map(|&id| self.tokens[id as usize].clone()).collect();
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            decoded => decoded,
        }
    }
}
