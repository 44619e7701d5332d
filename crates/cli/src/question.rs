//! What is looked for: words of the query language, and flags for those who don't want to learn it.
//!
//! Promises: flags and words hold together (AND); what a flag's value says is never taken for a condition. What a
//! query means is the server's to say; a refusal is shown under the place it points at. Must never send a query that
//! finds more than the flags allow.

use std::ffi::OsString;

use clap::{Command, CommandFactory as _};

use crate::arguments::Arguments;
use crate::failure::{Excerpt, Failure};

/// Words and flags.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Question {
    /// What to look for, in the query language; all words make one query
    #[arg(value_name = "QUERY")]
    words: Vec<String>,

    /// What happened, such as deployment.created or secret.*; may be given more than once
    #[arg(
        long = "type",
        visible_alias = "operation",
        value_name = "OP",
        help_heading = "Conditions"
    )]
    operations: Vec<String>,

    /// Who did it: id, e-mail address or name
    #[arg(long, value_name = "WHO", help_heading = "Conditions")]
    actor: Option<String>,

    /// The project it belongs to
    #[arg(long, value_name = "ID", help_heading = "Conditions")]
    project: Option<String>,

    /// What it was done to: a type, a type and an id or name, or one of these alone
    #[arg(long, value_name = "TYPE[:ID]", help_heading = "Conditions")]
    resource: Option<String>,

    /// How it ended: success, failure, denied or cancelled
    #[arg(long, value_name = "RESULT", help_heading = "Conditions")]
    outcome: Option<String>,

    /// Where it came from: an address or a network such as 10.0.0.0/8
    #[arg(long, value_name = "ADDRESS", help_heading = "Conditions")]
    ip: Option<String>,

    /// Which log: main, or access for who read the other
    #[arg(
        long,
        value_enum,
        value_name = "LOG",
        hide_possible_values = true,
        help_heading = "Conditions"
    )]
    log: Option<Log>,
}

/// A tenant's logs that can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Log {
    /// The tenant's events.
    Main,
    /// Who read them.
    Access,
}

/// When it happened.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Period {
    /// Nothing before this: a time back from now (1h, 7d) or a date in UTC (2026-03-12, yesterday)
    #[arg(long, value_name = "TIME", help_heading = "Conditions")]
    pub(crate) since: Option<String>,

    /// Nothing at or after this
    #[arg(long, value_name = "TIME", help_heading = "Conditions")]
    pub(crate) until: Option<String>,
}

impl Question {
    /// The query, if there is one to ask; `verb` is the command that asks it.
    pub(crate) fn query(&self, verb: &str) -> Result<Option<String>, Failure> {
        if let Some(letter) = self.words.iter().find_map(|word| mistyped(word)) {
            return Err(no_such_flag(letter, verb));
        }
        let words = self.words.join(" ");
        let words = words.trim();
        let mut conditions = self.conditions();
        if conditions.is_empty() {
            conditions.extend(Some(words.to_owned()).filter(|words| !words.is_empty()));
        } else if !words.is_empty() {
            // Whatever stands in them: an OR, or a NOT at the end.
            conditions.push(within_parentheses(words)?);
        }
        let query = conditions.join(" ");
        Ok(Some(query).filter(|query| !query.is_empty()))
    }

    /// The log, if one was named.
    pub(crate) fn log(&self) -> Option<&'static str> {
        self.log.map(|log| match log {
            Log::Main => "main",
            Log::Access => "access",
        })
    }

    fn conditions(&self) -> Vec<String> {
        let mut conditions = Vec::new();
        match self.operations.as_slice() {
            [] => {}
            [one] => conditions.push(format!("operation:{}", value(one))),
            several => {
                let values: Vec<String> = several.iter().map(|name| value(name)).collect();
                conditions.push(format!("operation:({})", values.join(" OR ")));
            }
        }
        conditions.extend(self.resource.as_deref().map(resource));
        for (field, said) in [
            ("actor", &self.actor),
            ("project", &self.project),
            ("outcome", &self.outcome),
            ("ip", &self.ip),
        ] {
            conditions.extend(
                said.as_deref()
                    .map(|said| format!("{field}:{}", value(said))),
            );
        }
        conditions
    }
}

/// The letter of a word that is nothing but a letter behind a minus: a flag of other programs, rather than "without n".
/// Behind `--` it stands as it is ([`shielded`] adds no space there).
fn mistyped(word: &str) -> Option<char> {
    let mut characters = word.strip_prefix(" -")?.chars();
    let letter = characters.next().filter(char::is_ascii_alphabetic)?;
    characters.next().is_none().then_some(letter)
}

/// Flags that other programs have.
const ELSEWHERE: [(&str, char, &str); 4] = [
    ("list", 'n', "--limit N says how many"),
    ("stats", 'n', "--top N says how many of each"),
    ("tail", 'n', "--since 10m begins with what is there already"),
    ("tail", 'f', "it follows what comes in any case"),
];

fn no_such_flag(letter: char, verb: &str) -> Failure {
    let mut elsewhere = ELSEWHERE.iter();
    let known = elsewhere.find(|(of, flag, _)| (*of, *flag) == (verb, letter));
    let meant = match (known, flags_with(letter, verb).as_slice()) {
        (Some((_, _, meant)), _) => format!("{meant};"),
        (None, []) => format!("`veritrail {verb} --help` lists them;"),
        (None, flags) => format!("did you mean {}?", flags.join(" or ")),
    };
    Failure::usage(format!(
        "-{letter} looks like a flag, and there is none of this name"
    ))
    .hint(format!(
        "{meant} to leave out the word {letter}, write -- -{letter} or '-\"{letter}\"'"
    ))
}

/// A command's flags that begin with a letter, as they are typed.
fn flags_with(letter: char, verb: &str) -> Vec<String> {
    let root = Arguments::command();
    let command = root.find_subcommand(verb);
    let arguments = command.into_iter().flat_map(Command::get_arguments);
    let shown = arguments.filter(|argument| !argument.is_hide_set());
    let names = shown.filter_map(clap::Arg::get_long_and_visible_aliases);
    let names = names.flatten();
    names
        .filter(|name| name.starts_with(letter.to_ascii_lowercase()))
        .map(|name| format!("--{name}"))
        .collect()
}

/// The query in parentheses, unless it would break out of them.
fn within_parentheses(words: &str) -> Result<String, Failure> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, character) in words.chars().enumerate() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth == 0 => {
                let mut failure = Failure::usage("expected a ( before each )");
                failure.excerpt = Some(Box::new(Excerpt {
                    text: words.to_owned(),
                    column: at + 1,
                    length: 1,
                }));
                return Err(failure);
            }
            ')' if !quoted => depth -= 1,
            _ => {}
        }
    }
    Ok(format!("({words})"))
}

/// A value as the query language takes it: `*` at the end stands for anything, everything else for itself.
fn value(text: &str) -> String {
    let plain = |text: &str| {
        !text.is_empty()
            && !text.starts_with(['-', '<', '>'])
            && !matches!(text, "AND" | "OR" | "NOT")
            && !text.contains("..")
            && !text.contains(|character: char| {
                character.is_whitespace() || character.is_control() || "()\"*\\".contains(character)
            })
    };
    if text == "*" || plain(text) || text.strip_suffix('*').is_some_and(plain) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// `deployment`, `deployment:dep_1` (or with `/`, as `emit` takes it), `dep_1`, `DATABASE_URL`.
fn resource(text: &str) -> String {
    let whole = format!("resource:{}", value(text));
    if is_type(text) {
        return format!("(resource.type:{text} OR {whole})");
    }
    match text.split_once([':', '/']) {
        Some((kind, id)) if is_type(kind) && !id.is_empty() => {
            let id = value(id);
            // An identifier may have a colon of its own.
            format!("((resource.type:{kind} resource:{id}) OR {whole})")
        }
        _ => whole,
    }
}

fn is_type(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Command lines on which `-outcome:success` is a condition, as it is everywhere else: words of a query that begin with
/// `-` get a space before them, so that they are not taken for options.
pub(crate) fn shielded(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let root = Arguments::command();
    let mut verb: Option<&Command> = None;
    // Whether the next one is an option's value, and whether options have ended.
    let (mut is_value, mut is_over) = (false, false);
    let mut shielded = Vec::new();
    for (at, argument) in arguments.into_iter().enumerate() {
        let text = argument.to_str().unwrap_or_default();
        let was_value = std::mem::take(&mut is_value);
        if at > 0 && !was_value && !is_over {
            if text == "--" {
                is_over = true;
            } else if let Some(name) = text.strip_prefix("--") {
                is_value = takes_value(&root, verb, name);
            } else if let Some(valued) = verb.and_then(|verb| short_flag(verb, text)) {
                is_value = valued;
            } else if verb.is_none() {
                verb = root.find_subcommand(text);
            } else if verb.is_some_and(asks)
                && text.len() > 1
                && text.starts_with('-')
                && text != "-h"
            {
                shielded.push(format!(" {text}").into());
                continue;
            }
        }
        shielded.push(argument);
    }
    shielded
}

/// Whether the word behind `--name` belongs to it.
fn takes_value(root: &Command, verb: Option<&Command>, name: &str) -> bool {
    let arguments = root
        .get_arguments()
        .chain(verb.into_iter().flat_map(Command::get_arguments));
    let mut named = arguments.filter(|argument| {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        argument.get_long() == Some(name) || aliases.contains(&name)
    });
    named.any(|argument| argument.get_action().takes_values())
}

/// Whether a word is a flag of one letter that the command has, standing alone; and if so, whether it takes a value.
fn short_flag(verb: &Command, text: &str) -> Option<bool> {
    let mut letters = text.strip_prefix('-')?.chars();
    let letter = letters.next().filter(|_| letters.next().is_none())?;
    let mut arguments = verb.get_arguments();
    let flag = arguments.find(|argument| argument.get_short() == Some(letter))?;
    Some(flag.get_action().takes_values())
}

/// Whether a command takes a query.
fn asks(command: &Command) -> bool {
    command
        .get_positionals()
        .any(|argument| argument.get_id() == "words")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        question: Question,
    }

    fn query(arguments: &[&str]) -> Result<String, Failure> {
        let line = std::iter::once(&"list").chain(arguments);
        let line = Line::try_parse_from(line).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(line.question.query("list")?.unwrap_or_default())
    }

    #[test]
    fn flags_and_words_hold_together() {
        for (arguments, expect) in [
            (&[][..], ""),
            (&["a", "b OR c"], "a b OR c"),
            (&["a", "b", "--actor", "x"], "actor:x (a b)"),
            (&["a OR b", "--actor", "x"], "actor:x (a OR b)"),
            (&["a NOT", "--actor", "x"], "actor:x (a NOT)"),
            (&["x:(a OR b)", "--ip", "::1"], "ip:::1 (x:(a OR b))"),
            (
                &["--type", "secret.*", "--operation", "deployment.created"],
                "operation:(secret.* OR deployment.created)",
            ),
            (
                &["--type", "deployment.created"],
                "operation:deployment.created",
            ),
        ] {
            assert_eq!(query(arguments).unwrap(), expect, "{arguments:?}");
        }
    }

    #[test]
    fn a_value_is_never_a_condition() {
        for (said, expect) in [
            ("dev@example.com", "dev@example.com"),
            ("svc-*", "svc-*"),
            ("*", "*"),
            ("x OR actor:y", "\"x OR actor:y\""),
            ("x) OR (y", "\"x) OR (y\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("-x", "\"-x\""),
            (">5", "\">5\""),
            ("1..9", "\"1..9\""),
            ("OR", "\"OR\""),
            ("a*b*", "\"a*b*\""),
            ("", "\"\""),
        ] {
            assert_eq!(value(said), expect);
            let now = ledger::time::Micros::default();
            // Whatever was said, it is one condition on the field.
            if !said.is_empty() {
                let parsed = query::parse(&format!("project:{}", value(said)), now).unwrap();
                assert!(matches!(parsed, query::Filter::Leaf(_)), "{said}: {parsed}");
            }
        }
    }

    #[test]
    fn resources_are_named_by_type_by_id_or_by_both() {
        for (said, expect) in [
            (
                "deployment",
                "(resource.type:deployment OR resource:deployment)",
            ),
            ("DATABASE_URL", "resource:DATABASE_URL"),
            (
                "deployment:d/1",
                "((resource.type:deployment resource:d/1) OR resource:deployment:d/1)",
            ),
            (
                "deployment/d 1",
                "((resource.type:deployment resource:\"d 1\") OR resource:\"deployment/d 1\")",
            ),
            ("Arn:x", "resource:Arn:x"),
        ] {
            assert_eq!(resource(said), expect);
        }
    }

    #[test]
    fn a_query_does_not_break_out_of_its_parentheses() {
        let refused = query(&["a) OR (b", "--actor", "x"]).unwrap_err();
        let excerpt = refused.excerpt.unwrap();
        assert_eq!((excerpt.text.as_str(), excerpt.column), ("a) OR (b", 2));
        // Parentheses in quotes are text.
        assert_eq!(
            query(&["\"a) \\\" (\" OR b", "--actor", "x"]).unwrap(),
            "actor:x (\"a) \\\" (\" OR b)"
        );
    }

    #[test]
    fn one_letter_behind_a_minus_is_a_flag_that_is_not_there() {
        let hint = |verb, letter| no_such_flag(letter, verb).hint.unwrap();
        for (verb, letter, meant) in [
            ("list", 'n', "--limit N says"),
            ("stats", 'n', "--top N says"),
            ("tail", 'f', "it follows"),
            ("list", 's', "did you mean --since?"),
            ("list", 'T', "did you mean --type?"),
            (
                "list",
                'o',
                "did you mean --operation or --outcome or --order?",
            ),
            ("list", 'x', "`veritrail list --help`"),
        ] {
            assert!(
                hint(verb, letter).starts_with(meant),
                "{}",
                hint(verb, letter)
            );
        }
        for word in [" -nn", " -5", " -é", " -n:x", " -", "-n", "n"] {
            assert_eq!(mistyped(word), None, "{word}");
        }
    }

    #[test]
    fn conditions_that_begin_with_a_minus_are_no_options() {
        let shield = |line: &str| -> Vec<String> {
            let line = line.split('|').map(OsString::from);
            let words = shielded(line).into_iter();
            words.map(|word| word.into_string().unwrap()).collect()
        };
        for (line, expect) in [
            ("v|list|-outcome:success", "v|list| -outcome:success"),
            (
                "v|list|-has:reason|--limit|5",
                "v|list| -has:reason|--limit|5",
            ),
            ("v|list|--limit|-5|-x", "v|list|--limit|-5| -x"),
            ("v|list|--json|-x", "v|list|--json| -x"),
            ("v|list|--operation|-x", "v|list|--operation|-x"),
            ("v|list|--|-x", "v|list|--|-x"),
            (
                "v|--color|never|tail|-(a OR b)",
                "v|--color|never|tail| -(a OR b)",
            ),
            ("v|list|-h", "v|list|-h"),
            ("v|show|-x", "v|show|-x"),
            ("v|emit|--json|-", "v|emit|--json|-"),
        ] {
            assert_eq!(shield(line).join("|"), expect);
        }
    }
}
