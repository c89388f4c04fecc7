//! `atelier <service>`: one service of the reference platform, until it is told to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use atelier::{ServiceName, Settings};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

/// One service of Atelier, the reference platform.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// storefront, billing, entitlement or generation.
    #[arg(env = "ATELIER_SERVICE")]
    service: ServiceName,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "ATELIER_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Base URL of billing.
    #[arg(long, env = "ATELIER_BILLING")]
    billing: Option<String>,
    /// Base URL of entitlement.
    #[arg(long, env = "ATELIER_ENTITLEMENT")]
    entitlement: Option<String>,
    /// Base URL of generation.
    #[arg(long, env = "ATELIER_GENERATION")]
    generation: Option<String>,
    /// Base URL of the flag provider (OFREP).
    #[arg(long, env = "ATELIER_FLAGS")]
    flags: Option<String>,
    /// Base URL of the worker that renders.
    #[arg(long, env = "ATELIER_WORKER")]
    worker: Option<String>,
    /// Where to keep things: postgres://user:password@host:port/database; without it, in memory.
    #[arg(long, env = "ATELIER_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Signs members' sessions; the same for all services.
    #[arg(long, env = "ATELIER_SESSION_KEY", hide_env_values = true)]
    session_key: String,
    /// Signs events between services; the same for all services.
    #[arg(long, env = "ATELIER_EVENT_KEY", hide_env_values = true)]
    event_key: String,
    /// Signs purchase credentials.
    #[arg(long, env = "ATELIER_CREDENTIAL_KEY", hide_env_values = true)]
    credential_key: String,
    /// Names an administrator, and a fellow service; the same for all services.
    #[arg(long, env = "ATELIER_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: String,
    /// Obey the clock and the defects in a request's baggage.
    #[arg(long, env = "ATELIER_TEST_MODE")]
    test_mode: bool,
    /// Milliseconds that an outgoing call may take.
    #[arg(long, env = "ATELIER_TIMEOUT_MS", default_value_t = 2_000)]
    timeout_ms: u64,
    /// Milliseconds that a rendering may take.
    #[arg(long, env = "ATELIER_RENDER_TIMEOUT_MS", default_value_t = 10_000)]
    render_timeout_ms: u64,
    /// Seconds that a job may take.
    #[arg(long, env = "ATELIER_JOB_DEADLINE_S", default_value_t = 60)]
    job_deadline_s: u64,
}

impl Arguments {
    fn settings(self) -> Settings {
        let neighbours = [
            ("billing", self.billing),
            ("entitlement", self.entitlement),
            ("generation", self.generation),
            ("flags", self.flags),
            ("worker", self.worker),
        ];
        Settings {
            listen: self.listen,
            neighbours: neighbours.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url?))).collect(),
            database_url: self.database_url,
            session_key: self.session_key,
            event_key: self.event_key,
            credential_key: self.credential_key,
            admin_token: self.admin_token,
            test_mode: self.test_mode,
            timeout: Duration::from_millis(self.timeout_ms),
            render_timeout: Duration::from_millis(self.render_timeout_ms),
            job_deadline: Duration::from_secs(self.job_deadline_s),
            ..Settings::default()
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("atelier: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // Before the address is told: whoever reads it may stop us at once.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let service = atelier::start(arguments.service, arguments.settings()).await?;
    writeln!(std::io::stdout(), "listening on {}", service.address())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    service.stop().await;
    Ok(())
}
