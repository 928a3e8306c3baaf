//! A question that has been asked, and may not have been answered yet.

use crate::answer::{Answer, Record};
use crate::door::Handle;
use crate::error::Gap;
use crate::time::Time;

/// A question that has been asked. Ask all first, then `get`: the step lasts as
/// long as its slowest answer.
#[must_use = "an answer that nobody reads was asked for nothing"]
pub struct Pending<T: Record> {
    asked: String,
    asked_at: Time,
    handle: T::Handle,
}

impl<T: Record> Pending<T> {
    pub(crate) fn new(asked: String, asked_at: Time, handle: T::Handle) -> Self {
        Self {
            asked,
            asked_at,
            handle,
        }
    }

    /// The id of the call, to cite.
    pub fn call(&self) -> u64 {
        self.handle.call()
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// A [`Gap`] where no answer could be had, which is never an empty answer.
    pub fn get(&self) -> Result<Answer<T>, Gap> {
        let call = self.handle.call();
        match self.handle.get() {
            Ok(record) => Ok(Answer::new(call, self.asked.clone(), self.asked_at, record)),
            Err(why) => Err(Gap {
                call,
                asked: self.asked.clone(),
                why,
            }),
        }
    }
}
