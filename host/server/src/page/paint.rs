//! The templates, and the one way from a view to HTML.
//! Invariant: every template escapes HTML, and a name that no view has is an error, never a blank.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

/// Every template by its name.
const TEMPLATES: [(&str, &str); 8] = [
    ("base.html", include_str!("templates/base.html")),
    ("marks.html", include_str!("templates/marks.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("front.html", include_str!("templates/front.html")),
    ("incident.html", include_str!("templates/incident.html")),
    ("run.html", include_str!("templates/run.html")),
    ("plan.html", include_str!("templates/plan.html")),
    ("refusal.html", include_str!("templates/refusal.html")),
];

/// Draws pages.
pub(crate) struct Painter(Environment<'static>);

impl Painter {
    /// With every template read.
    pub(crate) fn new() -> Result<Painter, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()?,
        );
        for (name, text) in TEMPLATES {
            environment.add_template(name, text)?;
        }
        Ok(Painter(environment))
    }

    /// The page of that template.
    pub(crate) fn paint<T: Serialize>(
        &self,
        template: &str,
        page: &Page<'_, T>,
    ) -> Result<String, minijinja::Error> {
        self.0.get_template(template)?.render(Serde(page))
    }
}

/// What every template is given.
#[derive(Serialize)]
pub(crate) struct Page<'a, T> {
    /// In the browser's tab.
    pub(crate) title: String,
    /// The host's origin.
    pub(crate) host: &'a str,
    /// When the page was made.
    pub(crate) now: String,
    /// After how many seconds the browser asks again; without, never.
    pub(crate) again_s: Option<u32>,
    /// The page itself.
    pub(crate) it: T,
}
