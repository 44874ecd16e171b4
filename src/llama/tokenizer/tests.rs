//! Small files whose ids can be found by hand, and a file of every kind of fault.

use super::*;
use crate::bpe::sentencepiece::sample;

/// A vocabulary of all bytes, then control tokens, in the order of a GGUF file.
fn byte_level<'f>(texts: &'f [String], merges: Vec<&'f str>) -> Metadata<'f> {
    Metadata {
        model: "gpt2",
        pre: Some("smollm"),
        tokens: texts.iter().map(String::as_str).collect(),
        merges,
        ..Metadata::default()
    }
}

fn texts(more: &[&str]) -> Vec<String> {
    let visible = (0x21..=0x7e).chain(0xa1..=0xac).chain(0xae..=0xff).chain(0x100..=0x143);
    let visible = visible.filter_map(char::from_u32).map(String::from);
    visible.chain(more.iter().map(|&text| text.to_owned())).collect()
}

#[test]
fn a_text_never_becomes_a_control_token() {
    let controls = ["<|im_start|>", "<|im_end|>", "</s>", "<|odd|>", "<tool>"];
    let texts = texts(&controls);
    let mut types = vec![1; 256];
    // As some converters write them: added, or even normal.
    types.extend([3, 4, 4, 4, 4]);
    let file = Metadata { types: Some(types), ..byte_level(&texts, vec![]) };
    let tokenizer = Tokenizer::new(&file).expect("it is valid");
    for (id, control) in (256..260).zip(controls) {
        assert_eq!(tokenizer.control(control), Some(id), "{control}");
        let ids = tokenizer.encode(&format!("a{control}b"));
        assert!(ids.iter().all(|&id| id < 256), "{control} became {ids:?}");
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| tokenizer.piece(id).to_vec()).collect();
        assert_eq!(bytes, format!("a{control}b").into_bytes());
        assert_eq!(tokenizer.piece(id), b"");
    }
    // An added token that controls nothing is part of a text.
    assert_eq!(tokenizer.control("<tool>"), None);
    assert_eq!(tokenizer.encode("a<tool>").last(), Some(&260));
    assert_eq!(tokenizer.piece(260), b"<tool>");
    assert!([257, 258].into_iter().all(|id| tokenizer.ends_turn(id)));
    assert!([0, 256, 259, 260, 261].into_iter().all(|id| !tokenizer.ends_turn(id)));
}

/// The begin and end tokens are control tokens whatever their type; which ids end a turn.
#[test]
fn named_tokens_are_control_tokens() {
    let texts = texts(&["[BOS]", "[EOS]", "[EOT]"]);
    let file =
        Metadata { bos: Some(256), eos: Some(257), eot: Some(258), ..byte_level(&texts, vec![]) };
    let tokenizer = Tokenizer::new(&file).expect("it is valid");
    assert_eq!(
        (tokenizer.bos(), tokenizer.eos(), tokenizer.adds_bos()),
        (Some(256), Some(257), false)
    );
    assert!(tokenizer.ends_turn(257) && tokenizer.ends_turn(258) && !tokenizer.ends_turn(256));
    assert_eq!(tokenizer.encode("[EOS]").len(), 5);
    assert_eq!(tokenizer.control("[EOS]"), Some(257));
    let with = |pre, add_bos| {
        let file = Metadata { pre: Some(pre), add_bos, ..file.clone() };
        Tokenizer::new(&file).expect("it is valid").adds_bos()
    };
    assert!(
        with("llama-bpe", None) && !with("llama-bpe", Some(false)) && with("smollm", Some(true))
    );
}

/// A whole piece before its merges: Llama-3 does so, SmolLM2 does not.
#[test]
fn a_whole_piece_counts_where_the_family_says_so() {
    let texts = texts(&["abc"]);
    let encode = |pre| {
        let file = Metadata { pre: Some(pre), ..byte_level(&texts, vec![]) };
        Tokenizer::new(&file).expect("it is valid").encode("abc").len()
    };
    assert_eq!((encode("llama-bpe"), encode("smollm"), encode("gpt-2")), (1, 3, 3));
}

fn sentence_piece(texts: &[String]) -> Metadata<'_> {
    let pieces = sample();
    let kind = |kind| match kind {
        Kind::Normal => 1,
        Kind::Unknown => 2,
        Kind::Control => 3,
        Kind::Byte(_) => 6,
    };
    let added = texts.len() - pieces.len();
    Metadata {
        model: "llama",
        tokens: texts.iter().map(String::as_str).collect(),
        types: Some(pieces.iter().map(|piece| kind(piece.kind)).chain(vec![4; added]).collect()),
        scores: Some(pieces.iter().map(|piece| piece.score).chain(vec![f32::NAN; added]).collect()),
        ..Metadata::default()
    }
}

#[test]
fn sentencepiece_ids_are_those_of_the_pieces() {
    let pieces = sample();
    let texts: Vec<String> =
        pieces.iter().map(|piece| piece.text.clone()).chain(["<tool>".to_owned()]).collect();
    let file = sentence_piece(&texts);
    let tokenizer = Tokenizer::new(&file).expect("it is valid");
    let direct = SentencePiece::from_pieces(&pieces, Options::default()).expect("it is valid");
    for text in ["", "In the beginning", " 水 é\n", "</s><s>[INST]", "<0x41>"] {
        let ids = tokenizer.encode(text);
        assert_eq!(ids, direct.encode(text), "{text:?}");
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| tokenizer.piece(id).to_vec()).collect();
        let space = if text.is_empty() { "" } else { " " };
        assert_eq!(bytes, format!("{space}{text}").into_bytes());
    }
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.adds_bos()), (Some(1), Some(2), true));
    assert_eq!((tokenizer.control("</s>"), tokenizer.ends_turn(2)), (Some(2), true));
    // Around an added token each part is a text of its own, with its own space.
    let around = [direct.encode("the"), vec![1_000], direct.encode("the")].concat();
    assert_eq!(tokenizer.encode("the<tool>the"), around);

    let bare = Metadata { add_space_prefix: Some(false), ..file };
    let bare = Tokenizer::new(&bare).expect("it is valid");
    assert_eq!(
        bare.encode("the").iter().map(|&id| bare.piece(id)).collect::<Vec<_>>().concat(),
        b"the"
    );
}

#[test]
fn errors_name_the_key() {
    let pieces = sample();
    let spm_texts: Vec<String> = pieces.iter().map(|piece| piece.text.clone()).collect();
    let spm = || sentence_piece(&spm_texts);
    let texts = texts(&[]);
    let bpe = || byte_level(&texts, vec![]);
    let cases = [
        (
            Metadata { model: "t5", ..bpe() },
            "`tokenizer.ggml.model` is `t5`, expected `gpt2` or `llama`",
        ),
        (
            Metadata { pre: None, ..bpe() },
            "`tokenizer.ggml.pre` is missing, expected one of `smollm`, `starcoder`, `refact`, \
             `command-r`, `codeshell`, `exaone`, `minerva-7b`, `llama-bpe`, `llama3`, `llama-v3`, \
             `falcon3`, `pixtral`, `dbrx`, `smaug-bpe`, `gpt-2`, `phi-2`, `mpt`, `olmo`, `jais`, \
             `trillion`, `gpt-4o`, `llama4`",
        ),
        (
            Metadata { types: Some(vec![1; 7]), ..bpe() },
            "`tokenizer.ggml.token_type` has 7 entries, expected 256, one a token",
        ),
        (
            Metadata { types: Some(vec![9; 256]), ..bpe() },
            "`tokenizer.ggml.token_type` of token 0 is 9, expected 0 to 6",
        ),
        (
            Metadata { eos: Some(256), ..bpe() },
            "`tokenizer.ggml.eos_token_id` is 256, expected an id below 256",
        ),
        (
            Metadata { merges: vec!["a b"], ..bpe() },
            "the tokenizer's vocabulary: merge 0: expected tokens of the vocabulary, got `ab`",
        ),
        (Metadata { scores: None, ..spm() }, "`tokenizer.ggml.scores` is missing"),
        (Metadata { types: None, ..spm() }, "`tokenizer.ggml.token_type` is missing"),
        (
            Metadata { remove_extra_whitespaces: true, ..spm() },
            "`tokenizer.ggml.remove_extra_whitespaces` is `true`, expected `false`",
        ),
        (
            Metadata { types: Some(vec![6; 1_000]), ..spm() },
            "the token `<unk>` is of type byte, expected `<0x00>` to `<0xFF>`",
        ),
        (
            Metadata { types: Some(vec![1; 1_000]), ..spm() },
            "the tokenizer's vocabulary: no piece stands for the byte 0 (`<0x00>`), expected one for each byte",
        ),
        (
            Metadata { tokens: vec![], types: Some(vec![]), scores: Some(vec![]), ..spm() },
            "`tokenizer.ggml.bos_token_id` is 1, expected an id below 0",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(Tokenizer::new(&file).expect_err("it is not").to_string(), expected);
    }
}
