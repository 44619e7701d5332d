//! `veritrail producers`: what each producer counted, and what of it never came.

use api::{Producer, Producers as Known};

use super::Ending;
use crate::client::{Client, Connection};
use crate::printer::Printer;
use crate::table::{Cell, Heading, Tone};
use crate::zone::{Zone, ZoneChoice};

/// Gaps that are shown of one producer.
const GAPS_MAX: usize = 3;

/// List producers and what of theirs is missing
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A producer that numbers its events (producer.id, producer.seq) makes loss before they came here
visible: a number that is missing is an event that was lost, or is still on its way.")]
pub(crate) struct Producers {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    zone: ZoneChoice,

    #[command(flatten)]
    connection: Connection,
}

impl Producers {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let zone = self.zone.zone(printer);
        let client = Client::new(&self.connection, printer)?;
        let (text, known): (String, Known) = client.read_json("/v1/producers")?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        if known.producers.is_empty() {
            printer.note("no producer numbers its events");
            return Ok(Ending::Done);
        }
        let headings = vec![
            Heading::new("PRODUCER"),
            Heading::whole("EVENTS"),
            Heading::whole("HIGHEST"),
            Heading::new("MISSING").at_least(12),
            Heading::whole("LATE"),
            Heading::whole("DOUBLED"),
            Heading::whole("LAST SEEN"),
        ];
        let rows: Vec<Vec<Cell>> = known
            .producers
            .iter()
            .map(|producer| row(producer, &zone))
            .collect();
        printer.fitting_table(headings, &rows);
        Ok(Ending::Done)
    }
}

fn row(producer: &Producer, zone: &Zone) -> Vec<Cell> {
    let number = |number: u64| Cell::new(&number.to_string());
    let tone = |number: u64| {
        if number == 0 {
            Tone::Plain
        } else {
            Tone::Warning
        }
    };
    let id = match &producer.id {
        Some(id) => id.clone(),
        // The parts that say it are gone.
        None => format!("({})", producer.reference),
    };
    vec![
        Cell::new(&id),
        number(producer.events),
        number(producer.highest),
        Cell::toned(&missing(producer), tone(producer.missing)),
        number(producer.late),
        Cell::toned(&producer.doubled.to_string(), tone(producer.doubled)),
        Cell::new(&zone.to_second(&producer.last_recorded_at)),
    ]
}

/// `3 (7, 12–13)`
fn missing(producer: &Producer) -> String {
    let gaps = producer.gaps.iter().take(GAPS_MAX);
    let mut gaps: Vec<String> = gaps
        .map(|gap| {
            if gap.from == gap.to {
                gap.from.to_string()
            } else {
                format!("{}–{}", gap.from, gap.to)
            }
        })
        .collect();
    if gaps.is_empty() {
        return producer.missing.to_string();
    }
    if producer.gaps.len() > GAPS_MAX {
        gaps.push("…".to_owned());
    }
    format!("{} ({})", producer.missing, gaps.join(", "))
}

#[cfg(test)]
mod tests {
    use api::Gap;

    use super::*;

    #[test]
    fn the_first_gaps_are_named() {
        let gap = |from, to| Gap { from, to };
        let producer = |missing, gaps: &[Gap]| Producer {
            missing,
            gaps: gaps.to_vec(),
            ..Producer::default()
        };
        assert_eq!(missing(&producer(0, &[])), "0");
        assert_eq!(
            missing(&producer(3, &[gap(7, 7), gap(12, 13)])),
            "3 (7, 12–13)"
        );
        let many = [gap(1, 1), gap(3, 3), gap(5, 5), gap(7, 7)];
        assert_eq!(missing(&producer(4, &many)), "4 (1, 3, 5, …)");
    }
}
