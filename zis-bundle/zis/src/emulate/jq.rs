//! The built-in `zis:common:transform:Jq`, by `jaq`.
//!
//! Three things of a stock jq have no place in a hosted, repeatable run: the environment, the
//! machine's clock and zone, and loops without end. So `now` shows the clock that was handed in,
//! `env` is empty, local time does not exist, and every loop (`range`, `recurse`, `while`, `until`,
//! `repeat`) burns fuel. `def` is not supported yet, because recursion of one's own burns none.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jaq_core::data::HasLut;
use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, Error as LoadError, File, Loader};
use jaq_core::native::{Fun, bome, run as native, v};
use jaq_core::{Compiler, Ctx, Cv, DataT, Error, Exn, Filter, Lut, ValXs, Vars};
use jaq_core::{load, unwrap_valr};
use jaq_json::{Map as ValMap, Num, Rc, Val};
use jaq_std::ValT as _;
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::switches::JqMulti;
use crate::limits::{
    DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, JQ_BYTES_MAX, JQ_COMPILED_MAX, JQ_DEPTH_MAX, JQ_FUEL,
    JQ_KEYWORDS_MAX,
};
use crate::template::size;

/// Runs `expression` over `data`, burning the run's fuel. The second value notes what was dropped.
pub(super) fn run(
    expression: &str,
    data: &Value,
    now: Timestamp,
    multi: JqMulti,
    fuel: &Cell<u64>,
) -> Result<(Value, Option<String>), String> {
    check_tokens(expression)?;
    // The engine asserts what it believes about its own values; a mistake there must end this
    // state and not the process.
    let ran = catch_unwind(AssertUnwindSafe(|| {
        evaluate(expression, data, now, multi, fuel)
    }));
    ran.unwrap_or_else(|_| Err("the engine gave up".to_owned()))
}

/// Whether `expression` parses and names only functions that exist.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    check_tokens(expression)?;
    let compiled = catch_unwind(AssertUnwindSafe(|| compiled(expression).map(|_| ())));
    compiled.unwrap_or_else(|_| Err("the engine gave up".to_owned()))
}

fn evaluate(
    expression: &str,
    data: &Value,
    now: Timestamp,
    multi: JqMulti,
    fuel: &Cell<u64>,
) -> Result<(Value, Option<String>), String> {
    let filter = compiled(expression)?;
    let clock = now.as_duration().as_secs_f64();
    let context = Ctx::<Kind>::new(
        Data {
            lut: &filter.lut,
            clock,
            fuel,
        },
        Vars::new([]),
    );
    let mut outputs = filter.id.run((context, to_val(data))).map(unwrap_valr);
    let mut budget = DOCUMENT_BYTES_MAX;
    let mut next = || -> Result<Option<Value>, String> {
        let Some(output) = outputs.next() else {
            return Ok(None);
        };
        let value = from_val(&output.map_err(|error| error.to_string())?, 0)?;
        let left = budget.checked_sub(size(&value));
        budget =
            left.ok_or_else(|| format!("the output is larger than {DOCUMENT_BYTES_MAX} bytes"))?;
        Ok(Some(value))
    };
    let Some(first) = next()? else {
        return Ok((Value::Null, Some("jq gave no output".to_owned())));
    };
    match multi {
        JqMulti::List => {
            let mut all = vec![first];
            while let Some(value) = next()? {
                all.push(value);
            }
            let single = all.len() == 1;
            Ok((
                if single {
                    all.swap_remove(0)
                } else {
                    Value::Array(all)
                },
                None,
            ))
        }
        JqMulti::First => {
            let more = next()?.is_some();
            Ok((
                first,
                more.then(|| "jq gave several outputs; the first one counts".to_owned()),
            ))
        }
        JqMulti::Error if next()?.is_some() => Err("there are several outputs".to_owned()),
        JqMulti::Error => Ok((first, None)),
    }
}

/// The data kind of this module's natives.
struct Kind;

#[derive(Clone)]
struct Data<'a> {
    lut: &'a Lut<Kind>,
    clock: f64,
    fuel: &'a Cell<u64>,
}

impl DataT for Kind {
    type V<'a> = Val;
    type Data<'a> = Data<'a>;
}

impl<'a> HasLut<'a, Kind> for Data<'a> {
    fn lut(&self) -> &'a Lut<Kind> {
        self.lut
    }
}

impl Data<'_> {
    fn burn(&self) -> Result<(), Error<Val>> {
        let left = self.fuel.get().checked_sub(1);
        let out = || {
            Error::str(format_args!(
                "the loops of this run made more than {JQ_FUEL} steps"
            ))
        };
        self.fuel.set(left.ok_or_else(out)?);
        Ok(())
    }
}

/// Loops that burn fuel, in place of the stock ones of the same name and arity.
const LOOPS: &str = "
def repeat(f): def rec: f, (burn | rec); rec;
def recurse(f): def rec: ., (f | burn | rec); rec;
def recurse(f; cond): recurse(f | if cond then . else empty end);
def while(cond; update): def rec: if cond then ., (update | burn | rec) else empty end; rec;
def until(cond; update): def rec: if cond then . else update | burn | rec end; rec;
";

/// Natives of the stock library that reach outside, loop or end the program.
const REPLACED: [&str; 8] = [
    "now",
    "env",
    "range",
    "halt",
    "localtime",
    "strflocaltime",
    "debug_empty",
    "stderr_empty",
];

fn natives() -> impl Iterator<Item = Fun<Kind>> {
    let stock = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let kept = stock.filter(|(name, _, _): &Fun<Kind>| !REPLACED.contains(name));
    kept.chain(own())
}

fn own() -> [Fun<Kind>; 9] {
    [
        native(("now", v(0), |cv| bome(Ok(Val::from(cv.0.data().clock))))),
        native(("env", v(0), |_| bome(Ok(Val::obj(ValMap::default()))))),
        native(("burn", v(0), |cv| bome(cv.0.data().burn().map(|()| cv.1)))),
        native(("range", v(3), |cv| range(cv))),
        native(("halt", v(1), |cv| refuse(cv, "halt"))),
        native(("localtime", v(0), |cv| refuse(cv, "localtime"))),
        native(("strflocaltime", v(1), |cv| refuse(cv, "strflocaltime"))),
        native(("debug_empty", v(0), |_| Box::new(std::iter::empty()))),
        native(("stderr_empty", v(0), |_| Box::new(std::iter::empty()))),
    ]
}

fn refuse<'a>(_: Cv<'a, Kind>, name: &str) -> ValXs<'a, Val> {
    bome(Err(Error::str(format_args!(
        "{name} does not exist in a hosted run"
    ))))
}

fn range(mut cv: Cv<'_, Kind>) -> ValXs<'_, Val> {
    let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
    let data = cv.0.data().clone();
    let zero = Val::from(0_usize);
    let mut next = Some(from);
    Box::new(std::iter::from_fn(move || {
        let current = next.take()?;
        let more = if by > zero {
            current < to
        } else if by < zero {
            current > to
        } else {
            current != to
        };
        if !more {
            return None;
        }
        match data.burn().and_then(|()| current.clone() + by.clone()) {
            Ok(after) => {
                next = Some(after);
                Some(Ok(current))
            }
            Err(error) => Some(Err(Exn::from(error))),
        }
    }))
}

fn definitions() -> Vec<Def<&'static str>> {
    let mut loops = load::parse(LOOPS, |parser| parser.defs()).unwrap_or_default();
    let stock = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let replace = |def: Def<&'static str>| {
        let same = |own: &Def<&str>| own.name == def.name && own.args.len() == def.args.len();
        match loops.iter().position(same) {
            Some(at) => loops.remove(at),
            None => def,
        }
    };
    stock.map(replace).collect()
}

thread_local! {
    /// Compiled expressions. Compiling means compiling jq's own library each time, and a bundle has
    /// few expressions that it runs again and again.
    static COMPILED: RefCell<BTreeMap<String, std::rc::Rc<Filter<Kind>>>> =
        const { RefCell::new(BTreeMap::new()) };
}

fn compiled(expression: &str) -> Result<std::rc::Rc<Filter<Kind>>, String> {
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(filter) = compiled.get(expression) {
            return Ok(std::rc::Rc::clone(filter));
        }
        let filter = std::rc::Rc::new(compile(expression)?);
        if compiled.len() >= JQ_COMPILED_MAX {
            compiled.clear();
        }
        compiled.insert(expression.to_owned(), std::rc::Rc::clone(&filter));
        Ok(filter)
    })
}

fn compile(expression: &str) -> Result<Filter<Kind>, String> {
    let arena = Arena::default();
    let loader = Loader::new(definitions());
    let modules = loader.load(
        &arena,
        File {
            code: expression,
            path: (),
        },
    );
    let modules = modules.map_err(|errors| {
        let near = errors.iter().find_map(|(_, error)| match error {
            LoadError::Lex(errors) => errors.first().map(|(_, near)| *near),
            LoadError::Parse(errors) => errors.first().map(|(_, near)| *near),
            LoadError::Io(_) => Some("import"),
        });
        let near: String = near.unwrap_or_default().chars().take(40).collect();
        format!("the expression does not parse near \"{near}\"")
    })?;
    let compiler = Compiler::<_, Kind>::default().with_funs(natives());
    compiler.compile(modules).map_err(|errors| {
        let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
        let undefined = first.map(|(name, kind)| format!("{} \"{name}\"", kind.as_str()));
        format!(
            "there is no {}",
            undefined.unwrap_or_else(|| "such name".to_owned())
        )
    })
}

/// Refuses what could exhaust the stack or never end, before the engine sees it.
fn check_tokens(expression: &str) -> Result<(), String> {
    if expression.len() > JQ_BYTES_MAX {
        return Err(format!(
            "the expression is longer than {JQ_BYTES_MAX} bytes"
        ));
    }
    let mut open = 0_usize;
    for byte in expression.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > JQ_DEPTH_MAX {
            return Err(format!("the expression nests deeper than {JQ_DEPTH_MAX}"));
        }
    }
    let tokens = Lexer::new(expression).lex();
    let tokens = tokens.map_err(|_| "the expression does not parse".to_owned())?;
    let mut keywords = 0;
    count(&tokens, &mut keywords)?;
    if keywords > JQ_KEYWORDS_MAX {
        return Err(format!(
            "the expression has more than {JQ_KEYWORDS_MAX} keywords"
        ));
    }
    Ok(())
}

fn count(tokens: &[Token<&str>], keywords: &mut usize) -> Result<(), String> {
    for Token(text, token) in tokens {
        match token {
            Tok::Word if *text == "def" => {
                return Err("definitions (def) are not supported yet".to_owned());
            }
            Tok::Word => {
                let opens = [
                    "if", "elif", "reduce", "foreach", "try", "as", "label", "not", "and", "or",
                ];
                *keywords += usize::from(opens.contains(text));
            }
            // Each of these nests what follows it in the parser.
            Tok::Sym if matches!(*text, "-" | "|" | "//" | "|=" | "=") => *keywords += 1,
            Tok::Block(inner) => count(inner, keywords)?,
            Tok::Str(parts) => {
                for part in parts {
                    if let StrPart::Term(token) = part {
                        count(std::slice::from_ref(token), keywords)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn to_val(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(flag) => Val::from(*flag),
        Value::Number(number) => number
            .as_i64()
            .map(Num::from_integral)
            .or_else(|| number.as_u64().map(Num::from_integral))
            .map_or_else(|| Val::from(number.as_f64().unwrap_or(f64::NAN)), Val::Num),
        Value::String(text) => Val::utf8_str(text.clone()),
        Value::Array(items) => items.iter().map(to_val).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| (Val::utf8_str(key.clone()), to_val(value)));
            Val::Obj(Rc::new(fields.collect()))
        }
    }
}

fn from_val(val: &Val, depth: usize) -> Result<Value, String> {
    if depth > DOCUMENT_DEPTH_MAX {
        return Err(format!("the output nests deeper than {DOCUMENT_DEPTH_MAX}"));
    }
    Ok(match val {
        Val::Null => Value::Null,
        Val::Bool(flag) => Value::Bool(*flag),
        Val::Num(number) => from_num(number, val.as_f64().unwrap_or(f64::NAN)),
        Val::TStr(_) | Val::BStr(_) => Value::String(text_of(val)?),
        Val::Arr(items) => {
            let items = items.iter().map(|item| from_val(item, depth + 1));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Val::Obj(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| Ok::<_, String>((text_of(key)?, from_val(value, depth + 1)?)));
            Value::Object(fields.collect::<Result<Map<_, _>, _>>()?)
        }
    })
}

fn text_of(val: &Val) -> Result<String, String> {
    let bytes = val
        .as_bytes()
        .ok_or_else(|| "a key of an object is not text".to_owned())?;
    String::from_utf8(bytes.to_vec()).map_err(|_| "a text is not UTF-8".to_owned())
}

/// Whole numbers stay whole, as jq prints them; what JSON cannot hold is `null`, as in jq.
fn from_num(number: &Num, float: f64) -> Value {
    /// The largest float below which every whole number is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Num::Int(whole) = number {
        return Value::from(*whole);
    }
    if float.fract() == 0.0 && float.abs() < EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and exact, checked above"
        )]
        return Value::from(float as i64);
    }
    Number::from_f64(float).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn jq(expression: &str, data: &Value) -> Result<Value, String> {
        let now = "2026-11-25T04:00:00Z".parse().unwrap();
        run(expression, data, now, JqMulti::First, &Cell::new(JQ_FUEL)).map(|(value, _)| value)
    }

    #[test]
    fn what_bundles_in_the_wild_use_works() {
        let data = json!({"a": {"b": [3, 1, 2]}, "s": "Foo-BAR", "n": null, "o": [{"k": 1}, 7]});
        for (expression, wanted) in [
            (".a.b | sort | .[0]", json!(1)),
            (".a.b as $b | $b | length", json!(3)),
            (".n // \"none\"", json!("none")),
            (".s | ascii_downcase | gsub(\"-\"; \"_\")", json!("foo_bar")),
            ("\"x\\(.a.b[1])y\"", json!("x1y")),
            ("[.o[] | objects]", json!([{"k": 1}])),
            (".s[0:3]", json!("Foo")),
            ("(.s | tonumber?) // 0", json!(0)),
            (
                ".s | capture(\"(?<head>[a-z]+)\"; \"i\") | .head",
                json!("Foo"),
            ),
            ("[.a.b[] | select(. > 1)] | any(. == 3)", json!(true)),
            (
                "now | strftime(\"%Y-%m-%dT%H:%M:%SZ\")",
                json!("2026-11-25T04:00:00Z"),
            ),
            ("del(.a, .o) | keys", json!(["n", "s"])),
            ("[\"new\"] | index([\"new\"])", json!(0)),
            ("6 / 2", json!(3)),
            ("1 / 2", json!(0.5)),
            ("env", json!({})),
            ("[range(3)]", json!([0, 1, 2])),
            (
                "[2 | recurse(if . < 4 then . + 1 else empty end)]",
                json!([2, 3, 4]),
            ),
            ("[.. | numbers] | add", json!(14)),
            ("1 | until(. > 100; . * 2)", json!(128)),
        ] {
            assert_eq!(jq(expression, &data), Ok(wanted), "{expression}");
        }
    }

    #[test]
    fn several_outputs_and_none_follow_the_switch() {
        let now = Timestamp::UNIX_EPOCH;
        let fuel = Cell::new(JQ_FUEL);
        let run = |text, multi| run(text, &Value::Null, now, multi, &fuel);
        let (first, note) = run("1, 2", JqMulti::First).unwrap();
        assert_eq!(first, json!(1));
        assert!(note.unwrap().contains("several"));
        assert_eq!(run("1, 2", JqMulti::List).unwrap().0, json!([1, 2]));
        assert_eq!(run("1", JqMulti::List).unwrap().0, json!(1));
        assert!(run("1, 2", JqMulti::Error).is_err());
        assert_eq!(run("empty", JqMulti::Error).unwrap().0, Value::Null);
    }

    #[test]
    fn endless_loops_run_out_of_fuel() {
        for expression in [
            "until(false; .)",
            "[repeat(1)]",
            "[recurse(.)]",
            "[range(0; 1; 0)]",
            "[range(1e18)]",
            "last(while(true; .))",
        ] {
            let error = jq(expression, &json!(1)).unwrap_err();
            assert!(
                error.contains("more than 100000 steps"),
                "{expression}: {error}"
            );
        }
    }

    #[test]
    fn what_could_break_the_process_is_refused_first() {
        let deep = format!(
            "{}1{}",
            "[".repeat(JQ_DEPTH_MAX + 1),
            "]".repeat(JQ_DEPTH_MAX + 1)
        );
        assert!(
            jq(&deep, &Value::Null)
                .unwrap_err()
                .contains("nests deeper")
        );
        assert!(
            jq("def f: f; f", &Value::Null)
                .unwrap_err()
                .contains("not supported yet")
        );
        assert!(
            jq("\"\\(def f: f; f)\"", &Value::Null)
                .unwrap_err()
                .contains("not supported yet")
        );
        assert_eq!(jq("\"def\"", &Value::Null), Ok(json!("def")));
        assert!(jq(&"-".repeat(JQ_KEYWORDS_MAX + 1), &Value::Null).is_err());
        assert!(jq("halt", &Value::Null).is_err());
        assert!(jq("import \"a\" as a; 1", &Value::Null).is_err());
    }

    #[test]
    fn errors_name_the_place_or_the_name() {
        assert!(
            jq(".a |", &Value::Null)
                .unwrap_err()
                .contains("does not parse")
        );
        assert!(jq("nosuch", &Value::Null).unwrap_err().contains("nosuch"));
        assert!(jq(".[0]", &json!("text")).is_err());
        assert!(
            jq("error(\"mine\")", &Value::Null)
                .unwrap_err()
                .contains("mine")
        );
    }
}
