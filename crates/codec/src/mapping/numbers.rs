//! Numbers of a sender: scaled, or written as text.

/// `raw × numerator / denominator + offset`, so that 288 at 0.1 is the double that 28.8 is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    numerator: f64,
    denominator: f64,
    offset: f64,
}

impl Scale {
    /// Leaves a number as it is.
    pub(super) const ONE: Scale = Scale { numerator: 1.0, denominator: 1.0, offset: 0.0 };

    /// Of a scale as it is written: `0.1`, `2`, `1e-3`. A power of ten is divided by, not multiplied with.
    pub(super) fn parse(text: &str) -> Option<Scale> {
        let scale = finite(text)?;
        if scale == 0.0 {
            return None;
        }
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let places = i32::try_from(fraction.len()).ok()? - exponent.parse::<i32>().ok()?;
        // Up to ten to the 22nd, a power of ten is a double without loss.
        let digits = finite(&format!("{whole}{fraction}")).filter(|digits| digits.abs() < 9e15);
        Some(match digits {
            Some(numerator) if (1..=22).contains(&places) => {
                Scale { numerator, denominator: 10_f64.powi(places), offset: 0.0 }
            }
            Some(_) | None => Scale { numerator: scale, denominator: 1.0, offset: 0.0 },
        })
    }

    pub(super) fn with_offset(self, offset: f64) -> Scale {
        Scale { offset, ..self }
    }

    pub(super) fn apply(self, raw: f64) -> f64 {
        if self == Scale::ONE { raw } else { raw * self.numerator / self.denominator + self.offset }
    }
}

/// A finite number written in digits.
pub(super) fn finite(text: &str) -> Option<f64> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| is_plain && number.is_finite())
}

/// A number as senders write it into a text: white space around it, a comma for the point where they do so.
pub(super) fn of_text(text: &str, decimal_comma: bool) -> Option<f64> {
    let text = text.trim();
    if decimal_comma && text.contains(',') {
        return if text.contains('.') { None } else { text.replacen(',', ".", 1).parse().ok() };
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_number_is_the_double_that_a_person_would_write() {
        for (scale, raw, want) in [
            ("0.1", 288.0, 28.8),
            ("0.1", 3.0, 0.3),
            ("0.01", 705.0, 7.05),
            ("1e-3", 7.0, 0.007),
            ("0.25", 3.0, 0.75),
            ("10", 7.05, 70.5),
            ("-0.1", 3.0, -0.3),
        ] {
            assert_eq!(Scale::parse(scale).expect(scale).apply(raw), want, "{scale}");
        }
        assert_eq!(Scale::parse("1.8").map(|scale| scale.with_offset(32.0).apply(100.0)), Some(212.0));
        for text in ["", "0", "x", "inf", "1e999", "0,1"] {
            assert!(Scale::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_number_in_a_text_may_have_a_comma_where_the_mapping_says_so() {
        assert_eq!(of_text(" 12.4 ", false), Some(12.4));
        assert_eq!(of_text("12,4", false), None);
        assert_eq!(of_text("12,4", true), Some(12.4));
        assert_eq!(of_text("1.234,5", true), None);
        assert_eq!(of_text("----", true), None);
    }
}
