//! A merge of lines, three ways, for files that two sides changed in different places.
//!
//! Lines that all three texts share split them into parts. Of each part, the side that changed it wins; if both
//! changed it alike, either does; if both changed it in another way, there is no merge. For
//!
//! ```text
//! handed out   a b c      yours   a x b c      new   a b d      merged   a x b d
//! ```
//!
//! A list of modules has a second chance, since the order of its lines means nothing: what was added to the old
//! list is added to the new one.
//!
//! The longest common lines are found by a table of all pairs, in time and room of the product of the lengths;
//! the files that it is for have some hundred lines. A longer one is not merged.

/// So many lines a text may have.
const LONGEST: usize = 4000;

/// The text with the changes of both sides, unless they touch.
pub(super) fn lines(base: &str, yours: &str, new: &str) -> Option<String> {
    let [base, yours, new] =
        [base, yours, new].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    if [&base, &yours, &new].iter().any(|lines| lines.len() > LONGEST) {
        return None;
    }
    let (in_yours, in_new) = (partners(&base, &yours), partners(&base, &new));
    let mut merged = String::new();
    let (mut b, mut y, mut n) = (0, 0, 0);
    loop {
        // The next line of the base that both sides still have.
        let next = (b..base.len()).find(|at| in_yours[*at].is_some() && in_new[*at].is_some());
        let (to_b, to_y, to_n) = match next {
            Some(at) => (at, in_yours[at]?, in_new[at]?),
            None => (base.len(), yours.len(), new.len()),
        };
        let (old, mine, theirs) = (&base[b..to_b], &yours[y..to_y], &new[n..to_n]);
        let part = if mine == old || mine == theirs {
            theirs
        } else if theirs == old {
            mine
        } else {
            return None;
        };
        merged.extend(part.iter().copied());
        let Some(at) = next else { return Some(merged) };
        merged += base[at];
        (b, y, n) = (to_b + 1, to_y + 1, to_n + 1);
    }
}

/// The new list of modules with the lines that somebody added to the old one, where [`lines`] gives up.
///
/// Lines such as `mod helpers;` mean the same wherever they stand. Nothing else may have been added, and no line
/// of the old list may be gone.
pub(super) fn modules(base: &str, yours: &str, new: &str) -> Option<String> {
    let mut rest = base.lines().peekable();
    let mut added = Vec::new();
    for line in yours.lines() {
        if rest.peek() == Some(&line) {
            rest.next();
        } else {
            added.push(line);
        }
    }
    let is_item = |line: &str| {
        let start = ["mod ", "pub mod ", "use ", "pub use "];
        line.ends_with(';') && start.iter().any(|word| line.starts_with(word))
    };
    if rest.next().is_some() || !added.iter().all(|line| line.is_empty() || is_item(line)) {
        return None;
    }
    let there: Vec<&str> = new.lines().collect();
    let mut merged = new.trim_end().to_owned() + "\n";
    for line in added.into_iter().filter(|line| !line.is_empty() && !there.contains(line)) {
        merged += &format!("{line}\n");
    }
    Some(merged)
}

/// For each line of one text the line of the other that it is, along a longest common sequence.
fn partners(one: &[&str], other: &[&str]) -> Vec<Option<usize>> {
    // Equal lines at both ends need no table, and are most of them.
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let rest = (one.len() - start).min(other.len() - start);
    let end = (1..=rest).take_while(|at| one[one.len() - at] == other[other.len() - at]).count();
    let mut partners = vec![None; one.len()];
    for (at, partner) in partners.iter_mut().enumerate().take(start) {
        *partner = Some(at);
    }
    for at in 1..=end {
        partners[one.len() - at] = Some(other.len() - at);
    }
    let (a, b) = (&one[start..one.len() - end], &other[start..other.len() - end]);
    // The length of the longest sequence that the rests from `i` and `j` share.
    let width = b.len() + 1;
    let mut longest = vec![0u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = match a[i] == b[j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            partners[start + i] = Some(start + j);
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    partners
}

#[cfg(test)]
mod tests {
    use super::{lines, modules};

    fn of(words: &str) -> String {
        words.split_whitespace().map(|word| format!("{word}\n")).collect()
    }

    #[test]
    fn changes_in_different_places_are_joined_and_others_are_refused() {
        for (base, yours, new, merged) in [
            ("a b c", "a x b c", "a b d", Some("a x b d")),
            ("a b c", "a b c", "a d c", Some("a d c")),
            ("a b c", "a d c", "a b c", Some("a d c")),
            ("a b c", "a d c", "a d c", Some("a d c")),
            ("a b c", "a b c x", "y a b c", Some("y a b c x")),
            ("a b c", "a c", "a b c d", Some("a c d")),
            ("a b c", "a x c", "a y c", None),
            ("a b c", "a c", "a y c", None),
            ("a", "a x", "a y", None),
            ("", "x", "", Some("x")),
            ("a b a b", "a b a x b", "a y b a b", Some("a y b a x b")),
        ] {
            let got = lines(&of(base), &of(yours), &of(new));
            assert_eq!(got, merged.map(of), "{base} | {yours} | {new}");
        }
        assert_eq!(lines("a\nb", "a\nb", "c\na\nb").as_deref(), Some("c\na\nb"), "no last newline");
    }

    #[test]
    fn a_module_of_ones_own_is_added_to_the_new_list() {
        let base = "//! A.\n\nmod a;\nmod b;\n\npub use a::a;\n";
        let new = "//! A.\n\nmod a2;\nmod b;\n\npub use a2::a;\n";
        let with = |line: &str| base.replace("mod a;", &format!("mod a;\n{line}"));
        let yours = with("mod helpers;");
        assert_eq!(lines(base, &yours, new), None, "the lines touch");
        assert_eq!(modules(base, &yours, new), Some(format!("{new}mod helpers;\n")));
        assert_eq!(modules(base, &with("mod a2;"), new).as_deref(), Some(new), "it is there");
        assert_eq!(modules(base, &with("#![allow(dead_code)]"), new), None);
        assert_eq!(modules(base, &base.replace("mod b;", "// mod b;"), new), None);
    }
}
