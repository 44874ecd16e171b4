//! What is around the model, through the learner's answers: sampler, template, characters.
//!
//! A stage asks for less than the program can do. What an answer lacks is added here where that is possible,
//! and where it is not, the program's own code does it; [`Talk::remarks`] says so in either case. A panic in
//! an answer is an error that names it, and the conversation goes on.

use std::fmt;

use rust_for_ai::check::quietly;
use rust_for_ai::llama::chat::{Standard, Turn, Voice};
use rust_for_ai::llama::parts::TextStream;
use rust_for_ai::llama::sampler::{Random, Settings, check};
use rust_for_ai::llama::stream::Utf8;
use rust_for_ai::llama::template::{Message, Role, Style, Template};

/// Stage `llama.sampler`.
type Sampler = fn(&[f32], &[u32], f32, usize, f32, f32, f32) -> u32;

/// Stage `llama.chat_template`.
type ChatTemplate = fn(&[(&str, &str)], &str, u32, u32, &dyn Fn(&str) -> Vec<u32>) -> Vec<u32>;

/// The answers that are used around the model; the program's own code where there is none.
#[derive(Clone, Copy, Default)]
pub struct Talk {
    /// `llama.sampler`.
    pub sampler: Option<Sampler>,
    /// `llama.chat_template`.
    pub chat_template: Option<ChatTemplate>,
    /// `llama.stream_utf8`: a stream that has seen nothing yet.
    pub stream_utf8: Option<fn() -> Box<dyn TextStream>>,
    /// `llama.chat`.
    pub chat: Option<Turn>,
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk")
            .field("sampler", &self.sampler.is_some())
            .field("chat_template", &self.chat_template.is_some())
            .field("stream_utf8", &self.stream_utf8.is_some())
            .field("chat", &self.chat.is_some())
            .finish()
    }
}

impl Talk {
    /// What these answers do not do in this conversation, a line each; `system` is whether it begins with
    /// a prompt for the system.
    pub fn remarks(&self, template: &Template, settings: &Settings, system: bool) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.sampler.is_some() && settings.min_p > 0.0 {
            remarks.push(
                "your sampler has no min-p: what `--min-p` leaves out is taken away before yours draws"
                    .to_owned(),
            );
        }
        if self.chat_template.is_some() {
            if template.style != Style::ChatMl {
                remarks.push(format!(
                    "your chat_template writes ChatML, and this model wants {}: the program's writes it",
                    template.style.name()
                ));
            } else if template.system.is_none() && !system {
                remarks.push(
                    "your chat_template always has words of the system, and this model has none by \
                     default: the program's writes, until `--system` or `/system` gives some"
                        .to_owned(),
                );
            }
        }
        if self.stream_utf8.is_some() && self.chat.is_some() {
            remarks.push(
                "your chat makes characters of bytes itself, so your stream_utf8 has nothing to do"
                    .to_owned(),
            );
        }
        remarks
    }
}

/// A voice of the program's parts and the learner's answers.
#[derive(Debug)]
pub struct Voiced<'a> {
    standard: Standard<'a>,
    talk: Talk,
    random: Random,
    /// Room for logits of which some are taken away.
    logits: Vec<f32>,
}

impl<'a> Voiced<'a> {
    /// As `standard`, but for what `talk` has. Random numbers begin at the sampler's seed.
    pub fn new(standard: Standard<'a>, talk: Talk) -> Self {
        let random = Random::new(standard.sampler.settings().seed);
        Self { standard, talk, random, logits: Vec::new() }
    }

    /// The ids by the learner's template, where it can write this conversation down.
    fn by_yours(&self, messages: &[Message]) -> Option<Result<Vec<u32>, String>> {
        let Standard { tokenizer, template, .. } = &self.standard;
        let yours = self.talk.chat_template.filter(|_| template.style == Style::ChatMl)?;
        let has_system = messages.first().is_some_and(|first| first.role == Role::System);
        let default = template.system.as_deref().or(has_system.then_some(""))?;
        let (start, end) = (tokenizer.control("<|im_start|>")?, tokenizer.control("<|im_end|>")?);
        let roles: Vec<String> = messages.iter().map(|message| message.role.to_string()).collect();
        let texts = messages.iter().map(|message| message.text.as_str());
        let pairs: Vec<(&str, &str)> = roles.iter().map(String::as_str).zip(texts).collect();
        let encode = |text: &str| tokenizer.encode(text);
        let ids = quietly(|| yours(&pairs, default, start, end, &encode));
        let begin = tokenizer.bos().filter(|_| tokenizer.adds_bos());
        Some(match ids {
            Ok(ids) if ids.is_empty() => Err("your chat_template gave no ids".to_owned()),
            Ok(ids) => Ok(begin.into_iter().chain(ids).collect()),
            Err(caught) => Err(format!("your chat_template {caught}")),
        })
    }
}

impl Voice for Voiced<'_> {
    fn render(&self, messages: &[Message]) -> Result<Vec<u32>, String> {
        self.by_yours(messages).unwrap_or_else(|| self.standard.render(messages))
    }

    fn piece(&self, id: u32) -> Vec<u8> {
        self.standard.piece(id)
    }

    fn ends_turn(&self, id: u32) -> bool {
        self.standard.ends_turn(id)
    }

    fn sample(&mut self, logits: &[f32], history: &[u32]) -> Result<u32, String> {
        let Some(yours) = self.talk.sampler else {
            return self.standard.sample(logits, history);
        };
        check(logits).map_err(|error| error.to_string())?;
        let Settings { temperature, top_k, top_p, min_p, repeat_penalty, repeat_last_n, .. } =
            *self.standard.sampler.settings();
        let recent = &history[history.len().saturating_sub(repeat_last_n)..];
        let left = if min_p > 0.0 {
            left_by_min_p(logits, recent, repeat_penalty, min_p, &mut self.logits);
            &self.logits
        } else {
            logits
        };
        // 24 bits: more would be rounded, and up to 1.
        let u = match temperature {
            0.0 => 0.0,
            _ => (self.random.next() >> 40) as f32 / (1_u32 << 24) as f32,
        };
        let id = quietly(|| yours(left, recent, repeat_penalty, top_k, top_p, temperature, u))
            .map_err(|caught| format!("your sampler {caught}"))?;
        match logits.get(id as usize) {
            Some(_) => Ok(id),
            None => Err(format!(
                "your sampler gave the id {id}, expected one of the {} ids from 0",
                logits.len()
            )),
        }
    }

    fn text(&self) -> Box<dyn TextStream> {
        match self.talk.stream_utf8 {
            Some(new) => Box::new(Guarded { yours: quietly(new).ok(), ours: Utf8::default() }),
            None => self.standard.text(),
        }
    }
}

/// Takes away what has less than `min_p` of the best token's probability, after the penalty. What is left is
/// as it came: the penalty is for the learner's sampler to see to.
fn left_by_min_p(logits: &[f32], recent: &[u32], penalty: f32, min_p: f32, left: &mut Vec<f32>) {
    left.clear();
    left.extend_from_slice(logits);
    let mut ids = recent.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        if let Some(logit) = left.get_mut(id as usize) {
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
        }
    }
    let best = left.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let least = f64::from(best) + f64::from(min_p).ln();
    for (left, &logit) in left.iter_mut().zip(logits) {
        *left = if f64::from(*left) >= least { logit } else { f32::NEG_INFINITY };
    }
}

/// The learner's stream, with ours beside it: if theirs panics, ours goes on where it was.
struct Guarded {
    yours: Option<Box<dyn TextStream>>,
    ours: Utf8,
}

impl Guarded {
    fn text(&mut self, call: impl Fn(&mut dyn TextStream) -> String) -> String {
        let ours = call(&mut self.ours);
        let Some(yours) = &mut self.yours else { return ours };
        quietly(|| call(&mut **yours)).unwrap_or_else(|caught| {
            crate::chat::say(&format!("your stream_utf8 {caught}; the program's goes on"));
            self.yours = None;
            ours
        })
    }
}

impl TextStream for Guarded {
    fn push(&mut self, bytes: &[u8]) -> String {
        self.text(|stream| stream.push(bytes))
    }

    fn finish(&mut self) -> String {
        self.text(|stream| stream.finish())
    }
}
