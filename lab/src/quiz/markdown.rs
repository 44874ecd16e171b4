//! A card as plain text and as HTML.
//!
//! Cards use little of Markdown: paragraphs, code in line, emphasis, links. What a card does not use is not
//! understood here, and passes as it is.

/// What a line is made of.
enum Part<'a> {
    Text(&'a str),
    Code(&'a str),
    /// Words, and an address on the web if there is one.
    Link(&'a str, Option<&'a str>),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['`', '[']) {
        let special = match rest[at..].strip_prefix('`') {
            Some(code) => code.split_once('`').map(|(code, after)| (Part::Code(code), after)),
            None => link(&rest[at..]),
        };
        let (words, after) = match &special {
            Some((_, after)) => (&rest[..at], *after),
            None => rest.split_at(at + 1),
        };
        found.push(Part::Text(words));
        found.extend(special.map(|(part, _)| part));
        rest = after;
    }
    found.push(Part::Text(rest));
    found
}

fn link(from: &str) -> Option<(Part<'_>, &str)> {
    let (text, after) = from.strip_prefix('[')?.split_once(']')?;
    if let Some(after) = after.strip_prefix('[') {
        // A name that is defined elsewhere on the page, such as that of a measurement.
        return after.split_once(']').map(|(_, after)| (Part::Link(text, None), after));
    }
    let (address, after) = after.strip_prefix('(')?.split_once(')')?;
    Some((Part::Link(text, Some(address)), after))
}

/// As text for a terminal: links are their words, emphasis is left out, code keeps its marks.
///
/// ```
/// use lab::quiz::markdown::plain;
/// assert_eq!(plain("*So:* [10 ns][x.y] for `a*b`, [here](https://a.b)"), "So: 10 ns for `a*b`, here");
/// ```
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for part in parts(text) {
        match part {
            Part::Text(text) => out += &emphasis(text, "", ""),
            Part::Code(code) => out += &format!("`{code}`"),
            Part::Link(text, _) => out += text,
        }
    }
    out
}

/// Plain text in lines of at most `width` characters, broken at spaces.
///
/// ```
/// use lab::quiz::markdown::wrapped;
/// assert_eq!(wrapped("one two three\n\nfour", 8), "one two\nthree\n\nfour");
/// ```
pub fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        out += if number > 0 { "\n" } else { "" };
        let mut used = 0;
        for word in line.split_whitespace() {
            let long = word.chars().count();
            if used > 0 && used + 1 + long > width {
                out.push('\n');
                used = 0;
            }
            if used > 0 {
                out.push(' ');
                used += 1;
            }
            out += word;
            used += long;
        }
    }
    out
}

/// As HTML, in one line.
///
/// ```
/// use lab::quiz::markdown::html;
/// assert_eq!(html("1 < 2\n\n*a* `<b>` [c](https://d)"),
///     "1 &lt; 2<br><br><em>a</em> <code>&lt;b&gt;</code> <a href=\"https://d\">c</a>");
/// ```
pub fn html(text: &str) -> String {
    let mut out = String::new();
    for part in parts(text) {
        match part {
            Part::Text(text) => out += &emphasis(&escaped(text), "<em>", "</em>"),
            Part::Code(code) => out += &format!("<code>{}</code>", escaped(code)),
            Part::Link(text, None) => out += &escaped(text),
            Part::Link(text, Some(address)) => {
                out += &format!("<a href=\"{}\">{}</a>", escaped(address), escaped(text));
            }
        }
    }
    out.replace("\r\n", "\n").replace("\n\n", "<br><br>").replace(['\n', '\r', '\t'], " ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Pairs of stars around words become `open` and `close`; a star that stands alone stays.
fn emphasis(text: &str, open: &str, close: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('*') {
        let word = after.split_once('*').filter(|(word, _)| {
            !word.is_empty()
                && !word.starts_with(char::is_whitespace)
                && !word.ends_with(char::is_whitespace)
        });
        out += before;
        match word {
            Some((word, after)) => {
                out += &format!("{open}{word}{close}");
                rest = after;
            }
            None => {
                out.push('*');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_breaks_a_field_or_a_page_is_left() {
        for text in [
            "a\tb",
            "a\r\nb",
            "<script>",
            "\"&\"",
            "`<\tb>`",
            "[<a>][\"b\"]",
            "* 2 * 3 *",
            "[",
            "`",
            "**x**",
        ] {
            let html = html(text);
            assert!(!html.contains(['\t', '\n', '\r']), "{html}");
            let tags = html
                .replace("<em>", "")
                .replace("</em>", "")
                .replace("<code>", "")
                .replace("</code>", "");
            assert!(!tags.replace("<br>", "").contains(['<', '>']), "{html}");
        }
        assert_eq!(html("2 * 3 * 4"), "2 * 3 * 4");
        assert_eq!(plain("a [b"), "a [b");
    }
}
