//! `davy tags history`.

use std::time::Duration;

use davy_model::Timestamp;
use davy_proto::{
    duration_to_wire, time_to_wire,
    v1::{
        RawReadings, ReadingBucket, StoredReading, StoredSeries, TagSelector, TelemetryServiceQueryRequest,
        telemetry_service_query_request::Form,
    },
};
use serde_json::{Value, json};

use crate::{ask::ServerArgs, exit::Exit, figures, out, refusal::failed, span, table};

/// Asked for at a time.
const PAGE_LEN: i32 = 10_000;

/// Of which tags, over which time, and in which form.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// The site
    #[arg(long, value_name = "SITE")]
    site: String,
    /// The tag, or a pattern of names: `*` is any text, `?` one character; may be repeated
    #[arg(long, value_name = "PATTERN", required = true)]
    tag: Vec<String>,
    /// From then on, RFC 3339
    #[arg(long, value_name = "TIME", required_unless_present = "last", conflicts_with = "last")]
    from: Option<Timestamp>,
    /// Until then; now, without
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// The last so much instead
    #[arg(long, value_name = "SPAN", value_parser = span::parse)]
    last: Option<Duration>,
    /// In at least so many buckets, 1 to 10000: what a chart that wide needs
    #[arg(long, value_name = "N", conflicts_with_all = ["every", "raw"])]
    points: Option<u32>,
    /// In buckets this wide: 10s, 1m, 1h
    #[arg(long, value_name = "SPAN", value_parser = span::parse, conflicts_with = "raw")]
    every: Option<Duration>,
    /// Readings one by one, which is also what comes without a form
    #[arg(long)]
    raw: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Args {
    fn form(&self) -> Form {
        match (self.points, self.every) {
            (Some(points), _) => Form::Points(points),
            (None, Some(every)) => Form::Width(duration_to_wire(every)),
            (None, None) => Form::Raw(RawReadings::default()),
        }
    }

    fn request(&self, now: Timestamp) -> TelemetryServiceQueryRequest {
        let until = self.until.unwrap_or(now);
        let from = self.from.or_else(|| self.last.map(|last| until.minus(last)));
        TelemetryServiceQueryRequest {
            selector: Some(TagSelector {
                site: self.site.clone(),
                tags: self.tag.clone(),
                ..TagSelector::default()
            }),
            from: from.map(time_to_wire),
            until: Some(time_to_wire(until)),
            form: Some(self.form()),
            page_size: PAGE_LEN,
            page_token: String::new(),
        }
    }
}

/// Tells it, page by page.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut request = args.request(span::now());
    let mut client = args.server.telemetry().await?;
    let mut is_empty = true;
    loop {
        let page = client.query(request.clone()).await.map_err(|status| failed(&status))?.into_inner();
        is_empty &= page.series.is_empty();
        if args.json {
            page.series.iter().try_for_each(|series| objects(&args.site, series))?;
        } else if !page.series.is_empty() {
            tell(&page.series, page.width.is_some())?;
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if is_empty && !args.json {
        out::line("no readings of such a tag are kept from that time")?;
    }
    Ok(Exit::Ok)
}

fn tell(series: &[StoredSeries], in_buckets: bool) -> std::io::Result<()> {
    if in_buckets {
        let headings =
            ["TAG", "FROM (UTC)", "FIRST", "MIN", "MEAN", "MAX", "LAST", "UNIT", "READINGS", "GOOD"];
        let rows = series.iter().flat_map(|one| one.buckets.iter().map(|bucket| bucket_row(one, bucket)));
        return out::line(table::render(&headings, rows.collect()));
    }
    let headings = ["TAG", "MEASURED (UTC)", "ARRIVED (UTC)", "VALUE", "QUALITY"];
    let rows = series.iter().flat_map(|one| one.readings.iter().map(|reading| reading_row(one, reading)));
    out::line(table::render(&headings, rows.collect()))
}

fn reading_row(series: &StoredSeries, reading: &StoredReading) -> Vec<table::Field> {
    vec![
        series.tag.as_str().into(),
        figures::moment(reading.source_time.as_ref()).into(),
        figures::moment(reading.arrival_time.as_ref()).into(),
        figures::value(reading.value, &series.unit).into(),
        figures::quality(reading.quality.as_ref()).into(),
    ]
}

fn bucket_row(series: &StoredSeries, bucket: &ReadingBucket) -> Vec<table::Field> {
    let figure = |value: Option<f64>| figures::value(value, "").into();
    vec![
        series.tag.as_str().into(),
        figures::moment(bucket.start.as_ref()).into(),
        figure(bucket.first),
        figure(bucket.min),
        figure(bucket.mean),
        figure(bucket.max),
        figure(bucket.last),
        series.unit.as_str().into(),
        bucket.count.to_string().into(),
        format!("{:.1} %", 100.0 * bucket.share_good).into(),
    ]
}

fn objects(site: &str, series: &StoredSeries) -> std::io::Result<()> {
    let readings = series.readings.iter().map(|reading| reading_object(site, series, reading));
    let buckets = series.buckets.iter().map(|bucket| bucket_object(site, series, bucket));
    readings.chain(buckets).try_for_each(out::line)
}

fn reading_object(site: &str, series: &StoredSeries, reading: &StoredReading) -> Value {
    json!({
        "site": site, "tag": series.tag, "unit": series.unit,
        "source_time": figures::rfc3339(reading.source_time.as_ref()),
        "arrival_time": figures::rfc3339(reading.arrival_time.as_ref()),
        "value": reading.value, "quality": figures::quality(reading.quality.as_ref()),
    })
}

fn bucket_object(site: &str, series: &StoredSeries, bucket: &ReadingBucket) -> Value {
    json!({
        "site": site, "tag": series.tag, "unit": series.unit, "start": figures::rfc3339(bucket.start.as_ref()),
        "first": bucket.first, "min": bucket.min, "max": bucket.max, "mean": bucket.mean, "last": bucket.last,
        "count": bucket.count, "share_good": bucket.share_good,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Called {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn a_time_and_a_form_are_what_was_typed() {
        let now: Timestamp = "2026-11-29T09:00:00Z".parse().expect("a time");
        let minute = Form::Width(prost_types::Duration { seconds: 60, nanos: 0 });
        let raw = Form::Raw(RawReadings::default());
        for (typed, from, until, form) in [
            ("--last 1h", "2026-11-29T08:00:00Z", "2026-11-29T09:00:00Z", raw.clone()),
            (
                "--last 1h --until 2026-11-29T05:00:00Z",
                "2026-11-29T04:00:00Z",
                "2026-11-29T05:00:00Z",
                raw.clone(),
            ),
            ("--from 2026-11-29T08:30:00+08:00 --raw", "2026-11-29T00:30:00Z", "2026-11-29T09:00:00Z", raw),
            ("--last 10m --every 1m", "2026-11-29T08:50:00Z", "2026-11-29T09:00:00Z", minute),
            ("--last 10m --points 7", "2026-11-29T08:50:00Z", "2026-11-29T09:00:00Z", Form::Points(7)),
        ] {
            let line = format!("history --site park --tag AT-* {typed}");
            let called = Called::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{error}"));
            let request = called.args.request(now);
            let wire = |text: &str| Some(time_to_wire(text.parse().expect("a time")));
            assert_eq!(
                (request.from, request.until, request.form),
                (wire(from), wire(until), Some(form)),
                "{typed}"
            );
        }
        for wrong in
            ["", "--last 1h --from 2026-11-29T08:30:00Z", "--last 1h --raw --points 3", "--last soon"]
        {
            let line = format!("history --site park --tag AT-* {wrong}");
            assert!(Called::try_parse_from(line.trim_end().split(' ')).is_err(), "{wrong}");
        }
    }
}
