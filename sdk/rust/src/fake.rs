//! A host for unit tests: answers in the order given, remembers what was asked and logged.
//!
//! Strict: a request beyond the last answer is denied, so that a plugin that asks once too often
//! fails its test. [`FakeHost::serve`] answers from a function instead, for whole simulators.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use ordercase_model::Instant;

use crate::{Ambient, Host, HttpError, Level, Request, Response};

type Server = Box<dyn Fn(&Request) -> Result<Response, HttpError>>;

/// A host that answers what the test gave it.
#[derive(Default)]
pub struct FakeHost {
    answers: RefCell<VecDeque<Result<Response, HttpError>>>,
    server: Option<Server>,
    requests: RefCell<Vec<Request>>,
    logs: RefCell<Vec<(Level, String)>>,
    now_micros: Cell<i64>,
}

impl FakeHost {
    /// A host without answers, at the start of 1970.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A host that answers from a function.
    #[must_use]
    pub fn serve(server: impl Fn(&Request) -> Result<Response, HttpError> + 'static) -> Self {
        Self {
            server: Some(Box::new(server)),
            ..Self::default()
        }
    }

    /// The next answer: 200 with a JSON body.
    pub fn answer(&self, body: &str) -> &Self {
        self.answer_with(200, &[], body)
    }

    /// The next answer, with status and headers.
    pub fn answer_with(&self, status: u16, headers: &[(&str, &str)], body: &str) -> &Self {
        let mut all = vec![("content-type".to_owned(), "application/json".to_owned())];
        let own = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        all.extend(own);
        self.answers.borrow_mut().push_back(Ok(Response {
            status,
            headers: all,
            body: body.as_bytes().to_vec(),
            exchange: 0,
        }));
        self
    }

    /// The next request fails.
    pub fn fail(&self, error: HttpError) -> &Self {
        self.answers.borrow_mut().push_back(Err(error));
        self
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Instant) -> &Self {
        self.now_micros.set(now.micros());
        self
    }

    /// All requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// All lines so far.
    #[must_use]
    pub fn logs(&self) -> Vec<(Level, String)> {
        self.logs.borrow().clone()
    }

    /// Answers that nobody asked for; a test may want none.
    #[must_use]
    pub fn unused_answers(&self) -> usize {
        self.answers.borrow().len()
    }
}

impl Ambient for FakeHost {
    fn log(&self, level: Level, message: &str, _fields: &[(&str, &str)]) {
        self.logs.borrow_mut().push((level, message.to_owned()));
    }

    fn now(&self) -> Instant {
        let epoch = Instant::from(jiff::Timestamp::UNIX_EPOCH);
        Instant::from_micros(self.now_micros.get()).unwrap_or(epoch)
    }
}

impl Host for FakeHost {
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let exchange = u32::try_from(self.requests.borrow().len()).unwrap_or(u32::MAX);
        let answer = match &self.server {
            Some(server) => server(&request),
            None => self.answers.borrow_mut().pop_front().unwrap_or_else(|| {
                Err(HttpError::Denied(format!(
                    "the test gave no answer number {exchange}, asked for `{}`",
                    request.role
                )))
            }),
        };
        self.requests.borrow_mut().push(request);
        answer.map(|response| Response {
            exchange,
            ..response
        })
    }
}
