//! Conversations with a script for a model: no vocabulary, no weights, every id known.
//!
//! Ids below 256 are bytes; above them stand four control tokens. The engine "knows" what comes next
//! from the ids in its cache alone, so a cache that is off by one position gives another answer.

use std::ops::ControlFlow::{Break, Continue};

use super::*;

const SYSTEM: u32 = 256;
const USER: u32 = 257;
const ASSISTANT: u32 = 258;
const END: u32 = 259;

/// Answers the last question in its cache by looking it up.
struct Script {
    lines: Vec<(&'static str, &'static [u8])>,
    context: usize,
    cache: Vec<u32>,
    logits: Vec<f32>,
    /// The lengths of what was fed.
    fed: Vec<usize>,
    /// Fails when the cache has this length.
    fails_at: Option<usize>,
}

fn script(lines: &[(&'static str, &'static [u8])], context: usize) -> Script {
    Script {
        lines: lines.to_vec(),
        context,
        cache: Vec::new(),
        logits: Vec::new(),
        fed: Vec::new(),
        fails_at: None,
    }
}

impl Script {
    fn next(&self) -> u32 {
        let last = |id| self.cache.iter().rposition(|&it| it == id).expect("a prompt was fed");
        let (user, assistant) = (last(USER), last(ASSISTANT));
        let asked: Vec<u8> =
            self.cache[user + 1..assistant - 1].iter().map(|&id| id as u8).collect();
        let said = &self.cache[assistant + 1..];
        let line = self.lines.iter().find(|(question, _)| question.as_bytes() == asked);
        line.and_then(|(_, answer)| answer.get(said.len())).map_or(END, |&byte| u32::from(byte))
    }
}

impl Engine for Script {
    fn name(&self) -> &str {
        "script"
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
        crate::llama::engine::check_feed(ids, self.cache.len(), self.context, 260)?;
        if self.fails_at == Some(self.cache.len()) {
            return Err(EngineError::Backend("the wire is cut".to_owned()));
        }
        self.cache.extend(ids);
        self.fed.push(ids.len());
        self.logits = vec![0.0; 260];
        if self.cache.contains(&ASSISTANT) {
            let next = self.next();
            self.logits[next as usize] = 1.0;
        }
        Ok(&self.logits)
    }
}

/// Renders `[ROLE] bytes [END]` and takes the largest logit.
struct Plain;

impl Voice for Plain {
    fn render(&self, messages: &[Message]) -> Result<Vec<u32>, String> {
        let mut ids = Vec::new();
        for message in messages {
            ids.push(match message.role {
                Role::System => SYSTEM,
                Role::User => USER,
                Role::Assistant => ASSISTANT,
            });
            ids.extend(message.text.bytes().map(u32::from));
            ids.push(END);
        }
        ids.push(ASSISTANT);
        Ok(ids)
    }

    fn piece(&self, id: u32) -> Vec<u8> {
        u8::try_from(id).into_iter().collect()
    }

    fn ends_turn(&self, id: u32) -> bool {
        id == END
    }

    fn sample(&mut self, logits: &[f32], _: &[u32]) -> Result<u32, String> {
        if logits.iter().any(|logit| logit.is_nan()) {
            return Err("a logit is NaN".to_owned());
        }
        let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        Ok(best.expect("there are logits") as u32)
    }
}

/// Asks, and collects what was streamed.
fn ask(chat: &mut Conversation<'_>, question: &str) -> (Answer, String) {
    let mut streamed = String::new();
    let answer = chat.answer(question, &mut |event| {
        if let Event::Text(text) = event {
            streamed += text;
        }
        Continue(())
    });
    (answer.expect("there is an answer"), streamed)
}

#[test]
fn a_second_turn_feeds_what_is_new_and_nothing_else() {
    let mut engine = script(&[("hi", b"hello"), ("2+2", b"4")], 100);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    chat.restart(Some("be kind"));
    let (first, streamed) = ask(&mut chat, "hi");
    assert_eq!((first.text.as_str(), streamed.as_str()), ("hello", "hello"));
    assert_eq!(first.finish, Finish::EndOfTurn);
    // [SYSTEM] be kind [END] [USER] hi [END] [ASSISTANT]
    assert_eq!((first.stats.prompt, first.stats.reused, first.stats.generated), (14, 0, 6));
    let (second, _) = ask(&mut chat, "2+2");
    assert_eq!(second.text, "4");
    // In the cache: the prompt and `hello`, without the end, which was chosen and not fed.
    assert_eq!((second.stats.prompt, second.stats.reused), (26, 19));
    assert_eq!(chat.positions(), (27, 100));
    assert_eq!(chat.totals().answers, 2);
    let said: Vec<&str> = chat.messages().iter().map(|it| it.text.as_str()).collect();
    assert_eq!(said, ["be kind", "hi", "hello", "2+2", "4"]);
    drop(chat);
    assert_eq!(engine.fed, [14, 1, 1, 1, 1, 1, 7, 1]);
}

#[test]
fn the_same_question_again_feeds_one_id() {
    let mut engine = script(&[("hi", b"hello")], 100);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    assert_eq!(ask(&mut chat, "hi").0.text, "hello");
    chat.reset();
    let (again, _) = ask(&mut chat, "hi");
    assert_eq!((again.text.as_str(), again.stats.prompt, again.stats.reused), ("hello", 5, 4));
}

#[test]
fn reuse_never_changes_an_answer() {
    let lines: &[(&str, &[u8])] =
        &[("a", b"bc"), ("ab", b""), ("b", "\u{e9}".as_bytes()), ("", b"?")];
    let questions = ["a", "ab", "b", "", "ab"];
    let mut engine = script(lines, 1000);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    // Every way to ask three of them, with a new beginning now and then.
    for case in 0..125 {
        for turn in 0..3 {
            let question = questions[case / [1, 5, 25][turn] % 5];
            let (answer, streamed) = ask(&mut chat, question);
            let line = lines.iter().find(|line| line.0 == question).expect("it is in the script");
            assert_eq!((answer.text.as_bytes(), streamed.as_bytes()), (line.1, line.1));
        }
        match case % 3 {
            0 => chat.reset(),
            1 => chat.restart(Some("other")),
            _ => chat.restart(None),
        }
    }
}

#[test]
fn old_turns_go_and_the_system_prompt_stays() {
    let mut engine = script(&[("hi", b"hello"), ("bye", b"ciao")], 40);
    let mut voice = Plain;
    let mut chat = Conversation::new(
        &mut engine,
        &mut voice,
        Limits { max_tokens: Some(8), ..Limits::default() },
    );
    chat.restart(Some("S"));
    let mut dropped = Vec::new();
    for turn in 0..6 {
        let answer = chat.answer(["hi", "bye"][turn % 2], &mut |event| {
            if let Event::Dropped { turns, needed, available } = event {
                dropped.push((turn, turns, needed, available));
            }
            Continue(())
        });
        assert_eq!(answer.expect("it fits").text, ["hello", "ciao"][turn % 2]);
        assert_eq!(chat.messages()[0].text, "S");
        assert_eq!(chat.messages()[1].role, Role::User);
    }
    // [S] is 3, a turn 11 long, a question at the end 5 or 6; 8 of 40 positions are for the answer.
    assert_eq!(dropped, [(3, 1, 42, 32), (4, 1, 41, 32), (5, 1, 42, 32)]);
    assert_eq!(chat.messages().len(), 1 + 3 * 2);
}

#[test]
fn a_question_that_does_not_fit_is_refused_and_forgotten() {
    let mut engine = script(&[("hi", b"hello")], 20);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    ask(&mut chat, "hi");
    let refused = chat.answer("a question of many words", &mut |_| Continue(()));
    assert_eq!(refused, Err(ChatError::TooLong { needed: 28, context: 20 }));
    assert_eq!(chat.messages().len(), 2);
    assert_eq!(ask(&mut chat, "hi").0.text, "hello");
    // One position is left for the answer: it is cut off there, in the open.
    let (cut, _) = ask(&mut chat, "sixteen letters.");
    assert_eq!((cut.text.as_str(), cut.finish), ("", Finish::EndOfTurn));
}

#[test]
fn an_answer_ends_where_the_context_does() {
    let mut engine = script(&[("hi", b"0123456789abcdefghij")], 12);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    let (answer, _) = ask(&mut chat, "hi");
    // 5 of the prompt, 7 that were fed, and one more that was chosen after the last of them.
    assert_eq!((answer.text.as_str(), answer.finish), ("01234567", Finish::ContextFull));
    assert_eq!(chat.positions(), (12, 12));
}

#[test]
fn an_interruption_keeps_what_was_said() {
    let mut engine = script(&[("hi", b"hello"), ("2+2", b"4")], 1000);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    for after in 0..5 {
        let mut seen = String::new();
        let answer = chat.answer("hi", &mut |event| match event {
            Event::Text(text) => {
                seen += text;
                if seen.len() >= after { Break(()) } else { Continue(()) }
            }
            _ if after == 0 => Break(()),
            _ => Continue(()),
        });
        let answer = answer.expect("an interruption is no error");
        assert_eq!((answer.text.as_str(), answer.finish), (&"hello"[..after], Finish::Interrupted));
    }
    // The one that was interrupted before it began was never asked.
    assert_eq!(chat.messages().len(), 8);
    assert_eq!(ask(&mut chat, "2+2").0.text, "4");
}

#[test]
fn a_long_prompt_can_be_interrupted_while_it_is_read() {
    let long = "x".repeat(1000);
    let mut engine = script(&[], 4000);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    let mut read = Vec::new();
    let answer = chat.answer(&long, &mut |event| {
        if let Event::Read { done, of } = event {
            read.push((done, of));
        }
        if read.len() == 2 { Break(()) } else { Continue(()) }
    });
    let answer = answer.expect("an interruption is no error");
    assert_eq!((answer.finish, answer.stats.generated), (Finish::Interrupted, 0));
    assert_eq!(read, [(256, 1003), (512, 1003)]);
    // What was read is not read again.
    assert_eq!(ask(&mut chat, &long).0.stats.reused, 512);
}

#[test]
fn limits_end_an_answer() {
    let answer = |most: Option<usize>, stops: &[&str]| {
        let mut engine = script(&[("hi", "naïve: yes".as_bytes())], 100);
        let mut voice = Plain;
        let stops = stops.iter().map(|&stop| stop.to_owned()).collect();
        let stops = Stops::new(stops).expect("none is empty");
        let limits = Limits { max_tokens: most, stops };
        let mut chat = Conversation::new(&mut engine, &mut voice, limits);
        let (answer, streamed) = ask(&mut chat, "hi");
        assert_eq!(answer.text, streamed);
        (answer.text, answer.finish)
    };
    let said = |text: &str, finish| (text.to_owned(), finish);
    assert_eq!(answer(Some(2), &[]), said("na", Finish::MaxTokens));
    // Half a character is no text.
    assert_eq!(answer(Some(3), &[]), said("na\u{fffd}", Finish::MaxTokens));
    assert_eq!(answer(Some(0), &[]), said("", Finish::MaxTokens));
    assert_eq!(answer(None, &[": y"]), said("naïve", Finish::Stop(": y".to_owned())));
    assert_eq!(answer(None, &["yes!", ": no"]), said("naïve: yes", Finish::EndOfTurn));
    assert_eq!(answer(Some(7), &[": no"]), said("naïve:", Finish::MaxTokens));
}

#[test]
fn an_engine_that_fails_leaves_the_conversation_as_it_was() {
    let mut engine = script(&[("hi", b"hello")], 100);
    engine.fails_at = Some(7);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    let failed = chat.answer("hi", &mut |_| Continue(()));
    assert_eq!(failed.map_err(|error| error.to_string()), Err("the wire is cut".to_owned()));
    assert!(chat.messages().is_empty());
    drop(chat);
    engine.fails_at = None;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default());
    assert_eq!(ask(&mut chat, "hi").0.text, "hello");
}

/// A loop as stage `llama.chat` asks for it, with the question's answer cut at the first stop.
fn turn(
    engine: &mut dyn Engine,
    voice: &mut dyn crate::llama::parts::Voice,
    history: &mut Vec<String>,
    message: &str,
    limits: &crate::llama::parts::Limits,
    show: &mut dyn FnMut(&str),
) -> Result<(), EngineError> {
    history.push(message.to_owned());
    let prompt = voice.render(history);
    let same = common(&prompt, engine.ids()).min(prompt.len() - 1);
    engine.truncate(same)?;
    let mut id = voice.sample(engine.feed(&prompt[same..])?);
    let mut answer = String::new();
    for count in 1.. {
        if voice.ends_turn(id) {
            break;
        }
        let before = answer.len();
        answer += &String::from_utf8_lossy(&voice.piece(id));
        if let Some(at) = limits.stops.iter().filter_map(|stop| answer.find(stop)).min() {
            answer.truncate(at);
            break;
        }
        assert!(!answer.ends_with('!'), "no such sign");
        show(&answer[before..]);
        if count == limits.max_tokens {
            break;
        }
        id = voice.sample(engine.feed(&[id])?);
    }
    history.push(answer);
    Ok(())
}

#[test]
fn a_loop_of_somebody_else_answers_as_ours() {
    let lines: &[(&str, &[u8])] = &[("hi", b"hello"), ("bye", b"ciao, you"), ("2+2", b"4")];
    let questions = ["hi", "2+2", "bye", "hi", "hi", "2+2", "bye", "bye"];
    for (context, most, stops) in [
        (400, None, vec![]),
        (40, Some(8), vec![]),
        (400, Some(4), vec![]),
        (400, Some(0), vec![]),
        (60, Some(8), vec![","]),
    ] {
        let run = |turn: Option<Turn>| {
            let mut engine = script(lines, context);
            let mut voice = Plain;
            let stops = Stops::new(stops.iter().map(|&stop| str::to_owned(stop)).collect());
            let limits = Limits { max_tokens: most, stops: stops.expect("none is empty") };
            let mut chat = Conversation::new(&mut engine, &mut voice, limits);
            if let Some(turn) = turn {
                chat = chat.with_turn(turn);
            }
            chat.restart(Some("S"));
            let seen = questions.map(|question| {
                let (answer, streamed) = ask(&mut chat, question);
                let Stats { prompt, reused, generated, .. } = answer.stats;
                (answer.text, streamed, answer.finish, prompt, reused, generated)
            });
            (seen, chat.messages().to_vec(), chat.positions())
        };
        let (ours, theirs) = (run(None), run(Some(turn)));
        for (ours, theirs) in ours.0.iter().zip(&theirs.0) {
            assert_eq!(ours, theirs, "a context of {context}, at most {most:?}, stops {stops:?}");
        }
        assert_eq!(ours.1, theirs.1);
    }
}

#[test]
fn a_loop_of_somebody_else_is_stopped_and_may_fail() {
    let mut engine = script(&[("hi", b"hello"), ("oh", b"no! no"), ("long", &[b'x'; 99])], 30);
    let mut voice = Plain;
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default()).with_turn(turn);
    let mut seen = String::new();
    let answer = chat.answer("hi", &mut |event| match event {
        Event::Text(text) => {
            seen += text;
            if seen.len() >= 2 { Break(()) } else { Continue(()) }
        }
        _ => Continue(()),
    });
    let answer = answer.expect("an interruption is no error");
    assert_eq!((answer.text.as_str(), answer.finish), ("he", Finish::Interrupted));
    let failed = chat.answer("oh", &mut |_| Continue(())).expect_err("it panics");
    assert!(failed.to_string().contains("your code panicked"), "{failed}");
    assert_eq!(chat.messages().len(), 2, "it was never asked");
    assert_eq!(ask(&mut chat, "hi").0.text, "hello");
    chat.reset();
    let (answer, _) = ask(&mut chat, "long");
    assert_eq!((answer.finish, chat.positions()), (Finish::ContextFull, (30, 30)));
    drop(chat);
    let mut chat = Conversation::new(&mut engine, &mut voice, Limits::default())
        .with_turn(|_, _, _, _, _, _| Ok(()));
    let failed = chat.answer("hi", &mut |_| Continue(())).expect_err("nothing was appended");
    assert!(failed.to_string().contains("0 texts in the history, expected 2"), "{failed}");
}
