//! Where the services of a test keep things: in memory, or with the feature `postgres` in a real PostgreSQL that this
//! process starts, with a database for each platform.

#[cfg(not(feature = "postgres"))]
pub async fn fresh() -> Option<String> {
    None
}

#[cfg(feature = "postgres")]
pub use postgres::fresh;

#[cfg(feature = "postgres")]
mod postgres {
    use std::fs;
    use std::net::{Ipv4Addr, TcpListener};
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};

    use sqlx::{Connection as _, PgConnection};

    /// Waits for its standard input to end, which is when this process does, however that comes about.
    const WATCH: &str = r#"
        "$1/initdb" -D "$2/data" -U atelier -A trust -E UTF8 --no-sync >"$2/log" 2>&1 || exit 1
        "$1/postgres" -D "$2/data" -p "$3" -k "$2" -c listen_addresses=127.0.0.1 -c fsync=off \
            -c max_connections=400 >>"$2/log" 2>&1 &
        cat >/dev/null
        kill -QUIT $!
        wait $!
        rm -rf "$2"
    "#;

    struct Cluster {
        port: u16,
        folder: PathBuf,
        _watch: Child,
    }

    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);

    /// The URL of a new, empty database.
    pub async fn fresh() -> Option<String> {
        let cluster = CLUSTER.get_or_init(start);
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let mut admin = cluster.connect().await;
        sqlx::raw_sql(&format!("CREATE DATABASE test_{number}")).execute(&mut admin).await.unwrap();
        Some(format!("postgres://atelier@127.0.0.1:{}/test_{number}", cluster.port))
    }

    impl Cluster {
        async fn connect(&self) -> PgConnection {
            let url = format!("postgres://atelier@127.0.0.1:{}/postgres", self.port);
            let deadline = Instant::now() + Duration::from_secs(60);
            loop {
                match PgConnection::connect(&url).await {
                    Ok(connection) => return connection,
                    Err(error) if Instant::now() > deadline => {
                        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                        panic!("PostgreSQL did not start: {error}\n{log}");
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        }
    }

    fn start() -> Cluster {
        let programs = programs().expect(
            "with the feature `postgres` these tests need PostgreSQL's own programs: install the system's package \
             `postgresql`, or leave the feature out",
        );
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("atelier-test-{}-{port}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "sh"]).arg(&programs).arg(&folder).arg(port.to_string());
        // PostgreSQL refuses to run as root.
        if let Some(id) = other_than_root() {
            chown(&folder, Some(id), None).unwrap();
            command.uid(id);
        }
        // Not ours to interrupt: it has to outlive us by a moment.
        command.process_group(0).current_dir(&folder);
        let watch = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Cluster { port, folder, _watch: watch }
    }

    /// The newest PostgreSQL among the system's packages, or the one on the path.
    fn programs() -> Option<PathBuf> {
        let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = installed.map(|entry| entry.path()).max_by_key(|path| version(path)).map(|path| path.join("bin"));
        let on_path =
            std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
        newest.into_iter().chain(on_path).find(|folder| folder.join("initdb").exists())
    }

    fn other_than_root() -> Option<u32> {
        let id = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
        };
        if id(&["-u"]) == Some(0) { id(&["-u", "postgres"]) } else { None }
    }
}
