//! The `mmdiff` command.

fn main() -> std::process::ExitCode {
    mm_oracle::cli::main()
}
