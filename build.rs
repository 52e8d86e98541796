//! Generates the log record's types from `schema/record.v1.proto`, the one place they are written.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=schema/record.v1.proto");
    println!("cargo:rerun-if-changed=schema/control");
    let descriptors = protox::compile(["schema/record.v1.proto"], ["schema"])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
