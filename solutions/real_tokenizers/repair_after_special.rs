//! Stage `real_tokenizers.repair_after_special`: repair spaces that appear after special tokens.
//!
//! A bug report:
//!
//! > We fine-tune on texts with special tokens in them. `"<s>. Hello"` becomes `<s>`, `▁`, `.`, `▁Hello`:
//! > there is a token for a space before the full stop, and the text has no space there. In training
//! > the same text had none. Decoding gives `<s> . Hello`. Texts without special tokens are fine.
//!
//! SentencePiece, the tokenizer of T5 and Llama-2, does not cut a text into words: it writes each space
//! as `▁` (U+2581) and puts one more `▁` before the text, so that the first word looks like any other
//! word. Special tokens are cut out of the text before that, and get their ids from a table.
//!
//! The function does this preparation: it returns the special tokens as they are and the text between
//! them with `▁` for each space. One more `▁` stands before a text that does not begin with a special
//! token, and nowhere else. Parts without any character are left out.
//!
//! ```text
//! repair_after_special("a b", &["<s>"])           ->  ["▁a▁b"]
//! repair_after_special(" a", &["<s>"])            ->  ["▁▁a"]        its own space, and the one more
//! repair_after_special("a<s>b", &["<s>"])         ->  ["▁a", "<s>", "b"]
//! repair_after_special("<s>. Hello", &["<s>"])    ->  ["<s>", ".▁Hello"]
//! repair_after_special("<s> a</s>", &["<s>", "</s>"])  ->  ["<s>", "▁a", "</s>"]
//! repair_after_special("", &["<s>"])              ->  []
//! ```
//!
//! No special token is empty or the beginning of another one. Find the cause and fix it. The first public
//! fix of this bug had a bug of its own: before you edit, write down two inputs that a fix may break.

/// The special tokens in `text` as they are, and the text between them as SentencePiece sees it.
pub fn repair_after_special(text: &str, specials: &[&str]) -> Vec<String> {
    // BEGIN SOLUTION
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let found = specials.iter().filter_map(|special| Some((rest.find(special)?, *special)));
        let (at, special) = found.min().unwrap_or((rest.len(), ""));
        if at > 0 {
            let is_first = rest.len() == text.len();
            let prefix = if is_first { "▁" } else { "" };
            parts.push(format!("{prefix}{}", rest[..at].replace(' ', "▁")));
        }
        if !special.is_empty() {
            parts.push(special.to_owned());
        }
        rest = &rest[at + special.len()..];
    }
    parts
    // BEGIN STUB
    // // Delete the next line when you begin: until then the stage is not started.
    // todo!("real_tokenizers.repair_after_special");
    //
    // let mut parts = Vec::new();
    // let mut rest = text;
    // while !rest.is_empty() {
    //     let found = specials.iter().filter_map(|special| Some((rest.find(special)?, *special)));
    //     let (at, special) = found.min().unwrap_or((rest.len(), ""));
    //     if at > 0 {
    //         parts.push(format!("▁{}", rest[..at].replace(' ', "▁")));
    //     }
    //     if !special.is_empty() {
    //         parts.push(special.to_owned());
    //     }
    //     rest = &rest[at + special.len()..];
    // }
    // parts
    // END SOLUTION
}
