//! One recorded call, in pieces that a reader can hold.

use interlock_gate::{escape, ids::CallId};
use interlock_screens::{json, text};

use super::{Code, Desk, Refusal, Said};
use crate::admit::Admitted;

impl Desk {
    /// The call `c3` of a run: its question and, from `offset` on, its answer.
    pub async fn evidence(
        &self,
        who: &Admitted,
        run: &str,
        call: &str,
        offset: usize,
    ) -> Result<Said, Refusal> {
        self.enter(who)?;
        let id = call
            .strip_prefix('c')
            .unwrap_or(call)
            .parse::<u64>()
            .map_err(|_| {
                Refusal::new(
                    Code::BadInput,
                    format!("`{}` is not a call", escape::foreign_short(call, 40)),
                )
                .next("a call is written `c3`, as reports cite it")
            })?;
        let record = self.record(who, run).await?;
        let Some(found) = record.call(CallId(id)) else {
            let calls = record.calls().count();
            return Err(
                Refusal::new(Code::NotFound, format!("{} made no call c{id}", record.run)).next(
                    format!("it made {calls}; its report cites those that matter"),
                ),
            );
        };
        let document = json::evidence::document(&record.run, found, offset);
        Said::new(text::evidence::call(&record.run, found, offset), &document)
    }
}
