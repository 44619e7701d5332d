//! How old the tables are that tell where an address lies. Optional: a server without them says nothing of them.

use super::Finding;
use super::answers::Answers;
use super::words::span;

const ID: &str = "geoip";
/// The server's metric: seconds since a table was built, one sample for each.
const METRIC: &str = "veritrail_geoip_build_age_seconds";
/// Networks move; older than this is out of date.
const SECONDS_MAX: f64 = 60.0 * 86_400.0;

/// Judges it.
pub(crate) fn judge(answers: &Answers) -> Finding {
    if let Err(why) = &answers.metrics {
        return Finding::unknown(
            ID,
            format!("how old the tables of places are is not known: {why}"),
        );
    }
    let ages = answers.samples(METRIC).into_iter().map(|(_, age)| age);
    let Some(oldest) = ages.filter(|age| age.is_finite()).reduce(f64::max) else {
        return Finding::fine(ID, "no table of places is in use");
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an age in seconds, and a cast saturates"
    )]
    let told = span(oldest as i64);
    if oldest > SECONDS_MAX {
        Finding::warning(
            ID,
            format!("the oldest table of places was built {told} ago"),
        )
        .advice("fetch a newer one: networks move from country to country")
    } else {
        Finding::fine(
            ID,
            format!("the oldest table of places was built {told} ago"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn the_oldest_table_counts() {
        let judged = |metrics: &str| {
            judge(&Answers {
                metrics: Ok(metrics.to_owned()),
                ..Answers::none("u", "")
            })
            .verdict
        };
        assert_eq!(judged("veritrail_x 1\n"), Verdict::Fine);
        assert_eq!(
            judged("veritrail_geoip_build_age_seconds 86400\n"),
            Verdict::Fine
        );
        assert_eq!(
            judged(
                "veritrail_geoip_build_age_seconds{file=\"0\"} 5\nveritrail_geoip_build_age_seconds{file=\"1\"} 9e6\n"
            ),
            Verdict::Warning
        );
        assert_eq!(
            judged("veritrail_geoip_build_age_seconds NaN\n"),
            Verdict::Fine
        );
        assert_eq!(judge(&Answers::none("u", "")).verdict, Verdict::Unknown);
    }
}
