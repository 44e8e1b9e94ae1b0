//! Which column of a change list is which, by the names that people give them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The instant, or only the time of day where there is a date beside it.
    Time,
    /// The day.
    Date,
    /// The zone of the time.
    Zone,
    /// What was changed.
    Component,
    /// To which version.
    Version,
    /// On which hosts.
    Hosts,
    /// In which environment.
    Environment,
    /// What was done.
    Kind,
    /// How it went.
    Status,
    /// Free text.
    Note,
}

/// A name in lower case, letters and digits only, without accents.
pub(super) fn bare(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            '\u{e4}' | '\u{e0}' | '\u{e2}' => Some('a'),
            '\u{f6}' | '\u{f4}' => Some('o'),
            '\u{fc}' | '\u{f9}' | '\u{fb}' => Some('u'),
            '\u{e9}' | '\u{e8}' | '\u{ea}' => Some('e'),
            '\u{e7}' => Some('c'),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

/// Returns what a column of that name holds, in English, German, French; `None` for any other.
pub fn column_of(name: &str) -> Option<Column> {
    let bare = bare(name);
    let stem = bare.strip_suffix("utc").or_else(|| bare.strip_suffix("gmt")).unwrap_or(&bare);
    let column = match stem {
        "time" | "timestamp" | "when" | "at" | "datetime" | "deployedat" | "installedat" | "changedat"
        | "finishedat" | "completedat" | "completed" | "finished" | "start" | "started" | "startedat" | "starttime"
        | "endtime" | "createdat" | "created" | "deployed" | "deploytime" | "changetime" | "zeit" | "uhrzeit"
        | "zeitpunkt" | "zeitstempel" | "heure" | "horodatage" | "quand" | "ora" | "implemented" | "implementedat"
        | "resolved" | "executedat" | "executed" | "actualstart" | "workstart" | "startdate" | "completedtime"
        | "finishtime" | "publishedat" | "changestart" | "rolledoutat" | "debut" | "beginn" => Column::Time,
        "date" | "datum" | "day" | "tag" | "jour" | "data" | "installedon" | "installdate" | "changedate" => {
            Column::Date
        }
        "zone" | "timezone" | "tz" | "zeitzone" | "fuseau" | "fuseauhoraire" => Column::Zone,
        "component" | "service" | "application" | "app" | "what" | "product" | "package" | "software" | "name"
        | "item" | "system" | "project" | "change" | "title" | "subject" | "komponente" | "dienst" | "anwendung"
        | "produkt" | "was" | "composant" | "produit" | "logiciel" | "quoi" | "displayname" | "hotfixid" | "kb"
        | "update" | "projectname" | "cmdbci" | "configurationitem" | "componentname" | "servicename"
        | "businessservice" | "components" => Column::Component,
        "version" | "release" | "toversion" | "newversion" | "to" | "build" | "ref" | "revision" | "neueversion"
        | "nach" | "nouvelleversion" | "releaseversion" | "fixversions" | "fixversion" | "appversion"
        | "releasename" | "buildnumber" => Column::Version,
        "hosts" | "host" | "servers" | "server" | "targets" | "target" | "machines" | "machine" | "computer"
        | "computers" | "node" | "nodes" | "hostname" | "scope" | "where" | "rechner" | "serveurs" | "serveur"
        | "wo" | "ou" | "csname" => Column::Hosts,
        "environment" | "env" | "stage" | "umgebung" | "environnement" | "environmentname" => Column::Environment,
        "kind" | "action" | "type" | "changetype" | "operation" | "art" | "aktion" | "typ" | "genre" | "task" => {
            Column::Kind
        }
        "status" | "state" | "result" | "outcome" | "ergebnis" | "resultat" | "etat" | "taskstate" | "conclusion"
        | "closecode" | "resolution" => Column::Status,
        "note" | "notes" | "comment" | "comments" | "remark" | "remarks" | "description" | "details" | "reason"
        | "text" | "bemerkung" | "kommentar" | "beschreibung" | "remarque" | "commentaire" | "shortdescription"
        | "summary" => Column::Note,
        _ => return None,
    };
    Some(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_three_languages_and_any_spelling() {
        for (name, column) in [
            ("timestamp_utc", Some(Column::Time)),
            ("Deployed At", Some(Column::Time)),
            ("Datum", Some(Column::Date)),
            ("Servers", Some(Column::Hosts)),
            ("R\u{e9}sultat", Some(Column::Status)),
            ("\u{c9}tat", Some(Column::Status)),
            ("Zeitzone", Some(Column::Zone)),
            ("id", None),
            ("who", None),
        ] {
            assert_eq!(column_of(name), column, "{name}");
        }
    }
}
