//! Read a `.model` file: which fields of the protocol buffer count, and which settings are refused.
//!
//! Of the file's fields we read the pieces (1), some settings of the trainer (2), and those of the
//! normalizer (3). Unknown fields are stepped over, as the format wants it. Settings that would change
//! ids and that this crate does not have are refused by name; the alternative would be other ids than
//! the model was trained with, and no message.
//!
//! [`protobuf`](super::protobuf) reads the format itself.

use super::protobuf::{Message, malformed};
use super::{Kind, ModelError, Options, Piece, UNKNOWN};

/// The pieces and the options of a `.model` file.
///
/// # Errors
///
/// [`ModelError::Malformed`] with the offset where the file is broken, and
/// [`ModelError::Unsupported`] for a setting that is not here: another model type than BPE, no bytes
/// for unknown characters, a normalizer, pieces that the user defined.
///
/// ```
/// use rust_for_ai::bpe::sentencepiece::{Kind, SAMPLE, read};
///
/// let (pieces, options) = read(SAMPLE)?;
/// assert_eq!((pieces.len(), options.dummy_prefix), (1_000, true));
/// assert_eq!((&*pieces[1].text, pieces[1].kind), ("<s>", Kind::Control));
/// assert_eq!((&*pieces[261].text, pieces[261].score), ("▁the", -2.0));
///
/// let cut = read(&SAMPLE[..100]).unwrap_err();
/// assert_eq!(cut.to_string(), "byte 98: expected 15 bytes in field 1, got 2");
/// # Ok::<(), rust_for_ai::bpe::sentencepiece::ModelError>(())
/// ```
pub fn read(file: &[u8]) -> Result<(Vec<Piece>, Options), ModelError> {
    let mut pieces = Vec::new();
    let (mut trainer, mut normalizer) = (Trainer::default(), Normalizer::default());
    let mut fields = Message::of(file);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => pieces.push(piece(pieces.len(), field.message("a piece")?)?),
            2 => trainer.read(field.message("the settings of the trainer")?)?,
            3 => normalizer.read(field.message("the settings of the normalizer")?)?,
            // Rules for the decoded text.
            5 => {
                let mut rules = Normalizer::default();
                rules.read(field.message("the settings of the denormalizer")?)?;
                rules.expect_none("denormalizer_spec.precompiled_charsmap")?;
            }
            _ => {}
        }
    }
    trainer.expect_supported()?;
    normalizer.expect_none("normalizer_spec.precompiled_charsmap")?;
    normalizer.expect_supported()?;
    Ok((pieces, Options { dummy_prefix: normalizer.add_dummy_prefix }))
}

fn piece(id: usize, mut fields: Message<'_>) -> Result<Piece, ModelError> {
    let offset = fields.offset;
    let (mut text, mut score, mut kind) = (String::new(), 0.0, 1);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => text = field.text("the text of a piece")?,
            2 => score = f32::from_le_bytes(field.four_bytes("the score of a piece")?),
            3 => kind = field.number("the kind of a piece")?,
            _ => {}
        }
    }
    let unsupported = |got: &str| ModelError::Unsupported {
        setting: "pieces.type",
        expected: "normal, unknown, control or byte",
        got: format!("{got} in piece {id} (`{}`)", text.escape_debug()),
    };
    let kind = match kind {
        1 => Kind::Normal,
        2 => Kind::Unknown,
        3 => Kind::Control,
        4 => return Err(unsupported("user-defined")),
        5 => return Err(unsupported("unused")),
        6 => Kind::Byte(byte(&text).ok_or_else(|| {
            let got = format!("`{}`", text.escape_debug());
            malformed(offset, "a byte from `<0x00>` to `<0xFF>`", &got)
        })?),
        other => return Err(unsupported(&other.to_string())),
    };
    Ok(Piece { text, score, kind })
}

/// The byte that `<0x41>` names.
fn byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    let upper = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
    (digits.len() == 2 && digits.chars().all(upper)).then_some(())?;
    u8::from_str_radix(digits, 16).ok()
}

const SWITCH: &str = "a setting";

/// The settings of the trainer that tell how to encode; the defaults are those of the format.
struct Trainer {
    model_type: u64,
    byte_fallback: bool,
    treat_whitespace_as_suffix: bool,
    unk_surface: String,
}

impl Default for Trainer {
    fn default() -> Self {
        Self {
            model_type: 1,
            byte_fallback: false,
            treat_whitespace_as_suffix: false,
            unk_surface: UNKNOWN.to_owned(),
        }
    }
}

impl Trainer {
    fn read(&mut self, mut fields: Message<'_>) -> Result<(), ModelError> {
        while let Some(field) = fields.next()? {
            match field.number {
                3 => self.model_type = field.number("the type of the model")?,
                24 => self.treat_whitespace_as_suffix = field.truth(SWITCH)?,
                35 => self.byte_fallback = field.truth(SWITCH)?,
                44 => self.unk_surface = field.text("the text for what is unknown")?,
                _ => {}
            }
        }
        Ok(())
    }

    fn expect_supported(&self) -> Result<(), ModelError> {
        let model_type = match self.model_type {
            1 => "unigram".to_owned(),
            2 => "bpe".to_owned(),
            3 => "word".to_owned(),
            4 => "char".to_owned(),
            other => other.to_string(),
        };
        expect("trainer_spec.model_type", "bpe", &model_type)?;
        expect("trainer_spec.byte_fallback", "true", &self.byte_fallback.to_string())?;
        let suffix = self.treat_whitespace_as_suffix.to_string();
        expect("trainer_spec.treat_whitespace_as_suffix", "false", &suffix)?;
        expect("trainer_spec.unk_surface", UNKNOWN, &self.unk_surface)
    }
}

/// The settings of the normalizer; the defaults are those of the format.
struct Normalizer {
    name: String,
    charsmap: usize,
    add_dummy_prefix: bool,
    remove_extra_whitespaces: bool,
    escape_whitespaces: bool,
}

impl Default for Normalizer {
    fn default() -> Self {
        Self {
            name: String::new(),
            charsmap: 0,
            add_dummy_prefix: true,
            remove_extra_whitespaces: true,
            escape_whitespaces: true,
        }
    }
}

impl Normalizer {
    fn read(&mut self, mut fields: Message<'_>) -> Result<(), ModelError> {
        while let Some(field) = fields.next()? {
            match field.number {
                1 => self.name = field.text("the name of the normalizer")?,
                2 => self.charsmap = field.message("the rules of the normalizer")?.bytes.len(),
                3 => self.add_dummy_prefix = field.truth(SWITCH)?,
                4 => self.remove_extra_whitespaces = field.truth(SWITCH)?,
                5 => self.escape_whitespaces = field.truth(SWITCH)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Rules that replace characters, such as those of `nmt_nfkc`.
    fn expect_none(&self, setting: &'static str) -> Result<(), ModelError> {
        if self.charsmap == 0 {
            return Ok(());
        }
        let got = format!("the {} bytes of `{}`", self.charsmap, self.name.escape_debug());
        Err(ModelError::Unsupported { setting, expected: "empty (the normalizer `identity`)", got })
    }

    fn expect_supported(&self) -> Result<(), ModelError> {
        let removes = self.remove_extra_whitespaces.to_string();
        expect("normalizer_spec.remove_extra_whitespaces", "false", &removes)?;
        let escapes = self.escape_whitespaces.to_string();
        expect("normalizer_spec.escape_whitespaces", "true", &escapes)
    }
}

fn expect(setting: &'static str, expected: &'static str, got: &str) -> Result<(), ModelError> {
    if got == expected {
        return Ok(());
    }
    Err(ModelError::Unsupported { setting, expected, got: got.escape_debug().to_string() })
}

#[cfg(test)]
mod tests {
    use super::super::{SAMPLE, SentencePiece};
    use super::*;
    use crate::bpe::Tokenize;

    /// A field with a number.
    fn number(field: u8, number: u8) -> Vec<u8> {
        vec![field << 3, number]
    }

    /// A field with bytes.
    fn bytes(field: u8, bytes: &[u8]) -> Vec<u8> {
        let mut length = bytes.len();
        let mut out = vec![field << 3 | 2];
        while length >= 0x80 {
            out.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend(bytes);
        out
    }

    fn piece(text: &str, score: f32, kind: u8) -> Vec<u8> {
        let score = [&[2 << 3 | 5][..], &score.to_le_bytes()].concat();
        bytes(1, &[bytes(1, text.as_bytes()), score, number(3, kind)].concat())
    }

    /// Settings that are supported: a BPE model with bytes, no white space removed.
    fn settings() -> Vec<u8> {
        // The field 35 needs two bytes for its key.
        let trainer = [number(3, 2), vec![0x98, 0x02, 1]].concat();
        [bytes(2, &trainer), bytes(3, &number(4, 0))].concat()
    }

    fn small() -> Vec<u8> {
        let mut file = piece("<unk>", 0.0, 2);
        for byte in 0..=u8::MAX {
            file.extend(piece(&format!("<0x{byte:02X}>"), 0.0, 6));
        }
        for (text, score) in [("ab", -0.0), ("\u{2581}a", -1.0), ("aba", -2.0), ("\u{2581}", -3.0)]
        {
            file.extend(piece(text, score, 1));
        }
        [file, settings()].concat()
    }

    /// Whatever the bytes are: an error or a tokenizer that works, and no panic.
    fn try_out(file: &[u8]) -> bool {
        let Ok(tokenizer) = SentencePiece::from_bytes(file) else { return false };
        let ids = tokenizer.encode("abab aba \u{2581}\u{e9}");
        tokenizer.decode(&ids).is_ok()
    }

    #[test]
    fn no_file_makes_it_panic() {
        let small = small();
        assert!(try_out(&small) && try_out(SAMPLE));
        for at in 0..small.len() {
            assert!(!try_out(&small[..at]), "the first {at} bytes are no model");
            // The pieces of the bytes are all alike.
            let alike = (100..small.len() - 200).contains(&at);
            let others = [0xff, small[at] ^ 1, 0x00, 0x01, 0x7f, 0x80, small[at] ^ 0x40];
            for &other in &others[..if alike { 2 } else { 7 }] {
                let mut file = small.clone();
                file[at] = other;
                try_out(&file);
            }
        }
        for at in (0..SAMPLE.len()).step_by(61) {
            assert!(
                read(&SAMPLE[..at]).is_err(),
                "the first {at} bytes of the sample are no model"
            );
        }
    }

    #[test]
    fn errors_name_the_place_and_the_setting() {
        let with = |extra: &[u8]| [&small()[..], extra].concat();
        let end = small().len();
        let trainer = |fields: &[u8]| with(&bytes(2, fields));
        let normalizer = |fields: &[u8]| with(&bytes(3, fields));
        let charsmap = [bytes(1, b"nmt_nfkc"), bytes(2, &[0; 9])].concat();
        let table = [
            (with(&[0x0a]), format!("byte {}: expected a number of 64 bits in at most ten bytes, got the end", end + 1)),
            (with(&[0x0a, 5, 1]), format!("byte {}: expected 5 bytes in field 1, got 1", end + 2)),
            (with(&[0x0b]), format!("byte {end}: expected a value of the kind 0, 1, 2 or 5 in field 1, got kind 3")),
            (with(&[0x02]), format!("byte {end}: expected a field from 1 to 536,870,911, got 0")),
            (with(&[0x08, 1]), format!("byte {}: expected bytes as a piece, got a number", end + 1)),
            (with(&bytes(1, &[0x0a, 1, 0xff])), format!("byte {}: expected UTF-8 in the text of a piece, got other bytes", end + 4)),
            (with(&piece("<0xab>", 0.0, 6)), format!("byte {}: expected a byte from `<0x00>` to `<0xFF>`, got `<0xab>`", end + 2)),
            (with(&piece("hi", 0.0, 4)), "`pieces.type` is user-defined in piece 261 (`hi`), expected normal, unknown, control or byte".to_owned()),
            (trainer(&number(3, 1)), "`trainer_spec.model_type` is unigram, expected bpe".to_owned()),
            (trainer(&[0x98, 0x02, 0]), "`trainer_spec.byte_fallback` is false, expected true".to_owned()),
            (trainer(&[0xe2, 0x02, 1, b'?']), "`trainer_spec.unk_surface` is ?, expected  ⁇ ".to_owned()),
            (normalizer(&charsmap), "`normalizer_spec.precompiled_charsmap` is the 9 bytes of `nmt_nfkc`, expected empty (the normalizer `identity`)".to_owned()),
            (normalizer(&number(4, 1)), "`normalizer_spec.remove_extra_whitespaces` is true, expected false".to_owned()),
            (with(&piece("", 0.0, 1)), "piece 261 (``): expected a text, got none".to_owned()),
            (with(&piece("ab", 0.0, 1)), "piece 261 (`ab`): it repeats piece 257".to_owned()),
            (with(&piece("x", f32::NAN, 1)), "piece 261 (`x`): the score is NaN, expected a finite number".to_owned()),
            (with(&piece(&"x".repeat(1_025), 0.0, 1)), format!("piece 261 (`{}`): 1025 bytes, expected at most 1024", "x".repeat(32))),
            (settings(), "no piece stands for the byte 0 (`<0x00>`), expected one for each byte".to_owned()),
        ];
        for (file, expected) in table {
            let error =
                SentencePiece::from_bytes(&file).map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(error, Err(expected));
        }
    }

    #[test]
    fn unknown_fields_are_stepped_over() {
        let extra = [bytes(9, b"later"), number(10, 1), vec![11 << 3 | 1, 0, 0, 0, 0, 0, 0, 0, 0]];
        assert!(try_out(&[small(), extra.concat()].concat()));
    }
}
