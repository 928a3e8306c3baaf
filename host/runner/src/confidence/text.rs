//! A rating in a line, as it stands beside every hypothesis: its basis first.

use std::fmt;

use super::{Cap, Confidence, Level};

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        })
    }
}

/// The whole basis in a line.
impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.level)?;
        let learnt = self.basis();
        if let Some(learnt) = &learnt {
            write!(f, "{learnt}; ")?;
        }
        self.evidence(f)?;
        // Without the caps that the next words or the first say by themselves.
        if self.caps.iter().any(|cap| cap.is_of_evidence()) {
            f.write_str(", which caps it at low")?;
        }
        if self.caps.contains(&Cap::RarelyRight) {
            f.write_str("; evidence like this was rarely right, which caps it at low")?;
        } else if self.caps.contains(&Cap::NotBorneOut) && self.level == Level::Medium {
            f.write_str("; not right often enough for more")?;
        }
        if self.caps.contains(&Cap::Unproven) {
            write!(f, "; unproven here ({} judged incidents)", self.judged)?;
            if self.level == Level::Medium {
                f.write_str(", which caps it at medium")?;
            }
        }
        Ok(())
    }
}

impl Confidence {
    /// What it rests on beside its evidence: `3 of 3 similar incidents in 90 days confirmed (90 %:
    /// 62-100)`; nothing where nothing is known of the runbook.
    pub fn basis(&self) -> Option<String> {
        if let Some(novel) = &self.novel {
            return Some(format!(
                "novel: nothing like it among {} judged {} here and {} backtested{}",
                novel.judged,
                incidents(novel.judged),
                novel.backtested,
                if self.caps.contains(&Cap::Novel) && self.level == Level::Medium {
                    ", which caps it at medium"
                } else {
                    ""
                }
            ));
        }
        let interval = self
            .interval_percent
            .map(|[low, high]| format!("90 %: {low}-{high}"));
        let interval = interval.unwrap_or_default();
        let record = self.record.as_ref().map(|here| {
            format!(
                "{} of {} similar {} in {} days confirmed",
                here.confirmed,
                here.judged,
                incidents(here.judged),
                here.days,
            )
        });
        let corpus = self.corpus.as_ref().map(|corpus| {
            let (cases, right, of) = (corpus.cases, corpus.right, corpus.of);
            let were = if of == 1 { "was" } else { "were" };
            format!(
                "calibrated on {cases} backtested {}, {right} of {of} like this {were} right",
                incidents(cases)
            )
        });
        match (record, corpus) {
            (Some(record), Some(corpus)) => Some(format!("{record}; {corpus} ({interval})")),
            (Some(one), None) | (None, Some(one)) => Some(format!("{one} ({interval})")),
            (None, None) => None,
        }
    }

    fn evidence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.supports == 1 {
            "call supports"
        } else {
            "calls support"
        };
        write!(
            f,
            "{} {calls}, {} contradict",
            self.supports, self.contradicts
        )?;
        if self.contradicts == 1 {
            f.write_str("s")?;
        }
        let checks = self.passed + self.refuted + self.not_made;
        match checks {
            0 => f.write_str("; nothing that was asked could have refuted it")?,
            1 => write!(f, "; {} of 1 refuting check passed", self.passed)?,
            _ => write!(f, "; {} of {checks} refuting checks passed", self.passed)?,
        }
        if self.refuted > 0 {
            write!(f, ", {} refuted it", self.refuted)?;
        }
        if self.not_made > 0 {
            write!(f, ", {} not made", self.not_made)?;
        }
        Ok(())
    }
}

fn incidents(count: u32) -> &'static str {
    if count == 1 { "incident" } else { "incidents" }
}
