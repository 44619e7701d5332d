//! The grammar: tokens to a tree of conditions whose names and values are still text.
//!
//! Promises: takes time linear in the text; nests at most [`DEPTH_MAX`] deep, so that nothing that walks the tree can
//! run out of stack. Must never know what a name or a value means.

use std::borrow::Cow;

use crate::error::{Place, Refusal};
use crate::lexer::{Form, Inside, Lexer, Token};
use crate::limits::DEPTH_MAX;

/// What conditions, or values of one name, are joined to.
#[derive(Clone, Debug)]
pub(crate) enum Tree<T> {
    /// All of these: two or more.
    And(Vec<Self>),
    /// One of these: two or more.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// One by itself.
    One(T),
}

/// A condition.
#[derive(Clone, Debug)]
pub(crate) struct Condition<'a> {
    /// The name before the colon; `None` for free text.
    pub(crate) name: Option<(&'a str, Place)>,
    /// What its values must be.
    pub(crate) values: Tree<Value<'a>>,
}

/// A value, or a word or text without a name.
#[derive(Clone, Debug)]
pub(crate) struct Value<'a> {
    /// What was written, without quotes and without a `*` at the end.
    pub(crate) text: Cow<'a, str>,
    /// How it was written.
    pub(crate) form: Form,
    /// Where.
    pub(crate) place: Place,
    /// How deep.
    pub(crate) depth: usize,
}

/// Reads a whole query; `None` when nothing stands in it.
pub(crate) fn read(text: &str) -> Result<Option<Tree<Condition<'_>>>, Refusal> {
    let mut reader = Reader {
        lexer: Lexer::new(text),
    };
    if reader.peek(Inside::Query)? == Token::End {
        return Ok(None);
    }
    let tree = reader.alternatives(Inside::Query, 0, Reader::condition)?;
    // Alternatives end at the end or at a parenthesis that closes them.
    match reader.lexer.next(Inside::Query)? {
        (Token::End, _) => Ok(Some(tree)),
        (_, place) => Err(Refusal::new(place, "a condition or the end of the query")
            .hint("this parenthesis closes none; put it in quotes if it is meant as such")),
    }
}

/// Refuses what is nested too deep.
pub(crate) fn check_depth(depth: usize, place: Place) -> Result<(), Refusal> {
    if depth > DEPTH_MAX {
        return Err(Refusal::new(
            place,
            format!("at most {DEPTH_MAX} parentheses and negations within each other"),
        ));
    }
    Ok(())
}

struct Reader<'a> {
    lexer: Lexer<'a>,
}

/// Reads one condition or value from its first token.
type One<'a, T> = fn(&mut Reader<'a>, Token<'a>, Place, usize) -> Result<T, Refusal>;

impl<'a> Reader<'a> {
    fn peek(&self, inside: Inside) -> Result<Token<'a>, Refusal> {
        let mut ahead = self.lexer;
        ahead.next(inside).map(|(token, _)| token)
    }

    fn alternatives<T>(
        &mut self,
        inside: Inside,
        depth: usize,
        one: One<'a, T>,
    ) -> Result<Tree<T>, Refusal> {
        let first = self.conjunction(inside, depth, one)?;
        let mut members = vec![first];
        while self.peek(inside)? == Token::Or {
            self.lexer.next(inside)?;
            members.push(self.conjunction(inside, depth, one)?);
        }
        Ok(joined(members, Tree::Or))
    }

    fn conjunction<T>(
        &mut self,
        inside: Inside,
        depth: usize,
        one: One<'a, T>,
    ) -> Result<Tree<T>, Refusal> {
        let first = self.operand(inside, depth, one)?;
        let mut members = vec![first];
        loop {
            match self.peek(inside)? {
                Token::Or | Token::Close | Token::End => return Ok(joined(members, Tree::And)),
                Token::And => {
                    self.lexer.next(inside)?;
                }
                _ => {}
            }
            members.push(self.operand(inside, depth, one)?);
        }
    }

    fn operand<T>(
        &mut self,
        inside: Inside,
        depth: usize,
        one: One<'a, T>,
    ) -> Result<Tree<T>, Refusal> {
        let (token, place) = self.lexer.next(inside)?;
        match token {
            Token::Not => {
                check_depth(depth + 1, place)?;
                let negated = self.operand(inside, depth + 1, one)?;
                Ok(Tree::Not(Box::new(negated)))
            }
            Token::Open => self.group(inside, depth, place, one),
            Token::Name(_) | Token::Text(_) => one(self, token, place, depth).map(Tree::One),
            Token::And | Token::Or => Err(Refusal::new(place, missing(inside))
                .hint("`AND` and `OR` stand between two; in quotes or lower case they are words")),
            Token::Close | Token::End => Err(Refusal::new(place, missing(inside))),
        }
    }

    /// What stands within parentheses, behind the opening one.
    fn group<T>(
        &mut self,
        inside: Inside,
        depth: usize,
        opened: Place,
        one: One<'a, T>,
    ) -> Result<Tree<T>, Refusal> {
        check_depth(depth + 1, opened)?;
        let tree = self.alternatives(inside, depth + 1, one)?;
        match self.lexer.next(inside)? {
            (Token::Close, _) => Ok(tree),
            (_, place) => Err(Refusal::new(place, "`)`")
                .hint("close the parenthesis, or put it in quotes if it is meant as such")),
        }
    }

    fn condition(
        &mut self,
        token: Token<'a>,
        place: Place,
        depth: usize,
    ) -> Result<Condition<'a>, Refusal> {
        let Token::Name(name) = token else {
            let values = Tree::One(self.value(token, place, depth)?);
            return Ok(Condition { name: None, values });
        };
        let name = Some((name, place));
        let (token, place) = self.lexer.value()?;
        let values = if token == Token::Open {
            self.group(Inside::Group, depth, place, Self::value)?
        } else {
            Tree::One(self.value(token, place, depth)?)
        };
        Ok(Condition { name, values })
    }

    #[expect(clippy::unused_self, reason = "one of two readers of operands")]
    fn value(
        &mut self,
        token: Token<'a>,
        place: Place,
        depth: usize,
    ) -> Result<Value<'a>, Refusal> {
        match token {
            Token::Text(text) => Ok(Value {
                text: text.text,
                form: text.form,
                place,
                depth,
            }),
            _ => Err(Refusal::new(place, missing(Inside::Group))),
        }
    }
}

fn missing(inside: Inside) -> &'static str {
    match inside {
        Inside::Query => "a condition",
        Inside::Group => "a value",
    }
}

/// One by itself, or several joined.
fn joined<T>(mut members: Vec<Tree<T>>, join: fn(Vec<Tree<T>>) -> Tree<T>) -> Tree<T> {
    match members.len() {
        1 => members.swap_remove(0),
        _ => join(members),
    }
}
