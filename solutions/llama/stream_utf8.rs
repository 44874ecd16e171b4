//! Stage `llama.stream_utf8`: show a text whose characters arrive in pieces.
//!
//! A token is some bytes, and 🙂 is four bytes that are often three tokens. A chat shows an answer
//! token by token. If each token's bytes became text by themselves, the reader would see `���` for 🙂,
//! and a client of your server would, too. So what is not yet a character waits for the next token.
//!
//! ```text
//! push(&[0xf0, 0x9f])        ->  ""            the beginning of a character: it waits
//! push(&[0x99, 0x82, b'!'])  ->  "🙂!"
//! push(b"ok\xe2")            ->  "ok"
//! finish()                   ->  "\u{fffd}"    the answer ended inside of a character
//! ```
//!
//! 1. **All that `push` and `finish` give, joined, is [`String::from_utf8_lossy`] of all bytes**, however
//!    they were cut into tokens. A model may also write bytes that are no text. Those become U+FFFD, as
//!    `from_utf8_lossy` does it: one for each longest part that could have begun a character.
//! 2. **Nothing waits that is decided.** At most three bytes wait, and only while some next byte could
//!    still make a character of them. `0xff` begins no character, and `0xe0 0x80` can become none.
//! 3. `finish` says that no more bytes come: what waits becomes one U+FFFD.
//!
//! [`std::str::from_utf8`] knows all of this: its error tells how many bytes are valid
//! (`valid_up_to`), and whether what follows is wrong (`error_len` is `Some(n)`, n bytes of it) or only
//! not complete (`None`).

use rust_for_ai::llama::parts::TextStream;

/// Bytes of tokens in, text out.
#[derive(Debug, Default)]
pub struct Utf8Stream {
    /// The beginning of a character; empty, or one to three bytes.
    pub waiting: Vec<u8>,
}

impl Utf8Stream {
    /// A stream that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TextStream for Utf8Stream {
    /// Takes the bytes of a token, and gives all text that is decided by now.
    fn push(&mut self, bytes: &[u8]) -> String {
        // BEGIN SOLUTION
        self.waiting.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = &self.waiting[..];
        while let Err(error) = str::from_utf8(rest) {
            let (valid, after) = rest.split_at(error.valid_up_to());
            text += &String::from_utf8_lossy(valid);
            let Some(wrong) = error.error_len() else {
                self.waiting = after.to_vec();
                return text;
            };
            text.push('\u{fffd}');
            rest = &after[wrong..];
        }
        text += &String::from_utf8_lossy(rest);
        self.waiting.clear();
        text
        // END SOLUTION
    }

    /// No more bytes come: gives what is left.
    fn finish(&mut self) -> String {
        // BEGIN SOLUTION
        let text = String::from_utf8_lossy(&self.waiting).into_owned();
        self.waiting.clear();
        text
        // END SOLUTION
    }
}
