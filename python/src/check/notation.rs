//! A call and its values in Rust's notation, in Python's.
//!
//! Checks say what they called and what came in Rust, and so do the wrong answers of 30 stages. Rather than
//! have each of them speak two languages, the text is read as tokens and written anew:
//!
//! ```text
//! let t = Tokenizer::new(&[(97, 98)]); t.decode(&[256])     t = Tokenizer([(97, 98)]); t.decode([256])
//! Some((7, 7))                                              (7, 7)
//! Err(UnknownToken { position: 1, id: 999 })                raises UnknownToken(position=1, id=999)
//! "e\u{301}"                                                "e\u0301"
//! Tokenizer::new(/* the 99 pairs of F */)                   Tokenizer(...)  # the 99 pairs of F
//! ```
//!
//! Words between the values stay as they are. A list that lost its middle keeps its `…`, and is no code in
//! either language. `python/tests/test_check_notation.py` has Python parse every call that a wrong answer
//! leads to.

/// A text of a verdict on a stage.
pub(super) fn python(stage: &str, rust: &str) -> String {
    // The kinds of a part are words; the kinds of a value in a file are those of the format.
    let parts = stage == "real_tokenizers.special_tokens";
    let lines = rust.lines().map(|rust| line(rust, parts));
    lines.collect::<Vec<_>>().join("\n")
}

/// A text of which only what stands in quotes is in Rust.
pub(super) fn quoted(text: &str) -> String {
    tokens(text).into_iter().map(Token::text).collect()
}

/// What has a name of its own in Python, before anything else is done.
const PHRASES: &[(&str, &str)] = &[
    (
        "std::fs::read_to_string(\"data/golden/bpe_text.txt\")?",
        "open(\"data/golden/bpe_text.txt\").read()",
    ),
    (
        "|text| text.split_inclusive(' ').collect()",
        "lambda text: re.findall(\"[^ ]* |[^ ]+\", text)",
    ),
    ("|text| vec![text]", "lambda text: [text]"),
    ("HashMap::from(", "dict("),
    ("repair_byte_table().len()", "len(repair_byte_table())"),
    ("&std::fs", "std::fs"),
    ("let mut ", ""),
    ("let ", ""),
    ("::new(", "("),
];

enum Token<'t> {
    /// A literal in quotes, in Python's notation.
    Quoted(String),
    Comment(&'t str),
    Word(&'t str),
    Space(&'t str),
    Sign(char),
}

impl Token<'_> {
    fn text(self) -> String {
        match self {
            Self::Quoted(text) => text,
            Self::Comment(text) => format!("/*{text}*/"),
            Self::Word(text) | Self::Space(text) => text.to_owned(),
            Self::Sign(sign) => sign.to_string(),
        }
    }
}

fn line(rust: &str, parts: bool) -> String {
    let mut text = with_dict(rust).unwrap_or_else(|| rust.to_owned());
    for (from, to) in PHRASES {
        text = outside_of_quotes(&text, from, to);
    }
    let tokens = tokens(&text);
    let mut out = String::new();
    let mut comments = Vec::new();
    // What closes each bracket that is open, and what is between it and a name.
    let mut open: Vec<(&str, bool)> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let next = tokens.get(at);
        match token {
            Token::Quoted(text) => out += text,
            Token::Comment(text) => {
                comments.push(text.trim());
                let is_value = out.ends_with('(') || out.trim_end().ends_with(',');
                let alone = matches!(
                    tokens[at..].iter().find(|token| !matches!(token, Token::Space(_))),
                    Some(Token::Sign(')' | ',' | ']'))
                );
                if is_value && alone {
                    out += "...";
                } else {
                    out.truncate(out.trim_end().len());
                }
            }
            Token::Word(word) => match (*word, next) {
                ("Some" | "Ok", Some(Token::Sign('('))) => {
                    open.push(("", false));
                    at += 1;
                }
                ("Err", Some(Token::Sign('('))) => {
                    out += "raises ";
                    open.push(("", false));
                    at += 1;
                }
                (kind, Some(Token::Sign('('))) if VALUES.contains(&kind) => {
                    let name = if parts { kind.to_lowercase() } else { (*kind).to_owned() };
                    out += &format!("(\"{name}\", ");
                    open.push((")", false));
                    at += 1;
                }
                (name, Some(Token::Space(" ")))
                    if matches!(tokens.get(at + 1), Some(Token::Sign('{')))
                        && name.starts_with(char::is_uppercase) =>
                {
                    out += if name == "InvalidUtf8" { "UnicodeDecodeError" } else { name };
                    out.push('(');
                    open.push((")", true));
                    // Over the brace and the space in it.
                    at += 2 + usize::from(matches!(tokens.get(at + 2), Some(Token::Space(_))));
                }
                (field, Some(Token::Sign(':'))) if open.last().is_some_and(|(_, named)| *named) => {
                    let is_start = field == "position" && out.ends_with("UnicodeDecodeError(");
                    out += if is_start { "start" } else { field };
                    out.push('=');
                    at += 1 + usize::from(matches!(tokens.get(at + 1), Some(Token::Space(_))));
                }
                ("true", _) => out += "True",
                ("false", _) => out += "False",
                ("NaN", _) => out += "nan",
                ("mut", _) if matches!(tokens.get(at), Some(Token::Space(_))) => at += 1,
                (word, _) => out += word,
            },
            Token::Space(space) => {
                // The space before a brace that closes names.
                let closes = matches!(next, Some(Token::Sign('}')));
                if !(closes && open.last().is_some_and(|(_, named)| *named)) {
                    out += space;
                }
            }
            Token::Sign(sign) => match sign {
                '&' if !matches!(next, Some(Token::Space(_)) | None) => {}
                '?' if out.ends_with(')') => {}
                ':' if matches!(next, Some(Token::Sign(':'))) => {
                    out.push('.');
                    at += 1;
                }
                '(' => {
                    out.push('(');
                    open.push((")", false));
                }
                '[' if matches!(next, Some(Token::Word(word)) if word.starts_with("0x")) => {
                    out += "bytes([";
                    open.push(("])", false));
                }
                '[' => {
                    out.push('[');
                    open.push(("]", false));
                }
                '{' => {
                    out.push('{');
                    open.push(("}", false));
                }
                ')' | ']' | '}' => match open.pop() {
                    Some((closing, _)) => out += closing,
                    None => out.push(*sign),
                },
                sign => out.push(*sign),
            },
        }
    }
    let code = out.trim().to_owned();
    match comments.is_empty() {
        true => code,
        false => format!("{code}  # {}", comments.join("; ")),
    }
}

/// `HashMap::from([((0, 1), 2)])` as `{(0, 1): 2}`, unless it lost its middle.
fn with_dict(rust: &str) -> Option<String> {
    let (before, rest) = rust.split_once("&HashMap::from([")?;
    let (entries, after) = rest.split_once("])")?;
    if entries.contains('…') {
        return None;
    }
    let entries = entries.strip_prefix('(').unwrap_or(entries);
    let entries = entries.strip_suffix(')').unwrap_or(entries);
    let pairs = entries.split("), (").filter_map(|entry| entry.rsplit_once(", "));
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}: {value}")).collect();
    Some(format!("{before}{{{}}}{after}", pairs.join(", ")))
}

/// Values that Python writes as a tuple of a word and the value: the kinds of a part, and of a key in a file.
const VALUES: &[&str] = &["Special", "U32", "I32", "F32", "Bool", "Text", "List"];

/// Replaces a phrase where it does not stand in a literal.
fn outside_of_quotes(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(from) {
            out += to;
            rest = after;
        } else if let Some(length) = literal(rest) {
            out += &rest[..length];
            rest = &rest[length..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |holds: fn(char) -> bool| rest.find(|c| !holds(c)).unwrap_or(rest.len());
        let (token, length) = if let Some(length) = literal(rest) {
            (Token::Quoted(escapes(&rest[..length])), length)
        } else if let Some((comment, length)) = comment(rest) {
            (Token::Comment(comment), length)
        } else if first.is_whitespace() {
            let length = run(char::is_whitespace);
            (Token::Space(&rest[..length]), length)
        } else if first.is_alphanumeric() || first == '_' {
            let length = run(|c| c.is_alphanumeric() || c == '_');
            (Token::Word(&rest[..length]), length)
        } else {
            (Token::Sign(first), first.len_utf8())
        };
        tokens.push(token);
        rest = &rest[length..];
    }
    tokens
}

fn comment(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix("/*")?;
    let end = inside.find("*/")?;
    Some((&inside[..end], end + 4))
}

/// The length of the literal that a text begins with: `"…"`, `b"…"` or a character.
fn literal(text: &str) -> Option<usize> {
    let start = if text.starts_with("b\"") { 1 } else { 0 };
    let quote = text[start..].chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(start + 1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => {
                // An apostrophe in a sentence begins no character.
                let inside = &text[start + 1..at];
                let is_character = inside.starts_with('\\') || inside.chars().count() == 1;
                return (quote == '"' || is_character).then_some(at + 1);
            }
            _ => {}
        }
    }
    None
}

/// `\u{301}` and `\0` as Python writes them; all other escapes are the same.
fn escapes(literal: &str) -> String {
    let mut out = String::new();
    let mut rest = literal;
    while let Some(at) = rest.find('\\') {
        out += &rest[..at];
        let tail = &rest[at + 1..];
        let code = tail.strip_prefix("u{").and_then(|hex| hex.split_once('}'));
        rest = match (code, tail.chars().next()) {
            (Some((hex, after)), _) => {
                match u32::from_str_radix(hex, 16) {
                    Ok(code @ ..=0xff) => out += &format!("\\x{code:02x}"),
                    Ok(code @ ..=0xffff) => out += &format!("\\u{code:04x}"),
                    Ok(code) => out += &format!("\\U{code:08x}"),
                    Err(_) => out += &format!("\\u{{{hex}}}"),
                }
                after
            }
            (None, Some('0')) => {
                out += "\\x00";
                &tail[1..]
            }
            (None, Some(c)) => {
                out.push('\\');
                out.push(c);
                &tail[c.len_utf8()..]
            }
            (None, None) => {
                out.push('\\');
                tail
            }
        };
    }
    out + rest
}
