//! What a healthy host logs all day and what says nothing about connecting.

use super::session::{AUDIT_PRIVILEGES, privileges_data};
use super::upkeep::{CLOCK_IN_STEP, SERVICE_STATE, service_data};
use super::{
    Channel, Entry, Kind, LOCAL_SERVICE, NETWORK_SERVICE, Provider, Shape, Value, adopted, classic, provider, texts,
};
use crate::model::Timestamp;
use crate::simulate::random::Random;

static DCOM: Provider = adopted("Microsoft-Windows-DistributedCOM", "1b562e86-b7aa-4131-badc-b6f3a001407e", "DCOM");
static DNS: Provider = provider("Microsoft-Windows-DNS-Client", "1c95126e-7eea-49a9-a3fe-a378b03ddb4d");
static POLICY: Provider = provider("Microsoft-Windows-GroupPolicy", "aea1b4fa-97d1-45f2-a64c-4d69fffd92c9");
static TASKS: Provider = provider("Microsoft-Windows-TaskScheduler", "de7b24ea-73c8-4a09-985d-5bdadcfa9017");
static ESENT: Provider = provider("ESENT", "");
static VSS: Provider = provider("VSS", "");
static SPP: Provider = adopted(
    "Microsoft-Windows-Security-SPP",
    "e23b33b0-c8c9-472c-a5f9-f2bdfea0f156",
    "Software Protection Platform Service",
);

static DCOM_PERMISSION: Kind = Kind::manifest(
    Channel::System,
    &DCOM,
    10_016,
    Shape::Named(&[
        "param1", "param2", "param3", "param4", "param5", "param6", "param7", "param8", "param9", "param10", "param11",
    ]),
)
.qualifiers(0)
.level(3)
.keywords(0x8080_0000_0000_0000)
.account(LOCAL_SERVICE);
static NAME_TIMEOUT: Kind =
    Kind::manifest(Channel::System, &DNS, 1_014, Shape::Named(&["QueryName", "AddressLength", "Address"]))
        .level(3)
        .keywords(0x4000_0000_0000_0000)
        .account(NETWORK_SERVICE);
static POLICY_COMPUTER: Kind = policy(1_500);
static POLICY_USER: Kind = policy(1_501);

const fn policy(id: u16) -> Kind {
    Kind::manifest(
        Channel::System,
        &POLICY,
        id,
        Shape::Named(&[
            "SupportInfo1",
            "SupportInfo2",
            "ProcessingMode",
            "ProcessingTimeInMilliseconds",
            "DCName",
            "NumberOfGroupPolicyObjects",
        ]),
    )
    .opcode(1)
}

static TASK_BEGIN: Kind = task(100, &["TaskName", "UserContext", "InstanceId"]);
static TASK_END: Kind = task(102, &["TaskName", "UserContext", "InstanceId"]);
static TASK_ACTION: Kind = task(201, &["TaskName", "TaskInstanceId", "ActionName", "ResultCode", "EnginePID"]);

const fn task(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::Tasks, &TASKS, id, Shape::Named(fields)).task(id)
}

static DATABASE: [Kind; 3] = [
    Kind::classic(Channel::Application, &ESENT, 102),
    Kind::classic(Channel::Application, &ESENT, 326),
    Kind::classic(Channel::Application, &ESENT, 327),
];
static SHADOW_IDLE: Kind = Kind::classic(Channel::Application, &VSS, 8_224);
static LICENCE: [Kind; 2] = [licence(16_384), licence(16_394)];

const fn licence(id: u16) -> Kind {
    Kind::manifest(Channel::Application, &SPP, id, Shape::Classic)
        .qualifiers(16_384)
        .keywords(0x0080_0000_0000_0000)
        .account(0)
}

const SERVICES: &[&str] = &[
    "WMI Performance Adapter",
    "Application Experience",
    "Windows Modules Installer",
    "Software Protection",
    "Windows Update",
    "Background Intelligent Transfer Service",
    "Portable Device Enumerator Service",
    "Device Setup Manager",
    "Network Setup Service",
    "Microsoft Software Shadow Copy Provider",
    "Volume Shadow Copy",
    "Client License Service (ClipSVC)",
    "AppX Deployment Service (AppXSVC)",
    "Windows Biometric Service",
];
const TASK_NAMES: &[&str] = &[
    "\\Microsoft\\Windows\\Time Synchronization\\SynchronizeTime",
    "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
    "\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan",
    "\\Microsoft\\Windows\\Registry\\RegIdleBackup",
    "\\Microsoft\\Windows\\Windows Defender\\Windows Defender Scheduled Scan",
    "\\Provider\\Inventory",
];
const QUERIES: &[&str] = &[
    "_ldap._tcp.Default-First-Site-Name._sites.dc._msdcs.example.test",
    "wpad.example.test",
    "time.example.test",
    "telemetry.example.test",
];

/// One event, or a few that belong together, that a healthy host logs around `at`.
pub(in crate::simulate) fn ordinary(random: &mut Random, at: Timestamp, out: &mut Vec<Entry>) {
    let mut log = |after_s: f64, kind: &'static Kind, values: Vec<Value>| {
        out.push(Entry::new(at.plus_seconds(after_s), kind, values));
    };
    let pick = |random: &mut Random, names: &[&'static str]| random.pick(names).copied().unwrap_or("");
    match random.below(100) {
        0..34 => {
            let service = pick(random, SERVICES);
            log(0.0, &SERVICE_STATE, service_data(service, "running"));
            log(random.between(60.0, 900.0), &SERVICE_STATE, service_data(service, "stopped"));
        }
        34..50 => log(0.0, &AUDIT_PRIVILEGES, privileges_data(0x3e7)),
        50..62 => {
            let fields = [
                "application-specific",
                "Local",
                "Activation",
                "{D63B10C5-BB46-4990-A94F-E40B9D520160}",
                "{9CA88EE3-ACB7-47C8-AFC4-AB702511C276}",
                "NT AUTHORITY",
                "LOCAL SERVICE",
                "S-1-5-19",
                "LocalHost (Using LRPC)",
                "Unavailable",
                "Unavailable",
            ];
            log(0.0, &DCOM_PERMISSION, texts(&fields));
        }
        62..68 => {
            let address = vec![2, 0, 0, 53, 192, 0, 2, 10, 0, 0, 0, 0, 0, 0, 0, 0];
            let name = Value::from(pick(random, QUERIES));
            log(0.0, &NAME_TIMEOUT, vec![name, Value::U32(16), Value::Binary(address)]);
        }
        68..78 => {
            let kind = if random.chance(0.6) { &POLICY_USER } else { &POLICY_COMPUTER };
            let took = random.between(300.0, 4_000.0) as u32;
            let mut values: Vec<Value> = [1, 4_162, 0, took].into_iter().map(Value::U32).collect();
            values.push(Value::from("\\\\DC01.example.test"));
            values.push(Value::U32(0));
            log(0.0, kind, values);
        }
        78..90 => {
            let task = pick(random, TASK_NAMES);
            let mut instance = [0; 16];
            instance[..8].copy_from_slice(&random.bits().to_le_bytes());
            let about = || vec![Value::from(task), Value::from("NT AUTHORITY\\SYSTEM"), Value::Guid(instance)];
            log(0.0, &TASK_BEGIN, about());
            let done = random.between(1.0, 40.0);
            let action = vec![
                Value::from(task),
                Value::Guid(instance),
                Value::from("%windir%\\system32\\svchost.exe"),
                Value::U32(0),
                Value::U32(2_104),
            ];
            log(done, &TASK_ACTION, action);
            log(done + 0.01, &TASK_END, about());
        }
        90..95 => {
            let kind = DATABASE.get(random.below(DATABASE.len())).unwrap_or(&DATABASE[0]);
            log(0.0, kind, classic(&["svchost", "1160,D,50", "DS_Token_DB: ", "1", "0"]));
        }
        95..97 => log(0.0, &SHADOW_IDLE, classic(&["", ""])),
        97..99 => {
            let kind = LICENCE.get(random.below(LICENCE.len())).unwrap_or(&LICENCE[0]);
            log(0.0, kind, classic(&["2122-07-29T10:12:00Z", "RulesEngine"]));
        }
        _ => log(0.0, &CLOCK_IN_STEP, texts(&["DC01.example.test (ntp.d|0.0.0.0:123->192.0.2.10:123)"])),
    }
}
