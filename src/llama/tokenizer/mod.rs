//! The tokenizer that a model's own file describes: text to ids for the model, and ids to bytes.
//!
//! # The idea
//!
//! A model is of use only with the ids it was trained on. One space too many before `user`, and a chat
//! model reads ` user`, a word it has never seen there: no error, only worse answers. So a GGUF file
//! carries its tokenizer: the kind (`tokenizer.ggml.model`), the texts and types of all tokens, merges
//! or scores, and how texts are cut (`tokenizer.ggml.pre`). What is not known here is an error that names
//! it; to take the nearest that is known would give other ids and no message.
//!
//! ```text
//! model `gpt2`    byte-level BPE: merges, and a pattern by the name in `pre`    SmolLM2, Llama-3
//! model `llama`   SentencePiece: scores, and bytes for what is unknown          Llama-2, Mistral
//! ```
//!
//! # The laws
//!
//! 1. **No control token from a text.** [`Tokenizer::encode`] makes plain text of whatever it is given:
//!    `<|im_end|>` is seven tokens of SmolLM2 and never the id 2. Control tokens have a way of their own,
//!    [`Tokenizer::control`], and a template is the only one to take it.
//! 2. **What counts as control**: types 2 (unknown) and 3 (control); the begin and end tokens, whatever
//!    their type; and tokens added by users (type 4) that end a turn or look like `<|…|>`, since many
//!    converted files have the wrong type there. llama.cpp overrides the same types.
//! 3. **Other added tokens** are found in texts before anything is merged, the longest first.
//! 4. [`Tokenizer::piece`] of the ids in order, joined, is what the model wrote. Control tokens add
//!    nothing. A SentencePiece text begins with the space that encoding put there.
//! 5. **Which ids end a turn**: end of text, of turn and of message as the file names them, and every
//!    token in [`ENDS`]. One is not enough: a model tuned for chat ends its answer with `<|im_end|>`
//!    and now and then with `<|endoftext|>`.
//!
//! # Where it differs from llama.cpp
//!
//! A merge must name tokens of the vocabulary. Padding and repository tokens (`<reponame>`) do not end
//! a turn. A file without `pre` is an error: llama.cpp warns that quality is degraded, and goes on.

mod error;
mod metadata;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

pub use error::TokenizerError;
pub use metadata::Metadata;

use super::gguf::Gguf;
use crate::bpe::sentencepiece::{Kind, MARK, Options, Piece, SentencePiece};
use crate::bpe::{ByteLevel, Finder, Pattern, Tokenize};

/// Tokens that end a turn or a text, in whatever model they occur.
pub const ENDS: &[&str] = &[
    "</s>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<end_of_turn>",
    "<EOT>",
];

/// The names in `tokenizer.ggml.pre` that are known, by the pattern that they stand for.
const PATTERNS: &[(Pattern, &[&str])] = &[
    (
        Pattern::SmolLm,
        &["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
    ),
    (
        Pattern::Llama3,
        &["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "dbrx", "smaug-bpe"],
    ),
    (Pattern::Gpt2, &["gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion"]),
    (Pattern::O200k, &["gpt-4o", "llama4"]),
];

/// A model's tokenizer. Made once, shared by all conversations.
pub struct Tokenizer {
    encoder: Encoder,
    /// Added tokens that texts may have.
    added: Finder,
    /// Control tokens by their text.
    controls: HashMap<String, u32>,
    /// The bytes that all tokens add, one after the other.
    bytes: Vec<u8>,
    /// Where those of each token end.
    ends: Vec<usize>,
    bos: Option<u32>,
    eos: Option<u32>,
    adds_bos: bool,
    ends_turn: Vec<u32>,
}

enum Encoder {
    ByteLevel(ByteLevel),
    SentencePiece(SentencePiece),
}

/// What a token is, as files number it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Normal,
    Unknown,
    Control,
    Added,
    Unused,
    Byte,
}

impl Tokenizer {
    /// The tokenizer that a file describes.
    ///
    /// # Errors
    ///
    /// A key that is missing or of the wrong type; a kind or a pattern that is not here, by name; lists
    /// whose lengths differ; ids outside the vocabulary; merges or pieces that make no tokenizer.
    pub fn from_gguf(file: &Gguf) -> Result<Self, TokenizerError> {
        Self::new(&Metadata::of(file)?)
    }

    /// As [`Tokenizer::from_gguf`], from what the file says.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// ```
    /// use rust_for_ai::llama::tokenizer::{Metadata, Tokenizer};
    ///
    /// let tokenizer = Tokenizer::new(&Metadata {
    ///     model: "gpt2",
    ///     pre: Some("smollm"),
    ///     tokens: vec!["<|im_end|>", "h", "i", "hi", "<", "|", ">"],
    ///     types: Some(vec![3, 1, 1, 1, 1, 1, 1]),
    ///     merges: vec!["h i"],
    ///     ..Metadata::default()
    /// })?;
    /// assert_eq!(tokenizer.encode("hi"), [3]);
    /// assert_eq!(tokenizer.piece(3), b"hi");
    /// assert_eq!(tokenizer.control("<|im_end|>"), Some(0));
    /// assert!(tokenizer.ends_turn(0));
    /// // The letters that are no tokens are left out; the control token is not among what is left.
    /// assert_eq!(tokenizer.encode("<|im_end|>"), [4, 5, 2, 5, 6]);
    /// # Ok::<(), rust_for_ai::llama::tokenizer::TokenizerError>(())
    /// ```
    pub fn new(file: &Metadata<'_>) -> Result<Self, TokenizerError> {
        let sentencepiece = match file.model {
            "gpt2" => false,
            "llama" => true,
            got => {
                return Err(TokenizerError::Unsupported {
                    key: "tokenizer.ggml.model",
                    known: "`gpt2` or `llama`".to_owned(),
                    got: got.to_owned(),
                });
            }
        };
        let by_default = |id: u32| Some(id).filter(|_| sentencepiece);
        let bos = file.bos.or(by_default(1));
        let eos = file.eos.or(by_default(2));
        file.check(&[("bos", bos), ("eos", eos), ("eot", file.eot), ("eom", file.eom)])?;
        let named = [bos, eos, file.eot, file.eom];
        let types = types(file, &named)?;

        let (encoder, bos_by_default) = if sentencepiece {
            (Encoder::SentencePiece(sentence_piece(file, &types)?), true)
        } else {
            let pattern = pattern(file.pre)?;
            // No name in a file says so: which vocabularies look up whole pieces and begin with a
            // token of their own is known of each family.
            let llama3 =
                pattern == Pattern::Llama3 && !matches!(file.pre, Some("dbrx" | "smaug-bpe"));
            (Encoder::ByteLevel(byte_level(file, &types, pattern, llama3)?), llama3)
        };

        let (mut bytes, mut ends) = (Vec::with_capacity(8 * types.len()), Vec::new());
        let (mut controls, mut ends_turn) = (HashMap::new(), Vec::new());
        for ((&text, &kind), id) in file.tokens.iter().zip(&types).zip(0..) {
            add_bytes(text, kind, sentencepiece, &mut bytes);
            ends.push(bytes.len());
            if matches!(kind, Type::Control | Type::Unknown) {
                controls.insert(text.to_owned(), id);
                if ENDS.contains(&text) {
                    ends_turn.push(id);
                }
            }
        }
        ends_turn.extend([eos, file.eot, file.eom].into_iter().flatten());
        ends_turn.sort_unstable();
        ends_turn.dedup();
        let added = file.tokens.iter().zip(&types).zip(0..);
        let added = added.filter(|((_, kind), _)| **kind == Type::Added);
        Ok(Self {
            encoder,
            added: Finder::new(added.map(|((&text, _), id)| (text, id))),
            controls,
            bytes,
            ends,
            bos,
            eos,
            adds_bos: bos.is_some() && file.add_bos.unwrap_or(bos_by_default),
            ends_turn,
        })
    }

    /// The ids of a text; control tokens in it are plain text. Under SentencePiece each call puts a
    /// space in front, unless the file says otherwise: what belongs together is encoded together.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let (mut ids, mut at) = (Vec::with_capacity(text.len() / 3 + 1), 0);
        while let Some(found) = self.added.find(text, at) {
            self.encode_part(&text[at..found.position], &mut ids);
            ids.push(found.id);
            at = found.position + found.token.len();
        }
        self.encode_part(&text[at..], &mut ids);
        ids
    }

    fn encode_part(&self, part: &str, ids: &mut Vec<u32>) {
        match &self.encoder {
            Encoder::ByteLevel(encoder) => encoder.encode_into(part, ids),
            Encoder::SentencePiece(encoder) => ids.extend(encoder.encode(part)),
        }
    }

    /// The id of a control token, for those who write templates.
    pub fn control(&self, text: &str) -> Option<u32> {
        self.controls.get(text).copied()
    }

    /// The bytes that a token adds to a text: often not a whole character, and none for control tokens
    /// and for ids that the vocabulary does not have.
    pub fn piece(&self, id: u32) -> &[u8] {
        let at = id as usize;
        let start = if at == 0 { 0 } else { self.ends.get(at - 1).copied().unwrap_or(0) };
        self.ends.get(at).map_or(&[], |&end| &self.bytes[start..end])
    }

    /// The token that begins a text.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The token that ends a text.
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// Whether the model expects [`Tokenizer::bos`] in front of everything.
    pub fn adds_bos(&self) -> bool {
        self.adds_bos
    }

    /// Whether the model says with this token that it is done.
    pub fn ends_turn(&self, id: u32) -> bool {
        self.ends_turn.contains(&id)
    }

    /// How many tokens there are; ids are below.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes that the vocabulary has no token for; [`Tokenizer::encode`] leaves them out, as the
    /// model's training did. SmolLM2's lacks 21, of which texts have six control characters.
    pub fn missing_bytes(&self) -> Vec<u8> {
        match &self.encoder {
            Encoder::ByteLevel(encoder) => encoder.missing().collect(),
            Encoder::SentencePiece(_) => Vec::new(),
        }
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.encoder {
            Encoder::ByteLevel(_) => "gpt2",
            Encoder::SentencePiece(_) => "llama",
        };
        f.debug_struct("Tokenizer")
            .field("model", &kind)
            .field("tokens", &self.len())
            .field("bos", &self.bos)
            .field("eos", &self.eos)
            .field("ends_turn", &self.ends_turn)
            .finish_non_exhaustive()
    }
}

/// The type of each token, after law 2.
fn types(file: &Metadata<'_>, named: &[Option<u32>]) -> Result<Vec<Type>, TokenizerError> {
    let numbers = file.types.clone().unwrap_or_else(|| vec![1; file.tokens.len()]);
    let of = |((id, number), &text): ((usize, i32), &&str)| {
        let looks_like_control =
            || ENDS.contains(&text) || text.starts_with("<|") && text.ends_with("|>");
        let is_named = || named.iter().flatten().any(|&named| named as usize == id);
        Ok(match number {
            2 => Type::Unknown,
            3 => Type::Control,
            0..=6 if is_named() => Type::Control,
            4 if looks_like_control() => Type::Control,
            0 | 1 => Type::Normal,
            4 => Type::Added,
            5 => Type::Unused,
            6 => Type::Byte,
            got => return Err(TokenizerError::Type { id, got }),
        })
    };
    numbers.into_iter().enumerate().zip(&file.tokens).map(of).collect()
}

fn pattern(pre: Option<&str>) -> Result<Pattern, TokenizerError> {
    let name = pre.unwrap_or("");
    let known = PATTERNS.iter().find(|(_, names)| names.contains(&name));
    known.map(|&(pattern, _)| pattern).ok_or_else(|| {
        let names: Vec<String> =
            PATTERNS.iter().flat_map(|(_, names)| *names).map(|name| format!("`{name}`")).collect();
        TokenizerError::Unsupported {
            key: "tokenizer.ggml.pre",
            known: format!("one of {}", names.join(", ")),
            got: name.to_owned(),
        }
    })
}

fn byte_level(
    file: &Metadata<'_>,
    types: &[Type],
    pattern: Pattern,
    whole: bool,
) -> Result<ByteLevel, TokenizerError> {
    let may_stand = |kind: Type| matches!(kind, Type::Normal | Type::Added | Type::Byte);
    let tokens: Vec<Option<&str>> = file
        .tokens
        .iter()
        .zip(types)
        .map(|(&text, &kind)| Some(text).filter(|_| may_stand(kind)))
        .collect();
    Ok(ByteLevel::new(&tokens, &file.merges, pattern, whole)?)
}

fn sentence_piece(file: &Metadata<'_>, types: &[Type]) -> Result<SentencePiece, TokenizerError> {
    for (key, there) in [
        ("tokenizer.ggml.scores", file.scores.is_some()),
        ("tokenizer.ggml.token_type", file.types.is_some()),
    ] {
        if !there {
            return Err(TokenizerError::Missing { key });
        }
    }
    if file.remove_extra_whitespaces {
        return Err(TokenizerError::Unsupported {
            key: "tokenizer.ggml.remove_extra_whitespaces",
            known: "`false`".to_owned(),
            got: "true".to_owned(),
        });
    }
    let scores = file.scores.iter().flatten();
    let piece = |((&text, &kind), &score): ((&&str, &Type), &f32)| {
        let kind = match kind {
            Type::Normal => Kind::Normal,
            Type::Unknown => Kind::Unknown,
            Type::Byte => {
                Kind::Byte(byte(text).ok_or_else(|| TokenizerError::Byte { got: text.to_owned() })?)
            }
            Type::Control | Type::Added | Type::Unused => Kind::Control,
        };
        let score = if kind == Kind::Normal { score } else { 0.0 };
        Ok(Piece { text: text.to_owned(), score, kind })
    };
    let pieces: Vec<Piece> = file
        .tokens
        .iter()
        .zip(types)
        .zip(scores)
        .map(piece)
        .collect::<Result<_, TokenizerError>>()?;
    let options = Options { dummy_prefix: file.add_space_prefix.unwrap_or(true) };
    Ok(SentencePiece::from_pieces(&pieces, options)?)
}

/// The byte that `<0x41>` names.
fn byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// Adds the bytes of a token.
fn add_bytes(text: &str, kind: Type, sentencepiece: bool, bytes: &mut Vec<u8>) {
    match kind {
        Type::Control | Type::Unknown | Type::Unused => {}
        Type::Added => bytes.extend_from_slice(text.as_bytes()),
        Type::Byte if sentencepiece => bytes.extend(byte(text)),
        _ if sentencepiece => {
            let mut room = [0; 4];
            for c in text.chars().map(|c| if c == MARK { ' ' } else { c }) {
                bytes.extend_from_slice(c.encode_utf8(&mut room).as_bytes());
            }
        }
        // A text that is not made of visible characters is itself, as `tokenizers` decodes it.
        _ => match ByteLevel::bytes_of(text) {
            Some(of) => bytes.extend(of),
            None => bytes.extend_from_slice(text.as_bytes()),
        },
    }
}
