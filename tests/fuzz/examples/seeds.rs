//! Writes the files that fuzzing starts from: `cargo run --example seeds [-- FOLDER]`.
//!
//! Each target gets small logs that are written here. With `CAUSELINE_CORPORA`, the starts of real
//! ones are added: cut short, for a fuzzer changes small files faster.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

#[path = "../../it/evtx_bytes.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod evtx_bytes;

use evtx_bytes::Chunk;

const FILE_HEADER_LEN: usize = 4_096;
const CHUNK_LEN: usize = 65_536;
const CHUNK_HEADER_LEN: usize = 512;
/// Magic, size, id and time of a record.
const RECORD_HEADER_LEN: usize = 24;
/// Bytes of a start of a real file.
const START_LEN: usize = 4_096;

const EVENT_XML: &[&str] = &[
    "<System><Provider Name='Service Control Manager' Guid='{555908d1-a6d7-4695-8e1e-26931d2012f4}' EventSourceName='SCM'/>\
     <EventID Qualifiers='16384'>7036</EventID><Version>1</Version><Level>4</Level><Task>2</Task><Opcode>3</Opcode>\
     <Keywords>0x8080000000000000</Keywords><TimeCreated SystemTime='2022-08-22T06:01:02.123456700Z'/>\
     <EventRecordID>99</EventRecordID><Correlation ActivityID='{f4206488-275c-cdde-3aa0-df199712bf3c}'/>\
     <Execution ProcessID='5' ThreadID='6'/><Channel>System</Channel><Computer>RDS01.corp.example</Computer>\
     <Security UserID='S-1-5-18'/></System><EventData><Data Name='param1'>a &amp; b</Data><Data/>\
     <Binary>0aff</Binary></EventData><RenderingInfo Culture='en-US'><Message><![CDATA[x]]></Message>\
     <Level>Error</Level></RenderingInfo></Event>",
    "<System><Provider Name='P'/><EventID>36</EventID></System><UserData><EventXML xmlns='Event_NS'><Event>10</Event>\
     <EventName>x</EventName><Event/></EventXML></UserData></Event><Event xmlns='x'><System><EventID>1</EventID></System></Event>",
    "<n:System><n:EventID>1</n:EventID></n:System></n:Event><n:Event><n:System/></n:Event></n:Events>",
];

const TEXTS: &[&str] = &[
    "{\"@timestamp\": \"2022-08-22T06:00:00Z\", \"a\": [1, null, {}]}\n{\"half\": \"\n{\n \"over\": {\n\"lines\": 1}\n}\n",
    "[{\"a\": 1},\n {\"b\": \"x]}\\\"\"}, 7, {\"c\": {}}]",
    "time,component,version\n2022-01-01,\"App, \"\"x\"\"\n\",1\n2022-01-02,App,2\n\"open\n",
    "Zeit;Dienst;Version\n1.2.2022;\"a;b\";2,5\n",
    "\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\RDS01\\Memory\\Available\"\n\"08/22/2022 06:00:00.000\",\"1\"\n",
    "#Software: IIS\r\n#Date: 2022-08-22 00:00:00\r\n#Fields: date time c-ip\r\n2022-08-22 06:00:01 10.0.0.1\r\n#Fields: a,b\n1,\"x,y\"\n",
    "2022-08-22 08:01:33,123 INFO started\n   at X\n\n\0\0\0\0\0\0\0\0\n2022-08-22 08:01:34,001 WARN stopped\r\n",
    "<34>1 2022-10-11T22:14:15.003Z RDS01 app - - text\rold\rbreaks\r",
    "- time: 2022-08-20T10:00:00Z\n  component: App\n- time: 2022-08-21\n",
];

struct Seeds {
    folder: PathBuf,
}

impl Seeds {
    fn write(&self, target: &str, name: &str, bytes: &[u8]) {
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder).expect("a folder for the seeds");
        fs::write(folder.join(format!("seed-{name}")), bytes).expect("a seed can be written");
    }
}

fn main() {
    let folder = std::env::args_os().nth(1);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let seeds = Seeds { folder: folder.map_or_else(beside, PathBuf::from) };
    written(&seeds);
    let Some(corpora) = std::env::var_os("CAUSELINE_CORPORA").map(PathBuf::from) else { return };
    for (index, path) in files(&corpora.join("evtx")).iter().enumerate() {
        let bytes = fs::read(path).expect("a file of the corpus");
        if !bytes.starts_with(b"ElfFile\0") || bytes.len() < FILE_HEADER_LEN + CHUNK_LEN {
            continue;
        }
        seeds.write("evtx", &format!("real-{index}"), &bytes[..FILE_HEADER_LEN + CHUNK_HEADER_LEN + START_LEN]);
        for (nth, n_records) in [(0, 2), (0, 6)] {
            let chunk = &bytes[FILE_HEADER_LEN + nth * CHUNK_LEN..][..CHUNK_LEN];
            seeds.write("binary_xml", &format!("real-{index}-{n_records}"), &contents(chunk, n_records));
        }
    }
    for (index, path) in files(&corpora.join("applogs")).iter().enumerate() {
        let bytes = fs::read(path).expect("a file of the corpus");
        seeds.write("source", &format!("real-{index}"), &bytes[..bytes.len().min(START_LEN / 2)]);
    }
}

/// The seeds that need no other files.
fn written(seeds: &Seeds) {
    let log = evtx_bytes::log(2);
    for len in [0, 100, FILE_HEADER_LEN, FILE_HEADER_LEN + 600, FILE_HEADER_LEN + 6_000, log.len()] {
        seeds.write("evtx", &format!("log-{len}"), &log[..len]);
    }
    seeds.write("evtx", "without-header", &log[FILE_HEADER_LEN..FILE_HEADER_LEN + 6_000]);
    let chunk = &log[FILE_HEADER_LEN..FILE_HEADER_LEN + CHUNK_LEN];
    for n_records in [1, 2, 5] {
        seeds.write("binary_xml", &format!("log-{n_records}"), &contents(chunk, n_records));
    }
    let mut plain = Chunk::new(1);
    plain.plain_record(1);
    seeds.write("binary_xml", "plain", &contents(&plain.finish(1), 1));
    for n_levels in [1, 4, 7] {
        let mut unfolding = Chunk::new(1);
        unfolding.unfolding_record(1, n_levels);
        seeds.write("binary_xml", &format!("unfolding-{n_levels}"), &contents(&unfolding.finish(1), 1));
    }
    for (index, text) in EVENT_XML.iter().enumerate() {
        for start in 0..5 {
            let text = if start == 4 {
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            } else {
                text.as_bytes().to_vec()
            };
            seeds.write("event_xml", &format!("{index}-{start}"), &[&[start], text.as_slice()].concat());
        }
        seeds.write("source", &format!("xml-{index}"), format!("<Event>{text}").as_bytes());
    }
    for (index, text) in TEXTS.iter().enumerate() {
        seeds.write("source", &format!("text-{index}"), text.as_bytes());
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        seeds.write("source", &format!("utf16-{index}"), &utf16);
    }
    let zipped = zipped(&[("a.log", TEXTS[6].as_bytes()), ("b/c.json", TEXTS[0].as_bytes())]);
    seeds.write("source", "zip", &zipped);
    seeds.write("source", "zip-in-zip", &self::zipped(&[("inner.zip", &zipped), ("x.gz", &gzipped(b"a line\n"))]));
    seeds.write("source", "gzip", &gzipped(TEXTS[2].as_bytes()));
}

/// The binary XML of the first records of a chunk, each behind its length.
fn contents(chunk: &[u8], n_records: usize) -> Vec<u8> {
    let mut contents = Vec::new();
    let mut at = CHUNK_HEADER_LEN;
    for _ in 0..n_records {
        let Some(record) = chunk.get(at..).filter(|rest| rest.starts_with(b"**\0\0")) else { break };
        let Some(len) = record.get(4..8).and_then(|len| len.try_into().ok()).map(u32::from_le_bytes) else { break };
        let Some(content) = (len as usize).checked_sub(4).and_then(|end| record.get(RECORD_HEADER_LEN..end)) else {
            break;
        };
        contents.extend((content.len() as u16).to_le_bytes());
        contents.extend(content);
        at += len as usize;
    }
    contents
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        archive.write_all(bytes).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

/// The files below a folder, in their order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    entries.filter(|entry| entry.file_type().is_file()).map(|entry| entry.into_path()).collect()
}
