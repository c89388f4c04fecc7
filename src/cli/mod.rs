//! The command line: one file per subcommand, and what several of them share ([`prepare`], [`listener`], [`refusal`]). It
//! composes the rooms and turns what they say into text and an exit code.
//!
//! Commands print with `say!`, `put!` and `complain!` ([`out`]): the macros of the standard library panic where nobody reads.

#![warn(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
mod out;

mod bench;
mod check;
mod checks;
mod completions;
mod doctor;
mod documents;
mod draft;
mod faults;
mod init;
mod listener;
mod names;
mod platform;
mod prepare;
mod prove;
mod refusal;
mod report;
mod reports_folder;
mod root;
mod run;
mod schema;
mod soak;
mod steps;
mod up;
mod verify;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::refusal::Refusal;
use crate::model::Exit;
use crate::prove::Defect;
use crate::run::Suite;
use crate::topology::container;
use crate::world::Embedded;

/// The parts that the binary is composed of. `main.rs` makes them: only it knows the steps and the doubles.
pub struct Composition {
    /// The sentences, and the providers of services.
    pub suite: Suite,
    /// The topologies that come with the binary, with name and content.
    pub topologies: &'static [(&'static str, &'static str)],
    /// The folder of those in the sources of the binary, if it still exists.
    pub topology_folder: Option<PathBuf>,
    /// The targets that come with the binary, with name and content.
    pub targets: &'static [(&'static str, &'static str)],
    /// The files that these targets name: path from the target file, and content.
    pub documents: &'static [(&'static str, &'static str)],
    /// The files of `features/` that come with the binary, for a folder without features.
    pub features: Vec<Embedded>,
    /// The defects of the platforms that come with the binary.
    pub defects: Vec<Defect>,
}

/// Can the person who paid actually use what they bought?
///
/// Drives the whole path, from buying early access to the finished image, and watches every hop.
#[derive(Debug, Parser)]
#[command(name = "paidpath", version, args_conflicts_with_subcommands = true, after_help = exit_codes())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs scenarios (the default).
    Run(Box<run::Arguments>),
    /// Runs the features that come with paidpath against the platform that comes with it
    Demo(Box<run::Arguments>),
    /// Renders reports from the journal of a run.
    Report(report::Arguments),
    /// Lists the sentences that features are written in.
    Steps(steps::Arguments),
    /// Looks for mistakes in features, targets and topologies, without running anything.
    Check(check::Arguments),
    /// Starts the platform and keeps it running, for a person to use.
    Up(up::Arguments),
    /// Drafts scenarios from a recorded run.
    Draft(draft::Arguments),
    /// Creates a project of your own.
    Init(init::Arguments),
    /// Checks what can run on this machine, and says how to get what cannot.
    Doctor(doctor::Arguments),
    /// Prints completions of commands and options for a shell.
    Completions(completions::Arguments),
    /// Lists the faults that a tap can cause, for `--fault` and for sentences with a fault
    Faults,
    /// Explains the two files that describe your platform, target.toml and topology.toml, as Markdown
    Platform,
    /// Prints the JSON Schema of target.toml or topology.toml, for editors that complete and check such files
    ///
    /// Editors with Taplo, such as VS Code with “Even Better TOML”, use the schema that the first line of a file names:
    /// `#:schema ./schemas/target.schema.json`. `paidpath check` finds more mistakes than a schema can.
    Schema(schema::Arguments),
    /// Breaks the platform on purpose, one thing at a time, and shows which scenario notices
    Prove(Box<prove::Arguments>),
    /// Runs the same scenarios on several topologies and compares the answers, to verify the doubles
    VerifyDoubles(Box<verify::Arguments>),
    /// Lists the rules that every scenario is held against
    Checks(checks::Arguments),
    /// Measures what the runner costs against a plain loop of the same requests
    #[command(hide = true)]
    Bench(bench::Arguments),
    /// Waits for the end of a run, and removes the containers that it left behind
    #[command(hide = true)]
    Reap {
        /// The run's id
        run: String,
    },
    /// Repeats a run many times and counts the green ones
    #[command(hide = true)]
    Soak(soak::Arguments),
}

/// Runs the command in the process's arguments and returns the exit code.
pub fn main(composition: &Composition) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; if they cannot be printed there is nobody to tell.
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Passed };
            return ExitCode::from(exit.code());
        }
    };
    let ended = match cli.command {
        Some(Command::Run(arguments)) => run_or_watch(composition, &arguments),
        None => run_or_watch(composition, &cli.run),
        Some(Command::Demo(arguments)) => run::run(composition, &arguments.shipped()),
        Some(Command::Report(arguments)) => report::report(&arguments),
        Some(Command::Steps(arguments)) => steps::steps(composition, &arguments),
        Some(Command::Check(arguments)) => check::check(composition, &arguments),
        Some(Command::Up(arguments)) => up::up(composition, &arguments),
        Some(Command::Draft(arguments)) => draft::draft(&arguments),
        Some(Command::Init(arguments)) => init::init(composition, &arguments),
        Some(Command::Doctor(arguments)) => doctor::doctor(composition, &arguments),
        Some(Command::Completions(arguments)) => completions::completions(&arguments, Cli::command()),
        Some(Command::Faults) => {
            say!("{}", faults::text());
            Ok(Exit::Passed)
        }
        Some(Command::Platform) => {
            put!("{}", platform::page());
            Ok(Exit::Passed)
        }
        Some(Command::Schema(arguments)) => {
            put!("{}", schema::schema(&arguments));
            Ok(Exit::Passed)
        }
        Some(Command::Checks(arguments)) => {
            say!("{}", checks::text(&arguments));
            Ok(Exit::Passed)
        }
        Some(Command::Prove(arguments)) => prove::prove(composition, &arguments),
        Some(Command::VerifyDoubles(arguments)) => verify::verify(composition, &arguments),
        Some(Command::Bench(arguments)) => bench::bench(composition, &arguments),
        Some(Command::Soak(arguments)) => soak::soak(&arguments),
        Some(Command::Reap { run }) => container::reap(&run).map(|()| Exit::Passed).map_err(Refusal::Environment),
    };
    // A refusal goes to the standard error, and its exit code says that nothing was judged.
    let exit = ended.unwrap_or_else(|refusal| {
        complain!("{refusal}");
        refusal.exit()
    });
    ExitCode::from(out::ended(exit).code())
}

fn run_or_watch(composition: &Composition, arguments: &run::Arguments) -> Result<Exit, Refusal> {
    let arguments = arguments.seen_from_root(&root::enter()?);
    if arguments.watch { watch::watch(composition, &arguments) } else { run::run(composition, &arguments) }
}

/// Returns the table of exit codes for `--help`.
fn exit_codes() -> String {
    let rows = Exit::TABLE.iter().map(|(exit, meaning)| format!("  {:>3}  {meaning}", exit.code()));
    format!("Exit codes:\n{}", rows.collect::<Vec<_>>().join("\n"))
}
