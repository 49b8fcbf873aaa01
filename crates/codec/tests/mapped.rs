//! Payloads of vendors' gateways, as they really are, by the mappings that ship.

mod support;

use std::sync::Arc;

use davy_codec::{Captures, Limits, Mapping, TopicPattern};
use support::{Keep, decode_with, shared};

/// What each sample holds: its mapping, where its topic is not the mapping's own, and its readings.
/// A reading is `name=value[unit]@ms!quality`, in which what is not said is left out; `~` is history.
const SAMPLES: [(&str, Topic, &[&str]); 22] = [
    (
        "thingsboard-gateway",
        Topic::Own,
        &[
            "Device A/temperature=42@1483228800000",
            "Device A/humidity=80@1483228800000",
            "Device A/temperature=43@1483228801000",
            "Device A/humidity=82@1483228801000",
            "Device B/temperature=42@1483228800000",
            "Device B/humidity=80@1483228800000",
        ],
    ),
    ("thingsboard-device", Topic::Own, &["me/temperature=22.5", "me/humidity=61"]),
    (
        "thingsboard-device",
        Topic::Own,
        &["me/temperature=22.5@1451649600512", "me/humidity=61@1451649600512"],
    ),
    (
        "thingsboard-device",
        Topic::Own,
        &[
            "me/temperature=22.5@1451649600000",
            "me/humidity=61@1451649600000",
            "me/temperature=22.7@1451649601000",
            "me/humidity=60@1451649601000",
        ],
    ),
    (
        "neuron-values",
        Topic::Own,
        &["modbus/grp/tag0=123@1650006388943", "modbus/grp/tag1=none@1650006388943!bad:comms_lost"],
    ),
    (
        "neuron-tags",
        Topic::Own,
        &["modbus/grp/tag0=123@1647497389075", "modbus/grp/tag1=none@1647497389075!bad:comms_lost"],
    ),
    ("neuron-heartbeat", Topic::Own, &[]),
    (
        "tasmota-sensor",
        Topic::Own,
        // 2017-09-20T11:53:53+08:00
        &[
            "wemos5/SHT1X/Temperature=20.1[degC]@1505879633000",
            "wemos5/SHT1X/Humidity=58.9@1505879633000",
            "wemos5/HTU21/Temperature=20.7[degC]@1505879633000",
            "wemos5/HTU21/Humidity=58.5@1505879633000",
            "wemos5/BMP280/Temperature=21.6[degC]@1505879633000",
            "wemos5/BMP280/Pressure=1020.3[mbar]@1505879633000",
        ],
    ),
    (
        "tasmota-sensor",
        Topic::Own,
        &[
            "sc/Temperature=24[degC]@1505879589000",
            "sc/Humidity=16@1505879589000",
            "sc/Light=30@1505879589000",
            "sc/Noise=20@1505879589000",
            "sc/AirQuality=100@1505879589000",
        ],
    ),
    ("tasmota-sensor", Topic::Own, &["DualR2/DS18B20/Temperature=46.2[degC]@1641332656000"]),
    (
        "tasmota-sensor",
        Topic::Pattern("tele/+/{device}/SENSOR"),
        &[
            "13DC54/ATC04b555/Temperature=25.1[degC]@1666930162000",
            "13DC54/ATC04b555/Humidity=57.6@1666930162000",
            "13DC54/ATC04b555/DewPoint=16.2[degC]@1666930162000",
            "13DC54/ATC04b555/Btn=1@1666930162000",
            "13DC54/ATC04b555/Battery=55@1666930162000",
            "13DC54/ATC04b555/RSSI=-49@1666930162000",
        ],
    ),
    (
        "tasmota-sensor",
        Topic::Own,
        &[
            "power1/ENERGY/Total=8.315@1601755355000",
            "power1/ENERGY/Yesterday=1.717@1601755355000",
            "power1/ENERGY/Today=0.35@1601755355000",
            "power1/ENERGY/Period=8@1601755355000",
            "power1/ENERGY/Power=87@1601755355000",
            "power1/ENERGY/ApparentPower=89@1601755355000",
            "power1/ENERGY/ReactivePower=22@1601755355000",
            "power1/ENERGY/Factor=0.97@1601755355000",
            "power1/ENERGY/Voltage=121@1601755355000",
            "power1/ENERGY/Current=0.736@1601755355000",
        ],
    ),
    (
        "tasmota-sensor",
        Topic::Pattern("/sensor/{device}/SENSOR"),
        &["arno/DS18B20/Temperature=21.2[degC]@1572182511000"],
    ),
    (
        "king-pigeon",
        Topic::Sent("BL280-7"),
        // 07:16:17 06/16/2021 UTC
        &[
            "BL280-7/TEMP8=28.8[degC]@1623827777000~",
            "BL280-7/HUMI8=45[%]@1623827777000~",
            "BL280-7/ILLU8=230@1623827777000~",
            "BL280-7/CO28=400[ppm]@1623827777000~",
            "BL280-7/TVOC8=8@1623827777000~",
        ],
    ),
    (
        "zhongshan-dtu",
        Topic::Sent("dtu/7/up"),
        &[
            "7/illuminance=300",
            "7/humidity=65.7[%]",
            "7/temperature=19.7[degC]",
            "7/DI1=1",
            "7/DO1=1",
            "7/DO2=0",
            "7/DI2=1",
        ],
    ),
    ("gprs-item-list", Topic::Own, &["868739058068770/2001=1.234@1709258400000"]),
    ("esp-gas", Topic::Sent("sensor/kitchen"), &["kitchen/gas_value=450", "kitchen/leak=1"]),
    ("esp-gas", Topic::Own, &["gas/gas_value=412@1714537805000"]),
    (
        "zigbee2mqtt",
        Topic::Sent("zigbee2mqtt/hall"),
        &["hall/gas=0", "hall/tamper=0", "hall/battery_low=0", "hall/linkquality=92"],
    ),
    (
        "zigbee2mqtt",
        Topic::Sent("zigbee2mqtt/hall"),
        &[
            "hall/carbon_monoxide=0",
            "hall/battery_low=0",
            "hall/tamper=0",
            "hall/battery=100",
            "hall/linkquality=84",
        ],
    ),
    (
        "zigbee2mqtt",
        Topic::Sent("zigbee2mqtt/hall"),
        &["hall/battery_low=0", "hall/linkquality=60", "hall/smoke=0", "hall/tamper=0"],
    ),
    (
        "tuya-gas",
        Topic::Sent("tuya/k1/status"),
        &[
            "k1/ch4_sensor_value=12.5[%LEL]",
            "k1/ch4_sensor_state=0",
            "k1/battery_percentage=88",
            "k1/battery_state=2",
            "k1/lifecycle=1",
            "k1/preheat=0",
            "k1/checking_result=0",
            "k1/temper_alarm=0",
            "k1/muffling=0",
        ],
    ),
];

/// By which topic a sample comes.
#[derive(Clone, Copy)]
enum Topic {
    /// The one it says, which fits the mapping's pattern.
    Own,
    /// The one it says, by a pattern that its source would give.
    Pattern(&'static str),
    /// It says none; this one.
    Sent(&'static str),
}

fn shipped(name: &str) -> Arc<Mapping> {
    let text = Mapping::shipped().find(|(known, _)| *known == name).expect(name).1;
    Arc::new(Mapping::read(name, text).unwrap_or_else(|problems| panic!("{name}: {problems:?}")))
}

fn lines(keep: &Keep) -> Vec<String> {
    let line = |metric: &support::Kept| {
        format!("{}{}", support::line(metric), if metric.historical { "~" } else { "" })
    };
    keep.metrics.iter().map(line).collect()
}

#[test]
fn every_sample_of_a_vendor_decodes_to_its_readings() {
    let Some(samples) = shared("payloads/json/samples.jsonl") else { return };
    let samples = String::from_utf8(samples).expect("samples are text");
    assert_eq!(samples.lines().count(), SAMPLES.len());
    for (sample, (name, topic, want)) in samples.lines().zip(SAMPLES) {
        let sample: serde_json::Value = serde_json::from_str(sample).expect("a line is JSON");
        let text = |key: &str| sample[key].as_str().expect("a text").to_owned();
        let mapping = shipped(name);
        let own = mapping.pattern().expect("shipped mappings have a topic").clone();
        let captures = match topic {
            Topic::Own => own.matches(&text("topic")),
            Topic::Pattern(pattern) => TopicPattern::parse(pattern).expect(pattern).matches(&text("topic")),
            Topic::Sent(topic) => own.matches(topic),
        };
        let codec = mapping.codec(captures.expect(name), Limits::default());
        let (keep, summary) = decode_with(&*codec, text("payload").as_bytes());
        assert_eq!(lines(&keep), *want, "{name}: {}", text("payload"));
        assert_eq!(summary.rejected, 0, "{name}: {:?}", keep.problems);
        assert_eq!(mapping.has_readings(), !want.is_empty());
    }
}

#[test]
fn every_shipped_mapping_is_sound_and_says_what_it_is_for_in_both_languages() {
    for (name, _) in Mapping::shipped() {
        let about = shipped(name).about().clone();
        assert!(!about.en.is_empty() && !about.zh.is_ascii(), "{name}: {about:?}");
    }
}

#[test]
fn a_topic_that_lacks_a_level_the_tag_is_made_of_is_refused() {
    let mapping = shipped("thingsboard-device");
    assert_eq!(mapping.needs().next(), Some("device"));
    let codec = mapping.codec(Captures::none(), Limits::default());
    let (keep, summary) = decode_with(&*codec, br#"{"temperature": 22.5}"#);
    assert_eq!((summary.accepted, summary.rejected), (0, 1));
    assert!(keep.problems[0].expected.contains("{device}"), "{:?}", keep.problems);
}
