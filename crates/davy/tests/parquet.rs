//! Parquet of other makers comes in, and what is no such file is refused.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArrayType, DataType, DoubleType, Int64Type},
    file::{
        properties::WriterProperties,
        reader::FileReader,
        serialized_reader::SerializedFileReader,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::{parser::parse_message_type, printer::print_schema},
};
use serde_json::Value;

const FIELDS: &str = "required binary tag (UTF8); optional double value; optional binary unit (UTF8);";

fn davy(folder: &Path, words: &[&str]) -> (Option<i32>, Value, String, String) {
    let config = folder.join("davy.toml");
    let park = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample/park");
    let (data_dir, park) = (folder.display().to_string(), park.display().to_string());
    let text = format!("data_dir = {data_dir:?}\nsites = [{park:?}]\n[history]\nreadings = \"3650d\"\n");
    fs::write(&config, text).expect("a configuration");
    let mut call = Command::new(env!("CARGO_BIN_EXE_davy"));
    call.current_dir(folder).args(words).args(["--site", "park", "--config"]).arg(&config);
    let Output { status, stdout, stderr } = call.output().expect("davy runs");
    let told = serde_json::from_slice(&stdout).unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), told, text(&stdout), text(&stderr))
}

fn put<T: DataType>(group: &mut SerializedRowGroupWriter<'_, File>, values: &[T::T], levels: Option<&[i16]>) {
    let mut column = group.next_column().expect("a column").expect("one more");
    column.typed::<T>().write_batch(values, levels, None).expect("a column of that kind");
    column.close().expect("it ends");
}

/// Two rows, the second without a value; `times` as the schema's first field has them.
fn write(path: &Path, time: &str, times: &[i64; 2], compression: Compression) {
    let schema = parse_message_type(&format!("message other {{ {time} {FIELDS} }}")).expect("a schema");
    let properties = WriterProperties::builder().set_compression(compression).build();
    let file = File::create(path).expect("a file");
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).expect("a file");
    let mut group = writer.next_row_group().expect("a group");
    put::<Int64Type>(&mut group, times, None);
    put::<ByteArrayType>(&mut group, &["AT-0601/nh3".into(), "AT-0601/nh3".into()], None);
    put::<DoubleType>(&mut group, &[3500.0], Some(&[1, 0]));
    put::<ByteArrayType>(&mut group, &["ppb".into(), "ppb".into()], Some(&[1, 1]));
    group.close().expect("it ends");
    writer.close().expect("it ends");
}

#[test]
fn times_of_every_unit_and_pages_of_every_compression_are_read() {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let second = 1_772_323_200;
    for (time, unit, compression) in [
        ("required int64 time (TIMESTAMP(MILLIS,true));", 1_000, Compression::SNAPPY),
        ("required int64 time (TIMESTAMP(MICROS,true));", 1_000_000, zstd),
        ("required int64 time (TIMESTAMP(NANOS,true));", 1_000_000_000, Compression::UNCOMPRESSED),
        ("required int64 time (TIMESTAMP_MILLIS);", 1_000, zstd),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        // What a file is called says nothing.
        write(&folder.path().join("r.csv"), time, &[second * unit, (second + 1) * unit], compression);
        let (code, told, _, errors) = davy(folder.path(), &["import", "r.csv", "--json"]);
        assert_eq!((code, &told["new"]), (Some(0), &2.into()), "{time}: {errors}");
        let (.., out, _) = davy(folder.path(), &["export", "readings"]);
        let rows: Vec<&str> = out.lines().skip(1).collect();
        let begin = "2026-03-01T00:00:0";
        assert_eq!(
            rows,
            [
                format!("{begin}0.000000Z,AT-0601/nh3,3.5,ppm,good,{begin}0.000000Z"),
                format!("{begin}1.000000Z,AT-0601/nh3,,ppm,bad:unspecified,{begin}1.000000Z"),
            ],
            "{time}"
        );
    }
}

#[test]
fn a_column_that_cannot_be_understood_is_named_with_what_would_be_right() {
    for (time, told) in [
        ("required int64 time;", "column time: expected TIMESTAMP"),
        ("required int64 time (TIMESTAMP(MICROS,false));", "local time"),
        ("required int64 when (TIMESTAMP(MICROS,true));", "column \"when\""),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder.path().join("r.parquet"), time, &[1, 2], Compression::SNAPPY);
        let (code, _, _, errors) = davy(folder.path(), &["import", "r.parquet", "--json"]);
        assert_eq!(code, Some(1), "{time}: {errors}");
        assert!(errors.contains("r.parquet") && errors.contains(told), "{time}: {errors}");
    }
}

#[test]
fn a_damaged_file_is_refused_or_read_and_never_half_in_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("r.parquet");
    let time = "required int64 time (TIMESTAMP(MICROS,true));";
    write(&whole, time, &[1_772_323_200_000_000, 1_772_323_201_000_000], Compression::SNAPPY);
    let bytes = fs::read(&whole).expect("it is there");
    for len in (4..bytes.len()).step_by(97) {
        fs::write(folder.path().join("cut.parquet"), &bytes[..len]).expect("a file");
        let (code, _, _, errors) = davy(folder.path(), &["import", "cut.parquet", "--dry-run", "--json"]);
        assert_eq!(code, Some(1), "{len} bytes: {errors}");
        assert!(errors.contains("cut.parquet: after row 0: it is damaged or not whole"), "{len}: {errors}");
    }
    for place in (4..bytes.len()).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0xff;
        fs::write(folder.path().join("bad.parquet"), damaged).expect("a file");
        let (code, told, _, errors) = davy(folder.path(), &["import", "bad.parquet", "--dry-run", "--json"]);
        let is_told = code == Some(1) && !errors.contains("panicked");
        let is_read = code == Some(0) && told["rows"] == 2;
        assert!(is_told || is_read, "byte {place}: {code:?} {told} {errors}");
    }
}

#[test]
fn what_is_exported_says_what_its_columns_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = "time,tag,value\n2026-03-01T00:00:00Z,AT-0601/nh3,1\n";
    fs::write(folder.path().join("r.csv"), row).expect("a file");
    assert_eq!(davy(folder.path(), &["import", "r.csv"]).0, Some(0));
    assert_eq!(davy(folder.path(), &["export", "readings", "-o", "r.parquet"]).0, Some(0));
    let file = File::open(folder.path().join("r.parquet")).expect("it is there");
    let reader = SerializedFileReader::new(file).expect("it is whole");
    let mut told = Vec::new();
    print_schema(&mut told, reader.metadata().file_metadata().schema());
    let told = String::from_utf8(told).expect("text");
    for line in [
        "OPTIONAL INT64 time (TIMESTAMP(MICROS,true))",
        "OPTIONAL BYTE_ARRAY tag (STRING)",
        "OPTIONAL DOUBLE value",
        "OPTIONAL INT64 arrival (TIMESTAMP(MICROS,true))",
    ] {
        assert!(told.contains(line), "{line}:\n{told}");
    }
    let column = reader.metadata().row_group(0).column(1);
    assert!(column.dictionary_page_offset().is_some());
    assert!(matches!(column.compression(), Compression::ZSTD(_)));
}
