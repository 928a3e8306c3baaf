//! Before a person signs: are the targets still as they were observed?

use std::collections::BTreeMap;

use interlock_capabilities::{
    Answer, AnswerLimit, Ask,
    read::database::{DatabaseAsk, Sessions},
};
use interlock_gate::{plan::Plan, revision::Revision};

use crate::{error::RunError, open::Runner};

impl Runner {
    /// One line: `35 of 36 as observed, 1 gone (read 03:15:41Z)`, or why nothing can be said.
    pub async fn still_so(&self, plan: &Plan) -> Result<String, RunError> {
        let record = self.run_record(&plan.body().run).await?;
        let readers = self.readers(&record.incident);
        let limit = AnswerLimit {
            bytes_max: self.policy().await?.sandbox().answer_bytes_max,
        };
        let mut answers: BTreeMap<String, Result<Sessions, String>> = BTreeMap::new();
        let (mut same, mut changed, mut gone, mut unknown) = (0, 0, 0, 0);
        let mut why = String::new();
        for (_, planned) in plan.acts() {
            let Revision::Session(seen) = &planned.seen else {
                unknown += 1;
                why = "nothing here reads such a target again".to_owned();
                continue;
            };
            let server = planned.action.target().source().to_owned();
            if !answers.contains_key(&server) {
                let ask = Ask::DatabaseSessions(DatabaseAsk {
                    server: server.clone(),
                });
                let answer = match ask.start(&readers, limit).await {
                    Ok(Answer::DatabaseSessions(sessions)) => Ok(sessions),
                    Ok(_) => Err("another answer came than was asked for".to_owned()),
                    Err(gap) => Err(gap.to_string()),
                };
                answers.insert(server.clone(), answer);
            }
            match answers.get(&server) {
                Some(Ok(sessions)) => {
                    let micros = |time: interlock_gate::time::Time| Some(time.micros());
                    let found = sessions.sessions.iter().find(|session| {
                        session.pid == seen.pid
                            && session.backend_start == micros(seen.backend_start)
                            && sessions.system_identifier == seen.system_identifier
                    });
                    match found {
                        None => gone += 1,
                        Some(one) if one.xact_start == seen.xact_start.and_then(micros) => {
                            same += 1
                        }
                        Some(_) => changed += 1,
                    }
                }
                Some(Err(gap)) => {
                    unknown += 1;
                    why.clone_from(gap);
                }
                None => unknown += 1,
            }
        }
        let total = same + changed + gone + unknown;
        if unknown == total {
            return Ok(format!("could not be read again: {why}"));
        }
        let mut line = format!("{same} of {total} as observed");
        for (count, word) in [
            (gone, "gone"),
            (changed, "changed"),
            (unknown, "could not be read"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {word}"));
            }
        }
        Ok(format!("{line} (read {})", self.now().clock()))
    }
}
