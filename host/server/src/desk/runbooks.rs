//! What is installed, and what this caller may do with it.

use interlock_screens::{
    json::{self, runbooks::RunbooksJson},
    text,
};

use super::{Desk, Refusal, Said, refusal};
use crate::admit::Admitted;

impl Desk {
    /// The runbooks that the caller may run.
    pub async fn runbooks(&self, who: &Admitted) -> Result<Said, Refusal> {
        self.enter(who)?;
        let document = self.installed(who).await?;
        Said::new(text::runbooks::screen(&document.runbooks), &document)
    }

    /// The document of [`Self::runbooks`], for a door's own lists; it is no call.
    pub async fn installed(&self, who: &Admitted) -> Result<RunbooksJson, Refusal> {
        let catalogue = self.runner.catalogue();
        let mut whole = Vec::new();
        for runbook in catalogue.runbooks() {
            if who.may_use(&runbook.manifest.name) {
                let facts = self.runner.facts(runbook).await;
                whole.push((
                    runbook.as_ref(),
                    facts.map_err(|error| refusal::of(&error))?,
                ));
            }
        }
        let theirs = catalogue.problems().iter();
        let theirs = theirs.filter(|problem| who.may_use(&problem.name()));
        Ok(json::runbooks::document(&whole, theirs))
    }

    /// The names of the runbooks that answer any of these alerts and that the caller may run.
    pub(super) fn answering(&self, who: &Admitted, alerts: &[String]) -> Vec<String> {
        let catalogue = self.runner.catalogue();
        catalogue
            .runbooks()
            .filter(|one| one.manifest.alerts.iter().any(|name| alerts.contains(name)))
            .map(|one| one.manifest.name.clone())
            .filter(|name| who.may_use(name))
            .collect()
    }

    /// What policy lets this caller's runs read and propose.
    pub async fn grants(&self, who: &Admitted) -> Result<Said, Refusal> {
        self.enter(who)?;
        let policy = self
            .runner
            .policy()
            .await
            .map_err(|error| refusal::of(&error))?;
        let document = json::grants::document(&policy, &who.caller, &|name| who.may_use(name));
        Said::new(text::grants::screen(&document), &document)
    }
}
