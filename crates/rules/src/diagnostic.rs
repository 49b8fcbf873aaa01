//! What is wrong with a file, where, and what to write instead.

use std::{fmt, sync::Arc};

/// One finding in a site's files.
///
/// Prints on one line as `tags.csv:14:5: unit: found "ppmm", expected a unit of concentration; did you mean "ppm"?
/// [UNIT_UNKNOWN]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file's path in the bundle.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Whether it stops the files from becoming active.
    pub severity: Severity,
    /// What kind of finding; the word is stable.
    pub code: Code,
    /// What it is about: `unit`, `rule "h2s": id`.
    pub message: String,
    /// What stands there, as a reader sees it.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What to try; may be empty.
    pub help: String,
}

/// Whether a finding stops the files from becoming active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It stops them.
    Error,
    /// It does not, but somebody should look.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident $word:literal;)+) => {
        /// What kind of finding. The words are part of the contract: never reused, never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant,)+];

            /// The word that people, tests and tools know it by.
            pub const fn word(self) -> &'static str {
                match self { $(Code::$variant => $word,)+ }
            }
        }
    };
}

codes! {
    /// A file that a site needs is not there.
    FileMissing "FILE_MISSING";
    /// A file of a name that nothing reads.
    FileUnknown "FILE_UNKNOWN";
    /// The same path twice.
    FileTwice "FILE_TWICE";
    /// A file, or all of them together, larger than is read.
    FileTooLarge "FILE_TOO_LARGE";
    /// Not YAML from here on, or YAML deeper or more entangled than is read.
    YamlSyntax "YAML_SYNTAX";
    /// A quote that never closes, or something else that is not CSV.
    CsvSyntax "CSV_SYNTAX";
    /// A row with more or fewer cells than the header.
    RowLength "ROW_LENGTH";
    /// A key that nothing reads.
    KeyUnknown "KEY_UNKNOWN";
    /// A key that must be there is not.
    KeyMissing "KEY_MISSING";
    /// Keys that exclude each other, or none of which is there.
    KeyConflict "KEY_CONFLICT";
    /// A column that nothing reads.
    ColumnUnknown "COLUMN_UNKNOWN";
    /// A column that must be there is not.
    ColumnMissing "COLUMN_MISSING";
    /// The same column twice.
    ColumnTwice "COLUMN_TWICE";
    /// A cell that must not be empty is.
    CellMissing "CELL_MISSING";
    /// A list where a text is needed, a text where a map is needed...
    ValueType "VALUE_TYPE";
    /// A word outside the few that are known.
    WordUnknown "WORD_UNKNOWN";
    /// A text that is empty, or longer than is read.
    TextLength "TEXT_LENGTH";
    /// Not a number, or not a finite one.
    NumberInvalid "NUMBER_INVALID";
    /// A number outside what makes sense.
    NumberRange "NUMBER_RANGE";
    /// Not a duration.
    DurationInvalid "DURATION_INVALID";
    /// A duration outside what makes sense.
    DurationRange "DURATION_RANGE";
    /// A name with characters that names do not have.
    NameInvalid "NAME_INVALID";
    /// The same name twice.
    NameTwice "NAME_TWICE";
    /// A name that Davy keeps for itself.
    NameReserved "NAME_RESERVED";
    /// A quantity that is not known.
    QuantityUnknown "QUANTITY_UNKNOWN";
    /// A unit that is not known.
    UnitUnknown "UNIT_UNKNOWN";
    /// A unit of another kind than what it is set beside.
    UnitMismatch "UNIT_MISMATCH";
    /// A conversion that needs the molar mass or the lower explosive limit of the gas.
    SubstanceUnknown "SUBSTANCE_UNKNOWN";
    /// One of two figures that come together, or the two the wrong way round.
    RangeInvalid "RANGE_INVALID";
    /// Half a place, two places, or a place off the map.
    LocationInvalid "LOCATION_INVALID";
    /// No such area.
    AreaUnknown "AREA_UNKNOWN";
    /// An area that is a part of itself.
    AreaCycle "AREA_CYCLE";
    /// No such edge node.
    EdgeNodeUnknown "EDGE_NODE_UNKNOWN";
    /// No such device.
    DeviceUnknown "DEVICE_UNKNOWN";
    /// A tag on another edge node than its device.
    DeviceElsewhere "DEVICE_ELSEWHERE";
    /// No tag is mounted on such equipment.
    EquipmentUnknown "EQUIPMENT_UNKNOWN";
    /// No such tag.
    TagUnknown "TAG_UNKNOWN";
    /// A substance without a critical quantity: the standard's table has none of that name, and the file gives none.
    HazardSubstanceUnknown "HAZARD_SUBSTANCE_UNKNOWN";
    /// No such hazard source.
    HazardSourceUnknown "HAZARD_SOURCE_UNKNOWN";
    /// A tag of another hazard source than the one whose content it tells.
    HazardSourceElsewhere "HAZARD_SOURCE_ELSEWHERE";
    /// A clear point that faces the wrong way or lies past the set point.
    ClearPoint "CLEAR_POINT";
    /// A graver level that is passed before a lesser one.
    LevelOrder "LEVEL_ORDER";
    /// No such desk.
    DeskUnknown "DESK_UNKNOWN";
    /// A desk that stands above itself.
    DeskCycle "DESK_CYCLE";
    /// A desk above that is of a lower level.
    DeskLevel "DESK_LEVEL";
    /// The same step of escalation twice.
    StepTwice "STEP_TWICE";
    /// No such rule.
    RuleUnknown "RULE_UNKNOWN";
    /// A rule that looks at itself, by whatever way round.
    RuleCycle "RULE_CYCLE";
    /// A set point is made of that of a level that is not there.
    LevelUnknown "LEVEL_UNKNOWN";
    /// A mapping file with a mistake in it.
    MappingInvalid "MAPPING_INVALID";
    /// No such mapping, among the site's own and those that ship with Davy.
    MappingUnknown "MAPPING_UNKNOWN";
    /// No active rule makes such an alarm.
    AlarmUnknown "ALARM_UNKNOWN";
    /// Not a time, or one outside what is told.
    TimeInvalid "TIME_INVALID";
    /// A series of values that cannot be read.
    SeriesInvalid "SERIES_INVALID";
    /// A source without a topic, or with one that is no pattern.
    TopicInvalid "TOPIC_INVALID";
    /// An expression that is not CEL, or a part of CEL that expressions do without.
    ExpressionSyntax "EXPRESSION_SYNTAX";
    /// A condition where an expression needs a number, a number where it needs a condition...
    ExpressionType "EXPRESSION_TYPE";
    /// An expression longer, deeper or costlier than is evaluated.
    ExpressionTooLarge "EXPRESSION_TOO_LARGE";
    /// An expression names an input that its rule does not declare.
    InputUnknown "INPUT_UNKNOWN";
    /// No such pack, among the site's own and those that ship with Davy.
    PackUnknown "PACK_UNKNOWN";
    /// A level looser than the pack's that it tunes, and nobody who answers for it; a warning where somebody does.
    LooserThanLaw "LOOSER_THAN_LAW";
    /// More tags, rules or pairs of them than a plan may hold.
    PlanTooLarge "PLAN_TOO_LARGE";
    /// More findings than are listed.
    TooManyFindings "TOO_MANY_FINDINGS";
    /// Warning: a pack's file that the site does not use.
    PackUnused "PACK_UNUSED";
    /// Warning: a rule that law stands behind is turned off.
    LawOff "LAW_OFF";
    /// Warning: nobody would notice the tag's silence.
    TagWithoutStaleRule "TAG_WITHOUT_STALE_RULE";
    /// Warning: the rule covers no tag.
    RuleWithoutTags "RULE_WITHOUT_TAGS";
    /// Warning: the delay ends before the next value is due, so that one value decides.
    DelayBelowInterval "DELAY_BELOW_INTERVAL";
    /// Warning: the sensor cannot measure what the set point asks for.
    SetPointOutsideRange "SET_POINT_OUTSIDE_RANGE";
    /// Warning: a level clears only past the set point of the level before it.
    DeadbandPastNext "DEADBAND_PAST_NEXT";
    /// Warning: the response does not say what to do.
    ActionTooShort "ACTION_TOO_SHORT";
    /// Warning: nothing holds a level back at its set point: noise raises it again and again.
    DeadbandMissing "DEADBAND_MISSING";
    /// Warning: a graver level is passed at the same point, so that this one is never told.
    LevelHidden "LEVEL_HIDDEN";
    /// Warning: nothing of the gravest tier is told of a gas before a delay has passed.
    GasAlarmDelayed "GAS_ALARM_DELAYED";
    /// Warning: another rule tells the same of a tag, as early and as gravely.
    RuleShadowed "RULE_SHADOWED";
    /// Warning: the site has desks, and none answers for the area.
    AreaWithoutDesk "AREA_WITHOUT_DESK";
    /// Warning: a window that cannot hold the readings it needs.
    WindowTooShort "WINDOW_TOO_SHORT";
    /// Warning: no group is large enough for the level ever to be reached.
    LevelUnreachable "LEVEL_UNREACHABLE";
    /// Warning: a condition that no rule looks at.
    ConditionUnused "CONDITION_UNUSED";
    /// Warning: the response takes longer than the warning comes before the limit.
    WarningTooLate "WARNING_TOO_LATE";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { file, line, column, code, message, found, expected, help, .. } = self;
        write!(f, "{file}:{line}:{column}: {message}: found {found}, expected {expected}")?;
        if !help.is_empty() {
            write!(f, "; {help}")?;
        }
        write!(f, " [{code}]")
    }
}

impl std::error::Error for Diagnostic {}
