//! Where an export goes: standard output, or a file that is there only when it is whole.

use std::{
    fs::{File, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use flate2::{Compression, write::GzEncoder};
use tempfile::NamedTempFile;

use crate::exit::Misuse;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Text, a row a line, with a header
    Csv,
    /// Apache Parquet
    Parquet,
}

/// Where an export goes.
pub(super) struct Place {
    pub(super) format: Format,
    file: Option<PathBuf>,
    packed: bool,
}

/// What is being written. Dropped before its end, it leaves nothing.
pub(super) enum Target {
    /// Standard output.
    Out(BufWriter<io::Stdout>),
    /// A file beside the one that is meant, under another name.
    Plain(BufWriter<NamedTempFile>, PathBuf),
    /// The same, as gzip.
    Packed(GzEncoder<BufWriter<NamedTempFile>>, PathBuf),
}

impl Place {
    /// Where `file` says; what it is made of by the ending of its name, where no format is given.
    pub(super) fn of(file: Option<&Path>, format: Option<Format>) -> Result<Place, Misuse> {
        let name = file.map(|file| file.to_string_lossy().to_lowercase()).unwrap_or_default();
        let by_name = match &*name {
            name if name.ends_with(".csv") || name.ends_with(".csv.gz") => Some(Format::Csv),
            name if name.ends_with(".parquet") => Some(Format::Parquet),
            _ => None,
        };
        let format = match (format.or(by_name), file) {
            (Some(Format::Parquet), None) => {
                return Err(Misuse("Parquet needs a file: -o readings.parquet".to_owned()));
            }
            (Some(format), _) => format,
            (None, None) => Format::Csv,
            (None, Some(file)) => {
                let told = format!("{}: neither .csv, .csv.gz nor .parquet: say --format", file.display());
                return Err(Misuse(told));
            }
        };
        if let Some(file) = file.filter(|file| file.exists() && !file.is_file()) {
            return Err(Misuse(format!("{}: it is no file that could be replaced", file.display())));
        }
        let packed = format == Format::Csv && name.ends_with(".gz");
        Ok(Place { format, file: file.map(Path::to_owned), packed })
    }

    /// Begins to write.
    pub(super) fn open(self) -> anyhow::Result<Target> {
        let Some(file) = self.file else { return Ok(Target::Out(BufWriter::new(io::stdout()))) };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // What the umask leaves of it, as with any file.
        let open = tempfile::Builder::new()
            .prefix(".davy-export-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .with_context(|| format!("writing beside {}", file.display()))?;
        let open = BufWriter::with_capacity(1 << 16, open);
        Ok(if self.packed {
            Target::Packed(GzEncoder::new(open, Compression::default()), file)
        } else {
            Target::Plain(open, file)
        })
    }
}

impl Target {
    /// All is written: the file gets its name.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let (open, file) = match self {
            Target::Out(mut out) => return Ok(out.flush()?),
            Target::Plain(open, file) => (open, file),
            Target::Packed(open, file) => (open.finish()?, file),
        };
        let writing = || format!("writing {}", file.display());
        let open = open.into_inner().map_err(io::IntoInnerError::into_error).with_context(writing)?;
        open.as_file().sync_all().with_context(writing)?;
        open.persist(&file).with_context(writing)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))
            .and_then(|folder| folder.sync_all())
            .with_context(writing)
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Out(out) => out.write(bytes),
            Target::Plain(open, _) => open.write(bytes),
            Target::Packed(open, _) => open.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Out(out) => out.flush(),
            Target::Plain(open, _) => open.flush(),
            Target::Packed(open, _) => open.flush(),
        }
    }
}
