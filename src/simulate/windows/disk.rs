//! Profile disks: FSLogix, the virtual disk driver, and the share that they lie on.
//!
//! Microsoft publishes no table of FSLogix event ids. We use those that several independent lists agree
//! on and let the text decide, as a reader must.

use super::{Channel, Kind, Provider, Shape, Value, provider};
use crate::simulate::evtx::Sid;

static FSLOGIX: Provider = provider("Microsoft-FSLogix-Apps", "");
static VHDMP: Provider = provider("Microsoft-Windows-VHDMP", "e2816346-87f4-4f85-95c3-0c79409aa89d");
static SMB: Provider = provider("Microsoft-Windows-SMBClient", "988c59c5-0a1c-45b6-a555-0c62276e327d");

/// The server that holds the profile share.
pub(in crate::simulate) const FILE_SERVER: &str = "FILE01.example.test";

const fn fslogix(id: u16) -> Kind {
    Kind::manifest(Channel::Fslogix, &FSLOGIX, id, Shape::Named(&["Message"])).keywords(0x4000_0000_0000_0000)
}

const fn vhdmp(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::Vhdmp, &VHDMP, id, Shape::Named(fields)).task(101)
}

const fn smb(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::SmbClient, &SMB, id, Shape::Named(fields)).level(2).keywords(0x4000_0000_0000_0040)
}

/// The service was loaded, after a start.
pub(in crate::simulate) static FSLOGIX_READY: Kind = fslogix(8);
/// Something failed; the text says what.
pub(in crate::simulate) static FSLOGIX_ERROR: Kind = fslogix(26).level(2);
/// A profile disk is held elsewhere.
pub(in crate::simulate) static FSLOGIX_LOCKED: Kind = fslogix(51).level(3);
/// A virtual disk came online.
pub(in crate::simulate) static DISK_ONLINE: Kind = vhdmp(1, &["VhdFileName", "VhdDiskNumber"]);
/// A virtual disk was removed.
pub(in crate::simulate) static DISK_REMOVED: Kind = vhdmp(2, &["VhdFileName", "VhdDiskNumber"]);
/// A virtual disk could not be opened.
pub(in crate::simulate) static DISK_REFUSED: Kind = vhdmp(13, &["VhdFileName", "Status"]).level(2);
/// No connection to the file server.
pub(in crate::simulate) static SMB_NO_CONNECTION: Kind =
    smb(30_803, &["Status", "ServerName", "AddressLength", "Address", "ConnectionType"]);
/// The connection to the file server was lost, and came back.
pub(in crate::simulate) static SMB_LOST: Kind = smb(30_805, &["SessionId", "Status", "ServerName"]);
/// See `SMB_LOST`.
pub(in crate::simulate) static SMB_BACK: Kind = smb(30_806, &["SessionId", "ServerName"]).level(4);

/// Where a user's profile disk lies.
pub(in crate::simulate) fn disk_path(user: &str, sid: &Sid) -> String {
    format!("\\\\{FILE_SERVER}\\profiles$\\{sid}_{user}\\Profile_{user}.vhdx")
}

/// Data of the disk driver's events about an attached disk.
pub(in crate::simulate) fn disk_data(path: &str, number: u32) -> Vec<Value> {
    vec![Value::from(path), Value::U32(number)]
}

/// Data of a refused disk.
pub(in crate::simulate) fn refused_data(path: &str, status: u32) -> Vec<Value> {
    vec![Value::from(path), Value::Hex32(status)]
}

/// Data of a failed connection to the file server: Windows writes the status as a decimal number.
pub(in crate::simulate) fn no_connection_data(status: u32) -> Vec<Value> {
    let address = [2, 0, 1, 189, 192, 0, 2, 20, 0, 0, 0, 0, 0, 0, 0, 0];
    vec![
        Value::U32(status),
        Value::Text(format!("\\{FILE_SERVER}")),
        Value::U32(address.len() as u32),
        Value::Binary(address.to_vec()),
        Value::U32(1),
    ]
}

/// Data of a lost connection to the file server.
pub(in crate::simulate) fn lost_data(session: u64, status: u32) -> Vec<Value> {
    vec![Value::Hex64(session), Value::U32(status), Value::Text(format!("\\{FILE_SERVER}"))]
}

/// Data of a connection to the file server that is back.
pub(in crate::simulate) fn back_data(session: u64) -> Vec<Value> {
    vec![Value::Hex64(session), Value::Text(format!("\\{FILE_SERVER}"))]
}
