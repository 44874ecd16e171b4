//! Just enough JSON for records of measurements: objects, arrays, strings, numbers.
//!
//! A library would be compiled for every learner, since a package's tests share their dependencies.

use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Text(String),
    Number(f64),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
}

impl Json {
    /// Reads a whole text; the error says where it departs.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let found = value(&mut rest)?;
        if rest.is_empty() { Ok(found) } else { Err(beginning("the end", rest)) }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn list(&self, key: &str) -> Option<&[Self]> {
        match self.get(key)? {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }
}

fn beginning(expected: &str, rest: &str) -> String {
    let here: String = rest.chars().take(30).collect();
    format!("expected {expected}, got `{here}`")
}

fn eat(rest: &mut &str, token: &str) -> bool {
    match rest.strip_prefix(token) {
        Some(after) => {
            *rest = after.trim_start();
            true
        }
        None => false,
    }
}

fn value(rest: &mut &str) -> Result<Json, String> {
    if eat(rest, "{") {
        let mut map = BTreeMap::new();
        while !eat(rest, "}") {
            if !map.is_empty() && !eat(rest, ",") {
                return Err(beginning("`,` or `}`", rest));
            }
            let key = string(rest)?;
            if !eat(rest, ":") {
                return Err(beginning("`:`", rest));
            }
            if map.insert(key.clone(), value(rest)?).is_some() {
                return Err(format!("the key `{key}` twice"));
            }
        }
        return Ok(Json::Map(map));
    }
    if eat(rest, "[") {
        let mut list = Vec::new();
        while !eat(rest, "]") {
            if !list.is_empty() && !eat(rest, ",") {
                return Err(beginning("`,` or `]`", rest));
            }
            list.push(value(rest)?);
        }
        return Ok(Json::List(list));
    }
    if rest.starts_with('"') {
        return string(rest).map(Json::Text);
    }
    let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)));
    let (number, after) = rest.split_at(end.unwrap_or(rest.len()));
    let number = number.parse().map_err(|_| beginning("a value", rest))?;
    *rest = after.trim_start();
    Ok(Json::Number(number))
}

fn string(rest: &mut &str) -> Result<String, String> {
    let mut chars = rest.strip_prefix('"').ok_or_else(|| beginning("a string", rest))?.chars();
    let mut text = String::new();
    loop {
        match chars.next() {
            Some('"') => break,
            Some('\\') => match chars.next() {
                Some('n') => text.push('\n'),
                Some(c @ ('"' | '\\' | '/')) => text.push(c),
                _ => return Err(beginning("a known escape", chars.as_str())),
            },
            Some(c) => text.push(c),
            None => return Err("a string that does not end".to_owned()),
        }
    }
    *rest = chars.as_str().trim_start();
    Ok(text)
}

#[test]
fn json_is_read_and_what_is_not_json_is_refused() {
    let read = Json::parse(r#" {"a": [1, -2.5e1, "x\"\n"], "b": {}} "#).expect("it is JSON");
    let list = [Json::Number(1.0), Json::Number(-25.0), Json::Text("x\"\n".to_owned())];
    assert_eq!(read.list("a"), Some(&list[..]));
    for wrong in ["", "{", "[1 2]", "{\"a\" 1}", "{\"a\":1,\"a\":2}", "\"", "[] []", "nul", "[,]"] {
        assert!(Json::parse(wrong).is_err(), "{wrong}");
    }
}
