//! Check `llama.chat`: a conversation with a model that is scripted.
//!
//! The model knows what it will say, and says it only while its cache holds the conversation and nothing
//! else; otherwise it says "?", or "!" if the cache holds one message, as at the beginning of a
//! conversation. So a history that was not rendered is told from one that was not fed. It counts the ids that it is fed. What is compared: what was shown by
//! the time of each sample, the history, and whether more was fed than needed. An answer may feed the last token of
//! a reply or leave it; both are right, so a token a turn is spare.
//!
//! Longer than most files here, since the flaws read best beside the loop that each of them spoils.

use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::CHAT;
use crate::llama::engine::{Engine, EngineError};
use crate::llama::parts::{Limits, Voice};

use std::cell::RefCell;

type Answer = dyn Fn(
    &mut dyn Engine,
    &mut dyn Voice,
    &mut Vec<String>,
    &str,
    &Limits,
    &mut dyn FnMut(&str),
) -> Result<(), EngineError>;

/// Grades a function from an engine, a voice, a history, a message, limits and a place to show text to
/// a longer history.
pub fn chat(
    answer: impl Fn(
        &mut dyn Engine,
        &mut dyn Voice,
        &mut Vec<String>,
        &str,
        &Limits,
        &mut dyn FnMut(&str),
    ) -> Result<(), EngineError>
    + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

struct Input {
    limits: Limits,
    context: usize,
    /// What the user says, and what the model would, token by token.
    turns: Vec<(&'static str, Vec<&'static [u8]>)>,
}

#[derive(PartialEq, Default)]
struct Seen {
    /// For each message, what was shown by the time of each sample, and in the end.
    shown: Vec<Vec<String>>,
    history: Vec<String>,
    error: Option<EngineError>,
    /// How many ids were fed, if more than needed, and how many are needed.
    too_much: Option<(usize, usize)>,
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &CHAT,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input: &Input| run(answer, input, &expected(input)),
        call,
        show: |seen: &Seen| {
            let mut text = match &seen.error {
                Some(error) => format!("Err({error:?})"),
                None => format!("history {:?}", seen.history),
            };
            if let Some((fed, needed)) = seen.too_much {
                text += &format!("\nfed {fed} ids, where {needed} are enough");
            }
            text
        },
        diff,
    };
    exam.sit(cases().map(|(input, why)| Case { expected: expected(&input), input, why }))
}

const LOOP: &str = "sample, show, feed the one new id, sample again, until the model ends its turn";
const CHARACTERS: &str = "`show` gets whole characters as soon as they are whole; what is left in the end is shown \
                          then, and a broken character is U+FFFD";
const LENGTH: &str = "after `max_tokens` tokens the answer is done";
const STOPS: &str = "a stop ends the answer right before it, however its bytes are spread over tokens; text \
                     that cannot belong to one is not held back";
const TURNS: &str = "the whole conversation is rendered anew, and only what the cache lacks is fed";
const FULL: &str = "an error of the engine is returned";

/// What the user says, and what the model would, token by token.
type Turn = (&'static str, &'static [&'static [u8]]);

fn cases() -> impl Iterator<Item = (Input, &'static str)> {
    const NO_STOP: &[&str] = &[];
    const END: &[&str] = &["END"];
    let input = |max_tokens, stops: &[&str], context, turns: &[Turn]| {
        let stops = stops.iter().map(|&stop| stop.to_owned()).collect();
        let turns = turns.iter().map(|&(says, tokens)| (says, tokens.to_vec())).collect();
        Input { limits: Limits { max_tokens, stops }, context, turns }
    };
    let list: [(usize, &[&str], usize, &[Turn], _); 24] = [
        (9, NO_STOP, 99, &[("a", &[b"b"])], LOOP),
        (9, NO_STOP, 99, &[("a", &[b"b", b"c"])], LOOP),
        (9, NO_STOP, 99, &[("a", &[])], LOOP),
        (9, NO_STOP, 99, &[("hi", &[b"H", b"ey", b" you"])], LOOP),
        (1, NO_STOP, 99, &[("a", &[b"b", b"c"])], LENGTH),
        (3, NO_STOP, 99, &[("a", &[b"b", b"c", b"d", b"e", b"f"])], LENGTH),
        (2, NO_STOP, 99, &[("a", &[b"b", b"c"])], LENGTH),
        (9, NO_STOP, 99, &[("a", &[b"caf", b"\xc3", b"\xa9", b"!"])], CHARACTERS),
        (9, NO_STOP, 99, &[("a", &[b"\xf0", b"\x9f\x98", b"\x80"])], CHARACTERS),
        (2, NO_STOP, 99, &[("a", &[b"b", b"\xf0\x9f", b"\x98\x80"])], CHARACTERS),
        (9, END, 99, &[("a", &[b"b", b"END", b"c"])], STOPS),
        (9, END, 99, &[("a", &[b"b END c", b"d"])], STOPS),
        (9, END, 99, &[("a", &[b"b", b" E", b"N", b"D", b"c"])], STOPS),
        (9, END, 99, &[("a", &[b"b", b" E", b"N", b"T", b"!"])], STOPS),
        (9, END, 99, &[("a", &[b"b", b" E", b"N"])], STOPS),
        (9, END, 99, &[("a", &[b"E", b"E", b"N", b"E", b"ND"])], STOPS),
        (9, &["\n\n", "User:"], 99, &[("a", &[b"b\n", b"Us", b"er", b"\n", b"\nc"])], STOPS),
        (9, &["END", "b"], 99, &[("a", &[b"a b END"])], STOPS),
        (9, NO_STOP, 99, &[("a", &[b"b"]), ("c", &[b"d", b"e"])], TURNS),
        (9, NO_STOP, 99, &[("a", &[b"b", b"c"]), ("d", &[]), ("e", &[b"f"])], TURNS),
        (2, NO_STOP, 99, &[("a", &[b"b", b"c", b"d"]), ("e", &[b"f", b"g"])], TURNS),
        (9, END, 99, &[("a", &[b"b", b" E", b"N", b"D"]), ("c", &[b"d"])], TURNS),
        (
            9,
            END,
            999,
            &[
                ("tell me", &[b"on", b"ce ", b"upon", b" a", b" time"]),
                ("go on", &[b"there", b" was", b" a \xf0", b"\x9f\x90", b"\x89"]),
                ("and?", &[b"it", b" slept", b"E", b"ND", b"x"]),
                ("oh", &[b":", b")"]),
            ],
            TURNS,
        ),
        (9, NO_STOP, 6, &[("a", &[b"b", b"c", b"d", b"e", b"f"])], FULL),
    ];
    list.into_iter()
        .map(move |(max, stops, context, turns, why)| (input(max, stops, context, turns), why))
}

/// Ids: a byte each, then three control tokens, then the pieces of all turns.
const USER: u32 = 256;
const ASSISTANT: u32 = 257;
const END: u32 = 258;
const PIECES: u32 = 259;

/// The pieces of all turns that are longer than a byte; the id of each is its index after `PIECES`.
fn pieces(input: &Input) -> Vec<&'static [u8]> {
    let all = input.turns.iter().flat_map(|(_, tokens)| tokens.iter().copied());
    let mut long: Vec<&'static [u8]> = all.filter(|piece| piece.len() > 1).collect();
    long.sort_unstable();
    long.dedup();
    long
}

/// The id of a piece.
fn id_of(pieces: &[&[u8]], piece: &[u8]) -> u32 {
    match (piece, pieces.iter().position(|known| *known == piece)) {
        (&[byte], _) => u32::from(byte),
        (_, Some(at)) => PIECES + u32::try_from(at).unwrap_or(0),
        _ => u32::from(b'?'),
    }
}

/// The ids of messages in a template that puts a control token around each.
fn render(messages: &[String], replies: &[Vec<&[u8]>], pieces: &[&[u8]]) -> Vec<u32> {
    let mut ids = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        ids.push(if at % 2 == 0 { USER } else { ASSISTANT });
        // A reply is cut as the model said it, as far as it goes: then the cache has its ids.
        let mut rest = message.as_bytes();
        if at % 2 == 1 {
            for &piece in replies.get(at / 2).into_iter().flatten() {
                let Some(after) = rest.strip_prefix(piece) else { break };
                ids.push(id_of(pieces, piece));
                rest = after;
            }
        }
        ids.extend(rest.iter().map(|&byte| u32::from(byte)));
        ids.push(END);
    }
    ids.push(ASSISTANT);
    ids
}

/// A model that says what it was given to say.
struct Scripted {
    context: usize,
    cache: Vec<u32>,
    fed: usize,
    /// For each turn, the prompt that it answers and the ids that it answers with.
    script: Vec<(Vec<u32>, Vec<u32>)>,
    logits: Vec<f32>,
}

impl Engine for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn context(&self) -> usize {
        self.context
    }

    fn ids(&self) -> &[u32] {
        &self.cache
    }

    fn truncate(&mut self, len: usize) -> Result<(), EngineError> {
        self.cache.truncate(len);
        Ok(())
    }

    fn feed(&mut self, ids: &[u32]) -> Result<&[f32], EngineError> {
        let (used, fed, context) = (self.cache.len(), ids.len(), self.context);
        if ids.is_empty() {
            return Err(EngineError::NoIds);
        }
        if used + fed > context {
            return Err(EngineError::ContextFull { used, fed, context });
        }
        self.cache.extend(ids);
        self.fed += fed;
        let next = self.script.iter().find_map(|(prompt, reply)| {
            let said = self.cache.strip_prefix(&prompt[..])?;
            reply.strip_prefix(said).map(|rest| rest.first().copied().unwrap_or(END))
        });
        // Lost: a sign, and an end.
        let messages = self.cache.iter().filter(|&&id| id == USER).count();
        let sign = u32::from(if messages == 1 { b'!' } else { b'?' });
        let lost = if self.cache.last() == Some(&sign) { END } else { sign };
        self.logits.fill(0.0);
        self.logits[next.unwrap_or(lost) as usize] = 1.0;
        Ok(&self.logits)
    }
}

/// The fake vocabulary, template and sampler; what was shown by the time of each sample.
struct Spoken<'a> {
    pieces: Vec<&'static [u8]>,
    replies: Vec<Vec<&'static [u8]>>,
    screen: &'a RefCell<String>,
    moments: Vec<String>,
}

impl Voice for Spoken<'_> {
    fn render(&self, messages: &[String]) -> Vec<u32> {
        render(messages, &self.replies, &self.pieces)
    }

    fn piece(&self, id: u32) -> Vec<u8> {
        match (u8::try_from(id), id) {
            (Ok(byte), _) => vec![byte],
            (_, USER) => b"<user>".to_vec(),
            (_, ASSISTANT) => b"<assistant>".to_vec(),
            (_, END) => b"<end>".to_vec(),
            _ => self.pieces[(id - PIECES) as usize].to_vec(),
        }
    }

    fn ends_turn(&self, id: u32) -> bool {
        id == END
    }

    fn sample(&mut self, logits: &[f32]) -> u32 {
        self.moments.push(self.screen.borrow().clone());
        assert!(self.moments.len() < 50, "50 samples for one answer, and no end");
        let at = logits.iter().position(|&logit| logit > 0.0);
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(END)
    }
}

fn run(answer: &Answer, input: &Input, right: &Seen) -> Seen {
    let pieces = pieces(input);
    let replies: Vec<Vec<&[u8]>> = input.turns.iter().map(|(_, tokens)| tokens.clone()).collect();
    let script = (0..input.turns.len()).map(|turn| {
        let before = (turn * 2).min(right.history.len());
        let mut messages = right.history[..before].to_vec();
        messages.push(input.turns[turn].0.to_owned());
        let reply = replies[turn].iter().map(|piece| id_of(&pieces, piece)).collect();
        (render(&messages, &replies, &pieces), reply)
    });
    let mut engine = Scripted {
        context: input.context,
        cache: Vec::new(),
        fed: 0,
        script: script.collect(),
        logits: vec![0.0; PIECES as usize + pieces.len()],
    };
    let mut seen = Seen::default();
    for (message, _) in &input.turns {
        let screen = RefCell::new(String::new());
        let mut voice = Spoken {
            pieces: pieces.clone(),
            replies: replies.clone(),
            screen: &screen,
            moments: Vec::new(),
        };
        let mut show = |text: &str| screen.borrow_mut().push_str(text);
        let (history, limits) = (&mut seen.history, &input.limits);
        let done = answer(&mut engine, &mut voice, history, message, limits, &mut show);
        let mut moments = voice.moments;
        moments.push(screen.into_inner());
        if let Err(error) = done {
            // Then neither the history nor what was shown is asked for.
            return Seen { error: Some(error), ..Seen::default() };
        }
        seen.shown.push(moments);
    }
    let needed = needed(input, right);
    let spare = input.turns.len();
    seen.too_much = (engine.fed > needed + spare).then_some((engine.fed, needed));
    seen
}

/// How many ids have to be fed: each prompt as far as the cache lacks it, and each token that another one
/// follows.
fn needed(input: &Input, right: &Seen) -> usize {
    let pieces = pieces(input);
    let replies: Vec<Vec<&[u8]>> = input.turns.iter().map(|(_, tokens)| tokens.clone()).collect();
    let (mut cache, mut fed): (Vec<u32>, usize) = (Vec::new(), 0);
    for turn in 0..right.shown.len() {
        let prompt = render(&right.history[..=turn * 2], &replies, &pieces);
        let same = prompt.iter().zip(&cache).take_while(|(new, old)| new == old).count();
        let reply = replies[turn].iter().map(|piece| id_of(&pieces, piece));
        // A sample follows the prompt, and one follows each token but the last.
        let samples = right.shown[turn].len() - 1;
        fed += prompt.len() - same + samples - 1;
        cache = prompt;
        cache.extend(reply.take(samples - 1));
    }
    fed
}

/// The law, token by token: after each one, look at all bytes so far.
fn expected(input: &Input) -> Seen {
    let Limits { max_tokens, stops } = &input.limits;
    let mut seen = Seen::default();
    let mut longest = 0;
    for (message, tokens) in &input.turns {
        seen.history.push((*message).to_owned());
        let replies: Vec<Vec<&[u8]>> = input.turns.iter().map(|turn| turn.1.clone()).collect();
        let prompt = render(&seen.history, &replies, &pieces(input)).len();
        let mut moments = vec![String::new()];
        let mut answer = None;
        for count in 1..=tokens.len().min(*max_tokens) {
            let bytes = tokens[..count].concat();
            let whole = (0..=bytes.len()).rev().find_map(|n| std::str::from_utf8(&bytes[..n]).ok());
            let text = whole.unwrap_or_default();
            let found = (0..text.len()).find(|&at| {
                stops.iter().any(|stop| text.as_bytes()[at..].starts_with(stop.as_bytes()))
            });
            if let Some(at) = found {
                answer = Some(text[..at].to_owned());
                break;
            }
            let may_begin = |at: &usize| {
                stops.iter().any(|stop| stop.as_bytes().starts_with(&text.as_bytes()[*at..]))
            };
            let clear = (0..text.len()).find(may_begin).unwrap_or(text.len());
            if count < *max_tokens {
                moments.push(text[..clear].to_owned());
            }
        }
        let said = tokens[..tokens.len().min(*max_tokens)].concat();
        let answer = answer.unwrap_or_else(|| String::from_utf8_lossy(&said).into_owned());
        longest = longest.max(prompt + moments.len() - 1);
        moments.push(answer.clone());
        seen.shown.push(moments);
        seen.history.push(answer);
    }
    if longest > input.context {
        let (used, context) = (input.context, input.context);
        let error = Some(EngineError::ContextFull { used, fed: 1, context });
        return Seen { error, ..Seen::default() };
    }
    seen
}

fn call(input: &Input) -> String {
    let Limits { max_tokens, stops } = &input.limits;
    let mut text = format!("max_tokens {max_tokens}, stops {stops:?}");
    if input.context < 99 {
        text += &format!(", a context of {}", input.context);
    }
    for (message, tokens) in &input.turns {
        let pieces = tokens.iter().map(|piece| format!("b\"{}\"", piece.escape_ascii()));
        let pieces = pieces.collect::<Vec<_>>().join(", ");
        text += &format!("\nchat({message:?}), where the model says [{pieces}] and ends its turn");
    }
    text
}

fn diff(_: &Input, expected: &Seen, got: &Seen) -> Vec<String> {
    for (turn, (right, yours)) in (1..).zip(expected.shown.iter().zip(&got.shown)) {
        for (sample, (right, yours)) in (1..).zip(right.iter().zip(yours)) {
            if right != yours {
                return vec![format!(
                    "message {turn}, by sample {sample}: expected {right:?} to be shown, got {yours:?}"
                )];
            }
        }
        if right.len() != yours.len() {
            let (right, yours) = (right.len() - 1, yours.len() - 1);
            return vec![format!("message {turn}: expected {right} samples, got {yours}")];
        }
    }
    Vec::new()
}

/// What an answer with one flaw gets wrong.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    FeedsAllAgain,
    StartsOver,
    AssumesPrefix,
    FeedsMessageAlone,
    RendersMessageAlone,
    NoReplyInHistory,
    SameLogits,
    ShowsEnd,
    IgnoresEnd,
    OneMore,
    IgnoresMax,
    LosesHeld,
    StopInPiece,
    ShowsStop,
    HoldsNothing,
    HoldsAlways,
    FirstInList,
    RemembersStop,
    LossyPieces,
    AllAtOnce,
    Panics,
}

fn flawed(
    flaw: Flaw,
    engine: &mut dyn Engine,
    voice: &mut dyn Voice,
    history: &mut Vec<String>,
    message: &str,
    (limits, show): (&Limits, &mut dyn FnMut(&str)),
) -> Result<(), EngineError> {
    history.push(message.to_owned());
    let mut ids = match flaw {
        Flaw::FeedsMessageAlone | Flaw::RendersMessageAlone => voice.render(&[message.to_owned()]),
        _ => voice.render(history),
    };
    let same = match flaw {
        Flaw::FeedsMessageAlone => 0,
        Flaw::AssumesPrefix => engine.ids().len().min(ids.len() - 1),
        _ => ids.iter().zip(engine.ids()).take_while(|(new, old)| new == old).count(),
    };
    match flaw {
        Flaw::FeedsMessageAlone | Flaw::AssumesPrefix => {}
        Flaw::StartsOver | Flaw::FeedsAllAgain => engine.truncate(0)?,
        _ => engine.truncate(same)?,
    }
    let same = if flaw == Flaw::StartsOver || flaw == Flaw::FeedsAllAgain { 0 } else { same };
    let feed = |engine: &mut dyn Engine, ids: &[u32]| match engine.feed(ids) {
        Err(error) if flaw == Flaw::Panics => panic!("{error}"),
        result => result.map(<[f32]>::to_vec),
    };
    let mut logits = feed(engine, &ids[same..])?;
    let (mut bytes, mut shown, mut lossy) = (Vec::new(), 0, String::new());
    for count in 1.. {
        let id = voice.sample(&logits);
        let ends = voice.ends_turn(id);
        if ends && flaw != Flaw::ShowsEnd && flaw != Flaw::IgnoresEnd {
            break;
        }
        let piece = voice.piece(id);
        bytes.extend(&piece);
        if flaw == Flaw::LossyPieces {
            lossy += &String::from_utf8_lossy(&piece);
            bytes.clone_from(&lossy.clone().into_bytes());
        }
        if ends && flaw == Flaw::ShowsEnd {
            break;
        }
        let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let searched = if flaw == Flaw::StopInPiece { &piece[..] } else { text.as_bytes() };
        let find = |stop: &String| {
            let mut windows = searched.windows(stop.len());
            let at = windows.position(|window| window == stop.as_bytes())?;
            Some((bytes.len().min(text.len()) - searched.len() + at, stop.len()))
        };
        let found = match flaw {
            Flaw::FirstInList => limits.stops.iter().find_map(find),
            _ => limits.stops.iter().filter_map(find).min(),
        };
        if let Some((at, length)) = found {
            match flaw {
                Flaw::ShowsStop => bytes.truncate(at + length),
                Flaw::RemembersStop => {
                    show(&text[shown..at]);
                    let all = text[..at + length].to_owned();
                    history.push(all);
                    return Ok(());
                }
                _ => bytes.truncate(at.max(shown)),
            }
            break;
        }
        let longest = limits.stops.iter().map(|stop| stop.len() - 1).max().unwrap_or(0);
        let held = match flaw {
            Flaw::HoldsNothing => 0,
            Flaw::HoldsAlways => longest.min(text.len()),
            _ => (1..=longest.min(text.len()))
                .rev()
                .find(|n| {
                    let end = &text.as_bytes()[text.len() - n..];
                    limits.stops.iter().any(|stop| stop.as_bytes().starts_with(end))
                })
                .unwrap_or(0),
        };
        if flaw != Flaw::AllAtOnce {
            let clear = (text.len() - held).max(shown);
            show(&text[shown..clear]);
            shown = clear;
        }
        let max = limits.max_tokens + usize::from(flaw == Flaw::OneMore);
        if count == max && flaw != Flaw::IgnoresMax {
            break;
        }
        ids.push(id);
        match flaw {
            Flaw::SameLogits => {
                feed(engine, &[id])?;
            }
            Flaw::FeedsAllAgain => {
                engine.truncate(0)?;
                logits = feed(engine, &ids)?;
            }
            _ => logits = feed(engine, &[id])?,
        }
    }
    let answer = String::from_utf8_lossy(&bytes).into_owned();
    if flaw == Flaw::LosesHeld {
        history.push(answer[..shown].to_owned());
        return Ok(());
    }
    show(&answer[shown..]);
    if flaw != Flaw::NoReplyInHistory {
        history.push(answer);
    }
    Ok(())
}

macro_rules! wrong {
    ($($id:literal, $flaw:ident, $belief:literal;)*) => {
        &[$(Wrong {
            id: $id,
            belief: $belief,
            answer: &|engine, voice, history, message, limits, show| {
                flawed(Flaw::$flaw, engine, voice, history, message, (limits, show))
            },
        }),*]
    };
}

const WRONG: &[Wrong<Answer>] = wrong![
    "feeds_all_again", FeedsAllAgain, "you fed the whole conversation for each token; the cache has it, so feed \
        the one new id";
    "starts_over", StartsOver, "you emptied the cache for each message; keep what the prompt begins with";
    "assumes_prefix", AssumesPrefix, "you took the cache for the beginning of the prompt; it may hold ids that \
        are not in it, such as those of a stop";
    "feeds_message_alone", FeedsMessageAlone, "you fed only the new message after what is in the cache; the end \
        of the last answer never got there";
    "no_history", RendersMessageAlone, "you rendered the new message alone; the model sees no history that it \
        is not given";
    "forgets_answer", NoReplyInHistory, "you did not add the answer to the history";
    "same_logits", SameLogits, "you sampled from the prompt's logits again; each feed gives new ones";
    "shows_end", ShowsEnd, "you showed the token that ends the turn; it is no part of the answer";
    "ignores_end", IgnoresEnd, "you went on after the model had ended its turn";
    "one_more", OneMore, "your answer has a token more than `max_tokens`";
    "ignores_max", IgnoresMax, "you did not stop after `max_tokens` tokens";
    "loses_held", LosesHeld, "what was held back when the answer ended got lost";
    "stop_in_one_token", StopInPiece, "you looked for a stop in each token by itself; it may span several";
    "shows_stop", ShowsStop, "you showed the stop; the answer ends before it";
    "holds_nothing", HoldsNothing, "you showed the beginning of a stop before it was clear that it is none";
    "holds_always", HoldsAlways, "you always held back as many bytes as a stop has; hold back only what a stop \
        begins with";
    "first_in_list", FirstInList, "you cut at the first stop of the list; the one that comes first in the text \
        counts";
    "remembers_stop", RemembersStop, "you left the stop in the history, where the model reads it next time";
    "lossy_pieces", LossyPieces, "you turned each token into text by itself; a character may span tokens";
    "all_at_once", AllAtOnce, "you showed the answer when it was done; show each character as soon as it is known";
    "panics", Panics, "you unwrapped an error of the engine; pass it on with `?`";
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
