//! Real logs, and the format that each must be read by: a format that loses its proof fails here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use causeline::model::time::TICKS_PER_DAY;
use causeline::model::{SourceId, Timestamp};
use causeline::normalize::clock::days_from_civil;
use causeline::normalize::format::FORMATS;
use causeline::normalize::{Options, normalize};
use causeline::read::Source;

/// File below `applogs`, format, and how many of a hundred records are not damaged at least.
///
/// Shares below 100 are explained: lines of other programs between (`noise`, a head before the first line), lines
/// without any time (a container's console), records that were damaged before they came here, and, for syslog, events of
/// a year that neither the stamps nor the name of the file tell.
const PROOFS: &[(&str, &str, u64)] = &[
    ("lnav/logfile_shop_access_log.0", "access-log", 100),
    ("lnav/logfile_access_log.0", "access-log", 100),
    ("plaso/apache_access.log", "access-log", 86),
    ("lnav/logfile_caddy_log.1", "access-json", 100),
    ("lnav/logfile_cloudflare.json", "access-json", 100),
    ("lnav/logfile_json3.json", "access-json", 100),
    ("plaso/azure_application_gateway_access.json", "access-json", 100),
    ("loghub/Apache/Apache_2k.log", "apache-error", 100),
    ("plaso/sccm_various.log", "cmtrace", 100),
    ("lnav/logfile_docker_compose_with_noise.0", "container-lines", 44),
    ("plaso/cri.log", "cri", 100),
    ("lnav/logfile_glog.0", "glog", 70),
    ("lnav/logfile_haproxy.0", "haproxy", 100),
    ("plaso/iis10.log", "iis-w3c", 100),
    ("plaso/iis10_edge_cases.log", "iis-w3c", 100),
    ("plaso/iis6.log", "iis-w3c", 100),
    ("plaso/iis_without_date.log", "iis-w3c", 100),
    ("lnav/logfile_w3c_big.0", "iis-w3c", 100),
    ("lnav/logfile_w3c.1", "iis-w3c", 100),
    ("lnav/logfile_bunyan.0", "json-lines", 100),
    ("lnav/logfile_rust_tracing.0", "json-lines", 100),
    ("lnav/logfile_mixed_json2.json", "json-lines", 72),
    ("lnav/logfile_java.1", "log4j", 100),
    ("lnav/logfile_spark.0", "log4j", 100),
    ("loghub/HDFS/HDFS_2k.log", "log4j", 100),
    ("loghub/Hadoop/Hadoop_2k.log", "log4j", 100),
    ("loghub/Spark/Spark_2k.log", "log4j", 100),
    ("loghub/Zookeeper/Zookeeper_2k.log", "log4j", 100),
    ("plaso/atlassian-jira.log", "log4j", 100),
    ("lnav/logfile_laravel.0", "monolog", 100),
    ("lnav/logfile_mysql_gen.0", "mysql", 93),
    ("loghub/OpenStack/OpenStack_2k.log", "openstack", 100),
    ("lnav/logfile_postgres.1", "postgresql", 100),
    ("plaso/postgresql.log", "postgresql", 100),
    ("plaso/setupapi.dev.log", "setupapi", 100),
    ("lnav/logfile_epoch.1", "stamped-lines", 100),
    ("lnav/logfile_with_zones.0", "stamped-lines", 100),
    ("plaso/skydrive.log", "stamped-lines", 93),
    ("loghub/Linux/Linux_2k.log", "syslog", 77),
    ("loghub/OpenSSH/OpenSSH_2k.log", "syslog", 54),
    ("lnav/logfile_dst.0", "syslog", 100),
    ("plaso/security.log", "syslog", 100),
    ("lnav/logfile_uwsgi.0", "uwsgi", 100),
    ("lnav/logfile_vdsm.0", "vdsm", 100),
    ("lnav/logfile_vpxd.0", "vmware", 100),
];

/// Files that no format may claim: what they hold is no log.
const NO_LOGS: &[&str] = &["lnav/logfile_plain.0", "lnav/INVENTORY.tsv", "loghub/LICENSE", "plaso/LICENSE"];

#[expect(clippy::disallowed_methods, reason = "the corpus is too large for the repository; its folder is a setting")]
fn corpus() -> Option<PathBuf> {
    let Ok(folder) = std::env::var("CAUSELINE_CORPORA") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
        return None;
    };
    Some(Path::new(&folder).join("applogs"))
}

/// The format of a file, its records and those of them that are damaged.
fn read(folder: &Path, file: &str) -> (String, u64, u64) {
    let bytes = std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let source = Source::from_bytes(SourceId(0), file, &bytes);
    // Stamps without year need something that tells it.
    let since = Some(Timestamp(days_from_civil(2010, 1, 1) * TICKS_PER_DAY));
    let done = normalize(&[source], &Options { since, ..Options::default() }, &|_| ());
    let one = &done.sources[0];
    assert_eq!(one.n_records, one.n_kept + one.n_irrelevant + one.n_damaged, "{file}");
    (one.format.clone(), one.n_records, one.n_damaged)
}

#[test]
fn every_proof_is_read_by_its_format() {
    let Some(folder) = corpus() else { return };
    let mut wrong = Vec::new();
    for (file, format, wanted) in PROOFS {
        let (found, n_records, n_damaged) = read(&folder, file);
        let share = ((n_records - n_damaged) * 100).checked_div(n_records).unwrap_or(0);
        if found != *format || share < *wanted {
            wrong.push(format!("{file}: {found}, {share} of 100; expected {format}, {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let proven: BTreeSet<&str> = PROOFS.iter().map(|(_, format, _)| *format).collect();
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
    assert!(proven.iter().all(|format| names.contains(format)), "a proof is of a format that is gone");
    let unproven: Vec<&str> = names.into_iter().filter(|name| !proven.contains(name)).collect();
    eprintln!("formats without a real log: {}", unproven.join(", "));
}

#[test]
fn what_is_no_log_is_claimed_by_no_format() {
    let Some(folder) = corpus() else { return };
    for file in NO_LOGS {
        assert_eq!(read(&folder, file).0, "unknown", "{file}");
    }
}
