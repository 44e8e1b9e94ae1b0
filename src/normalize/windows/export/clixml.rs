//! Windows events as PowerShell's `Get-WinEvent | Export-Clixml` keeps them.
//!
//! ```text
//! <Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
//!   <Obj RefId="0">
//!     <TN RefId="0">
//!       <T>System.Diagnostics.Eventing.Reader.EventLogRecord</T>
//! ```
//!
//! Objects stand two blanks deep, and nothing else does that begins so. Their properties are those that
//! `ConvertTo-Json` prints; the time has its offset and all its digits. Source: the vendor's documentation of
//! `Export-Clixml`, and public exports.

use super::get_winevent::{instant, is_event, record_of};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::diagnostic::Code;
use crate::normalize::file::FileFacts;
use crate::read::{Container, Record, clixml};

/// See the file.
pub(crate) struct Clixml;

/// Begins each event.
const OBJECT: &str = "  <Obj RefId=";

impl Export for Clixml {
    fn name(&self) -> &'static str {
        "get-winevent-clixml"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        let lines = || records.iter().filter_map(Record::text).flat_map(str::lines);
        let is_event =
            |line: &str| line.trim_start().starts_with("<T>") && line.contains("Eventing.Reader.EventLogRecord<");
        if lines().any(is_event) { lines().filter(|line| line.trim_start().starts_with('<')).count() } else { 0 }
    }

    fn starts_record(&self, line: &str) -> bool {
        line.starts_with(OBJECT)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::DataNames]
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, context: &mut Context<'_>| {
            let Some(text) = record.text() else { return Exported::Foreign };
            if text.starts_with("<Objs ") && !text.contains(OBJECT) {
                return Exported::Nothing;
            }
            if !text.contains(OBJECT.trim_start()) {
                return Exported::Foreign;
            }
            match clixml(text) {
                Some(value) if is_event(&value) => {
                    let time = instant(&value["TimeCreated"], context);
                    Exported::timed(record_of(&value), time)
                }
                Some(_) => Exported::Damaged(Code::RecordMalformed, "an object that is no event"),
                None => Exported::Damaged(Code::RecordMalformed, "an object that is cut or not well formed"),
            }
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "powershell/events.xml",
            text: r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0">
      <T>System.Diagnostics.Eventing.Reader.EventLogRecord</T>
      <T>System.Diagnostics.Eventing.Reader.EventRecord</T>
      <T>System.Object</T>
    </TN>
    <ToString>System.Diagnostics.Eventing.Reader.EventLogRecord</ToString>
    <Props>
      <I32 N="Id">21</I32>
      <By N="Version">0</By>
      <Nil N="Qualifiers" />
      <By N="Level">4</By>
      <I64 N="Keywords">1152921504606846976</I64>
      <I64 N="RecordId">9</I64>
      <S N="ProviderName">Microsoft-Windows-TerminalServices-LocalSessionManager</S>
      <S N="LogName">Microsoft-Windows-TerminalServices-LocalSessionManager/Operational</S>
      <S N="MachineName">RDS01.corp.example</S>
      <Obj N="UserId" RefId="1">
        <TN RefId="1">
          <T>System.Security.Principal.SecurityIdentifier</T>
        </TN>
        <ToString>S-1-5-18</ToString>
        <Props>
          <I32 N="BinaryLength">12</I32>
          <Nil N="AccountDomainSid" />
          <S N="Value">S-1-5-18</S>
        </Props>
      </Obj>
      <DT N="TimeCreated">2022-08-22T08:01:02.1234567+02:00</DT>
      <G N="ActivityId">f4200000-0000-0000-0000-00000000abcd</G>
      <Obj N="Properties" RefId="2">
        <TN RefId="2">
          <T>System.Collections.Generic.List`1[[System.Diagnostics.Eventing.Reader.EventProperty]]</T>
        </TN>
        <LST>
          <Obj RefId="3">
            <TN RefId="3">
              <T>System.Diagnostics.Eventing.Reader.EventProperty</T>
            </TN>
            <ToString>System.Diagnostics.Eventing.Reader.EventProperty</ToString>
            <Props>
              <S N="Value">CORP\user001</S>
            </Props>
          </Obj>
          <Obj RefId="4">
            <TNRef RefId="3" />
            <ToString>System.Diagnostics.Eventing.Reader.EventProperty</ToString>
            <Props>
              <U32 N="Value">5</U32>
            </Props>
          </Obj>
        </LST>
      </Obj>
    </Props>
    <MS>
      <S N="Message">Remotedesktopdienste: _x000D__x000A_Sitzungsanmeldung</S>
    </MS>
  </Obj>
  <Obj RefId="5">
    <TNRef RefId="0" />
    <ToString>System.Diagnostics.Eventing.Reader.EventLogRecord</ToString>
    <Props>
      <I32 N="Id">7036</I32>
  <Obj RefId="6">
    <TNRef RefId="0" />
    <Props>
      <I32 N="Id">7036</I32>
    </Props>
  </Obj>
</Objs>"#,
            expected: &[
                "nothing",
                "Microsoft-Windows-TerminalServices-LocalSessionManager 21 2022-08-22T06:01:02.1234567Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #9 RDS01.corp.example 4 S-1-5-18 | User=CORP\\user001 SessionID=5 | Remotedesktopdienste: \r\\nSitzungsanmeldung",
                "damaged record-malformed",
                "damaged record-malformed",
            ],
        }]
    }
}
