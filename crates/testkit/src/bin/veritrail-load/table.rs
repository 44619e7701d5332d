//! The table of what was measured beside what is wanted.

/// Rows: what, measured, must, goal, held.
pub(crate) struct Table(Vec<[String; 5]>);

impl Table {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn row(
        &mut self,
        what: &str,
        measured: impl Into<String>,
        must: &str,
        goal: &str,
        held: bool,
    ) {
        let held = if held { "yes" } else { "NO" };
        self.0.push([
            what.to_owned(),
            measured.into(),
            must.to_owned(),
            goal.to_owned(),
            held.to_owned(),
        ]);
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<40} {:>14} {:>10} {:>10}  must held",
            "what", "measured", "must", "goal"
        );
        for [what, measured, must, goal, held] in &self.0 {
            println!("{what:<40} {measured:>14} {must:>10} {goal:>10}  {held}");
        }
    }
}
