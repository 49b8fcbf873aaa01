//! Makes the service stubs, the table of what each method permits, and the words of every reason code. The messages are
//! `davy-proto`'s.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use protox::prost_reflect::{DescriptorPool, ExtensionDescriptor, MethodDescriptor, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(sources(&root.join("davy/v1"))?)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("methods.rs"), methods(&compiler.descriptor_pool())?)?;
    fs::write(out.join("meanings.rs"), meanings(&root.join("../docs/errors").canonicalize()?)?)?;
    tonic_prost_build::configure()
        .extern_path(".davy.v1", "::davy_proto::v1")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The table as Rust: each method's path, and the permission that its `.proto` names. A method without one ends the build.
fn methods(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let option = pool.get_extension_by_name("davy.v1.permission").ok_or("no option davy.v1.permission")?;
    let mut table = String::from("&[\n");
    for service in pool.services() {
        for method in service.methods() {
            let (name, permission) = (method.name().to_owned(), permission(&method, &option)?);
            writeln!(
                table,
                "    (\"/{}/{name}\", ::davy_proto::v1::Permission::{permission}),",
                service.full_name()
            )?;
        }
    }
    table.push(']');
    Ok(table)
}

/// The pages of `docs/errors` as Rust, by code: what each means in Chinese, and the page. What is not said there, the server
/// cannot say: a page without the part ends the build.
fn meanings(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut pages: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    pages.retain(|page| page.extension().is_some_and(|end| end == "md") && !page.ends_with("README.md"));
    pages.sort();
    let mut table = String::from("&[\n");
    for page in pages {
        println!("cargo:rerun-if-changed={}", page.display());
        let text = fs::read_to_string(&page)?;
        let meaning = text.split_once("**含义。**").and_then(|(_, rest)| rest.split("\n\n").next());
        let meaning = meaning.ok_or_else(|| format!("{}: no **含义。**", page.display()))?;
        let meaning: String = meaning.lines().map(str::trim).collect();
        let code = page.file_stem().and_then(|stem| stem.to_str()).ok_or("a page without a name")?;
        writeln!(table, "    Meaning {{ code: {code:?}, zh: {meaning:?}, page: include_str!({page:?}) }},")?;
    }
    table.push(']');
    Ok(table)
}

/// `View` of `PERMISSION_VIEW`.
fn permission(method: &MethodDescriptor, option: &ExtensionDescriptor) -> Result<String, Box<dyn Error>> {
    let missing =
        || format!("{} names no permission: give it `option (permission) = ...`", method.full_name());
    let options = method.options();
    let Value::EnumNumber(number @ 1..) = *options.get_extension(option) else {
        return Err(missing().into());
    };
    let kinds = option.kind();
    let kinds = kinds.as_enum().ok_or("davy.v1.permission is no enum")?;
    let kind = kinds.get_value(number).ok_or_else(missing)?;
    let word = kind.name().trim_start_matches("PERMISSION_").to_lowercase();
    let parts =
        word.split('_').filter_map(|part| Some((part.chars().next()?.to_ascii_uppercase(), part.get(1..)?)));
    Ok(parts.fold(String::new(), |name, (first, rest)| format!("{name}{first}{rest}")))
}
