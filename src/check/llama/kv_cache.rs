//! Check `llama.kv_cache`: rows of keys and values that can be taken back.
//!
//! An input is a short script, and what a cache shows after its last line is compared: its length, and
//! the rows of each layer. All scripts of up to four lines come first, over one layer and over two, so a
//! first failure is a shortest one. The oracle keeps a list of rows, each a vector of its own.

use std::fmt::Write;

use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::KV_CACHE;
use crate::llama::parts::Cache;

type Answer = dyn Fn(usize) -> Box<dyn Forks>;

/// A cache behind a `dyn`, which cannot return itself.
trait Forks {
    fn cache(&mut self) -> &mut dyn Cache;
    fn forked(&self) -> Box<dyn Forks>;
}

impl<C: Cache + 'static> Forks for C {
    fn cache(&mut self) -> &mut dyn Cache {
        self
    }

    fn forked(&self) -> Box<dyn Forks> {
        Box::new(self.fork())
    }
}

/// Grades a cache, given by how it is made for a number of layers: `kv_cache(KvCache::new)`.
pub fn kv_cache<C: Cache + 'static>(new: impl Fn(usize) -> C + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move |layers| Box::new(new(layers)), origin)
}

#[derive(Clone, Copy)]
enum Line {
    /// A row for one layer.
    Push(usize),
    /// A row for each layer.
    Token,
    Truncate(usize),
    /// Fork, give the fork a token and truncate it to nothing, then go on with the first one.
    ForkAside,
    /// Fork, give the first one a token, then go on with the fork.
    ForkAndFollow,
}

struct Script {
    layers: usize,
    width: usize,
    lines: Vec<Line>,
}

/// What a cache shows.
#[derive(PartialEq)]
struct Shown {
    len: usize,
    /// Keys and values of each layer.
    layers: Vec<(Vec<f32>, Vec<f32>)>,
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &KV_CACHE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, script: &Script| play(script, answer(script.layers)),
        call,
        show,
        diff: |_, _, _| Vec::new(),
    };
    exam.sit(scripts().map(|(script, why)| Case {
        expected: play(&script, Box::new(Rows(vec![Layer::default(); script.layers]))),
        input: script,
        why,
    }))
}

const PUSH: &str =
    "a push appends a row to its layer; `len` is how many positions every layer holds";
const TRUNCATE: &str = "`truncate(len)` leaves each layer with its first `len` rows, keys and values alike; \
                        where there are fewer, nothing happens";
const FORK: &str = "a fork holds the same rows, and what happens to one is not seen in the other";

/// Every script over these is tried on one layer …
const ONE: &[Line] = &[
    Line::Token,
    Line::Truncate(0),
    Line::Truncate(1),
    Line::Truncate(2),
    Line::ForkAside,
    Line::ForkAndFollow,
];

/// … and over these on two, where one may be a row ahead.
const TWO: &[Line] = &[Line::Token, Line::Push(0), Line::Truncate(1), Line::ForkAndFollow];

fn scripts() -> impl Iterator<Item = (Script, &'static str)> {
    use Line::{ForkAndFollow, ForkAside, Push, Token, Truncate};
    let script = |layers, width, lines: &[Line]| Script { layers, width, lines: lines.to_vec() };
    let pushes = [
        script(1, 2, &[]),
        script(1, 2, &[Token]),
        script(1, 2, &[Token, Token]),
        script(2, 2, &[Token]),
        script(2, 2, &[Push(0)]),
        script(2, 2, &[Push(0), Push(1)]),
        script(2, 2, &[Token, Push(0)]),
        script(3, 1, &[Token, Token, Push(0), Push(1)]),
    ];
    let all = |layers, lines: &'static [Line]| {
        sequences(u32::try_from(lines.len()).unwrap_or(0), 4).map(move |digits| Script {
            layers,
            width: 2,
            lines: digits.iter().map(|&digit| lines[digit as usize]).collect(),
        })
    };
    let law = |script: &Script| match &script.lines {
        lines if lines.iter().any(|line| matches!(line, ForkAside | ForkAndFollow)) => FORK,
        lines if lines.iter().any(|line| matches!(line, Truncate(_))) => TRUNCATE,
        _ => PUSH,
    };
    // `Push(0)` twice would leave one layer two rows ahead, which no forward pass does.
    let sound = |script: &Script| {
        let mut ahead = false;
        script.lines.iter().all(|line| match line {
            Push(_) => !std::mem::replace(&mut ahead, true),
            Token => !ahead,
            _ => true,
        })
    };
    let long = [
        script(2, 3, &[Token, Token, Push(0), Truncate(2), Token, Truncate(1), Token]),
        script(30, 4, &[Token, Token, Token, ForkAndFollow, Truncate(2), Token, Token]),
    ];
    let small = all(1, ONE).chain(all(2, TWO).filter(sound));
    pushes.into_iter().chain(small).chain(long).map(move |script| {
        let why = law(&script);
        (script, why)
    })
}

/// The row that a line of the script gives a layer: its digits are the line, the layer and the place.
fn row(token: usize, layer: usize, width: usize, is_value: bool) -> Vec<f32> {
    let base = (token * 100 + layer * 10) as f32;
    let sign = if is_value { -1.0 } else { 1.0 };
    (1..=width).map(|at| sign * (base + at as f32)).collect()
}

fn play(script: &Script, mut held: Box<dyn Forks>) -> Shown {
    let push = |cache: &mut dyn Cache, layer: usize, token: usize| {
        let [key, value] = [false, true].map(|is_value| row(token, layer, script.width, is_value));
        cache.push(layer, &key, &value);
    };
    let whole = |cache: &mut dyn Cache, token: usize| {
        (0..script.layers).for_each(|layer| push(cache, layer, token));
    };
    for (token, line) in script.lines.iter().enumerate() {
        match *line {
            Line::Push(layer) => push(held.cache(), layer, token),
            Line::Token => whole(held.cache(), token),
            Line::Truncate(len) => held.cache().truncate(len),
            Line::ForkAside => {
                let mut aside = held.forked();
                whole(aside.cache(), token);
                aside.cache().truncate(0);
            }
            Line::ForkAndFollow => {
                let fork = held.forked();
                whole(held.cache(), token);
                held = fork;
            }
        }
    }
    let cache = held.cache();
    let layers =
        (0..script.layers).map(|layer| (cache.keys(layer).to_vec(), cache.values(layer).to_vec()));
    Shown { layers: layers.collect(), len: cache.len() }
}

fn call(script: &Script) -> String {
    let mut text = format!("let mut c = KvCache::new({});", script.layers);
    let push = |text: &mut String, name: &str, layer: usize, token: usize| {
        let [key, value] = [false, true].map(|is_value| row(token, layer, script.width, is_value));
        let _ = write!(text, " {name}.push({layer}, &{key:?}, &{value:?});");
    };
    let whole = |text: &mut String, name: &str, token: usize| match script.layers {
        layers @ 0..4 => (0..layers).for_each(|layer| push(text, name, layer, token)),
        layers => {
            let _ = write!(text, " /* a row for each of the {layers} layers of {name} */");
        }
    };
    for (token, line) in script.lines.iter().enumerate() {
        match *line {
            Line::Push(layer) => push(&mut text, "c", layer, token),
            Line::Token => whole(&mut text, "c", token),
            Line::Truncate(len) => {
                let _ = write!(text, " c.truncate({len});");
            }
            Line::ForkAside => {
                text += " let mut f = c.fork();";
                whole(&mut text, "f", token);
                text += " f.truncate(0);";
            }
            Line::ForkAndFollow => {
                text += " let f = c.fork();";
                whole(&mut text, "c", token);
                text += " let mut c = f;";
            }
        }
    }
    text
}

fn show(shown: &Shown) -> String {
    let mut text = format!("len() {}", shown.len);
    for (layer, (keys, values)) in shown.layers.iter().enumerate().take(3) {
        let _ = write!(text, ", keys({layer}) {keys:?}, values({layer}) {values:?}");
    }
    if shown.layers.len() > 3 {
        let _ = write!(text, ", … ({} layers)", shown.layers.len());
    }
    text
}

/// Keys and values, row by row, and all of either in one slice.
#[derive(Clone, Default)]
struct Layer {
    rows: Vec<(Vec<f32>, Vec<f32>)>,
    flat: (Vec<f32>, Vec<f32>),
}

impl Layer {
    /// Writes the slices anew: slow, and plain to see.
    fn flatten(&mut self) {
        let (keys, values): (Vec<_>, Vec<_>) = self.rows.iter().cloned().unzip();
        self.flat = (keys.concat(), values.concat());
    }
}

/// The oracle, a layer each.
struct Rows(Vec<Layer>);

impl Cache for Rows {
    fn len(&self) -> usize {
        self.0.iter().map(|layer| layer.rows.len()).min().unwrap_or(0)
    }

    fn push(&mut self, layer: usize, key: &[f32], value: &[f32]) {
        self.0[layer].rows.push((key.to_vec(), value.to_vec()));
        self.0[layer].flatten();
    }

    fn keys(&self, layer: usize) -> &[f32] {
        &self.0[layer].flat.0
    }

    fn values(&self, layer: usize) -> &[f32] {
        &self.0[layer].flat.1
    }

    fn truncate(&mut self, len: usize) {
        for layer in &mut self.0 {
            layer.rows.truncate(len);
            layer.flatten();
        }
    }

    fn fork(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A cache with one flaw.
#[derive(Clone)]
struct Flawed {
    flaw: Flaw,
    layers: Vec<(Vec<f32>, Vec<f32>)>,
    width: usize,
    /// What a field beside the rows holds, if the answer keeps one.
    count: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    KeepsRows,
    KeepsCount,
    CountsNumbers,
    KeepsOneMore,
    KeepsOneLess,
    CutsKeys,
    CutsFirstLayer,
    Grows,
    LenOfFirst,
    LenOfPushes,
    LenOfNumbers,
    OneLayer,
    Swapped,
    ReplacesRow,
    EmptyFork,
}

impl Flawed {
    fn boxed(flaw: Flaw, layers: usize) -> Box<dyn Forks> {
        let layers = vec![Default::default(); layers];
        Box::new(Self { flaw, layers, width: 0, count: 0 })
    }

    fn slot(&self, layer: usize) -> usize {
        if self.flaw == Flaw::OneLayer { 0 } else { layer }
    }
}

impl Cache for Flawed {
    fn len(&self) -> usize {
        let rows =
            |layer: &(Vec<f32>, Vec<f32>)| layer.0.len().checked_div(self.width).unwrap_or(0);
        match self.flaw {
            Flaw::KeepsRows | Flaw::KeepsCount | Flaw::LenOfPushes => self.count,
            Flaw::LenOfFirst | Flaw::OneLayer => rows(&self.layers[0]),
            Flaw::LenOfNumbers => self.layers.iter().map(|layer| layer.0.len()).min().unwrap_or(0),
            _ => self.layers.iter().map(rows).min().unwrap_or(0),
        }
    }

    fn push(&mut self, layer: usize, key: &[f32], value: &[f32]) {
        self.width = key.len();
        let last = layer + 1 == self.layers.len();
        if last || self.flaw == Flaw::LenOfPushes {
            self.count += 1;
        }
        let slot = self.slot(layer);
        let (key, value) = if self.flaw == Flaw::Swapped { (value, key) } else { (key, value) };
        let (keys, values) = &mut self.layers[slot];
        if self.flaw == Flaw::ReplacesRow {
            keys.clear();
            values.clear();
        }
        keys.extend_from_slice(key);
        values.extend_from_slice(value);
    }

    fn keys(&self, layer: usize) -> &[f32] {
        &self.layers[self.slot(layer)].0
    }

    fn values(&self, layer: usize) -> &[f32] {
        &self.layers[self.slot(layer)].1
    }

    fn truncate(&mut self, len: usize) {
        if self.flaw != Flaw::KeepsCount {
            self.count = self.count.min(len);
        }
        let rows = match self.flaw {
            Flaw::KeepsOneMore => len + 1,
            Flaw::KeepsOneLess => len.saturating_sub(1),
            _ => len,
        };
        let numbers = if self.flaw == Flaw::CountsNumbers { rows } else { rows * self.width };
        for (at, (keys, values)) in self.layers.iter_mut().enumerate() {
            match self.flaw {
                Flaw::KeepsRows => {}
                Flaw::CutsFirstLayer if at > 0 => {}
                Flaw::CutsKeys => keys.truncate(numbers),
                Flaw::Grows => {
                    keys.resize(numbers, 0.0);
                    values.resize(numbers, 0.0);
                }
                _ => {
                    keys.truncate(numbers);
                    values.truncate(numbers);
                }
            }
        }
    }

    fn fork(&self) -> Self {
        match self.flaw {
            Flaw::EmptyFork => Self {
                layers: vec![Default::default(); self.layers.len()],
                count: 0,
                ..self.clone()
            },
            _ => self.clone(),
        }
    }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "stale_rows",
        belief: "you set the length back and left the rows; the next push lands after stale ones",
        answer: &|layers| Flawed::boxed(Flaw::KeepsRows, layers),
    },
    Wrong {
        id: "stale_length",
        belief: "you cut the rows and left the count; the next token gets a position that is too large",
        answer: &|layers| Flawed::boxed(Flaw::KeepsCount, layers),
    },
    Wrong {
        id: "counts_numbers",
        belief: "you cut the flat vector to `len` numbers; a row has several",
        answer: &|layers| Flawed::boxed(Flaw::CountsNumbers, layers),
    },
    Wrong {
        id: "keeps_one_more",
        belief: "you kept the row of position `len` too; positions count from 0, so it is the first to go",
        answer: &|layers| Flawed::boxed(Flaw::KeepsOneMore, layers),
    },
    Wrong {
        id: "keeps_one_less",
        belief: "you kept a row too few; `len` is how many stay",
        answer: &|layers| Flawed::boxed(Flaw::KeepsOneLess, layers),
    },
    Wrong {
        id: "cuts_keys_alone",
        belief: "you cut the keys and left the values",
        answer: &|layers| Flawed::boxed(Flaw::CutsKeys, layers),
    },
    Wrong {
        id: "cuts_first_layer",
        belief: "you cut the first layer and left the others",
        answer: &|layers| Flawed::boxed(Flaw::CutsFirstLayer, layers),
    },
    Wrong {
        id: "grows",
        belief: "your truncate grows a cache that is shorter (`resize`); rows of zeros are keys like others",
        answer: &|layers| Flawed::boxed(Flaw::Grows, layers),
    },
    Wrong {
        id: "len_of_first_layer",
        belief: "your `len` counts layer 0, which holds a row more while a token is on its way; a position \
                 counts once every layer holds it",
        answer: &|layers| Flawed::boxed(Flaw::LenOfFirst, layers),
    },
    Wrong {
        id: "len_of_pushes",
        belief: "your `len` counts pushes; a token is pushed once in each layer",
        answer: &|layers| Flawed::boxed(Flaw::LenOfPushes, layers),
    },
    Wrong {
        id: "len_of_numbers",
        belief: "your `len` counts numbers; it counts rows",
        answer: &|layers| Flawed::boxed(Flaw::LenOfNumbers, layers),
    },
    Wrong {
        id: "one_layer",
        belief: "all layers write to the same rows; each has its own",
        answer: &|layers| Flawed::boxed(Flaw::OneLayer, layers),
    },
    Wrong {
        id: "swapped",
        belief: "keys and values are swapped",
        answer: &|layers| Flawed::boxed(Flaw::Swapped, layers),
    },
    Wrong {
        id: "replaces_row",
        belief: "a push replaces what was there; it appends",
        answer: &|layers| Flawed::boxed(Flaw::ReplacesRow, layers),
    },
    Wrong {
        id: "empty_fork",
        belief: "your fork is a new, empty cache; it begins with the same rows",
        answer: &|layers| Flawed::boxed(Flaw::EmptyFork, layers),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
